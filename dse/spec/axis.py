"""Axes of a space: what a path such as ``chip.units.npu.clock`` varies, and its values.

A value is never converted here: each choice is put into the base spec, the whole is validated
and built, and the value is read off the result, so a choice means what it would mean in a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_origin

from pydantic import BaseModel

from dse.dtype import Format
from dse.errors import Fault, SpecError
from dse.spec.explain import section_of
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean
from dse.spec.schema import ChipSpec, Leaf, Quantity, ScenarioSpec
from dse.spec.tree import FieldPath, Node, dotted
from dse.units import DIMENSIONS, format_quantity

__all__ = ["AxisError", "Varied", "choices", "leaf_value", "put", "varied", "written"]

_SCHEMAS: dict[str, type[BaseModel]] = {"chip": ChipSpec, "scenario": ScenarioSpec}
# A scenario's head follows its weights, and its embedding the head, unless they are given.
_FOLLOWERS = {"weights": ("head", "embedding"), "head": ("embedding",)}


class AxisError(Exception):
    """An axis path that leads nowhere; the text is the fault's message."""


@dataclass(frozen=True, slots=True)
class Varied:
    """A field that an axis varies.

    Parameters
    ----------
    root : str
        ``chip`` or ``scenario``.
    path : FieldPath
        The field in that spec.
    leaf : Leaf
        How it varies.
    quantity : Quantity or None
        Its dimension, where it has one.
    leaves : tuple of str
        Dataclass fields that follow it.
    """

    root: str
    path: FieldPath
    leaf: Leaf
    quantity: Quantity | None
    leaves: tuple[str, ...]


def varied(text: str, given: set[str]) -> Varied:
    """Find the field that the path `text` names.

    Parameters
    ----------
    text : str
        Such as ``chip.units.npu.clock``.
    given : set of str
        Scenario fields that are given and follow no other.

    Raises
    ------
    AxisError
        If there is no such field, or it cannot vary.
    """
    root, *path = text.split(".")
    if root not in _SCHEMAS or not path:
        raise AxisError("must begin with chip. or scenario.")
    field = _field(_SCHEMAS[root], path)
    leaf = next((entry for entry in field.metadata if isinstance(entry, Leaf)), None)
    if leaf is None:
        raise AxisError("must name a number or a choice that may vary")
    quantity = next((entry for entry in field.metadata if isinstance(entry, Quantity)), None)
    names = [leaf.path]
    if root == "scenario":
        names += [f"precision.{name}" for name in _followers(path[0], given)]
    stem = ".".join([root, *path[:-1]])
    return Varied(root, tuple(path), leaf, quantity, tuple(f"{stem}.{name}" for name in names))


def _followers(name: str, given: set[str]) -> Iterator[str]:
    for follower in _FOLLOWERS.get(name, ()):
        if follower in given:
            return
        yield follower


def _field(section: type[BaseModel], path: list[str]) -> Any:
    """Walk the schema to the field at `path`."""
    head, *rest = path
    field = section.model_fields.get(head)
    if field is None:
        hint = did_you_mean(head, section.model_fields)
        raise AxisError(f'must name a field, but there is no "{head}"{hint}')
    inner, origin = section_of(field.annotation), get_origin(field.annotation)
    if inner is None or origin is list:
        if rest:
            raise AxisError(f'must name a field, but there is nothing inside "{head}"')
        return field
    # A mapping by name: whether the spec has this entry shows where the value is put.
    rest = rest[1:] if origin is dict else rest
    if not rest:
        raise AxisError(f"must name a field, not a section: {', '.join(inner.model_fields)}")
    return _field(inner, rest)


def put(tree: Node, path: FieldPath, node: Node) -> Node:
    """Copy a tree with the value at `path` set.

    Raises
    ------
    AxisError
        If a section on the way is missing.
    """
    head, *rest = path
    if not rest:
        return replace(tree, value={**tree.value, head: node})
    child = tree.value.get(head)
    if child is None or not isinstance(child.value, dict):
        raise AxisError(f'must name a field, but the base has no "{head}"')
    return replace(tree, value={**tree.value, head: put(child, tuple(rest), node)})


