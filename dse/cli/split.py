"""``dse split``: a model cut over several chips."""

from __future__ import annotations

from typing import Any, cast

import click

from dse.cli.changes import change_options, changed_chip, changes_from
from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option, scenario_options, stack_option, unit_option
from dse.cli.output import print_json, print_tables
from dse.cli.subject import find_unit, scenario_from, stack_from

__all__ = ["split"]


@click.command(
    help=command_help(
        "Cut a model over several equal chips and say what their link leaves of the gain.",
        (
            "dse split snapdragon-8-elite llama-3.1-8b --weights int4-g32 --chips 2 --link ucie-s",
            "dse split nvidia-h100-sxm llama-3.1-70b --scenario server-batch --link nvlink4 "
            "--chips 2 --chips 4 --chips 8",
            "dse split nvidia-a100-80gb llama-2-7b --link nvlink3 --stack gpt-fast --json",
        ),
        "Products are cut by columns, then by rows, with two all-reduces per layer (Megatron-LM). "
        "Links are those of hw_configs/technology/links.yaml.",
    )
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model"))
@click.option(
    "--chips",
    "counts",
    type=click.IntRange(2, 1024),
    multiple=True,
    default=(2,),
    show_default=True,
    help="Number of chips (repeatable).",
)
@click.option("--link", required=True, metavar="NAME", help="Link between them, e.g. ucie-s.")
@scenario_options
@unit_option
@stack_option
@change_options
@json_option
def split(chip: str, model: str, counts: tuple[int, ...], **options: Any) -> None:
    """Cut, evaluate each way, and show."""
    from dse.device import Cut, Link, evaluate_split
    from dse.report.split import SplitRun, split_document, split_table
    from dse.spec import load_model, load_technology
    from dse.spec.links import load_links, named

    link = cast("Link", named(load_links(), options["link"], "link"))
    built, network = changed_chip(chip, changes_from(options)), load_model(model)
    unit, scenario = find_unit(built, options["unit"]).name, scenario_from(options)
    silicon, stack = load_technology().silicon, stack_from(options)
    costs = [
        evaluate_split(built, network, scenario, silicon, Cut(count, link), unit, stack)
        for count in (1, *sorted(set(counts)))
    ]
    run = SplitRun(
        chip=built.name,
        chip_title=built.title,
        model=network.name,
        model_title=network.title,
        unit=unit,
        stack=stack.name if stack else None,
        scenario=scenario,
        link=link,
        costs=costs,
    )
    if options["as_json"]:
        print_json(split_document(run))
    else:
        print_tables(split_table(run))
