"""The designs of a sweep, made and evaluated block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dse.pareto import non_dominated
from dse.space import Index, Space
from dse.sweep.account import Account, BlockMisses
from dse.sweep.designs import (
    Evaluator,
    asked_metrics,
    keep_freed_memory,
    objective_values,
    violations,
)
from dse.sweep.standing import Standing
from dse.sweep.tally import Findings
from dse.technology import Silicon

__all__ = ["PointSweep", "Points", "Progress"]

# Designs between two reports: as many kernel calls as keep every core busy.
_BLOCK = 131_072
# Designs of a piece at least, and pieces at which they are smaller than a block.
_SMALLEST, _FEW = 8192, 64


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Parameters
    ----------
    stage : str
        ``scout``, ``sweep``, ``table``, ``search``, ``polish`` or ``certify``.
    done, total : int
        Designs evaluated in this stage, and how many there are to be; of a local
        search, whose length nobody knows, those so far.
    front, feasible : int
        Size of the front, and designs that meet every target, so far.
    standing : callable, optional
        Measures the front and its best design, when called; it may take a while.
    """

    stage: str
    done: int
    total: int
    front: int
    feasible: int
    standing: Callable[[], Standing] | None = None


class Points:
    """The designs of a sweep in their order, made block by block.

    Parameters
    ----------
    space : Space
        The space.
    samples : int or None
        Size of a Sobol sample; None for the whole grid, as for any number that covers it.
    seed : int
        Seed of the sample.
    """

    def __init__(self, space: Space, samples: int | None, seed: int) -> None:
        if samples is not None and samples < 1:
            raise ValueError(f"samples must be >= 1, but got {samples}")
        self.space = space
        self._numbers: Index | None = None
        self.total = space.size
        self.is_exhaustive = samples is None or samples >= space.size
        if not self.is_exhaustive:
            # In the order of their numbers, so that tables need no further sorting.
            self._numbers = space.sample_numbers(samples or 1, seed)
            self.total = len(self._numbers)

    def blocks(self) -> Iterator[Index]:
        """All designs, a block at a time."""
        for start in range(0, self.total, _BLOCK):
            yield self.at(np.arange(start, min(self.total, start + _BLOCK)))

    def at(self, places: Index) -> Index:
        """Designs at these places of the order, shape (n, k)."""
        return self.space.decode(places if self._numbers is None else self._numbers[places])

    def cloud(self, keep: int, seed: int) -> Index:
        """A random choice of `keep` designs, or all if fewer, in their order."""
        if keep >= self.total:
            return self.at(np.arange(self.total))
        random = np.random.default_rng(seed)
        return self.at(np.sort(random.choice(self.total, keep, replace=False)))


class PointSweep:
    """The designs of a sample, or of a space whose terms do not factor, piece by piece.

    Parameters
    ----------
    points : Points
        The designs.
    silicon : Silicon
        Constants of the reference node.
    """

    def __init__(self, points: Points, silicon: Silicon) -> None:
        self._points = points
        self._space = points.space
        self._asked = asked_metrics(points.space)
        self._evaluator = Evaluator(points.space, silicon, threads=1)
        # Small sweeps keep all hands busy, too.
        self._step = min(_BLOCK, max(_SMALLEST, -(-points.total // _FEW)))
        self.pieces = -(-points.total // self._step)

    def ends(self, count: int) -> Index:
        """Designs up to the end of each of the first pieces."""
        whole = np.arange(1, min(count, self.pieces) + 1) * self._step
        return np.minimum(whole, self._points.total)

    def work(self, piece: int) -> Findings:
        """Evaluate the designs of a piece.

        Parameters
        ----------
        piece : int
            Its place in their order, < `pieces`.
        """
        keep_freed_memory()
        space, start = self._space, piece * self._step
        index = self._points.at(np.arange(start, min(start + self._step, self._points.total)))
        columns = self._evaluator.evaluate(index, self._asked)
        missed, numbers = violations(space, columns), space.encode(index)
        misses = BlockMisses(
            list(missed.T), (len(index),), int(numbers[0]), numbers - int(numbers[0])
        )
        rows = np.flatnonzero(misses.usable)
        values = objective_values(space, columns)[rows]
        on_front = non_dominated(values)
        return Findings(
            designs=len(index),
            feasible=len(rows),
            values=values[on_front],
            numbers=numbers[rows[on_front]],
            account=Account.empty(missed.shape[1]).of_block(misses),
        )
