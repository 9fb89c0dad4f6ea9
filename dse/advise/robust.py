"""How much of a front is left when the numbers behind it are off: bounds, percentiles, shares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dse.advise.drawn_designs import DrawnDesigns
from dse.pareto import non_dominated
from dse.space import Index, Space
from dse.spec.ranges import Range
from dse.sweep import violations
from dse.technology import Silicon

__all__ = ["CHALLENGERS", "SCREEN", "Driver", "Robustness", "default_draws", "find_robustness"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Draws of the first look at designs beside the front: one that is on it in a tenth of all draws
# is missed once in 800 times.
SCREEN = 64
# Draws of a small front, and of the largest; between them, so many designs times draws.
_MOST_DRAWS, _LEAST_DRAWS, _ROWS = 1024, 128, 7_000_000
# Challengers that are followed through all draws; those of the largest share in the first look.
CHALLENGERS = 2000
# Drivers that are named of each objective.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Driver:
    """What one number, or one estimate of several, does to an objective over a front.

    Parameters
    ----------
    ranges : tuple of Range
        The numbers; several where one estimate stands behind the numbers of several nodes.
    low, high : float
        Geometric mean over the front of the objective with the numbers at their low ends, and at
        their high ends, over the objective as stated.
    weight : float
        Mean over the front of the logarithm of the ratio of both, without its sign.
    """

    ranges: tuple[Range, ...]
    low: float
    high: float
    weight: float


@dataclass(frozen=True, slots=True)
class Robustness:
    """What is known of n designs: those of a front, then those that may take their place.

    Parameters
    ----------
    index : Index
        Designs, shape (n, k).
    is_front : ndarray
        Which are of the front; bool, (n,).
    is_missed : ndarray
        Which of `dse.sweep.requirements` each misses at the numbers as stated; bool, (n, t).
    values, low, high : mapping of str to ndarray
        By objective: as stated, and bounds that no numbers within their ranges break; (n,).
    percentiles : mapping of str to ndarray
        By objective: at 5, 50 and 95 % of the draws; (n, 3).
    undominated : ndarray
        Of the m designs of the front: share of the draws in which none of the others dominates
        it, the requirements left aside; (m,).
    feasible : ndarray
        Share of the draws in which all requirements are met; (n,).
    on_front : ndarray
        Share of the draws in which all requirements are met, and none of the n designs that
        meets them dominates it; (n,).
    drivers : mapping of str to tuple of Driver
        By objective: the numbers that move it most, the most important one first.
    draws, seed : int
        Of the Monte Carlo.
    screened : int
        Designs beside the front that were looked at.
    """

    index: Index
    is_front: Mask
    is_missed: Mask
    values: Mapping[str, Array]
    low: Mapping[str, Array]
    high: Mapping[str, Array]
    percentiles: Mapping[str, Array]
    undominated: Array
    feasible: Array
    on_front: Array
    drivers: Mapping[str, tuple[Driver, ...]]
    draws: int
    seed: int
    screened: int


def default_draws(designs: int) -> int:
    """Draws of a front of so many designs: 1,024, and fewer from 7,000 designs on.

    Examples
    --------
    >>> [default_draws(designs) for designs in (18, 6589, 100_000)]
    [1024, 1024, 128]
    """
    return min(_MOST_DRAWS, max(_LEAST_DRAWS, _ROWS // max(1, designs)))


def find_robustness(
    space: Space,
    silicon: Silicon,
    front: Index,
    kept: Index | None = None,
    *,
    chip: str | Path | None = None,
    draws: int | None = None,
    seed: int = 0,
) -> Robustness:
    """Bounds, percentiles, robustness and main drivers of the designs of a front.

    Every draw of the numbers holds for all designs at once: whether one dominates another is
    judged within a draw.

    Parameters
    ----------
    space, silicon : Space, Silicon
        What was explored, and the constants of the reference node.
    front : Index
        Designs of the front, shape (m, k), m >= 1.
    kept : Index, optional
        Other designs, shape (c, k), that may take the place of some.
    chip : str or Path, optional
        File of the base chip, whose own estimates then have ranges too; see `load_ranges`.
    draws, seed : int
        Of the Monte Carlo; draws by `default_draws` if not given.

    Notes
    -----
    Designs beside the front take part if they meet all requirements and are not dominated in one
    of `SCREEN` draws of a first look.

    Raises
    ------
    ValueError
        If several units share the work.
    """
    drawn = DrawnDesigns(space, silicon, chip)
    others = np.empty((0, len(space.axes)), dtype=np.int64) if kept is None else kept
    others = others[~np.isin(space.encode(others), space.encode(front))]
    index = np.concatenate([front, others])
    if len(others):
        objectives, is_feasible = drawn.draw(index, SCREEN, seed)
        share = _on_front(objectives, is_feasible)[len(front) :]
        best = np.argsort(-share, kind="stable")[:CHALLENGERS]
        index = np.concatenate([front, others[np.sort(best[share[best] > 0.0])]])
    is_front = np.arange(len(index)) < len(front)
    draws = draws or default_draws(len(index))
    objectives, is_feasible = drawn.draw(index, draws, seed)
    low, high = drawn.bounds(index)
    stated = drawn.nominal(index)
    return Robustness(
        index=index,
        is_front=is_front,
        is_missed=violations(space, stated) > 0.0,
        values={name: stated[name] for name in space.objectives},
        low=low,
        high=high,
        percentiles=drawn.percentiles(objectives),
        undominated=_share(values[is_front] for values in objectives),
        feasible=is_feasible.mean(axis=0),
        on_front=_on_front(objectives, is_feasible),
        drivers=_drivers(drawn, front),
        draws=draws,
        seed=seed,
        screened=len(others),
    )


def _on_front(objectives: Array, is_feasible: Mask) -> Array:
    """Share of the draws in which each design is feasible and not dominated by one that is."""
    met = zip(objectives, is_feasible, strict=True)
    return _share(np.where(is_met[:, None], values, np.nan) for values, is_met in met)


def _share(draws: Iterable[Array]) -> Array:
    """Share of the draws, each (n, k), in which each design is not dominated; NaN never is."""
    share: Array = np.mean([non_dominated(values) for values in draws], axis=0)
    return share


def _drivers(drawn: DrawnDesigns, front: Index) -> dict[str, tuple[Driver, ...]]:
    """The estimates that move each objective most, over the front."""
    sums: dict[str, dict[str, Array]] = {name: {} for name in drawn.space.objectives}
    members: dict[str, dict[str, Range]] = {}
    for ranges, effects in drawn.alone(front):
        for place, number in enumerate(ranges):
            members.setdefault(number.estimate, {}).setdefault(number.name, number)
            for name, (low, high) in effects.items():
                parts = np.array([low[:, place], high[:, place], np.abs(high - low)[:, place]])
                known = sums[name].setdefault(number.estimate, np.zeros(3))
                known += parts.sum(axis=1) / len(front)
    return {
        name: tuple(_driver(members[e], parts) for e, parts in _largest(known))
        for name, known in sums.items()
    }


def _largest(sums: Mapping[str, Array]) -> Sequence[tuple[str, Array]]:
    felt = [(estimate, parts) for estimate, parts in sums.items() if parts[2] > 0.0]
    return sorted(felt, key=lambda entry: -entry[1][2])[:_NAMED]


def _driver(members: Mapping[str, Range], parts: Array) -> Driver:
    low, high, weight = (float(part) for part in parts)
    return Driver(tuple(members.values()), math.exp(low), math.exp(high), weight)
