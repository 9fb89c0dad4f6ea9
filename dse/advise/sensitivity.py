"""What matters in a design space: over all of it, and around one of its designs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.advise.sobol import SobolIndices, sobol_indices
from dse.cost import metric
from dse.pareto import knee, non_dominated
from dse.space import Axis, Index, Setting, Space
from dse.sweep import Columns, evaluate_designs, objective_values, violations
from dse.technology import Silicon

__all__ = ["Move", "Sensitivity", "Slope", "find_sensitivity", "weighed"]

Array = npt.NDArray[np.float64]

# Leaves that come in whole pieces: their slope is that of the step to the next choice.
_WHOLE = ("count", "rows", "cols", "depth", "lanes", "bus_width_bits")
# Central differences reach this far to both sides, as a share of the parameter.
_REACH = 0.01
# What a step is weighed by beside the objectives and the targets.
_PRICES = ("decode_power_w", "area_mm2", "cost_usd")


@dataclass(frozen=True, slots=True)
class Slope:
    """Elasticities of one axis at the design: d log metric / d log parameter.

    Parameters
    ----------
    axis : str
        Path.
    is_step : bool
        Whether they are those of the whole step to the next choice.
    elasticities : mapping of str to float
        By metric; NaN where a metric is not positive.
    """

    axis: str
    is_step: bool
    elasticities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Move:
    """The design with one axis at the next, or the previous, choice.

    Parameters
    ----------
    axis : Axis
        The axis.
    start, end : int
        Places of the design and of the neighbour on it.
    metrics : mapping of str to float
        All metrics of the neighbour.
    missed : tuple of str
        Requirements that the neighbour misses and the design does not.
    """

    axis: Axis
    start: int
    end: int
    metrics: Mapping[str, float]
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What was found of a space, and around one design.

    Parameters
    ----------
    indices : SobolIndices
        Of the objectives (columns) over the axes (rows); the targets are left aside.
    design : Index
        Places of the design on the axes.
    metrics : mapping of str to float
        Its metrics.
    is_feasible : bool
        Whether it meets every requirement.
    slopes : tuple of Slope
        Of the ordered axes, in their order.
    moves : tuple of Move
        To the neighbours on every axis.
    """

    indices: SobolIndices
    design: Index
    metrics: Mapping[str, float]
    is_feasible: bool
    slopes: tuple[Slope, ...]
    moves: tuple[Move, ...]


def weighed(space: Space) -> tuple[str, ...]:
    """Metrics by which a step is judged: objectives, targets, and what it may cost."""
    asked = (*space.objectives, *(target.metric for target in space.targets), *_PRICES)
    return tuple(dict.fromkeys(name for name in asked if metric(name).sense))


def find_sensitivity(
    space: Space, silicon: Silicon, *, at: str = "knee", base: int = 1024, seed: int = 0
) -> Sensitivity:
    """Sobol indices of a space's objectives, and the slopes and steps around a design.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    at : str
        ``knee`` of the designs that were evaluated for the indices and meet the targets (the
        nearest miss if none does), ``chip`` for the one nearest to the base chip, or a number.
    base, seed : int
        As for `sobol_indices`.

    Raises
    ------
    ValueError
        If `at` is none of these.
    """
    seen: list[tuple[Index, Columns]] = []

    def function(points: Array) -> Array:
        index = np.minimum((points * space.shape).astype(np.int64), np.array(space.shape) - 1)
        columns = evaluate_designs(space, index, silicon)
        seen.append((index, columns))
        return objective_values(space, columns)

    indices = sobol_indices(function, len(space.axes), base=base, seed=seed)
    design = _design(space, at, *seen[0])
    steps = list(_neighbours(space, design, silicon))
    columns = evaluate_designs(space, np.stack([design, *(row for _, row in steps)]), silicon)
    missed = violations(space, columns) > 0.0
    names = [*(t.metric for t in space.targets), "memory_free_bytes", "buildable"]
    moves = tuple(
        Move(
            space.axes[axis],
            int(design[axis]),
            int(row[axis]),
            _row(columns, place),
            tuple(
                n
                for n, now, then in zip(names, missed[0], missed[place], strict=True)
                if then and not now
            ),
        )
        for place, (axis, row) in enumerate(steps, start=1)
    )
    slopes = tuple(_slopes(space, design, silicon, moves, _row(columns, 0)))
    return Sensitivity(indices, design, _row(columns, 0), not missed[0].any(), slopes, moves)


def _row(columns: Columns, place: int) -> dict[str, float]:
    return {name: float(values[place]) for name, values in columns.items()}


def _design(space: Space, at: str, index: Index, columns: Columns) -> Index:
    """Places of the design that is meant."""
    if at == "chip":
        return np.array([_nearest(space, axis) for axis in space.axes], dtype=np.int64)
    if at != "knee":
        if not at.isdecimal() or int(at) >= space.size:
            message = f'must be knee, chip or a number below {space.size}, but got "{at}"'
            raise ValueError(message)
        return np.asarray(space.decode([int(at)])[0])
    missed = np.maximum(violations(space, columns), 0.0).sum(axis=1)
    rows = np.flatnonzero(missed == missed.min())
    values = objective_values(space, columns)[rows]
    front = non_dominated(values)
    if not front.any():
        return np.asarray(index[rows[0]])
    return np.asarray(index[rows[front][knee(values[front])]])


