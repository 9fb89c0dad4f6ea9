"""``dse evaluate``: one chip on one model."""

from __future__ import annotations

from typing import Any

import click

from dse.cli.changes import change_options, changed_chip, changes_from
from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option, scenario_options, unit_option
from dse.cli.output import print_json, print_tables
from dse.cli.subject import evaluate_one, find_unit, scenario_from, warn

__all__ = ["evaluate"]


@click.command(
    help=command_help(
        "Say how fast a chip runs a model, at what energy, area and cost, and what it waits for.",
        (
            "dse evaluate snapdragon-8-elite llama-3.2-3b --weights int4-g32",
            "dse evaluate snapdragon-8-elite llama-3.2-3b --prompt 2048 --output 512 --explain",
            'dse evaluate apple-a18-pro llama-3.2-3b --bus-width "128 bit" --json',
            'dse evaluate apple-a18-pro llama-3.2-3b --set dram.data_rate="9600 MT/s"',
            "dse evaluate apple-a18-pro llama-3.2-3b --provenance",
        ),
        "CHIP and MODEL are names of the library (`dse specs list`) or paths of files. A model "
        "that does not fit the DRAM is evaluated as if it did, and said so.",
    )
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model"))
@scenario_options
@unit_option
@change_options
@click.option("--explain", is_flag=True, help="Show every operator and what it waits for.")
@click.option(
    "--provenance", is_flag=True, help="List the numbers that were recalled or inferred (C)."
)
@json_option
def evaluate(chip: str, model: str, **options: Any) -> None:
    """Load, evaluate, and show."""
    from dse.cost import explain
    from dse.report.assumptions import assumptions, assumptions_table
    from dse.report.documents import evaluate_document
    from dse.report.evaluation import explain_table, summary_table
    from dse.spec import load_model, load_technology

    changes = changes_from(options)
    built, network = changed_chip(chip, changes), load_model(model)
    scenario, silicon = scenario_from(options), load_technology().silicon
    unit = find_unit(built, options["unit"]).name
    result = evaluate_one(built, network, scenario, silicon, unit)
    warn(built, scenario, result)
    rows = weak = None
    if options["explain"]:
        rows = explain(built, network, scenario, silicon, unit)
    if options["provenance"]:
        weak = assumptions(chip, model, built, unit, tuple(changes))
    if options["as_json"]:
        print_json(evaluate_document(result, scenario, changes, rows, weak))
        return
    tables = [summary_table(result, scenario)]
    if rows is not None:
        tables += [explain_table(rows, "prefill"), explain_table(rows, "decode")]
    if weak is not None:
        tables.append(assumptions_table(weak))
    print_tables(*tables)
