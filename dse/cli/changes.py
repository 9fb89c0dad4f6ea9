"""Specs of the library with some of their fields replaced: ``--set`` and ``--bus-width``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.spec.read import Draft
    from dse.spec.tree import Node
    from dse.workload import Scenario

__all__ = ["change_options", "changed_chip", "changed_scenario", "changes_from"]

_KEY = re.compile(r"[A-Za-z0-9_-]+")


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
    """Load a chip and replace fields of it, by the rules that hold for its file.

    Parameters
    ----------
    ref : str
        Name in the library, or path of a file.
    changes : mapping of str to str
        Values by dotted path, both as the file would have them.

    Raises
    ------
    SpecError
        With all faults of the file and of the changes.
    """
    from dse.cost import open_die
    from dse.spec import load_chip, load_technology
    from dse.spec.load import chip_from

    base = load_chip(ref)
    if not changes:
        return base
    chip = chip_from(_draft("chip", ref, changes))
    if base.area.die_mm2 is None or any(path.startswith("area") for path in changes):
        return chip
    # A published die cannot show what a changed part costs: what its parts leave over can.
    opened = open_die(base, base.unit(), load_technology().silicon)
    return replace(chip, area=opened.area)


def changed_scenario(ref: str, changes: Mapping[str, str]) -> Scenario:
    """Load a scenario and replace fields of it; parameters and errors as for `changed_chip`."""
    from dse.spec.load import scenario_from

    return scenario_from(_draft("scenario", ref, changes))


def _draft(kind: str, ref: str, changes: Mapping[str, str]) -> Draft:
    from dse.spec.library import locate
    from dse.spec.read import Draft, read_spec
    from dse.spec.tree import overlay

    draft = read_spec(locate(kind, ref))
    tree = draft.tree
    for path, value in changes.items():
        tree = overlay(tree, _tree_of(path, value))
    return Draft(tree, draft.faults)


def _tree_of(path: str, value: str) -> Node:
    """Parse one assignment as the lines of a chip file that it stands for.

    Raises
    ------
    SpecError
        If the path is none, or the value is not one plain value.
    """
    from dse.errors import Fault, SpecError
    from dse.spec.text import parse_text

    place = f"--set {path}"
    keys = path.split(".")
    if not all(_KEY.fullmatch(key) for key in keys) or "\n" in value:
        message = "must be a dotted path of keys and one value"
        raise SpecError((Fault(place, 0, 0, "", message, "assignment"),))
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(keys)]
    try:
        return _unplaced(parse_text("\n".join(lines) + f" {value}\n", place))
    except SpecError as error:
        faults = (replace(fault, line=0, column=0) for fault in error.faults)
        raise SpecError(tuple(faults)) from None


def _unplaced(node: Node) -> Node:
    """Drop line and column, which mean nothing on a command line."""
    place = replace(node.place, line=0, column=0)
    value = node.value
    if isinstance(value, dict):
        value = {key: _unplaced(child) for key, child in value.items()}
    return replace(node, value=value, place=place, key=place if node.key else None)
