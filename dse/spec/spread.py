"""The choices of an axis as nodes: those of a list, or those that a range stands for."""

from __future__ import annotations

import math

from pydantic_core import PydanticCustomError

from dse.errors import Fault
from dse.spec.axis import Varied, field_fault, number_of, written
from dse.spec.schema import Quantity
from dse.spec.tree import Node
from dse.units import DIMENSIONS

__all__ = ["LATTICE", "is_continuous", "read_number", "spread"]

# Even steps that stand for a continuous axis: 2^12, so that halves and quarters are exact.
LATTICE = 4096
# Values of a range by their step, at most.
_MAX_VALUES = 4096
_ROUNDING = 1e-9
# A continuous axis of a smaller share of its values has steps that are one number as written.
_NARROW = 1e-6
# The most that a number may be which is no value of a field, in base units.
_LARGEST = "1e300"


def is_continuous(entry: Node) -> bool:
    """Whether an axis is a range of all values between two."""
    node = entry.value.get("continuous") if isinstance(entry.value, dict) else None
    return node is not None and node.value is True


def spread(entry: Node, field: Varied, faults: set[Fault]) -> list[Node]:
    """Write out the choices of an axis.

    Parameters
    ----------
    entry : Node
        A list of choices, or a range.
    field : Varied
        What varies.
    faults : set of Fault
        Where faults of the range are noted; those of its ends are left to validation.

    Returns
    -------
    list of Node
        As a list would hold them; none where the range has a fault, and the ends of one whose
        ends are no numbers.
    """
    if isinstance(entry.value, list):
        return list(entry.value)
    first, last = entry.value["from"], entry.value["to"]
    start, stop = number_of(first, field), number_of(last, field)
    if start is None or stop is None:
        return [first, last]
    is_log = "scale" in entry.value and entry.value["scale"].value == "log"
    if not (math.isfinite(start) and math.isfinite(stop)) or (is_log and min(start, stop) <= 0):
        rule = "must be > 0 and finite on a logarithmic scale" if is_log else "must be finite"
        faults.add(field_fault(first, field, "range", rule, got=True))
        return []
    steps = _steps(entry, field, (start, stop), faults)
    inner = [_between(start, stop, i / steps, is_log) for i in range(1, steps)]
    middle = [written(value, first, field, faults) for value in inner]
    return [first, *(node for node in middle if node), last] if steps else []


def _steps(entry: Node, field: Varied, ends: tuple[float, float], faults: set[Fault]) -> int:
    """Steps from the first value to the last; 0 with a fault noted."""
    if is_continuous(entry):
        return _lattice(entry, field, ends, faults)
    if "steps" in entry.value and entry.value["steps"].value is not None:
        return int(entry.value["steps"].value) - 1
    node = entry.value["step"]
    step = read_number(node, field, faults)
    if step is None:
        return 0
    count = abs(ends[1] - ends[0]) / step
    if count > _MAX_VALUES - 1:
        rule = f"must give at most {_MAX_VALUES} values"
        faults.add(field_fault(node, field, "range", rule, got=True))
        return 0
    if abs(count - round(count)) > _ROUNDING * max(1.0, count):
        first, last = entry.value["from"].text, entry.value["to"].text
        rule = f'must lead from "{first}" to "{last}" in whole steps'
        faults.add(field_fault(node, field, "range", rule, got=True))
        return 0
    return max(1, round(count))


def _lattice(entry: Node, field: Varied, ends: tuple[float, float], faults: set[Fault]) -> int:
    """Steps of a continuous axis, where its field can be one."""
    rule = ""
    if field.quantity is None:
        rule = "must not be continuous, for it counts; write `step: 1`"
    elif field.leaf.static:
        rule = "must not be continuous, for designs that differ in it share no batch; write a list"
    if rule:
        node = entry.value["continuous"]
        faults.add(field_fault(node, field, "axis", rule))
        return 0
    if ends[0] != ends[1] and abs(ends[1] - ends[0]) < _NARROW * max(map(abs, ends)):
        first, last = entry.value["from"].text, entry.value["to"].text
        rule = f'must not be continuous: from "{first}" to "{last}" is too narrow; write a list'
        faults.add(field_fault(entry.value["continuous"], field, "range", rule))
        return 0
    return LATTICE if ends[0] != ends[1] else 1


def read_number(
    node: Node, field: Varied, faults: set[Fault], dimension: str | None = None
) -> float | None:
    """Read a number > 0 of a dimension, by default that of the field, whatever its bounds.

    Parameters
    ----------
    node, field : Node, Varied
        The number, and the field that it is meant for.
    faults : set of Fault
        Where its fault is noted.
    dimension : str, optional
        Key of `dse.units.DIMENSIONS`.
    """
    own = field.quantity.dimension if field.quantity is not None else "count"
    name = dimension or own
    try:
        most = f"{_LARGEST} {DIMENSIONS[name].base}".rstrip()
        return Quantity(name, high=most).read(node.value)
    except PydanticCustomError as error:
        about = error.context or {}
        slug, rule = str(about["slug"]), str(about["rule"])
        faults.add(field_fault(node, field, slug, rule, got=bool(about["got"])))
        return None


def _between(start: float, stop: float, part: float, is_log: bool) -> float:
    if is_log:
        return float(start * (stop / start) ** part)
    return start + (stop - start) * part
