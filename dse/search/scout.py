"""Scouting: a few hundred evaluations, each where a model of the space expects the most of it.

An evaluation costs microseconds, yet the fewer a good front takes, the sooner a search can be cut
short, and the better the designs that the sampler starts from.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto import non_dominated, thin
from dse.search.coding import Coding
from dse.search.exclusions import Exclusions
from dse.search.surrogate import Surrogate, straightened
from dse.space import Index, Space

__all__ = ["Scout"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_BATCH = 32
# Batches grow with what is known, for learning takes longer: a share of it.
_GROWTH = 0.05
# Share of a batch that stays one step from the front; the rest may be anywhere.
_NEAR = 0.5
# By how many standard deviations a batch hopes that objectives are better than expected.
_HOPES = (1.0, 2.0, 3.0)
# The walk over the model: designs at random to begin with, rounds, and designs expanded in one.
_RANDOM = 500
_ROUNDS = 8
_WIDTH = 32
# Standard deviations over the space by which a limit may be missed on the way.
_NEARLY = 0.25
# Jumps from the front to begin with, and axes that one changes on average at most.
_JUMPS, _CHANGED = 2000, 3
# Of so many designs drawn at random one is kept, unless more of them can hardly be built.
_DRAWN = 4
# Chance of being buildable that a design needs to be expanded.
_LIKELY = 0.5
# Designs, the most promising first, of which it is asked how sure the model is.
_KEPT = 1024
# Infeasible designs to begin with, and to expand in a round, where none is feasible.
_WORST = 8
# Standard deviation of what is the same everywhere.
_SURE = 1e-9
# Odds that the model is wrong about a limit altogether; they double with every batch that finds
# nothing.
_WRONG, _MOST_WRONG = 0.001, 0.5
# Violation of a limit that no number of steps would meet.
_NEVER = 1.0


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

    Attributes
    ----------
    idle : int
        Batches told in a row that left the front as it was.
    """

    def __init__(self, space: Space, coding: Coding, seed: int) -> None:
        self._space, self._coding, self._seed = space, coding, seed
        self._index: Index = np.empty((0, len(space.axes)), dtype=np.int64)
        self._values: Array = np.empty((0, len(space.objectives)))
        self._missed: Array | None = None
        self._surrogate, self._exclusions = Surrogate(space, coding), Exclusions(space)
        # The front among the designs told, by their places.
        self._front: Index = np.empty(0, dtype=np.int64)
        self._batches = self.idle = 0

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
        usable = (self._missed <= 0.0).all(axis=1) & np.isfinite(self._values).all(axis=1)
        rows = np.flatnonzero(usable)
        front = rows[non_dominated(self._values[rows])]
        self.idle = self.idle + 1 if np.array_equal(front, self._front) else 0
        self._front, self._batches = front, self._batches + 1

    def ask(self, most: int) -> Index:
        """A batch of at most so many designs that were not told, where most is expected."""
        if self._missed is None or not most:
            return self._index[:0]
        # What cannot be built at all misses by infinity.
        self._exclusions.learn(self._index, self._missed.max(axis=1) == np.inf)
        missed = self._learnable(self._missed)
        is_finite = np.isfinite(np.hstack([self._values, missed])).all(axis=1)
        index, missed = self._index[is_finite], missed[is_finite]
        if len(index) < 2:
            return self._index[:0]
        objectives = straightened(self._values[is_finite])
        far = np.maximum(missed, 0.0).max(axis=1, initial=0.0)
        worst = self._missed[is_finite].max(axis=1)
        # A violation of an upper limit is the metric over it, less 1.
        ratios = np.where(missed.min(axis=0) > -1.0, missed + 1.0, missed)
        limits = np.where(missed.min(axis=0) > -1.0, straightened(ratios), missed)
        limits = limits - _border(limits)
        self._surrogate.learn(index, np.hstack([objectives, limits]), far)
        rows = np.flatnonzero(worst <= 0.0)
        rows = rows[non_dominated(objectives[rows])] if len(rows) else rows
        start = rows if len(rows) else np.argsort(worst, kind="stable")[:_WORST]
        numbers: Index = np.setdiff1d(self._walk(index[start]), self.numbers)
        return self._choose(
            self._space.decode(numbers),
            index[rows],
            objectives[rows],
            min(most, max(_BATCH, int(_GROWTH * len(self._index)))),
        )

    def _learnable(self, missed: Array) -> Array:
        """Violations but for those that the exclusions say all about, all finite."""
        is_rule = np.isposinf(missed).any(axis=0) & ~((missed > 0.0) & np.isfinite(missed)).any(0)
        kept = missed[:, ~(is_rule & self._exclusions.explains)]
        return np.where(np.isposinf(kept), _NEVER, kept)

    def _walk(self, start: Index) -> Index:
        """Numbers of the designs met on a local search over the model."""
        space, k = self._space, len(self._space.objectives)
        fresh = np.unique(space.encode(np.concatenate([start, self._draw(start)])))
        numbers, expanded, means = fresh[:0], fresh[:0], self._expected(start[:0])
        # The start is expanded whatever the model says of it.
        wanted = space.encode(start)
        for _ in range(_ROUNDS):
            numbers = np.concatenate([numbers, fresh])
            means = np.concatenate([means, self._expected(space.decode(fresh))])
            best = numbers[_promising(means[:, :k], means[:, k:])]
            todo = np.setdiff1d(np.union1d(best, wanted), expanded)
            expanded = np.union1d(expanded, todo)
            around = space.encode(self._coding.neighbours(space.decode(todo)))
            fresh = np.setdiff1d(around, numbers)
            if not len(fresh):
                break
        found: Index = np.union1d(numbers, fresh)
        return found

    def _draw(self, start: Index) -> Index:
        """Designs anywhere, and jumps from the front, that can probably be built."""
        shape, axes = self._space.shape, len(self._space.axes)
        random = np.random.default_rng(np.random.SeedSequence([self._seed, len(self._index), 2]))
        anywhere = random.integers(0, shape, (_DRAWN * _RANDOM, axes))
        # A jump keeps most of a design of the front; which axes it changes is drawn, too.
        jumps = start[random.integers(0, len(start), _DRAWN * _JUMPS)]
        share = random.integers(1, _CHANGED + 1, (len(jumps), 1)) / axes
        is_drawn = random.random(jumps.shape) < share
        jumps = np.where(is_drawn, random.integers(0, shape, jumps.shape), jumps)
        kept = [
            rows[self._exclusions.odds(rows) > random.random(len(rows))][:most]
            for rows, most in ((anywhere, _RANDOM), (jumps, _JUMPS))
        ]
        return np.concatenate(kept)

    def _expected(self, index: Index) -> Array:
        """Expected objectives, limits and doubts, by the spread of each over the space."""
        means = self._surrogate.means(index) / self._surrogate.spread
        return np.column_stack([means, _LIKELY - self._exclusions.odds(index)])

    def _choose(self, index: Index, front: Index, known: Array, count: int) -> Index:
        """Designs with the greatest expected step beyond the front and those chosen before."""
        if not len(index):
            return index
        k = len(self._space.objectives)
        spread, hope = self._surrogate.spread[:k], _HOPES[self._batches % len(_HOPES)]
        around = np.unique(self._space.encode(self._coding.neighbours(front)))
        is_near = np.isin(self._space.encode(index), around)
        kept = is_near | self._is_best(index, known / spread)
        index, is_near = index[kept], is_near[kept]
        means, sigmas = self._surrogate.means_and_sigmas(index)
        odds = self._odds(means[:, k:], sigmas[:, k:]) + np.log(self._exclusions.odds(index))
        if not len(front):
            return index[np.argsort(-odds, kind="stable")[:count]]
        hopes = means[:, :k] - hope * sigmas[:, :k]
        beyond = _Beyond(hopes / spread, known / spread, np.exp(odds))
        chosen = beyond.take(round(_NEAR * count), is_near)
        chosen += beyond.take(count - len(chosen), np.ones_like(is_near))
        return index[chosen]

    def _is_best(self, index: Index, front: Array) -> Mask:
        """Whether designs are among the best by what is expected of them alone."""
        k = len(self._space.objectives)
        means = self._expected(index)
        # What it is said to miss weighs the less, the longer nothing was found.
        score = -np.maximum(means[:, k:].max(axis=1), 0.0) / (1.0 + self.idle)
        if len(front):
            score += _Beyond(means[:, :k], front, score).steps
        is_best = np.zeros(len(index), dtype=np.bool_)
        is_best[np.argsort(-score, kind="stable")[:_KEPT]] = True
        return is_best

    def _odds(self, means: Array, sigmas: Array) -> Array:
        """Logarithm of the odds that all requirements are met, as if each were by itself."""
        from scipy.special import log_ndtr

        odds = np.exp(log_ndtr(-means / (sigmas + _SURE)))
        wrong = min(_MOST_WRONG, _WRONG * 2.0**self.idle)
        total: Array = np.log(odds + wrong * (0.5 - odds)).sum(axis=1)
        return total


