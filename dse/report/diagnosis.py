"""Why no design meets the targets, in sentences and as JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite
from dse.report.quantity import format_metric, format_unit
from dse.report.view import target_text

if TYPE_CHECKING:
    from dse.search import Diagnosis, Miss, Widening
    from dse.sweep import RequirementReach

__all__ = ["diagnosis_lines", "diagnosis_object"]

# Axes named as worth widening; the rest would help less.
_MAX_AXES = 3


def diagnosis_lines(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Say which target binds, by how much the nearest design misses, and what would help."""
    certain = diagnosis.is_certain
    lines = ["no design meets the targets" if certain else "no design met the targets"]
    if diagnosis.binding is not None:
        lines.append(f"  binding: {_binding_text(diagnosis.binding, diagnosis.opens)}")
    if diagnosis.design is not None:
        lines.append(f"  the nearest design, number {diagnosis.design}, misses")
        lines += [f"    {_miss_text(miss, diagnosis)}" for miss in diagnosis.misses]
        choices = diagnosis.choices or {}
        lines.append("  it has " + ", ".join(f"{path} = {text}" for path, text in choices.items()))
    lines += [f"  {text}" for text in _remedies(diagnosis)]
    return tuple(lines)


def _binding_text(entry: RequirementReach, opens: int) -> str:
    name = entry.target.metric
    text = target_text(entry.target)
    if name == "buildable":
        return f"{text}; {_count_text(opens)} all else" if opens else f"{text}; no design can"
    if opens:
        best = format_metric(name, entry.best_with_others)
        where = f"at {best}" if opens == 1 else f"the best of them at {best}"
        return f"{text}; {_count_text(opens)} all else, {where}"
    best = format_metric(name, entry.best)
    if entry.met:
        none = "not" if entry.met == 1 else "none of them"
        return f"{text}; {_count_text(entry.met)} it, and {none} all else"
    return f"{text}; no design meets it even alone, the best is at {best}"


def _count_text(designs: int) -> str:
    return "1 design meets" if designs == 1 else f"{designs} designs meet"


def _miss_text(miss: Miss, diagnosis: Diagnosis) -> str:
    if miss.target.metric == "buildable":
        return f"{target_text(miss.target)}: {'; '.join(diagnosis.obstacles)}"
    value = format_metric(miss.target.metric, miss.value)
    return f"{target_text(miss.target)} by {format_unit(miss.violation, '%')}: {value}"


def _remedies(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.widenings:
        yield "no axis would help by being longer: relax a target, or vary something else"
    for entry in diagnosis.widenings[:_MAX_AXES]:
        yield _widening_text(entry, diagnosis)
    if not diagnosis.is_certain:
        yield "not every design was evaluated: more samples or trials may find one"


def _widening_text(entry: Widening, diagnosis: Diagnosis) -> str:
    """Direction, what the last step brought, and what else it would cost."""
    side = "below" if entry.end == "first" else "above"
    text = f"widen {entry.path} {side} {entry.text}"
    if diagnosis.binding is not None:
        name = diagnosis.binding.target.metric
        last, now = format_metric(name, entry.before), format_metric(name, entry.value)
        text += f": its last step took {name} from {last} to {now}"
    if entry.costs:
        text += f"; then it would miss {', '.join(target_text(c.target) for c in entry.costs)}"
    return text


def diagnosis_object(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as JSON values."""
    binding = diagnosis.binding
    return {
        "certain": diagnosis.is_certain,
        "binding": None if binding is None else binding.target.metric,
        "opens": diagnosis.opens,
        "nearest": {
            "design": diagnosis.design,
            "axes": dict(diagnosis.choices or {}),
            "misses": [_miss_object(miss) for miss in diagnosis.misses],
        },
        "widen": [
            {
                "axis": entry.path,
                "side": "below" if entry.end == "first" else "above",
                "end": entry.text,
                "predicted": finite(entry.predicted),
                "costs": [_miss_object(miss) for miss in entry.costs],
            }
            for entry in diagnosis.widenings
        ],
    }


def _miss_object(miss: Miss) -> dict[str, Any]:
    return {
        "metric": miss.target.metric,
        "limit": miss.target.limit,
        "value": finite(miss.value),
        "violation": finite(miss.violation),
    }
