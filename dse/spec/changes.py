"""Specs with some of their fields replaced by text, as their files would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dse.chip import Chip
from dse.cost import open_die
from dse.errors import Fault, SpecError
from dse.spec.library import locate
from dse.spec.load import chip_from, load_chip, load_technology, scenario_from
from dse.spec.read import Draft, read_spec
from dse.spec.text import parse_text
from dse.spec.tree import Node, overlay
from dse.workload import Scenario

__all__ = ["changed_chip", "changed_draft", "changed_scenario"]

_KEY = re.compile(r"[A-Za-z0-9_-]+")


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
    base = load_chip(ref)
    if not changes:
        return base
    chip = chip_from(changed_draft("chip", ref, changes))
    if base.area.die_mm2 is None or any(path.startswith("area") for path in changes):
        return chip
    # A published die cannot show what a changed part costs: what its parts leave over can.
    opened = open_die(base, base.unit(), load_technology().silicon)
    return replace(chip, area=opened.area)


def changed_scenario(ref: str, changes: Mapping[str, str]) -> Scenario:
    """Load a scenario and replace fields of it; parameters and errors as for `changed_chip`."""
    return scenario_from(changed_draft("scenario", ref, changes))


def changed_draft(kind: str, ref: str, changes: Mapping[str, str]) -> Draft:
    """Read a spec and lay the changes over it; nothing is validated yet.

    Parameters
    ----------
    kind : str
        Key of `dse.spec.library.FOLDERS`.
    ref, changes : str, mapping of str to str
        As for `changed_chip`.
    """
    draft = read_spec(locate(kind, ref))
    tree = draft.tree
    for path, value in changes.items():
        tree = overlay(tree, _tree_of(path, value))
    return Draft(tree, draft.faults)


def _tree_of(path: str, value: str) -> Node:
    """Parse one assignment as the lines of a file that it stands for.

    Raises
    ------
    SpecError
        If the path is none, or the value is not one plain value.
    """
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