def _nearest(space: Space, axis: Axis) -> int:
    """Place of the choice that the base chip or scenario has, or of the nearest number."""
    own: Any = {"chip": space.chip, "scenario": space.mixes[0].scenarios[0]}
    root, *path = axis.leaves[0].split(".")
    own = own[root]
    for part in path:
        if isinstance(own, tuple):
            own = next(item for item in own if item.name == part)
        else:
            own = getattr(own, part)
    if axis.is_numeric:
        return int(np.argmin(np.abs(np.asarray(axis.values, dtype=np.float64) - float(own))))
    return axis.values.index(own) if own in axis.values else 0


def _neighbours(space: Space, design: Index, silicon: Silicon) -> Iterator[tuple[int, Index]]:
    """Designs with one axis one choice up or down, with the number of the axis.

    A choice that cannot be built here, as a bus of half a channel, is passed over if one further
    on can. On a long axis a choice is the widest stride of a local search away.
    """
    for axis, count in enumerate(space.shape):
        line = np.repeat(design[None], count, axis=0)
        line[:, axis] = np.arange(count)
        is_buildable = evaluate_designs(space, line, silicon)["buildable"] > 0.0
        here, stride = int(design[axis]), space.axes[axis].strides[-1]
        for side in (line[here + stride :: stride], line[here % stride : here : stride][::-1]):
            known = is_buildable[side[:, axis]]
            if len(side):
                yield axis, side[int(np.argmax(known))]


def _slopes(
    space: Space,
    design: Index,
    silicon: Silicon,
    moves: tuple[Move, ...],
    here: Mapping[str, float],
) -> Iterator[Slope]:
    """Elasticities of every axis of positive numbers."""
    near = _differences(space, design, silicon)
    names = weighed(space)
    for axis, place in zip(space.axes, design, strict=True):
        if not axis.is_numeric or not 0.0 < axis.values[place] < math.inf:
            continue
        if axis.path in near:
            low, high = near[axis.path]
            span = math.log((1.0 + _REACH) / (1.0 - _REACH))
            yield Slope(axis.path, False, {n: _log(high[n], low[n]) / span for n in names})
            continue
        move = next((m for m in moves if m.axis is axis), None)
        if move is not None and 0.0 < axis.values[move.end] < math.inf:
            span = math.log(axis.values[move.end] / axis.values[move.start])
            rises = {n: _log(move.metrics[n], here[n]) / span for n in names}
            yield Slope(axis.path, True, rises)


def _differences(
    space: Space, design: Index, silicon: Silicon
) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Metrics a little below and above the design, by the path of each continuous axis."""
    axes, near = [], []
    for number, (axis, place) in enumerate(zip(space.axes, design, strict=True)):
        value = axis.values[place]
        is_smooth = axis.is_numeric and not axis.static and 0.0 < value < math.inf
        if is_smooth and _is_proportional(axis):
            near.append(number)
            shares: tuple[float, ...] = (1.0, 1.0 - _REACH, 1.0 + _REACH)
        else:
            shares = ()
        axes.append(_around(axis, int(place), shares))
    index = np.zeros((2 * len(near), len(axes)), dtype=np.int64)
    for row, number in enumerate(near):
        index[2 * row : 2 * row + 2, number] = (1, 2)
    columns = evaluate_designs(dataclasses.replace(space, axes=tuple(axes)), index, silicon)
    return {
        space.axes[number].path: (_row(columns, 2 * row), _row(columns, 2 * row + 1))
        for row, number in enumerate(near)
    }


def _is_proportional(axis: Axis) -> bool:
    """Whether no field of the axis comes in whole pieces, and ties are factors."""
    lead = np.asarray(axis.values, dtype=np.float64)
    return not any(leaf.endswith(_WHOLE) for leaf in axis.all_leaves()) and all(
        tie.is_numeric and np.allclose(np.asarray(tie.values) * lead[0], tie.values[0] * lead)
        for tie in axis.ties
    )


def _around(axis: Axis, place: int, shares: tuple[float, ...]) -> Axis:
    """The axis with these shares of what it has at a place, or with that alone."""

    def values(setting: Setting) -> tuple[Any, ...]:
        value = setting.values[place]
        return tuple(float(value) * share for share in shares) or (value,)

    texts = ("",) * (len(shares) or 1)
    ties = tuple(dataclasses.replace(t, values=values(t), texts=texts) for t in axis.ties)
    return dataclasses.replace(axis, values=values(axis), texts=texts, ties=ties)


def _log(after: float, before: float) -> float:
    return math.log(after / before) if after > 0.0 and before > 0.0 else math.nan
