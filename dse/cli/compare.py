"""``dse compare``: several chips on one model, side by side."""

from __future__ import annotations

from typing import Any

import click

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
from dse.cli.subject import asked_of, evaluate_one, scenario_from, stack_from, warn

__all__ = ["compare"]


@click.command(
    help=command_help(
        "Evaluate several chips on one model and mark the best of each row.",
        (
            "dse compare snapdragon-8-elite apple-a18-pro --model llama-3.2-3b --weights int4-g32",
            "dse compare apple-m4 apple-m4-max --model llama-3.1-8b --unit gpu --prompt 4096",
        ),
        "A chip whose DRAM is too small is evaluated as if the model did fit.",
    )
)
@click.argument("chips", metavar="CHIP...", nargs=-1, required=True, type=SpecName("chip"))
@click.option("--model", required=True, type=SpecName("model", "network"), help="Model to run.")
@scenario_options
@image_options
@unit_option
@stack_option
@json_option
def compare(chips: tuple[str, ...], model: str, **options: Any) -> None:
    """Load, evaluate one by one, and show."""
    from dse.report.documents import compare_document
    from dse.report.evaluation import compare_table
    from dse.spec import load_chip, load_technology, load_workload

    built, network = [load_chip(name) for name in chips], load_workload(model)
    scenario = asked_of(network, scenario_from(options))
    silicon = load_technology().silicon
    unit, stack = options["unit"], stack_from(options)
    results = [evaluate_one(chip, network, scenario, silicon, unit, stack) for chip in built]
    for chip, result in zip(built, results, strict=True):
        warn(chip, scenario, result)
    if options["as_json"]:
        print_json(compare_document(results, scenario))
    else:
        print_tables(compare_table(results, scenario))
