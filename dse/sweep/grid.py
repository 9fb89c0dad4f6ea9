"""All designs of a space, piece by piece, as its exact front and the account of its targets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from dse.cost import evaluate_mix, metric, team_units, worst_columns
from dse.farm import LocalFarm
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
from dse.sweep.tally import WAITING, Findings, Hints, Tally
from dse.technology import Silicon

__all__ = ["GridSweep", "is_factored"]

Array = npt.NDArray[np.float64]

# Blocks of a piece, about half a second's work: what a kill costs at most, and a journal holds of.
_PIECE = 4
# Pieces at which they are smaller, so that small grids keep all hands busy, and larger, so that
# the journal of the largest stays small.
_FEW, _MANY = 64, 4096


def is_factored(space: Space) -> bool:
    """Whether the terms of a space factor over its axes.

    They do for one unit, whose operators need no placement, and metrics of which one is worse.
    """
    asked = (*space.objectives, *(target.metric for target in space.targets))
    return not team_units(space.chip, space.unit) and all(metric(n).sense for n in asked)


class GridSweep:
    """The exact front of a grid, in memory bounded by the front and a few blocks.

    A piece is a run of neighbouring blocks; its borders depend on the space alone.

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
    tally : Tally
        What `run` and `steps` have found so far.
    """

    def __init__(self, space: Space, silicon: Silicon, limit: int = BLOCK) -> None:
        self.space = space
        self.tally = Tally(space)
        self._silicon = silicon
        self._lattice = Lattice(space, limit)
        self._names = asked_metrics(space)
        self._deep = self._deepest()
        self._hints = Hints(space, self._deep)
        blocks = len(self._lattice)
        self._step = max(min(_PIECE, -(-blocks // _FEW)), -(-blocks // _MANY))
        self.pieces = -(-blocks // self._step)

    @property
    def evaluated(self) -> int:
        """Designs so far."""
        return self.tally.evaluated

    @property
    def front(self) -> Front:
        """The front so far, by the designs' numbers."""
        return self.tally.front

    def ends(self, count: int) -> Index:
        """Designs up to the end of each of the first pieces."""
        sizes = np.zeros(min(count, self.pieces), dtype=np.int64)
        for place in range(min(len(self._lattice), len(sizes) * self._step)):
            sizes[place // self._step] += self._lattice.block(place).size
        return np.cumsum(sizes)

    def work(self, piece: int) -> Findings:
        """Evaluate the designs of a piece, block by block.

        Parameters
        ----------
        piece : int
            Its place in their order, < `pieces`.
        """
        keep_freed_memory()
        start = piece * self._step
        sieve, points, account = self._hints.before(piece)
        found = _Piece(self.space, sieve, points, self._deep, account)
        for place in range(start, min(start + self._step, len(self._lattice))):
            found.add(self.examine(self._lattice.block(place), found.sieve, found.account))
        result = found.result()
        self._hints.learn(piece, result)
        return result

    def trial(self, count: int) -> int:
        """Examine blocks spread over the grid for nothing but their time; return their designs."""
        places = range(0, len(self._lattice), max(1, len(self._lattice) // count))[:count]
        found = (self.examine(self._lattice.block(place)) for place in places)
        return sum(each.designs for each in found)

    def run(self) -> None:
        """Evaluate every design of the space."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """Evaluate the space by the threads of this process, and stop after every piece."""
        with closing(LocalFarm().results(self, range(self.pieces))) as results:
            for found in results:
                self.tally.add(found)
                yield

    def _deepest(self) -> int:
        """The objective that varies along most axes: the others index the table of the sieve."""
        sizes = [values.size for values in self._objectives(self.columns(self._lattice.block(0)))]
        return int(np.argmax(sizes))

    def columns(self, block: Block) -> dict[str, Array]:
        """Metrics that objectives and targets ask for, over factored terms, by the worst."""
        chip, mixes = self._lattice.build(block)
        by_job = [
            evaluate_mix((chip, model, mix), self._silicon, self.space.unit, self._names)
            for model in self.space.models
            for mix in mixes
        ]
        return worst_columns(by_job, self._names)

    def examine(
        self, block: Block, sieve: Sieve | None = None, account: Account | None = None
    ) -> Findings:
        """Evaluate a block: counts, and the designs that the sieve lets pass.

        Parameters
        ----------
        block : Block
            The block.
        sieve : Sieve, optional
            Drops what other designs of the space dominate.
        account : Account, optional
            What is known: what does not improve on it is not looked for.
        """
        if account is None:
            account = Account.empty(len(requirements(self.space)))
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
        if feasible and sieve is not None:
            usable = usable & sieve.passes(objectives)
        whole = np.flatnonzero(np.broadcast_to(usable, block.shape)) if feasible else offsets[:0]
        place = np.unravel_index(whole, block.shape)
        chosen = [np.broadcast_to(values, block.shape)[place] for values in objectives]
        return Findings(
            designs=block.size,
            feasible=feasible,
            values=np.stack(chosen, axis=1),
            numbers=block.number + offsets[whole],
            account=account.of_block(misses),
        )

    def _objectives(self, columns: dict[str, Array]) -> list[Array]:
        names = self.space.objectives
        return [-columns[n] + 0.0 if metric(n).sense > 0 else columns[n] for n in names]


class _Piece:
    """What the blocks of one piece have found so far."""

    def __init__(
        self, space: Space, sieve: Sieve | None, points: Array, deep: int, account: Account
    ) -> None:
        self.sieve, self.account = sieve, account
        self._points, self._deep = points, deep
        self._front = Front(len(space.objectives))
        self._waiting: list[Findings] = []
        self._designs = self._feasible = 0

    def add(self, found: Findings) -> None:
        """Take in a block; its designs wait until there are enough to be worth a comparison."""
        self._designs += found.designs
        self._feasible += found.feasible
        self.account.add(found.account)
        self._waiting.append(found)
        waiting = sum(len(each.numbers) for each in self._waiting)
        if waiting >= WAITING or (self.sieve is None and waiting):
            self._compare()
            points = np.concatenate([self._points, self._front.values])
            self.sieve = Sieve(points, self._deep)

    def result(self) -> Findings:
        """All of it, with the piece's own front."""
        self._compare()
        values, numbers = self._front.values, self._front.ids.ravel()
        return Findings(self._designs, self._feasible, values, numbers, self.account)

    def _compare(self) -> None:
        if self._waiting:
            values = np.concatenate([each.values for each in self._waiting])
            self._front.update(values, np.concatenate([each.numbers for each in self._waiting]))
            self._waiting = []
