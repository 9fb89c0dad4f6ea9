"""What a path such as ``chip.units.npu.clock`` varies, and how values are put there.

A value is never converted here: each choice is put into the base spec, the whole is validated
and built, and the value is read off the result, so a choice means what it would mean in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from dse.errors import Fault
from dse.spec.explain import section_of
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean
from dse.spec.schema import ChipSpec, Leaf, Quantity, ScenarioSpec
from dse.spec.tree import FieldPath, Node, dotted
from dse.units import DIMENSIONS, format_quantity

__all__ = [
    "AxisError",
    "Varied",
    "field_fault",
    "leaf_value",
    "number_of",
    "put",
    "varied",
    "written",
]

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


def number_of(node: Node, field: Varied) -> float | None:
    """Number that a file says of a field, in the field's base unit; None if it says none.

    What is wrong with a text that is no number, validation says.
    """
    if field.quantity is not None:
        try:
            return field.quantity.read(node.value)
        except PydanticCustomError:
            return None
    is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return float(node.value) if is_number else None


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
            faults.add(field_fault(first, field, "type", rule))
            return None
        return replace(first, value=whole, text=str(whole))
    # Twelve digits: what people read is exactly what is evaluated.
    text = format_quantity(value, field.quantity.dimension, digits=12)
    pure = not DIMENSIONS[field.quantity.dimension].base
    return replace(first, value=float(text) if pure else text, text=text)


def field_fault(
    node: Node, field: Varied, slug: str, rule: str, *, got: bool = False, hint: str = ""
) -> Fault:
    """Make a fault of the value at a node, named by the path of the field that it is for."""
    fault = fault_at(node, (), slug, rule, got=got, hint=hint)
    return replace(fault, path=dotted((field.root, *field.path)))
