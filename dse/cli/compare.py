"""``dse compare``: several chips on one model, side by side."""

from __future__ import annotations

from typing import Any

import click

from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option, scenario_options, unit_option
from dse.cli.output import print_json, print_tables
from dse.cli.subject import evaluate_one, scenario_from, warn

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
@click.option("--model", required=True, type=SpecName("model"), help="Model to run.")
@scenario_options
@unit_option
@json_option
def compare(chips: tuple[str, ...], model: str, **options: Any) -> None:
    """Load, evaluate one by one, and show."""
    from dse.report.documents import compare_document
    from dse.report.evaluation import compare_table
    from dse.spec import load_chip, load_model, load_technology

    built, network = [load_chip(name) for name in chips], load_model(model)
    scenario, silicon = scenario_from(options), load_technology().silicon
    results = [evaluate_one(chip, network, scenario, silicon, options["unit"]) for chip in built]
    for chip, result in zip(built, results, strict=True):
        warn(chip, scenario, result)
    if options["as_json"]:
        print_json(compare_document(results, scenario))
    else:
        print_tables(compare_table(results, scenario))