class _Beyond:
    """How far designs lie beyond a front that takes in those chosen of them.

    The step of a design beyond a front is how much all of the front would have to improve in its
    best respect so that one of it is as good: the additive epsilon indicator (Zitzler et al., IEEE
    TEC 7(2), 2003) of the front against the design.
    """

    def __init__(self, values: Array, front: Array, odds: Array) -> None:
        self._values, self._odds = values, odds
        self.steps = np.full(len(values), np.inf)
        self._is_free = np.ones(len(values), dtype=np.bool_)
        for row in front:
            self._shorten(row)

    def take(self, count: int, allowed: Mask) -> list[int]:
        """Choose designs one by one among those allowed, by the step times its odds."""
        chosen: list[int] = []
        while len(chosen) < count and (allowed & self._is_free).any():
            score = np.where(self.steps > 0.0, self.steps * self._odds, self.steps)
            best = int(np.argmax(np.where(allowed & self._is_free, score, -np.inf)))
            chosen.append(best)
            self._is_free[best] = False
            self._shorten(self._values[best])
        return chosen

    def _shorten(self, row: Array) -> None:
        self.steps = np.minimum(self.steps, (row - self._values).max(axis=1))


def _border(limits: Array) -> Array:
    """Where each requirement stops being met: midway between the designs on either side of it.

    What is met or not, such as whether a chip can be built, then has its border in between.
    """
    border = []
    for column in limits.T:
        met, missed = column[column <= 0.0], column[column > 0.0]
        border.append(0.5 * (met.max(initial=-np.inf) + missed.min(initial=np.inf)))
    # Met by all, or by none: the limit itself, or so little beyond that equality is met.
    return np.where(np.isfinite(border), border, np.where((limits <= 0.0).all(axis=0), 1e-6, 0.0))


def _promising(objectives: Array, missed: Array) -> Index:
    """Rows of the front of what is expected to be feasible, and of what is nearly so.

    Where nothing is, those that miss least.
    """
    worst = missed.max(axis=1)
    if worst.min() > 0.0:
        return np.argsort(worst, kind="stable")[: 2 * _WORST]
    fronts = []
    for margin in (0.0, _NEARLY):
        rows = np.flatnonzero(worst <= margin)
        rows = rows[non_dominated(objectives[rows])]
        fronts.append(rows[thin(objectives[rows], _WIDTH)] if len(rows) > _WIDTH else rows)
    return np.unique(np.concatenate(fronts))
