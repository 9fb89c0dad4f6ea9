"""Where a run stands, for those who watch it: its hypervolume, and its best design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dse.cost import metric
from dse.pareto import hypervolume, knee
from dse.space import Index, Space
from dse.sweep.designs import Evaluator, asked_metrics, objective_values, violations
from dse.technology import Silicon

__all__ = ["Mark", "Standing", "Watch", "Yardstick"]

Array = npt.NDArray[np.float64]

# Front sizes up to which the exact hypervolume takes well under a second, by objectives.
_MAX_POINTS = {1: 10**6, 2: 10**6, 3: 50_000, 4: 600, 5: 80}
# Random designs whose objectives span the box in which fronts are measured.
_SPAN = 1024


class Yardstick:
    """Measures fronts by their hypervolume in a fixed box.

    The box runs from the best of some designs to a tenth of their range beyond their worst.

    Parameters
    ----------
    values : ndarray
        Objectives of these designs, to be minimised, shape (n, k); rows that are not finite do
        not count.
    """

    def __init__(self, values: Array) -> None:
        finite = values[np.isfinite(values).all(axis=1)]
        self._low = finite.min(axis=0, initial=np.inf)
        self._span = finite.max(axis=0, initial=-np.inf) - self._low

    def measure(self, front: Array) -> float | None:
        """Volume that a front dominates, over that of the box; None if it would take too long.

        More than 1 where a front is better than all that spanned the box.
        """
        columns = front.shape[1]
        if len(front) > _MAX_POINTS.get(columns, 0):
            return None
        if not len(front):
            return 0.0
        scaled = (front - self._low) / np.where(self._span > 0.0, self._span, 1.0)
        corner = np.full(columns, 1.1)
        return hypervolume(scaled, corner) / float(np.prod(corner))


@dataclass(frozen=True, slots=True)
class Mark:
    """One metric of the best design, against its limit.

    Parameters
    ----------
    metric : str
        Name of the metric.
    value : float
        SI.
    limit : float or None
        Limit of the target, SI; None for an objective of a space without targets.
    sense : int
        -1 for metric <= limit, +1 for metric >= limit; of an objective, that of the metric.
    """

    metric: str
    value: float
    limit: float | None
    sense: int

    @property
    def is_met(self) -> bool:
        """Whether the value keeps the limit."""
        return self.limit is None or self.sense * (self.value - self.limit) >= 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a run has found so far.

    Parameters
    ----------
    hypervolume : float or None
        Of the front, by `Yardstick` in the box of random designs; None where it would take too
        long.
    design : int or None
        The knee of the front, or the design that misses least; None before any was seen.
    is_feasible : bool
        Whether it meets every requirement.
    marks : tuple of Mark
        Its metrics against the targets, or its objectives where there are none.
    """

    hypervolume: float | None
    design: int | None
    is_feasible: bool
    marks: tuple[Mark, ...]


class Watch:
    """Tells where a run stands, and takes its time only when it is asked.

    Parameters
    ----------
    space, silicon : Space, Silicon
        What is explored, and the constants of the reference node.
    """

    def __init__(self, space: Space, silicon: Silicon) -> None:
        self._space = space
        self._evaluator, self._asked = Evaluator(space, silicon), asked_metrics(space)

    @cached_property
    def yardstick(self) -> Yardstick:
        """Measures fronts in the box of random designs, the same in every run of the space."""
        random = np.random.default_rng(0)
        span = random.integers(0, self._space.shape, (_SPAN, len(self._space.axes)))
        columns = self._evaluator.evaluate(span, self._asked)
        return Yardstick(objective_values(self._space, columns))

    def standing(
        self, values: Array, index: Index, nearest: Index | None = None
    ) -> Callable[[], Standing]:
        """Prepare the standing of a front, which is measured when the result is called.

        Parameters
        ----------
        values : ndarray
            Objectives of the front, to be minimised, shape (m, k).
        index : Index
            Its designs, as rows of indices (m, axes), or as numbers (m,).
        nearest : Index or None
            The design that misses least, which is told of while the front is empty, (axes,).
        """

        def look() -> Standing:
            best = self._best(values, index, nearest)
            volume = self.yardstick.measure(values)
            if best is None:
                return Standing(volume, None, is_feasible=False, marks=())
            columns = self._evaluator.evaluate(best, self._asked)
            return Standing(
                hypervolume=volume,
                design=int(self._space.encode(best)[0]),
                is_feasible=bool((violations(self._space, columns) <= 0.0).all()),
                marks=self._marks({name: float(entry[0]) for name, entry in columns.items()}),
            )

        return look

    def _best(self, values: Array, index: Index, nearest: Index | None) -> Index | None:
        if not len(values):
            return None if nearest is None else nearest[None]
        best = np.atleast_1d(index)[[knee(values)]]
        return self._space.decode(best.ravel()) if index.ndim == 1 else best

    def _marks(self, found: dict[str, float]) -> tuple[Mark, ...]:
        targets = self._space.targets
        if targets:
            return tuple(Mark(t.metric, found[t.metric], t.limit, t.sense) for t in targets)
        names = self._space.objectives
        return tuple(Mark(name, found[name], None, metric(name).sense) for name in names)
