"""Why no design meets the targets: what binds, how near one came, and which axis would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.documents import finite
from dse.report.quantity import format_metric, format_unit
from dse.report.view import target_text
from dse.sweep import evaluate_designs, requirements, violations

if TYPE_CHECKING:
    from dse.space import Index, Space, Target
    from dse.sweep import Reach, RequirementReach
    from dse.technology import Silicon

__all__ = ["Diagnosis", "Miss", "Widening", "diagnose", "diagnosis_lines", "diagnosis_object"]

# Axes named as worth widening; the rest would help less.
_MAX_AXES = 3


@dataclass(frozen=True, slots=True)
class Miss:
    """A requirement that the nearest design misses.

    Parameters
    ----------
    target : Target
        The requirement.
    value : float
        The design's metric, SI.
    violation : float
        Relative distance beyond the limit, > 0.
    """

    target: Target
    value: float
    violation: float


@dataclass(frozen=True, slots=True)
class Widening:
    """An axis on whose end the nearest design sits, and beyond which it would miss less.

    Parameters
    ----------
    path : str
        The axis.
    end : str
        The choice at that end.
    gain : float
        How much the last step towards the end took off the sum of violations.
    """

    path: str
    end: str
    gain: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What stands between a space and its targets.

    Parameters
    ----------
    unreachable : tuple of RequirementReach
        Requirements that no design meets, even alone.
    nearly : RequirementReach or None
        The requirement that most designs miss alone, meeting all others; None if none does.
    design : int
        Number of the nearest design.
    axes : dict of str to str
        Its choices.
    misses : tuple of Miss
        What it misses, worst first; the first one binds.
    widen : tuple of Widening
        Axes worth widening, best first.
    """

    unreachable: tuple[RequirementReach, ...]
    nearly: RequirementReach | None
    design: int
    axes: dict[str, str]
    misses: tuple[Miss, ...]
    widen: tuple[Widening, ...]


def diagnose(space: Space, reach: Reach, silicon: Silicon) -> Diagnosis:
    """Explain why no design of a run is feasible.

    Parameters
    ----------
    space : Space
        What was explored.
    reach : Reach
        Its account of the requirements; at least one design was seen.
    silicon : Silicon
        Constants of the reference node.

    Raises
    ------
    ValueError
        If no design was seen.
    """
    if reach.nearest is None:
        raise ValueError("a diagnosis needs at least one evaluated design")
    nearest = reach.nearest[None]
    alone = [entry for entry in reach.requirements if entry.missed_alone]
    return Diagnosis(
        unreachable=tuple(entry for entry in reach.requirements if entry.met == 0),
        nearly=max(alone, key=lambda entry: entry.missed_alone, default=None),
        design=int(space.encode(nearest)[0]),
        axes=space.texts(nearest[0]),
        misses=_misses(space, nearest, silicon),
        widen=_widenings(space, nearest, silicon),
    )


def _misses(space: Space, nearest: Index, silicon: Silicon) -> tuple[Miss, ...]:
    columns = evaluate_designs(space, nearest, silicon)
    missed = violations(space, columns)[0]
    found = [
        Miss(target, float(columns[target.metric][0]), float(violation))
        for target, violation in zip(requirements(space), missed, strict=True)
        if violation > 0.0
    ]
    return tuple(sorted(found, key=lambda miss: -miss.violation))


def _widenings(space: Space, nearest: Index, silicon: Silicon) -> tuple[Widening, ...]:
    """Look back from every end that the nearest design sits on, and weigh the last step."""
    steps = []
    for place, axis in enumerate(space.axes):
        last, here = len(axis.values) - 1, int(nearest[0, place])
        # Names and types have no order, and a single choice has no direction.
        if axis.is_numeric and last > 0 and here in (0, last):
            steps.append((place, here, 1 if here == 0 else last - 1))
    if not steps:
        return ()
    rows = np.repeat(nearest, len(steps) + 1, axis=0)
    for row, (place, _, inner) in enumerate(steps, start=1):
        rows[row, place] = inner
    missed = np.maximum(violations(space, evaluate_designs(space, rows, silicon)), 0.0).sum(axis=1)
    found = [
        Widening(space.axes[place].path, space.axes[place].texts[here], float(gain))
        for (place, here, _), gain in zip(steps, missed[1:] - missed[0], strict=True)
        if gain > 0.0
    ]
    return tuple(sorted(found, key=lambda entry: -entry.gain)[:_MAX_AXES])


def diagnosis_lines(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The diagnosis in sentences."""
    lines = ["no design meets the targets"]
    for entry in diagnosis.unreachable:
        best = format_metric(entry.target.metric, entry.best)
        lines.append(f"  no design meets {target_text(entry.target)}, even alone: best {best}")
    if diagnosis.nearly is not None:
        entry = diagnosis.nearly
        best = format_metric(entry.target.metric, entry.best_with_others)
        lines.append(
            f"  {target_text(entry.target)} binds: {entry.missed_alone} designs meet all else, "
            f"the best of them at {best}"
        )
    lines.append(f"  the nearest design is number {diagnosis.design}; it misses")
    for miss in diagnosis.misses:
        value = format_metric(miss.target.metric, miss.value)
        by = format_unit(miss.violation, "%")
        lines.append(f"    {target_text(miss.target)} by {by}: {value}")
    lines += [f"    {path} = {text}" for path, text in diagnosis.axes.items()]
    if diagnosis.widen:
        wider = ", ".join(f"{entry.path} beyond {entry.end}" for entry in diagnosis.widen)
        lines.append(f"  widen {wider}")
    else:
        lines.append("  no axis helps by being longer: relax a target, or vary something else")
    return tuple(lines)


def diagnosis_object(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as JSON values."""
    return {
        "binding": diagnosis.misses[0].target.metric if diagnosis.misses else None,
        "unreachable": [entry.target.metric for entry in diagnosis.unreachable],
        "nearest": {
            "design": diagnosis.design,
            "axes": diagnosis.axes,
            "misses": [
                {
                    "metric": miss.target.metric,
                    "limit": miss.target.limit,
                    "value": finite(miss.value),
                    "violation": finite(miss.violation),
                }
                for miss in diagnosis.misses
            ],
        },
        "widen": [{"axis": entry.path, "end": entry.end} for entry in diagnosis.widen],
    }