def leaf_value(built: Any, path: str) -> Any:
    """Read the dataclass field at a dotted path; tuples are keyed by name."""
    for step in path.split("."):
        if isinstance(built, tuple):
            built = next(item for item in built if item.name == step)
        else:
            built = getattr(built, step)
    return built


def choices(
    entry: Node, field: Varied, build: Callable[[Node], Any]
) -> tuple[list[tuple[Any, str]], set[Fault]]:
    """Read the values of an axis.

    Parameters
    ----------
    entry : Node
        A list of choices, or a range.
    field : Varied
        What varies.
    build : callable
        Takes a choice's node to its value in the built base, or raises `SpecError`.

    Returns
    -------
    list of (value, text)
        The choices that could be read.
    set of Fault
        What is wrong with the others.
    """
    faults: set[Fault] = set()
    found: list[tuple[Any, str]] = []
    seen = set()
    nodes = entry.value if isinstance(entry.value, list) else _spread(entry, field, build, faults)
    for node in nodes:
        value = _attempt(node, build, faults)
        if value is None:
            continue
        same = (value.code, value.bits) if isinstance(value, Format) else value
        if same in seen:
            faults.add(_fault(node, field, "duplicate", "must not be given twice", got=True))
        seen.add(same)
        found.append((value, node.text))
    return found, faults


def _attempt(node: Node, build: Callable[[Node], Any], faults: set[Fault]) -> Any:
    try:
        return build(node)
    except SpecError as error:
        faults.update(error.faults)
        return None


def _spread(
    entry: Node, field: Varied, build: Callable[[Node], Any], faults: set[Fault]
) -> list[Node]:
    """Write out the values of a range, as the nodes that a list would hold."""
    first, last = entry.value["from"], entry.value["to"]
    start, stop = _attempt(first, build, faults), _attempt(last, build, faults)
    if start is None or stop is None:
        return []
    is_log = "scale" in entry.value and entry.value["scale"].value == "log"
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in (start, stop)):
        faults.add(_fault(first, field, "type", "must be a number in a range", got=True))
    elif not (math.isfinite(start) and math.isfinite(stop)) or (is_log and min(start, stop) <= 0):
        rule = "must be > 0 and finite on a logarithmic scale" if is_log else "must be finite"
        faults.add(_fault(first, field, "range", rule, got=True))
    else:
        steps = entry.value["steps"].value
        inner = [_between(start, stop, i / (steps - 1), is_log) for i in range(1, steps - 1)]
        middle = [written(value, first, field, faults) for value in inner]
        return [first, *(node for node in middle if node), last]
    return []


def _between(start: float, stop: float, part: float, is_log: bool) -> float:
    if is_log:
        return float(start * (stop / start) ** part)
    return start + (stop - start) * part


def written(value: float, first: Node, field: Varied, faults: set[Fault]) -> Node | None:
    """Make the node of a computed value; one that should be whole and is not is a fault.

    Parameters
    ----------
    value : float
        In the field's base unit.
    first : Node
        Whose place it takes.
    field : Varied
        What it is a value of.
    faults : set of Fault
        Where the fault is noted.
    """
    if field.quantity is None:
        whole = round(value)
        if abs(value - whole) > 1e-9 * abs(value):
            rule = f"must give whole numbers, but one step would be {value:g}"
            faults.add(_fault(first, field, "type", rule))
            return None
        return replace(first, value=whole, text=str(whole))
    # Twelve digits: what people read is exactly what is evaluated.
    text = format_quantity(value, field.quantity.dimension, digits=12)
    pure = not DIMENSIONS[field.quantity.dimension].base
    return replace(first, value=float(text) if pure else text, text=text)


def _fault(node: Node, field: Varied, slug: str, rule: str, *, got: bool = False) -> Fault:
    fault = fault_at(node, (), slug, rule, got=got)
    return replace(fault, path=dotted((field.root, *field.path)))
