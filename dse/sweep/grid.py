"""All designs of a space, block by block, as its exact front and the account of its targets."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import evaluate_mix, metric, team_units, worst_columns
from dse.pareto import Front, Sieve
from dse.space import Index, Space
from dse.sweep.account import Account, BlockMisses
from dse.sweep.designs import (
    asked_metrics,
    keep_freed_memory,
    requirements,
    shortfall_parts,
)
from dse.sweep.lattice import BLOCK, Block, Lattice
from dse.technology import Silicon

__all__ = ["GridFindings", "GridSweep", "is_factored"]

Array = npt.NDArray[np.float64]

# Designs that passed the sieve and wait to be compared with the front and with each other.
_WAITING = 1 << 14
# Points of the front beyond which the table is made anew only after it grew by a quarter.
_SMALL_FRONT = 4096


def is_factored(space: Space) -> bool:
    """Whether the terms of a space factor over its axes.

    They do for one unit, whose operators need no placement, and metrics of which one is worse.
    """
    asked = (*space.objectives, *(target.metric for target in space.targets))
    return not team_units(space.chip, space.unit) and all(metric(n).sense for n in asked)


@dataclass(frozen=True, slots=True)
class GridFindings:
    """What one block adds.

    Parameters
    ----------
    designs, feasible : int
        Designs, and how many meet every requirement.
    values : ndarray
        Objectives of those that may be on the front, shape (m, k).
    numbers : Index
        Their numbers, (m,).
    account : Account
        What they amount to against the requirements.
    """

    designs: int
    feasible: int
    values: Array
    numbers: Index
    account: Account


class GridSweep:
    """The exact front of a grid, in memory bounded by the front and a few blocks.

    Parameters
    ----------
    space : Space
        The space, none of whose objectives or targets is without a sense.
    silicon : Silicon
        Constants of the reference node.
    limit : int
        Designs of a block at most.

    Attributes
    ----------
    evaluated, feasible : int
        Designs so far, and how many of them meet every requirement.
    front : Front
        The front, by the designs' numbers.
    account : Account
        How near the designs come to the requirements.
    """

    def __init__(self, space: Space, silicon: Silicon, limit: int = BLOCK) -> None:
        self.space = space
        self.evaluated = 0
        self.feasible = 0
        self.front = Front(len(space.objectives))
        self.account = Account.empty(len(requirements(space)))
        self._silicon = silicon
        self._lattice = Lattice(space, limit)
        self._names = asked_metrics(space)
        self._sieve: Sieve | None = None
        self._sieved = 0
        self._deep = self._deepest()
        self._waiting: list[tuple[Array, Index]] = []

    def trial(self, count: int) -> int:
        """Examine blocks spread over the grid for nothing but their time; return their designs."""
        blocks = list(itertools.islice(self._lattice.blocks(), 4096))
        tried = blocks[:: max(1, len(blocks) // count)][:count]
        return sum(self.examine(block).designs for block in tried)

    def run(self, progress: Callable[[], None] | None = None) -> None:
        """Evaluate every design of the space.

        Parameters
        ----------
        progress : callable, optional
            Called after every block.
        """
        for _ in self.steps():
            if progress is not None:
                progress()

    def steps(self) -> Iterator[None]:
        """Evaluate the space, and stop after every block."""
        for found in self._spread():
            self.evaluated += found.designs
            self.feasible += found.feasible
            self.account.add(found.account)
            self._take(found)
            if self.evaluated == self.space.size:
                self._compare()
            yield

    def _deepest(self) -> int:
        """The objective that varies along most axes: the others index the table of the sieve."""
        first = next(self._lattice.blocks())
        sizes = [values.size for values in self._objectives(self.columns(first))]
        return int(np.argmax(sizes))

    def _spread(self) -> Iterator[GridFindings]:
        """Findings of all blocks in their order, made by as many threads as there are cores."""
        cores = os.cpu_count() or 1
        running: deque[Future[GridFindings]] = deque()
        keep_freed_memory()
        with ThreadPoolExecutor(max_workers=cores) as pool:
            try:
                for block in self._lattice.blocks():
                    running.append(pool.submit(self.examine, block))
                    if len(running) > 2 * cores:
                        yield running.popleft().result()
                while running:
                    yield running.popleft().result()
            finally:
                for waiting in running:
                    waiting.cancel()

    def columns(self, block: Block) -> dict[str, Array]:
        """Metrics that objectives and targets ask for, over factored terms, by the worst."""
        chip, mixes = self._lattice.build(block)
        by_job = [
            evaluate_mix((chip, model, mix), self._silicon, self.space.unit, self._names)
            for model in self.space.models
            for mix in mixes
        ]
        return worst_columns(by_job, self._names)

    def examine(self, block: Block) -> GridFindings:
        """Evaluate a block: counts, and the designs that the sieve lets pass."""
        columns = self.columns(block)
        parts = shortfall_parts(self.space.targets, columns)
        objectives = self._objectives(columns)
        finite = [np.isfinite(values) for values in objectives]
        if not all(mask.all() for mask in finite):
            for mask in finite:
                parts = [np.where(mask, part, np.inf) for part in parts]
            objectives = [np.where(m, v, 0.0) for m, v in zip(finite, objectives, strict=True)]
        offsets = self._lattice.offsets(block.shape)
        misses = BlockMisses(parts, block.shape, block.number, offsets)
        usable = misses.usable
        feasible = misses.count(usable)
        if feasible and self._sieve is not None:
            usable = usable & self._sieve.passes(objectives)
        whole = np.flatnonzero(np.broadcast_to(usable, block.shape)) if feasible else offsets[:0]
        place = np.unravel_index(whole, block.shape)
        chosen = [np.broadcast_to(values, block.shape)[place] for values in objectives]
        return GridFindings(
            designs=block.size,
            feasible=feasible,
            values=np.stack(chosen, axis=1),
            numbers=block.number + offsets[whole],
            account=self.account.of_block(misses),
        )

    def _objectives(self, columns: dict[str, Array]) -> list[Array]:
        names = self.space.objectives
        return [-columns[n] + 0.0 if metric(n).sense > 0 else columns[n] for n in names]

    def _take(self, found: GridFindings) -> None:
        """Let designs wait until there are enough of them to be worth a comparison."""
        self._waiting.append((found.values, found.numbers))
        waiting = sum(len(numbers) for _, numbers in self._waiting)
        if waiting >= _WAITING or (self._sieve is None and waiting):
            self._compare()

    def _compare(self) -> None:
        if not self._waiting:
            return
        values = np.concatenate([values for values, _ in self._waiting])
        numbers = np.concatenate([numbers for _, numbers in self._waiting])
        self._waiting = []
        self.front.update(values, numbers)
        size = len(self.front)
        if size and (size <= _SMALL_FRONT or size > 1.25 * self._sieved or size < self._sieved):
            self._sieve, self._sieved = Sieve(self.front.values, self._deep), size
