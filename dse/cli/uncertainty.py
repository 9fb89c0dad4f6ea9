"""``--uncertainty`` of ``dse evaluate``: what the ranges of estimated numbers leave of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command

if TYPE_CHECKING:
    from dse.advise import Spread
    from dse.chip import Chip
    from dse.cost import Stack
    from dse.report.tables import Table
    from dse.technology import Silicon
    from dse.workload import Model, Network, Scenario

__all__ = ["uncertainty_entry", "uncertainty_of", "uncertainty_option", "uncertainty_tables"]

_DRAWS, _SEED = 2048, 0


def uncertainty_option(command: Command) -> Command:
    """Add ``--uncertainty``."""
    text = (
        "Bounds and percentiles of the metrics over the ranges of the estimated numbers, and the "
        "numbers that matter most."
    )
    return click.option("--uncertainty", is_flag=True, help=text)(command)


def uncertainty_of(
    ref: str,
    changed: Collection[str],
    subject: tuple[Chip, Model | Network, Scenario, Silicon, Stack | None],
    unit: str,
    options: Mapping[str, Any],
) -> tuple[Spread, ...] | None:
    """Spread of each metric, if the user asked for it.

    Parameters
    ----------
    ref : str
        The chip as the user named it.
    changed : collection of str
        Fields of it that the user replaced, and so vouches for.
    subject, unit
        What is evaluated.
    options : mapping of str to object
        Of the command line.

    Raises
    ------
    click.UsageError
        If several units share the work.
    """
    from dse.cost import team_units

    if not options["uncertainty"]:
        return None
    from dse.advise import find_uncertainty
    from dse.spec.ranges import load_ranges

    chip, model, scenario, silicon, stack = subject
    if team_units(chip, unit):
        raise click.UsageError("--uncertainty is known of one unit: give it by --unit")
    ranges = load_ranges(chip, ref, changed)
    spreads, _ = find_uncertainty(
        (chip, model, scenario, unit, stack), silicon, ranges, draws=_DRAWS, seed=_SEED
    )
    return spreads


def uncertainty_tables(spreads: tuple[Spread, ...] | None) -> list[Table]:
    """Lay the spread out as tables; none where none was asked for."""
    from dse.report.uncertainty import uncertainty_tables as tables

    return [] if spreads is None else tables(spreads, _DRAWS)


def uncertainty_entry(spreads: tuple[Spread, ...] | None) -> dict[str, Any]:
    """Give the spread as an entry of the document; none where none was asked for."""
    from dse.report.uncertainty import uncertainty_object

    return {} if spreads is None else {"uncertainty": uncertainty_object(spreads, _DRAWS, _SEED)}
