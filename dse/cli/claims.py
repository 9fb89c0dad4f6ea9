"""``dse claims``: what was claimed, what the model makes of it, and what decides."""

from __future__ import annotations

from pathlib import Path

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, SpecName, json_option
from dse.cli.output import print_json, print_tables, write_page

__all__ = ["claims"]


@click.command(
    help=command_help(
        "Model what vendors and articles claim, and say whether it holds and what decides.",
        (
            "dse claims",
            "dse claims int4-over-int8",
            "dse claims five-walls",
            "dse claims phone-10b cloud-10m-usd --json",
            "dse claims --docs out/claims.md",
        ),
        "NAMES are claims of hw_configs/claims, all of them by default; one alone is shown with "
        "every way to read it. Verdicts follow from the numbers by the rule that the page of "
        "--docs states.",
    )
)
@click.argument("names", nargs=-1, type=SpecName("claim"), metavar="[NAME]...")
@click.option("--docs", type=NewPath(is_folder=False), help="Write the page of claims there.")
@json_option
def claims(names: tuple[str, ...], docs: Path | None, as_json: bool) -> None:
    """Load, judge, and show."""
    from dse.claims import Bench, judge_claim
    from dse.report.claims import claims_document, claims_table, readings_table, walls_table
    from dse.spec import list_specs
    from dse.spec.claims import load_claim

    bench = Bench()
    wanted = [load_claim(name) for name in names or list_specs("claim")]
    judged = [judge_claim(claim, bench) for claim in wanted]
    if docs is not None:
        from dse.report.claims_page import claims_page

        write_page(docs, claims_page(judged))
    if as_json:
        print_json(claims_document(judged))
        return
    tables = [claims_table(judged)]
    if len(judged) == 1:
        tables += [readings_table(part) for part in judged[0].parts if part.readings]
        rows = [row for part in judged[0].parts for row in part.walls]
        tables += [walls_table(rows)] if rows else []
    print_tables(*tables)
