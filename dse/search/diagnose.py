"""When nothing meets the targets: which one binds, how near it is, and what to widen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dse.cost import team_obstacles
from dse.search.coding import ordered_choices
from dse.space import Index, Space, Target
from dse.sweep import (
    Columns,
    Reach,
    RequirementReach,
    evaluate_designs,
    requirements,
    violations,
)
from dse.technology import Silicon

__all__ = ["Diagnosis", "Miss", "Widening", "diagnose"]

# A last step that moved the metric by less is no advice.
_MIN_STEP = 0.01


class Found(Protocol):
    """What a sweep and a search both return."""

    @property
    def feasible(self) -> int:
        """Designs that meet every requirement."""

    @property
    def is_exhaustive(self) -> bool:
        """Whether every design of the space was evaluated."""

    @property
    def reach(self) -> Reach:
        """How near the designs came."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A requirement that a design misses.

    Parameters
    ----------
    target : Target
        The requirement.
    value : float
        The design's value of its metric, SI.
    violation : float
        By how much it misses, as a share of the limit, > 0.
    """

    target: Target
    value: float
    violation: float


@dataclass(frozen=True, slots=True)
class Widening:
    """An axis on whose end the design stands, and beyond which the binding metric improves.

    Parameters
    ----------
    path : str
        The axis.
    end : str
        ``first`` or ``last``: which end of the axis, in the order of its values.
    text : str
        The choice at that end, where the design stands.
    value, before : float
        Binding metric there, and one step further inside, SI.
    predicted : float
        Binding metric one step outside if it went on like this: 2 value - before, SI. A straight
        line, so an indication of the direction and not a promise.
    gain : float
        How much of the miss the last step took away, as a share of the limit, > 0.
    costs : tuple of Miss
        Requirements other than the binding one that are missed after one more such step.
    """

    path: str
    end: str
    text: str
    value: float
    before: float
    predicted: float
    gain: float
    costs: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why no design meets the targets.

    Parameters
    ----------
    is_feasible : bool
        Whether some design meets them after all; the rest is then empty.
    is_certain : bool
        Whether every design of the space was evaluated; otherwise a feasible one may exist.
    binding : RequirementReach or None
        The requirement that stands in the way: the one that, if dropped, opens most designs (that
        a design can be built comes last); if no single one does, the one that even alone is
        missed furthest; if each can be met alone, the one that the nearest design misses
        furthest.
    opens : int
        Designs, of those evaluated, that dropping it would make feasible.
    requirements : tuple of RequirementReach
        All requirements.
    design : int or None
        Number of the design that misses least: meeting all others if dropping the binding
        requirement opens any, else by its largest miss.
    choices : mapping of str to str
        That design as people write it.
    misses : tuple of Miss
        What it misses, furthest first.
    obstacles : tuple of str
        Why it cannot be built, where it cannot.
    widenings : tuple of Widening
        Axes to widen, best first.
    """

    is_feasible: bool
    is_certain: bool
    binding: RequirementReach | None = None
    opens: int = 0
    requirements: tuple[RequirementReach, ...] = ()
    design: int | None = None
    choices: Mapping[str, str] | None = None
    misses: tuple[Miss, ...] = ()
    obstacles: tuple[str, ...] = ()
    widenings: tuple[Widening, ...] = ()


def diagnose(space: Space, silicon: Silicon, result: Found) -> Diagnosis:
    """Say which target binds, how far the nearest design misses it, and which axis to widen.

    Parameters
    ----------
    space : Space
        What was searched.
    silicon : Silicon
        Constants of the reference node.
    result : SweepResult or SearchResult
        What was found.

    Returns
    -------
    Diagnosis
        Data; the command line makes sentences of it.
    """
    reach = result.reach
    if result.feasible or reach.nearest is None:
        return Diagnosis(bool(result.feasible), result.is_exhaustive)
    place = _binding(space, silicon, reach)
    binding = reach.requirements[place]
    design = reach.nearest
    if binding.nearest_with_others is not None:
        design = np.array(binding.nearest_with_others, dtype=np.int64)
    columns = evaluate_designs(space, design[None], silicon)
    ((_, chip, _),) = space.groups(design[None])
    return Diagnosis(
        is_feasible=False,
        is_certain=result.is_exhaustive,
        binding=binding,
        opens=binding.missed_alone,
        requirements=reach.requirements,
        design=int(space.encode(design[None])[0]),
        choices=space.texts(design),
        misses=_misses(space, columns),
        obstacles=team_obstacles(chip, space.unit, float(columns["edge_fraction"][0])),
        widenings=_widenings(space, silicon, design, place),
    )


