"""What a space asks of its designs: metrics to optimise, and limits to meet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dse.cost import IMAGE_METRICS, TEXT_METRICS, metric
from dse.errors import Fault, UnitError
from dse.space import Target
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean
from dse.spec.tree import FieldPath, Node
from dse.units import dimension_of, parse_quantity

__all__ = ["check_objectives", "parse_target", "read_targets"]

_TARGET = re.compile(r"(<=|>=) *(.+)")
_NAMED_TARGET = re.compile(r"([a-z0-9_]+) *(<=|>=) *(.+)")
_BARE = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
# Metrics that may be negative.
_SIGNED = ("memory_free_bytes",)


def check_objectives(tree: Node, faults: set[Fault]) -> None:
    """Note faults of the names of metrics to optimise."""
    node = tree.value.get("objectives")
    seen: set[str] = set()
    for place, entry in enumerate(node.value if node and isinstance(node.value, list) else ()):
        path = ("objectives", place)
        if not isinstance(entry.value, str):
            continue
        faults |= set(_metric_faults(tree, path, entry.value))
        if entry.value in seen:
            faults.add(fault_at(tree, path, "duplicate", "must not be given twice", got=True))
        seen.add(entry.value)


def _metric_faults(tree: Node, path: FieldPath, name: str) -> Iterator[Fault]:
    rule = _metric_rule(name)
    if rule:
        yield fault_at(tree, path, "unknown-name", rule)


def _metric_rule(name: str) -> str:
    """Rule that a name breaks of which no metric may be an objective or a target, or nothing."""
    names = [entry.name for entry in TEXT_METRICS if entry.sense]
    if name in names:
        return ""
    if any(entry.name == name for entry in TEXT_METRICS):
        return f'must be a metric that can be better or worse, and "{name}" can be neither'
    if any(entry.name == name for entry in IMAGE_METRICS):
        return f'must be a metric of language models, but "{name}" is one of networks of layers'
    rule = f'must be a metric that can be better or worse, but got "{name}"'
    return f"{rule}{did_you_mean(name, names)}"


def read_targets(tree: Node, faults: set[Fault]) -> tuple[Target, ...]:
    """Read the limits, and note the faults of those that cannot be read or mean nothing."""
    node = tree.value.get("targets")
    targets = []
    for name, entry in (node.value if node and isinstance(node.value, dict) else {}).items():
        path = ("targets", name)
        wrong = set(_metric_faults(tree, path, name))
        faults |= wrong
        if wrong or not isinstance(entry.value, str):
            continue
        match = _TARGET.fullmatch(entry.value.strip())
        if match is None:
            rule = 'must be a limit such as "<= 100 ms" or ">= 10 tok/s"'
            faults.add(fault_at(tree, path, "target", rule, got=True))
            continue
        try:
            limit = parse_quantity(match[2], dimension_of(metric(name).unit))
        except UnitError as error:
            faults.add(fault_at(tree, path, error.slug, str(error)))
            continue
        target = Target(name, limit, -1 if match[1] == "<=" else 1)
        rule = _target_rule(target)
        if rule:
            faults.add(fault_at(tree, path, "target", rule, got=True))
        targets.append(target)
    return tuple(targets)


def parse_target(text: str) -> Target:
    """Read a limit such as ``tpot_s <= 100 ms``.

    A bare number is in the unit in which the metric's name ends.

    Raises
    ------
    UnitError
        If it is none, or means nothing.

    Examples
    --------
    >>> parse_target("tpot_s <= 100 ms")
    Target(metric='tpot_s', limit=0.1, sense=-1)
    """
    match = _NAMED_TARGET.fullmatch(text.strip())
    if match is None:
        rule = 'must be a limit such as "tpot_s <= 100 ms" or "decode_tok_s >= 10 tok/s"'
        raise UnitError(f'{rule}, but got "{text}"', "target")
    name = match[1]
    rule = _metric_rule(name)
    if rule:
        raise UnitError(rule)
    unit = metric(name).unit
    number = f"{match[3]} {unit}".rstrip() if _BARE.fullmatch(match[3]) else match[3]
    limit = parse_quantity(number, dimension_of(unit))
    target = Target(name, limit, -1 if match[2] == "<=" else 1)
    rule = _target_rule(target)
    if rule:
        raise UnitError(f'{rule}, but got "{text}"', "target")
    return target


def _target_rule(target: Target) -> str:
    """Rule that a well-formed target breaks, or nothing."""
    sense = metric(target.metric).sense
    if target.sense != sense:
        sign, better = (">=", "more") if sense > 0 else ("<=", "less")
        return f'must be a limit with "{sign}", for {better} is better'
    if target.limit <= 0.0 and target.metric not in _SIGNED:
        return "must be a limit > 0, for the metric is never negative"
    return ""
