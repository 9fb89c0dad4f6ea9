"""``dse bench proof``: what it costs this machine to prove fronts of a space."""

from __future__ import annotations

import math
from pathlib import Path

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, NumberRange, SpecName, json_option
from dse.cli.output import print_json, print_tables, write_page
from dse.cli.progress import progress_reports
from dse.cli.stop import watched

__all__ = ["proof"]


@click.command(
    help=command_help(
        "Prove fronts of a space, one run for every EPS, and tell what each of them cost.",
        (
            "dse bench proof --eps 0.5 --timeout 2",
            "dse bench proof --space phone_10b --eps 1 --eps 0.5 --timeout 2 --json",
        ),
        "Each run starts from nothing and leaves nothing behind; `dse search --certify` keeps "
        "its front.",
    )
)
@click.option(
    "--space",
    type=SpecName("space"),
    default="phone_10b_fine",
    show_default=True,
    help="Space whose fronts are proven.",
)
@click.option(
    "--eps",
    "factors",
    type=NumberRange(0.0, 1e6),
    multiple=True,
    metavar="EPS",
    help="Factor by which designs may be better; may be repeated.  [default: 0.01 and 0]",
)
@click.option(
    "--timeout",
    type=NumberRange(0.0),
    metavar="SECONDS",
    help="Stop each run after so long, with the EPS that is proven by then.",
)
@click.option("--docs", type=NewPath(is_folder=False), help="Write the page of proofs there.")
@json_option
def proof(
    space: str,
    factors: tuple[float, ...],
    timeout: float | None,
    docs: Path | None,
    as_json: bool,
) -> None:
    """Prove, and show."""
    from dse.certify import run_certify
    from dse.report.proofs import proofs_document, proofs_page, proofs_table
    from dse.spec import load_space, load_technology
    from dse.sweep import load_average

    loaded, silicon = load_space(space), load_technology().silicon
    limit = math.inf if timeout is None else timeout
    load = load_average()
    with progress_reports() as progress:
        results = [
            run_certify(loaded, silicon, eps, timeout_s=limit, progress=watched(progress))
            for eps in factors or (0.01, 0.0)
        ]
    if as_json:
        print_json(proofs_document(results))
    else:
        print_tables(proofs_table(results))
    if docs is not None:
        write_page(docs, proofs_page(results, load))
