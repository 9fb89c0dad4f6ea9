"""``dse require``: what a model and its targets ask of any chip."""

from __future__ import annotations

from typing import Any

import click

from dse.cli.help import command_help
from dse.cli.options import QuantityType, SpecName, json_option, scenario_options
from dse.cli.output import print_json, print_tables
from dse.cli.subject import scenario_from

__all__ = ["require"]

_SEGMENTS = ("phone", "laptop", "desktop", "edge", "datacentre")


@click.command(
    help=command_help(
        "Size the least chip: the bandwidth, rate, memory and energy that no design can go below.",
        (
            "dse require solar-10.7b --weights int4-g32 --ttft 1s --tpot 100ms",
            "dse require llama-3.2-3b --scenario phone-chat --ttft 500ms --tpot 50ms --power 4W",
        ),
        "The floors follow from the operators alone, without utilisation or overlap. Real chips "
        "are held against them by their first unit.",
    )
)
@click.argument("model", type=SpecName("model"))
@scenario_options
@click.option(
    "--ttft", required=True, type=QuantityType("time"), help="Time to first token, e.g. 1s."
)
@click.option(
    "--tpot", required=True, type=QuantityType("time"), help="Time per output token, e.g. 100ms."
)
@click.option("--power", type=QuantityType("power"), help="Power while decoding, e.g. 4W.")
@click.option("--segment", type=click.Choice(_SEGMENTS), help="Show chips of one segment only.")
@json_option
def require(model: str, as_json: bool, **options: Any) -> None:
    """Size, then hold the real chips against the result."""
    from dse import advise
    from dse.report.requirement import (
        chips_table,
        interfaces_table,
        requirement_document,
        requirement_table,
    )
    from dse.spec import list_specs, load_chip, load_model, load_technology

    network, scenario = load_model(model), scenario_from(options)
    technology = load_technology()
    need = advise.require(
        network,
        scenario,
        ttft_s=options["ttft"],
        tpot_s=options["tpot"],
        power_w=options["power"],
        technology=technology,
    )
    segment = options["segment"]
    library = (load_chip(name) for name in list_specs("chip"))
    chips = [chip for chip in library if segment in (None, chip.segment) and not chip.is_template]
    checks = advise.check_chips(need, chips, network, scenario, technology.silicon)
    if as_json:
        print_json(requirement_document(need, checks, network, scenario))
        return
    print_tables(
        requirement_table(need, network, scenario), interfaces_table(need), chips_table(checks)
    )
