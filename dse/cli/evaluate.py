"""``dse evaluate``: one chip on one model."""

from __future__ import annotations

from typing import Any

import click

from dse.cli.changes import change_options, changed_chip, changes_from
from dse.cli.help import command_help
from dse.cli.options import (
    SpecName,
    image_options,
    json_option,
    scenario_options,
    stack_option,
    unit_option,
)
from dse.cli.output import print_json, print_tables
from dse.cli.schedule import find_schedule, schedule_option
from dse.cli.sections import SectionedCommand
from dse.cli.serving import served, serving_options
from dse.cli.subject import asked_of, evaluate_one, scenario_from, stack_from, warn
from dse.cli.sustained import (
    check_sustained,
    sustained_options,
    sustained_tables,
    sustained_view,
)
from dse.cli.uncertainty import (
    uncertainty_entry,
    uncertainty_of,
    uncertainty_option,
    uncertainty_tables,
)

__all__ = ["evaluate"]


@click.command(
    cls=SectionedCommand,
    help=command_help(
        "Say how fast a chip runs a model, at what energy, area and cost, and what it waits for.",
        (
            "dse evaluate snapdragon-8-elite llama-3.2-3b --weights int4-g32",
            "dse evaluate snapdragon-8-elite llama-3.2-3b --prompt 2048 --output 512 --explain",
            "dse evaluate snapdragon-8-gen-3 llama-3-8b --weights int4-g32 --schedule npu+gpu",
            'dse evaluate apple-a18-pro llama-3.2-3b --bus-width "128 bit" --json',
            'dse evaluate apple-a18-pro llama-3.2-3b --set dram.data_rate="9600 MT/s"',
            "dse evaluate apple-a18-pro llama-3.2-3b --provenance",
            "dse evaluate snapdragon-8-elite llama-3.2-3b --uncertainty",
            "dse evaluate apple-a19-pro llama-3.2-3b --unit gpu --weights int4-g32 --sustained",
            "dse evaluate apple-a19-pro llama-3.2-3b --sustained --plot out/sustained.png",
            "dse evaluate apple-m4 llama-3.1-8b --weights int4-g32 --stack llama.cpp-metal",
            "dse evaluate snapdragon-8-elite llama-3.1-8b --weights int4-g32 "
            "--draft llama-3.2-1b --acceptance 0.75",
            "dse evaluate snapdragon-8-gen-3 mixtral-8x7b --weights int4-g32 --offload experts",
            "dse evaluate apple-m4 stable-diffusion-1.5-controlnet --unit gpu --steps 30",
        ),
        "CHIP and MODEL are names of the library (`dse specs list`) or paths of files; "
        "MODEL may be a network of layers, such as a diffusion model. A model "
        "that does not fit the DRAM is evaluated as if it did, and said so; --offload leaves "
        "what has no room there on flash.",
    ),
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model", "network"))
@scenario_options
@image_options
@serving_options
@unit_option
@schedule_option
@stack_option
@change_options
@sustained_options
@click.option("--explain", is_flag=True, help="Show every operator and what it waits for.")
@click.option(
    "--provenance", is_flag=True, help="List the numbers that were recalled or inferred (C)."
)
@uncertainty_option
@json_option
def evaluate(chip: str, model: str, **options: Any) -> None:
    """Load, evaluate, and show."""
    from dse.cost import explain
    from dse.report.assumptions import assumptions, assumptions_table
    from dse.report.documents import evaluate_document
    from dse.report.evaluation import summary_table
    from dse.report.operators import explain_tables
    from dse.spec import load_technology, load_workload

    check_sustained(options)
    changes = changes_from(options)
    built, network = changed_chip(chip, changes), load_workload(model)
    scenario = served(asked_of(network, scenario_from(options)), options)
    silicon = load_technology().silicon
    unit = find_schedule(built, options)
    stack = stack_from(options)
    result = evaluate_one(built, network, scenario, silicon, unit, stack)
    warn(built, scenario, result)
    subject = (built, network, scenario, silicon, stack)
    kept = sustained_view(chip, changes, subject, options | {"unit": unit})
    spreads = uncertainty_of(chip, tuple(changes), subject, unit, options)
    rows = explain(built, network, scenario, silicon, unit, stack) if options["explain"] else None
    weak = (
        assumptions(chip, model, built, unit, tuple(changes), of_device=bool(kept))
        if options["provenance"]
        else None
    )
    if options["as_json"]:
        document = evaluate_document(result, scenario, changes, rows, weak, sustained=kept)
        print_json(document | uncertainty_entry(spreads))
        return
    tables = [
        summary_table(result, scenario),
        *sustained_tables(kept),
        *uncertainty_tables(spreads),
    ]
    if rows is not None:
        tables += explain_tables(rows)
    if weak is not None:
        tables.append(assumptions_table(weak))
    print_tables(*tables)
