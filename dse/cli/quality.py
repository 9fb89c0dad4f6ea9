"""``dse quality``: what was measured of a model under quantisation."""

from __future__ import annotations

import click

from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option
from dse.cli.output import print_json, print_tables

__all__ = ["quality"]


@click.command(
    help=command_help(
        "List what was measured of models under quantisation, with its source.",
        (
            "dse quality",
            "dse quality llama-3-8b",
            "dse quality llama-2-7b --json",
        ),
        "The perplexities are what `dse evaluate` shows as quality, and what the metric "
        "perplexity_ratio interpolates: between rows of one method, never past them. Scores of "
        "tasks are listed and not used.",
    )
)
@click.argument("model", required=False, type=SpecName("model"))
@json_option
def quality(model: str | None, as_json: bool) -> None:
    """Show the rows of one model, or which models have any."""
    from dse.report.quality import qualities_table, quality_document, quality_table
    from dse.spec import load_model, load_qualities
    from dse.workload import Quality

    known = load_qualities()
    if model is None:
        if as_json:
            print_json({"schema": "dse.specs/1", "specs": [{"name": name} for name in known]})
        else:
            print_tables(qualities_table(known))
        return
    # A model of the file need not be in the zoo.
    found = known[model] if model in known else load_model(model).quality or Quality()
    if as_json:
        print_json(quality_document(model, found))
    elif found.rows:
        print_tables(quality_table(model, found))
    else:
        click.echo(f"{model}: nothing was measured")
