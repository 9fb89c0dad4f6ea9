"""Fields of a chip that the command line replaces: ``--set`` and ``--bus-width``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.workload import Scenario

__all__ = ["change_options", "changed_chip", "changed_scenario", "changes_from"]


def change_options(command: Command) -> Command:
    """Add ``--set`` and its shorthand ``--bus-width``."""
    text = "Replace a field of the chip, named and written as in its file (repeatable)."
    command = click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help=text)(
        command
    )
    text = 'Width of the DRAM bus, e.g. "96 bit"; short for --set dram.bus_width.'
    return click.option("--bus-width", metavar="WIDTH", help=text)(command)


def changes_from(options: Mapping[str, Any]) -> dict[str, str]:
    """Read the fields to replace, by path; a later one wins.

    Raises
    ------
    click.BadParameter
        If an assignment has no path or no value.
    """
    changes = {"dram.bus_width": options["bus_width"]} if options["bus_width"] else {}
    for text in options["assignments"]:
        path, equals, value = text.partition("=")
        path = path.strip().removeprefix("chip.")
        if not (path and equals and value.strip()):
            message = f'must be PATH=VALUE such as dram.bus_width="96 bit", but got "{text}"'
            raise click.BadParameter(message, param_hint="--set")
        changes[path] = value.strip()
    return changes


def changed_chip(ref: str, changes: Mapping[str, str]) -> Chip:
    """Load a chip and replace fields of it, as `dse.spec.changes.changed_chip` does."""
    from dse.spec.changes import changed_chip

    return changed_chip(ref, changes)


def changed_scenario(ref: str, changes: Mapping[str, str]) -> Scenario:
    """Load a scenario and replace fields of it, as `dse.spec.changes.changed_scenario` does."""
    from dse.spec.changes import changed_scenario

    return changed_scenario(ref, changes)
