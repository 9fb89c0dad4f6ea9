"""Scouting: a few hundred evaluations, each where a model of the space expects the most of it.

An evaluation costs microseconds, yet the fewer a good front takes, the sooner a search can be cut
short, and the better the designs that the sampler starts from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto import non_dominated, thin
from dse.search.coding import Coding
from dse.search.surrogate import Surrogate, straightened
from dse.space import Index, Space

__all__ = ["Scout"]

Array = npt.NDArray[np.float64]

_BATCH = 32
# Share of a batch that stays one step from the front; the rest may be anywhere.
_NEAR = 0.5
# A batch trusts what the model expects, or hopes that it errs by so many standard deviations.
_HOPES = (0.0, 0.5, 1.0, 3.0)
# The walk over the model: designs at random to begin with, rounds, and designs expanded in one.
_RANDOM = 2000
_ROUNDS = 8
_WIDTH = 64
# Neighbours of the front whose neighbours it looks at, too: two steps may be worth what one is not.
_TWICE = 128
# Infeasible designs to begin with, and to expand in a round, where none is feasible.
_WORST = 8
# How far beyond a limit, in its standard deviations over the space, still counts as met: what is
# met or not (can it be built?) stands at the limit itself.
_SLACK = 0.02


class Scout:
    """Proposes designs by what it was told of others.

    Parameters
    ----------
    space : Space
        What is searched.
    coding : Coding
        Says what is one step away.
    seed : int
        Seed of its random designs.
    """

    def __init__(self, space: Space, coding: Coding, seed: int) -> None:
        self._space, self._coding, self._seed = space, coding, seed
        self._index: Index = np.empty((0, len(space.axes)), dtype=np.int64)
        self._values: Array = np.empty((0, len(space.objectives)))
        self._missed: Array | None = None
        self._surrogate = Surrogate(space, coding)

    @property
    def numbers(self) -> Index:
        """Numbers of the designs told, in their order."""
        return self._space.encode(self._index)

    def tell(self, index: Index, values: Array, missed: Array) -> None:
        """Take in designs: objectives, to be minimised, and violations of each requirement."""
        self._index = np.concatenate([self._index, index])
        self._values = np.concatenate([self._values, values])
        known = missed[:0] if self._missed is None else self._missed
        self._missed = np.concatenate([known, missed])

    def ask(self, most: int = _BATCH) -> Index:
        """A batch of at most so many designs that were not told, where most is expected."""
        if self._missed is None:
            return self._index
        is_finite = np.isfinite(np.hstack([self._values, self._missed])).all(axis=1)
        index, missed = self._index[is_finite], self._missed[is_finite]
        if len(index) < 2:
            return index[:0]
        objectives = straightened(self._values[is_finite])
        worst = np.maximum(missed, 0.0).max(axis=1)
        # A violation of an upper limit is the metric over it, less 1.
        ratios = np.where(missed.min(axis=0) > -1.0, missed + 1.0, missed)
        limits = np.where(missed.min(axis=0) > -1.0, straightened(ratios), missed)
        self._surrogate.learn(index, np.hstack([objectives, limits]), worst)
        rows = np.flatnonzero(worst <= 0.0)
        rows = rows[non_dominated(objectives[rows])] if len(rows) else rows
        start = rows if len(rows) else np.argsort(worst, kind="stable")[:_WORST]
        numbers = np.setdiff1d(self._walk(index[start]), self.numbers)
        return self._choose(
            self._space.decode(numbers), index[rows], objectives[rows], min(most, _BATCH)
        )

    def _walk(self, start: Index) -> Index:
        """Numbers of the designs met on a local search over the model."""
        space, k = self._space, len(self._space.objectives)
        random = np.random.default_rng(np.random.SeedSequence([self._seed, len(self._index), 2]))
        drawn = random.integers(0, space.shape, (_RANDOM, len(space.axes)))
        fresh = np.unique(space.encode(np.concatenate([start, drawn])))
        numbers, expanded, means = fresh[:0], fresh[:0], self._surrogate.means(start[:0])
        # Whatever the model says of them, the start and some of its neighbours are expanded.
        around = self._coding.neighbours(start)
        wanted = space.encode(np.concatenate([start, random.permutation(around)[:_TWICE]]))
        for _ in range(_ROUNDS):
            numbers = np.concatenate([numbers, fresh])
            means = np.concatenate([means, self._surrogate.means(space.decode(fresh))])
            best = numbers[_promising(means[:, :k], means[:, k:])]
            todo = np.setdiff1d(np.union1d(best, wanted), expanded)
            expanded = np.union1d(expanded, todo)
            around = space.encode(self._coding.neighbours(space.decode(todo)))
            fresh = np.setdiff1d(around, numbers)
            if not len(fresh):
                break
        return np.union1d(numbers, fresh)

    def _choose(self, index: Index, front: Index, known: Array, count: int) -> Index:
        """Designs with the greatest expected step beyond the front and those chosen before."""
        if not len(index):
            return index
        k = len(self._space.objectives)
        means, sigmas = self._surrogate.means_and_sigmas(index)
        odds = self._odds(means[:, k:], sigmas[:, k:])
        if not len(front):
            return index[np.argsort(-odds, kind="stable")[:count]]
        spread = self._surrogate.spread[:k]
        hopes = means[:, :k] - self._hope() * sigmas[:, :k]
        beyond = _Beyond(hopes / spread, known / spread, np.exp(odds))
        around = np.unique(self._space.encode(self._coding.neighbours(front)))
        is_near = np.isin(self._space.encode(index), around)
        chosen = beyond.take(round(_NEAR * count), is_near)
        chosen += beyond.take(count - len(chosen), np.ones_like(is_near))
        return index[chosen]

    def _hope(self) -> float:
        """Standard deviations by which a batch takes designs for better than expected."""
        return _HOPES[len(self._index) // _BATCH % len(_HOPES)]

    def _odds(self, means: Array, sigmas: Array) -> Array:
        """Logarithm of the odds that all requirements are met, as if each were by itself."""
        from scipy.special import log_ndtr

        slack = _SLACK * self._surrogate.spread[len(self._space.objectives) :]
        odds: Array = log_ndtr((slack - means) / (sigmas + 1e-9)).sum(axis=1)
        return odds


class _Beyond:
    """How far designs lie beyond a front that takes in those chosen of them.

    The step of a design beyond a front is how much all of the front would have to improve in its
    best respect so that one of it is as good: the additive epsilon indicator (Zitzler et al., IEEE
    TEC 7(2), 2003) of the front against the design.
    """

    def __init__(self, values: Array, front: Array, odds: Array) -> None:
        self._values, self._odds = values, odds
        self._steps = np.full(len(values), np.inf)
        self._is_free = np.ones(len(values), dtype=np.bool_)
        for row in front:
            self._shorten(row)

    def take(self, count: int, allowed: npt.NDArray[np.bool_]) -> list[int]:
        """Choose designs one by one among those allowed, by the step times its odds."""
        chosen: list[int] = []
        while len(chosen) < count and (allowed & self._is_free).any():
            score = np.where(self._steps > 0.0, self._steps * self._odds, self._steps)
            best = int(np.argmax(np.where(allowed & self._is_free, score, -np.inf)))
            chosen.append(best)
            self._is_free[best] = False
            self._shorten(self._values[best])
        return chosen

    def _shorten(self, row: Array) -> None:
        self._steps = np.minimum(self._steps, (row - self._values).max(axis=1))


def _promising(objectives: Array, missed: Array) -> Index:
    """Rows of the front of what is expected to be feasible, else of those that miss least."""
    worst = missed.max(axis=1)
    rows = np.flatnonzero(worst <= 0.0)
    if not len(rows):
        return np.argsort(worst, kind="stable")[: 2 * _WORST]
    rows = rows[non_dominated(objectives[rows])]
    return rows[thin(objectives[rows], _WIDTH)] if len(rows) > _WIDTH else rows
