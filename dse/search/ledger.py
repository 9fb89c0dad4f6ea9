"""What the samplers were told, and how the front grew."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.pareto import non_dominated, thin
from dse.search.proposer import Outcome
from dse.space import Index
from dse.sweep import Columns, Survey, objective_values, requirements

__all__ = ["MAX_VIOLATION", "Ledger", "Milestone", "Starters"]

Array = npt.NDArray[np.float64]

# Violations are told as finite numbers: a journal line holds no infinity, nor does a dashboard.
MAX_VIOLATION = 1e9


@dataclass(frozen=True, slots=True)
class Milestone:
    """Where the search stood after a batch.

    Parameters
    ----------
    stage : str
        ``scout``, ``sweep``, ``search`` or ``polish``.
    evaluated : int
        Designs evaluated so far, in all stages.
    front : int
        Designs on the front.
    hypervolume : float or None
        Of the front, by `Yardstick`; None where it would take too long to compute exactly.
    """

    stage: str
    evaluated: int
    front: int
    hypervolume: float | None


class Ledger:
    """Outcomes of the designs that a proposer was told, by the design's number.

    Parameters
    ----------
    survey : Survey
        Takes each new design in.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._outcomes: dict[int, Outcome] = {}
        # Two limits may stand on one metric, so that its name alone would not do.
        self._names = [
            f"{place} {target.metric}" for place, target in enumerate(requirements(survey.space))
        ]

    def __len__(self) -> int:
        return len(self._outcomes)

    def __contains__(self, number: int) -> bool:
        return number in self._outcomes

    @property
    def numbers(self) -> Index:
        """Numbers of the designs, rising."""
        return np.array(sorted(self._outcomes), dtype=np.int64)

    def outcomes(
        self, rows: list[list[int]], evaluate: Callable[[Index], Columns] | None = None
    ) -> list[Outcome]:
        """Outcomes of designs in their order; those not known yet are evaluated in one batch.

        Parameters
        ----------
        rows : list of rows
            Designs, as rows of indices.
        evaluate : callable, optional
            Finds their metrics instead of the survey, which takes them in all the same.
        """
        if not rows:
            return []
        index = np.array(rows, dtype=np.int64)
        numbers = self._survey.space.encode(index).tolist()
        fresh = {n: place for place, n in reversed(list(enumerate(numbers))) if n not in self}
        places = sorted(fresh.values())
        if places:
            if evaluate is None:
                columns, missed = self._survey.evaluate(index[places])
            else:
                columns = evaluate(index[places])
                missed = self._survey.take(index[places], columns)
            outcomes = self._make_outcomes(columns, missed)
            for place, outcome in zip(places, outcomes, strict=True):
                self._outcomes[numbers[place]] = outcome
        return [self._outcomes[number] for number in numbers]

    def _make_outcomes(self, columns: Columns, missed: Array) -> list[Outcome]:
        values = objective_values(self._survey.space, columns)
        told = np.clip(missed, -MAX_VIOLATION, MAX_VIOLATION)
        return [
            Outcome(
                tuple(row) if all(map(math.isfinite, row)) else None,
                dict(zip(self._names, violations, strict=True)),
            )
            for row, violations in zip(values.tolist(), told.tolist(), strict=True)
        ]


class Starters:
    """The best designs of a stream to start from: the best front, then the next ones.

    Where there are too few feasible ones, those that miss least follow.

    Parameters
    ----------
    count : int
        Designs wanted.

    Attributes
    ----------
    index : Index or None
        At most `count` designs, shape (m, k); None before any were seen.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.index: Index | None = None
        self._values: Array = np.empty((0, 0))
        self._missed: Array = np.empty((0, 0))

    def update(self, index: Index, values: Array, missed: Array) -> None:
        """Take in a batch: its objectives, to be minimised, and its violations."""
        if self.index is not None:
            index = np.concatenate([self.index, index])
            values = np.concatenate([self._values, values])
            missed = np.concatenate([self._missed, missed])
        rows = _best_rows(values, np.maximum(missed, 0.0).sum(axis=1), self._count)
        self.index, self._values, self._missed = index[rows], values[rows], missed[rows]


def _best_rows(values: Array, miss: Array, count: int) -> list[int]:
    left = np.flatnonzero(miss <= 0.0)
    chosen: list[int] = []
    while len(left) and len(chosen) < count:
        on_front = non_dominated(values[left])
        front = left[on_front]
        # Copies in value go first, so that a front may give fewer than there is room for.
        chosen += front[thin(values[front], count - len(chosen))].tolist()
        left = left[~on_front]
    infeasible = np.flatnonzero((miss > 0.0) & np.isfinite(miss))
    nearest = infeasible[np.argsort(miss[infeasible], kind="stable")]
    chosen += nearest[: count - len(chosen)].tolist()
    return chosen
