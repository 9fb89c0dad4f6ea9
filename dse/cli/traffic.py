"""``dse traffic``: DRAM traffic of a model against on-chip memory and its lower bound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.help import command_help
from dse.cli.options import PicturePath, SpecName, json_option, scenario_options
from dse.cli.output import print_json, print_tables, write_figure
from dse.cli.subject import scenario_from

if TYPE_CHECKING:
    from dse.report.traffic import TrafficView
    from dse.workload import Model, Scenario

__all__ = ["traffic", "traffic_picture"]

# From the scratchpad of one core, 128 KiB, to the largest caches, 256 MiB, two steps an octave.
_LEAST, _MOST, _STEPS = 2.0**17, 2.0**28, 23


@click.command(
    help=command_help(
        "Show DRAM traffic against on-chip memory: as modelled, the lower bound, and compulsory.",
        (
            "dse traffic llama-2-7b --scenario phone-chat",
            "dse traffic solar-10.7b --prompt 1024 --weights int4-g32 --plot traffic.svg",
            "dse traffic llama-3.2-3b --json",
        ),
        "The lower bound is that of the I/O complexity of each product, whatever its tiling; "
        "compulsory is what a chip with room for everything would still move.",
    )
)
@click.argument("model", type=SpecName("model"))
@scenario_options
@click.option(
    "--plot",
    type=PicturePath(),
    metavar="FILE",
    help="Draw both phases, as .png or .svg.",
)
@json_option
def traffic(model: str, as_json: bool, **options: Any) -> None:
    """Model, bound and show."""
    from dse.report.traffic import traffic_document, traffic_table

    view = _view(_language_model(model), scenario_from(options))
    if options["plot"] is not None:
        _draw(view, options["plot"])
    if as_json:
        print_json(traffic_document(view))
    else:
        print_tables(traffic_table(view))


@click.command(
    name="traffic",
    help=command_help(
        "Draw DRAM traffic against on-chip memory: as modelled, the lower bound, and compulsory.",
        (
            "dse plot traffic llama-2-7b",
            "dse plot traffic solar-10.7b --prompt 1024 --file traffic.svg",
        ),
        "Both phases, as `dse traffic` has them in numbers.",
    ),
)
@click.argument("model", type=SpecName("model"))
@scenario_options
@click.option(
    "--file",
    type=PicturePath(),
    metavar="FILE",
    help="Picture, as .png or .svg.  [default: traffic-MODEL.png]",
)
@json_option
def traffic_picture(model: str, file: Path | None, as_json: bool, **options: Any) -> None:
    """Model, bound and draw."""
    from dse.report.traffic import traffic_document

    view = _view(_language_model(model), scenario_from(options))
    _draw(view, file or Path(f"traffic-{view.model}.png"))
    if as_json:
        print_json(traffic_document(view))


def _draw(view: TrafficView, place: Path) -> None:
    from dse.report.traffic import traffic_figure

    write_figure(traffic_figure(view), place)


def _language_model(name: str) -> Model:
    from dse.spec import load_model
    from dse.workload import Model

    network = load_model(name)
    if not isinstance(network, Model):
        message = f"{network.title} has no prefill and no decode: traffic is of language models"
        raise click.UsageError(message)
    return network


def _view(model: Model, scenario: Scenario) -> TrafficView:
    """Curves over capacities, on a chip of which nothing but its SRAM matters to them."""
    from dataclasses import replace

    import numpy as np

    from dse.cost import evaluate_columns
    from dse.cost.io_bound import phase_io_bytes
    from dse.report.evaluation import scenario_text
    from dse.report.traffic import TrafficView
    from dse.spec import list_specs, load_chip, load_technology
    from dse.workload import unroll

    chip = load_chip(next(iter(list_specs("chip"))))
    room = np.geomspace(_LEAST, _MOST, _STEPS)
    silicon, work = load_technology().silicon, unroll(model, scenario)

    def modelled(capacity: Any) -> dict[str, Any]:
        first = replace(chip.units[0], count=1)
        first = replace(first, sram=replace(first.sram, capacity_bytes=capacity))
        cache = replace(chip.cache, capacity_bytes=0.0)
        one = replace(chip, units=(first,), cache=cache, storage=None)
        names = ("prefill_dram_bytes", "decode_dram_bytes")
        columns = evaluate_columns((one, model, scenario), silicon, None, names)
        return {
            phase: np.broadcast_to(columns[name], np.shape(capacity))
            for phase, name in zip(("prefill", "decode"), names, strict=True)
        }

    moved, least = modelled(room), modelled(np.full(1, 1e15))
    curves = {
        phase: {
            "modelled": moved[phase],
            "bound": phase_io_bytes(table, scenario.precision, room, float(least[phase][0])),
            "compulsory": np.full(room.shape, float(least[phase][0])),
        }
        for phase, table in (("prefill", work.prefill), ("decode", work.decode))
    }
    for each in curves.values():
        each["bound"] = np.broadcast_to(each["bound"], room.shape)
    asked = scenario_text(scenario)
    return TrafficView(model.name, model.title, scenario.name, asked, room, curves)
