"""A grid as blocks of designs whose leaves vary along one axis each, so that terms factor.

In a block every leaf of an axis is an array that is long along a dimension of its own and 1 along
all others. NumPy then computes each term of the cost model over the axes that it depends on and no
others: bytes per SRAM size and format, cycles per array shape, and over all of them only the last
maxima and sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dse.chip import Chip
from dse.space import Axis, Index, Space
from dse.workload import Mix

__all__ = ["BLOCK", "Block", "Lattice"]

# Designs of a block: enough to hide the interpreter's work, few enough for the cache.
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring designs of a grid.

    Parameters
    ----------
    first : tuple of int
        First place along every dimension of the lattice.
    shape : tuple of int
        Places along every dimension.
    number : int
        Number of its first design, the lowest of all.
    """

    first: tuple[int, ...]
    shape: tuple[int, ...]
    number: int

    @property
    def size(self) -> int:
        """Number of designs."""
        return math.prod(self.shape)


class Lattice:
    """The designs of a space as blocks.

    Dimensions are the axes, those that shape many terms first: what the last ones vary along is
    computed once for all of the others, and long runs of them keep the inner loops long.

    Parameters
    ----------
    space : Space
        The space.
    limit : int
        Designs of a block at most.
    """

    def __init__(self, space: Space, limit: int = BLOCK) -> None:
        self.space = space
        self._order = sorted(range(len(space.axes)), key=lambda i: _rank(space.axes[i]))
        self._lengths = tuple(space.shape[i] for i in self._order)
        strides = [math.prod(space.shape[i + 1 :]) for i in range(len(space.axes))]
        self._strides = tuple(strides[i] for i in self._order)
        self._steps = self._cut(limit)
        pairs = zip(self._lengths, self._steps, strict=True)
        self._counts = tuple(-(-length // step) for length, step in pairs)
        self._offsets: dict[tuple[int, ...], Index] = {}

    def _cut(self, limit: int) -> tuple[int, ...]:
        """Longest step along every dimension: the last ones whole, as far as the limit goes."""
        steps = [1] * len(self._lengths)
        for place in range(len(steps) - 1, -1, -1):
            length = self._lengths[place]
            if self.space.axes[self._order[place]].static:
                break
            steps[place] = min(length, max(1, limit))
            limit //= length
        return tuple(steps)

    def __len__(self) -> int:
        return math.prod(self._counts)

    def block(self, place: int) -> Block:
        """One block, by its place in their order."""
        counted = np.unravel_index(place, self._counts)
        first = tuple(int(i) * step for i, step in zip(counted, self._steps, strict=True))
        ends = zip(first, self._steps, self._lengths, strict=True)
        shape = tuple(min(step, n - start) for start, step, n in ends)
        number = sum(i * stride for i, stride in zip(first, self._strides, strict=True))
        return Block(first, shape, number)

    def blocks(self) -> Iterator[Block]:
        """Every design once."""
        return map(self.block, range(len(self)))

    def build(self, block: Block) -> tuple[Chip, tuple[Mix, ...]]:
        """The designs of a block as one chip and mixes, the leaves of an axis along its own."""
        columns: list[Index] = [np.empty(0, dtype=np.int64)] * len(self._order)
        for place, axis in enumerate(self._order):
            along = [1] * len(self._order)
            along[place] = block.shape[place]
            start = block.first[place]
            columns[axis] = np.arange(start, start + block.shape[place]).reshape(along)
        return self.space.build(columns)

    def offsets(self, shape: tuple[int, ...]) -> Index:
        """Numbers of the designs of a block of this shape less that of its first, flat."""
        if shape not in self._offsets:
            total = np.zeros((1,) * len(shape), dtype=np.int64)
            for place, (length, stride) in enumerate(zip(shape, self._strides, strict=True)):
                along = [1] * len(shape)
                along[place] = length
                total = total + (np.arange(length) * stride).reshape(along)
            self._offsets[shape] = total.ravel()
        return self._offsets[shape]


def _rank(axis: Axis) -> int:
    """Place of an axis: those first that shape the most terms, those that bandwidths know last.

    It decides how fast a grid is, and nothing else.
    """
    return 0 if axis.static else min(map(_rank_of_leaf, axis.all_leaves()))


def _rank_of_leaf(leaf: str) -> int:
    if leaf.startswith("scenario."):
        return 1
    if leaf.endswith((".count", "sram.capacity_bytes", "cache.capacity_bytes")):
        return 2
    if leaf.startswith("chip.units."):
        return 4 if leaf.endswith("clock_hz") else 5
    if leaf.startswith("chip.dram.") and not leaf.endswith("capacity_bytes"):
        return 6 if leaf.endswith("data_rate_per_s") else 7
    return 3
