"""``dse sensitivity``: which axes of a design space matter, and what one step of each buys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dse.cli.exploration import space_from, subject_options
from dse.cli.help import command_help
from dse.cli.options import PicturePath, SpecName, json_option
from dse.cli.output import print_json, print_tables, write_figure

__all__ = ["sensitivity"]


@click.command(
    help=command_help(
        "Say which axes of a design space matter, and what one step along each buys and costs.",
        (
            "dse sensitivity phone_10b",
            "dse sensitivity phone_10b --at chip --plot tornado.svg",
            "dse sensitivity phone_10b --model llama-3.1-8b --samples 256 --json",
        ),
        "Over all of the space: Sobol indices of each objective. At one design: elasticities, "
        "and the change of every metric at the neighbouring choices.",
    )
)
@click.argument("space", type=SpecName("space"))
@subject_options
@click.option(
    "--at",
    default="knee",
    show_default=True,
    metavar="knee|chip|NUMBER",
    help="Design to look at: the knee of the designs tried, the one nearest to the base chip, "
    "or one by its number (as in front.csv).",
)
@click.option(
    "--samples",
    type=click.IntRange(16, 1 << 20),
    default=1024,
    show_default=True,
    help="Rows of each base sample, rounded down to a power of two; axes + 2 times as many "
    "designs are evaluated.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 32) - 1),
    default=0,
    show_default=True,
    help="Seed of everything random.",
)
@click.option(
    "--plot",
    type=PicturePath(),
    metavar="FILE",
    help="Draw a tornado chart of the steps, as .png or .svg.",
)
@json_option
def sensitivity(space: str, as_json: bool, plot: Path | None, **options: Any) -> None:
    """Load, evaluate, and show."""
    from dse.advise import find_sensitivity, weighed
    from dse.report.sensitivity import SensitivityView, indices_table, moves_table, slopes_table
    from dse.report.sensitivity_document import sensitivity_document
    from dse.spec import load_technology

    loaded, seed = space_from(space, options), options["seed"]
    try:
        result = find_sensitivity(
            loaded,
            load_technology().silicon,
            at=options["at"],
            base=options["samples"],
            seed=seed,
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error
    view = SensitivityView(loaded, options["at"], seed, weighed(loaded), result)
    if as_json:
        print_json(sensitivity_document(view))
    else:
        print_tables(indices_table(view), slopes_table(view), moves_table(view))
    if plot is not None:
        from dse.report.tornado import tornado_figure

        write_figure(tornado_figure(view), plot)
