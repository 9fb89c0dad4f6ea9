"""``--schedule``: one unit of a chip, or several that work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command
from dse.cli.subject import find_unit

if TYPE_CHECKING:
    from dse.chip import Chip

__all__ = ["find_schedule", "schedule_option"]


def schedule_option(command: Command) -> Command:
    """Add ``--schedule``."""
    text = (
        "Where operators run: one unit, by key or kind, as --unit; `heterogeneous` for all units "
        "together; `npu+gpu` for some. Each operator then runs whole on one unit or is split, "
        "whichever is done soonest."
    )
    return click.option("--schedule", metavar="NAME", help=text)(command)


def find_schedule(chip: Chip, options: Mapping[str, Any]) -> str:
    """Find the unit or the units that ``--schedule`` or ``--unit`` name.

    Returns
    -------
    str
        Key of a unit, or the name of a schedule that `dse.cost.evaluate` takes as one.

    Raises
    ------
    click.UsageError
        If the chip has no such unit, or if both options are given, or one that needs one unit.
    """
    from dse.cost import HETEROGENEOUS, team_units

    asked = options["schedule"]
    if asked is None:
        return find_unit(chip, options["unit"]).name
    if options["unit"] is not None:
        raise click.UsageError("--schedule and --unit both say what runs the model: give one")
    try:
        units = team_units(chip, asked) or (chip.unit(asked),)
    except KeyError:
        known = ", ".join((*(unit.name for unit in chip.units), HETEROGENEOUS))
        message = f'{chip.name} cannot run "{asked}"; it has {known}'
        raise click.BadParameter(message, param_hint="--schedule") from None
    if len(units) == 1:
        return units[0].name
    if options["sustained"] or options["plot"] is not None:
        raise click.UsageError("--sustained follows one unit: give it by --unit")
    return str(asked)
