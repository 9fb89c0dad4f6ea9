"""Ties: fields that follow an axis by a factor, or by a value for each of its choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dse.errors import Fault
from dse.spec.axis import Varied, number_of, written
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean
from dse.spec.spread import read_number
from dse.spec.tree import Node, find
from dse.units import DIMENSIONS

__all__ = ["Followed", "followed_axis", "tied_nodes"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Followed:
    """The axis that a tie follows.

    Parameters
    ----------
    path : str
        Its path.
    field : Varied
        What it varies.
    nodes : list of Node
        Its choices.
    is_continuous : bool
        Whether these are the points of a lattice.
    """

    path: str
    field: Varied
    nodes: list[Node]
    is_continuous: bool


def followed_axis(
    tree: Node, name: str, axes: Mapping[str, Node], faults: set[Fault]
) -> str | None:
    """Path of the axis, of those of the space, that a tie follows; None with a fault noted."""
    path = ("ties", name, "follows")
    ties: dict[str, Node] = tree.value["ties"].value
    followed = str(ties[name].value["follows"].value)
    if followed in axes:
        return followed
    if followed in ties:
        rule = "must be the path of an axis, and not of a tie"
        end = find(ties[followed], ("follows",))
        hint = f'; did you mean "{end.text}"?' if end is not None and end.text in axes else ""
        faults.add(fault_at(tree, path, "tie", rule, got=True, hint=hint))
        return None
    rule, hint = "must be the path of an axis", did_you_mean(followed, axes)
    faults.add(fault_at(tree, path, "unknown-name", rule, got=True, hint=hint))
    return None


def tied_nodes(
    tree: Node, name: str, field: Varied, axis: Followed, faults: set[Fault]
) -> list[Node] | None:
    """Write out what a tie gives its field, one node per choice of the axis.

    Parameters
    ----------
    tree : Node
        The space.
    name : str
        The tie's path in it.
    field : Varied
        What the tie sets.
    axis : Followed
        What it follows.
    faults : set of Fault
        Where faults are noted.

    Returns
    -------
    list of Node or None
        None where there is a fault, of the tie or of the axis's own choices.
    """
    entry = tree.value["ties"].value[name].value
    if "factor" in entry and entry["factor"].value is not None:
        return _scaled(tree, name, field, axis, faults)
    values: Node = entry["values"]
    path = ("ties", name, "values")
    if axis.is_continuous:
        rule = f'must be a factor, for the axis "{axis.path}" is continuous'
        faults.add(fault_at(tree, path, "tie", rule))
        return None
    if isinstance(values.value, dict):
        return _looked_up(tree, name, axis, faults)
    if len(values.value) != len(axis.nodes):
        rule = f'must hold one value per choice of "{axis.path}", which has {len(axis.nodes)}'
        faults.add(fault_at(tree, path, "length", rule, got=True))
        return None
    return list(values.value)


def _looked_up(tree: Node, name: str, axis: Followed, faults: set[Fault]) -> list[Node] | None:
    """Values by the choices as the axis writes them."""
    path = ("ties", name, "values")
    table: dict[str, Node] = tree.value["ties"].value[name].value["values"].value
    texts = [node.text for node in axis.nodes]
    wrong = set()
    for key in table:
        if key not in texts:
            rule = f'the key must be a choice of "{axis.path}", but got "{key}"'
            hint = did_you_mean(key, texts)
            wrong.add(fault_at(tree, (*path, key), "tie", rule, at_key=True, hint=hint))
    missing = [text for text in texts if text not in table]
    if missing:
        shown = ", ".join(f'"{text}"' for text in missing)
        rule = f'must hold a value for each choice of "{axis.path}", but lacks {shown}'
        wrong.add(fault_at(tree, path, "missing-key", rule))
    faults |= wrong
    return None if wrong else [table[text] for text in texts]


def _scaled(
    tree: Node, name: str, field: Varied, axis: Followed, faults: set[Fault]
) -> list[Node] | None:
    """Values by a factor; the one unit in play is the factor's, or the axis's and the field's."""
    path = ("ties", name, "factor")
    node: Node = tree.value["ties"].value[name].value["factor"]
    read = [number_of(each, axis.field) for each in axis.nodes]
    numbers = [number for number in read if number is not None]
    if len(numbers) < len(read):
        if axis.field.quantity is None:
            rule = f'must be values, for the choices of "{axis.path}" are no numbers'
            faults.add(fault_at(tree, path, "tie", rule))
        return None
    of_axis, own = _dimension(axis.field), _dimension(field)
    if DIMENSIONS[of_axis].base and of_axis != own:
        rule = (
            f"must follow an axis of pure numbers, or of {DIMENSIONS[own].title} itself; "
            f'"{axis.path}" is {DIMENSIONS[of_axis].title}'
        )
        faults.add(fault_at(tree, ("ties", name, "follows"), "unit", rule))
        return None
    unit = "ratio" if DIMENSIONS[of_axis].base else own
    factor = read_number(node, field, faults, "ratio" if not DIMENSIONS[unit].base else unit)
    if factor is None or _gives_parts(tree, name, field, axis, factor, faults):
        return None
    values = [written(factor * number, node, field, faults) for number in numbers]
    found = [value for value in values if value is not None]
    return found if len(found) == len(numbers) else None


def _dimension(field: Varied) -> str:
    return "count" if field.quantity is None else field.quantity.dimension


def _gives_parts(
    tree: Node, name: str, field: Varied, axis: Followed, factor: float, faults: set[Fault]
) -> bool:
    """Whether a field that counts would not come out whole; the first such choice is noted."""
    if field.quantity is not None:
        return False
    for node in axis.nodes:
        value = factor * (number_of(node, axis.field) or 0.0)
        if abs(value - round(value)) > _ROUNDING * abs(value):
            rule = f'must give whole numbers, but with "{node.text}" it would be {value:g}'
            faults.add(fault_at(tree, ("ties", name, "factor"), "tie", rule))
            return True
    return False
