"""``dse cloud``: the same request on a phone and in a data centre."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import click

from dse.cli.help import command_help
from dse.cli.options import (
    FormatType,
    NumberRange,
    QuantityType,
    SpecName,
    json_option,
    scenario_options,
    stack_option,
    unit_option,
)
from dse.cli.output import print_json, print_tables, say
from dse.cli.subject import find_unit, scenario_from, stack_from

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.device import Prices
    from dse.report.cloud import CloudRun

__all__ = ["cloud"]

_TIME = QuantityType("time")
_BATCH = 32


@click.command(
    help=command_help(
        "Hold a request on a phone against the same in a data centre: time, energy and money.",
        (
            "dse cloud snapdragon-8-elite llama-3.2-3b --scenario phone-chat "
            "--cloud nvidia-h100-sxm --link 5g --batch 32",
            "dse cloud apple-a18-pro llama-3.2-3b --weights int4-g32 --cloud nvidia-h200-sxm "
            "--cloud-model llama-3.1-70b --link wifi-6 --ttft 500ms --tpot 50ms",
        ),
        "Prices, and the radios of --link, are those of hw_configs/technology. The phone is "
        "bought already: it costs electricity and the wear of its battery. --batch is what the "
        "server runs together, 32 by default; the phone serves its owner alone, with --stack.",
    )
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model"))
@click.option(
    "--cloud",
    "server",
    type=SpecName("chip"),
    default="nvidia-h100-sxm",
    show_default=True,
    help="Chip of the data centre.",
)
@click.option("--link", default="5g", show_default=True, metavar="NAME", help="Radio between.")
@click.option("--cloud-model", type=SpecName("model"), help="Its model.  [default: MODEL]")
@click.option(
    "--cloud-weights",
    type=FormatType(),
    default="fp8",
    show_default=True,
    help="Its format of the weights.",
)
@click.option("--cloud-stack", type=SpecName("stack"), help="Its software stack.")
@click.option("--gpu-hour", type=QuantityType("money"), help="Rent of an hour of its chip.")
@click.option(
    "--occupancy",
    type=NumberRange(0.0, 1.0, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of that hour in which full batches run.",
)
@click.option("--awake", is_flag=True, help="The radio is awake already, and for others' sake.")
@click.option("--ttft", type=_TIME, help="Target: time to first token, e.g. 500ms.")
@click.option("--tpot", type=_TIME, help="Target: time per output token, e.g. 50ms.")
@scenario_options
@unit_option
@stack_option
@json_option
def cloud(chip: str, model: str, **options: Any) -> None:
    """Evaluate both sides, and show."""
    from dse.report.cloud import cloud_document, cloud_table, targets_table
    from dse.spec import load_chip

    run = _run(load_chip(chip), load_chip(options["server"]), model, options)
    for side, cost in run.sides():
        if not cost.fits.all():
            say(f"warning: on the {side} the model does not fit the memory")
    if options["as_json"]:
        print_json(cloud_document(run))
    else:
        print_tables(cloud_table(run), targets_table(run))


def _run(phone: Chip, server: Chip, model: str, options: dict[str, Any]) -> CloudRun:
    from dse.cost import evaluate
    from dse.device import Radio, Server, cloud_cost, device_cost, on_server
    from dse.report.cloud import CloudRun
    from dse.spec import load_model, load_stack, load_technology
    from dse.spec.links import load_prices, load_radios, named

    scenario = replace(scenario_from({**options, "batch": None}), batch_size=1)
    silicon, prices = load_technology().silicon, load_prices()
    stack = load_stack(options["cloud_stack"]) if options["cloud_stack"] else None
    radio = cast("Radio", named(load_radios(), options["link"], "radio"))
    here, there = load_model(model), load_model(options["cloud_model"] or model)
    served = on_server(scenario, options["batch"] or _BATCH, options["cloud_weights"])
    rented = Server(
        scenario=served,
        first=evaluate(server, there, replace(served, batch_size=1), silicon, None, stack),
        result=evaluate(server, there, served, silicon, None, stack),
        hour_usd=_rent(server, prices, options["gpu_hour"]),
        occupancy=options["occupancy"],
    )
    unit = find_unit(phone, options["unit"]).name
    limits = {f"{name}_s": options[name] for name in ("ttft", "tpot") if options[name]}
    title = here.title if here == there else f"{here.title} against {there.title}"
    return CloudRun(
        phone=phone.title,
        cloud=server.title,
        chip=phone.name,
        cloud_chip=server.name,
        model=here.name,
        cloud_model=there.name,
        link=radio.title,
        model_title=title,
        scenario=scenario,
        served=served,
        here=device_cost(phone, here, scenario, silicon, prices, unit, stack_from(options)),
        there=cloud_cost(phone, radio, rented, prices, is_asleep=not options["awake"]),
        limits=limits,
    )


def _rent(server: Chip, prices: Prices, said: float | None) -> float:
    """Rent of an hour of the server's chip, USD."""
    if said is not None:
        return said
    if server.name not in prices.gpu_hour_usd:
        known = ", ".join(prices.gpu_hour_usd)
        message = f"the library has no rent of {server.name}, only of {known}; give --gpu-hour"
        raise click.BadParameter(message, param_hint="--cloud")
    return prices.gpu_hour_usd[server.name]