def _binding(space: Space, silicon: Silicon, reach: Reach) -> int:
    """Place of the binding requirement; the rule stands in `Diagnosis`."""
    alone = [entry.missed_alone for entry in reach.requirements]
    # Nobody can drop the last requirement, that it can be built: it is named if no other one is.
    alone[-1] = min(alone[-1], 1)
    if any(alone):
        return int(np.argmax(alone))
    least = [entry.violation for entry in reach.requirements]
    if max(least) > 0.0:
        return int(np.argmax(least))
    nearest = reach.nearest
    if nearest is None:
        return 0
    columns = evaluate_designs(space, nearest[None], silicon)
    return int(np.argmax(violations(space, columns)[0]))


def _misses(space: Space, columns: Columns) -> tuple[Miss, ...]:
    missed = violations(space, columns)[0].tolist()
    found = [
        Miss(target, float(columns[target.metric][0]), violation)
        for target, violation in zip(requirements(space), missed, strict=True)
        if violation > 0.0
    ]
    return tuple(sorted(found, key=lambda miss: -miss.violation))


def _widenings(space: Space, silicon: Silicon, design: Index, place: int) -> tuple[Widening, ...]:
    """Axes on whose end the design stands and whose last step helped the binding metric by 1 %.

    The step is the widest that a local search takes.
    """
    ends = []
    inside = []
    for number, axis in enumerate(space.axes):
        order = ordered_choices(axis)
        if order is None or len(order) < 2 or design[number] not in (order[0], order[-1]):
            continue
        at_first = int(design[number]) == order[0]
        moved = design.copy()
        stride = axis.strides[-1]
        moved[number] = order[stride] if at_first else order[-1 - stride]
        ends.append((number, "first" if at_first else "last"))
        inside.append(moved)
    if not ends:
        return ()
    columns = evaluate_designs(space, np.array([design, *inside]), silicon)
    missed = violations(space, columns)
    values = columns[requirements(space)[place].metric]
    with np.errstate(invalid="ignore"):  # infinity less infinity is no gain
        gains = (missed[:, place] - missed[0, place]).tolist()
        after = 2.0 * missed[0] - missed
    found = []
    for row, (number, end) in enumerate(ends, start=1):
        gain = gains[row]
        step = abs(float(values[row] - values[0]))
        if np.isfinite(gain) and gain > 0.0 and step >= _MIN_STEP * abs(float(values[row])):
            axis = space.axes[number]
            found.append(
                Widening(
                    path=axis.path,
                    end=end,
                    text=axis.texts[int(design[number])],
                    value=float(values[0]),
                    before=float(values[row]),
                    predicted=float(2.0 * values[0] - values[row]),
                    gain=gain,
                    costs=_costs(space, columns, after, row, place),
                )
            )
    return tuple(sorted(found, key=lambda widening: -widening.gain))


def _costs(
    space: Space,
    columns: Mapping[str, np.ndarray],
    after: np.ndarray,
    row: int,
    place: int,
) -> tuple[Miss, ...]:
    """What would be missed, the binding one apart, after one more step along a straight line."""
    return tuple(
        Miss(
            target,
            float(2.0 * columns[target.metric][0] - columns[target.metric][row]),
            float(after[row, number]),
        )
        for number, target in enumerate(requirements(space))
        if number != place and after[row, number] > 0.0
    )
