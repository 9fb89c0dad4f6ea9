"""``dse bench scaling``: how time and memory of a grid grow with its size."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, SpecName, json_option
from dse.cli.output import print_json, print_tables, write_page

__all__ = ["scaling"]

_SIZES = (10**5, 10**6, 10**7, 10**8, 10**9)


@click.command(
    help=command_help(
        "Sweep grids of growing size, each in a process of its own.",
        (
            "dse bench scaling --size 10000 --size 100000",
            "dse bench scaling --model llama-3.2-3b --size 20000 --json",
        ),
        "The axes of a space are cut short or made finer until it has about so many designs.",
    )
)
@click.option(
    "--space",
    type=SpecName("space"),
    default="phone_10b",
    show_default=True,
    help="Space whose grid is resized.",
)
@click.option(
    "--model",
    type=SpecName("model"),
    default="llama-2-7b",
    show_default=True,
    help="Model that the designs run.",
)
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(1, 10**12),
    multiple=True,
    metavar="DESIGNS",
    help="Size of a grid; may be repeated.  [default: 1e5 to 1e9 by tens]",
)
@click.option("--docs", type=NewPath(is_folder=False), help="Write the page of sizes there.")
@json_option
def scaling(
    space: str, model: str, sizes: tuple[int, ...], docs: Path | None, as_json: bool
) -> None:
    """Sweep, and show."""
    from dse.report.scaling import scaling_document, scaling_page, scaling_table
    from dse.spec import load_model, load_space, load_technology
    from dse.sweep import load_average
    from dse.sweep.scaling import scaling as measured

    loaded = dataclasses.replace(load_space(space), models=(load_model(model),))
    load = load_average()
    rows = measured(loaded, load_technology().silicon, sizes or _SIZES)
    if as_json:
        print_json(scaling_document(loaded, rows))
    else:
        print_tables(scaling_table(rows))
    if docs is not None:
        write_page(docs, scaling_page(loaded, rows, load))
