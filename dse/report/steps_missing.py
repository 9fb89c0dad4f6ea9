"""Why no set of steps meets the targets, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dse.report.quantity import format_metric, significant
from dse.report.steps import StepsView, counted
from dse.report.view import target_text

if TYPE_CHECKING:
    from dse.space import Target
    from dse.sweep import RequirementReach

__all__ = ["missing_lines"]


def missing_lines(view: StepsView) -> tuple[str, ...]:
    """Say that no set of steps will do, how near the nearest comes, and what stands in the way."""
    result = view.result
    more = "" if result.is_all else "; --most tries longer ones"
    lines = [
        f"no set of up to {counted(result.most, 'step')} meets the targets: "
        f"{counted(result.tried, 'set')} tried{more}",
        f"  the nearest, of {counted(result.found.count, 'step')}, misses",
    ]
    for target, short in _misses(view):
        value = result.found.metrics[target.metric]
        text = format_metric(target.metric, value)
        if target.metric == "memory_free_bytes":
            text = f"{format_metric(target.metric, -value)} short"
        factor = f" by a factor of {significant(short, 3)}" if math.isfinite(short) else ""
        lines.append(f"    {target_text(target)}{factor}: {text}")
    lines += [f"  {text}" for text in map(_reach_text, result.reach) if text]
    return tuple(lines)


def _misses(view: StepsView) -> Iterator[tuple[Target, float]]:
    """Requirements that the set misses, and the factor between it and them."""
    metrics = view.result.found.metrics
    capacity = metrics["memory_bytes"] + metrics["memory_free_bytes"]
    for target in view.targets:
        if float(target.violation(metrics[target.metric])) > 0.0 or math.isnan(
            metrics[target.metric]
        ):
            value, limit = metrics[target.metric], target.limit
            parts = (value, limit) if target.sense < 0 else (limit, value)
            yield target, parts[0] / parts[1] if parts[1] > 0.0 else math.inf
    fits, buildable = view.result.requirements[-2:]
    if metrics["memory_free_bytes"] < 0.0:
        yield fits, metrics["memory_bytes"] / capacity
    if metrics["buildable"] < 1.0:
        yield buildable, math.inf


def _reach_text(entry: RequirementReach) -> str:
    """How far a requirement that stands in the way can be met."""
    name, text = entry.target.metric, target_text(entry.target)
    if entry.missed_alone:
        sets = "1 set meets" if entry.missed_alone == 1 else f"{entry.missed_alone} sets meet"
        return (
            f"{text}: {sets} all else, at best with {format_metric(name, entry.best_with_others)}"
        )
    if not entry.met:
        return (
            f"{text}: no set meets it even alone, the best has {format_metric(name, entry.best)}"
        )
    return ""
