"""Every nest of loops over blocks and slices, and what it asks of a memory that holds the tiles.

Each dimension is cut into blocks, and each block into slices of 16: two loops a dimension, in any
order that has the blocks outside. An operand is kept across any number of inner loops. Along a
dimension of its own it then holds all (state 0), a block (1) or a slice (2); of the dimension it
lacks, no loop (0), that over blocks (1) or both (2) are outside, and each refills it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
State = tuple[int, ...]
SLICE = 16.0
ACCUMULATOR = 4.0


@dataclass(frozen=True)
class Operand:
    """What is kept: its dimensions, the one it lacks, and whether a whole pass frees a buffer.

    A buffer of inputs that is refilled is double, unless it holds the whole of `deep`, where it
    has such a dimension, for a whole pass over the dimension that it lacks.
    """

    own: str
    lacking: str
    deep: str = ""

    def is_single(self, state: State) -> bool:
        """Whether a buffer of inputs in this state needs no second one."""
        depth = state[self.own.index(self.deep)] if self.deep else 0
        return state[-1] == 0 and depth == 0


@cache
def nests(operands: tuple[Operand, ...]) -> tuple[tuple[State, ...], ...]:
    """States of all operands in every nest, without those that another one beats at any size."""
    dims = "".join(sorted({d for each in operands for d in each.own}))
    loops = [(d, level) for d in dims for level in (0, 1)]
    found: set[tuple[State, ...]] = set()
    for order in permutations(loops):
        if all(order.index((d, 0)) < order.index((d, 1)) for d in dims):
            found.update(product(*(_states(each, order) for each in operands)))
    # Strong ones first, so that most others meet one that beats them soon.
    strong = sorted(found, key=lambda x: (sum(2 * s[-1] - sum(s[:-1]) for s in x), x))
    return tuple(
        x for x in strong if not any(_is_better(y, x, operands) for y in strong if y != x)
    )


def _states(operand: Operand, order: tuple[tuple[str, int], ...]) -> set[State]:
    outside = [[d for d, _ in order[:level]] for level in range(len(order) + 1)]
    return {tuple(names.count(d) for d in operand.own + operand.lacking) for names in outside}


def _is_better(
    one: tuple[State, ...], two: tuple[State, ...], operands: tuple[Operand, ...]
) -> bool:
    """Whether no operand needs more room or more fills, whatever the sizes."""
    for operand, x, y in zip(operands, one, two, strict=True):
        if x == y:
            continue
        *mine, outer = x
        *other, lacking = y
        smaller = outer <= lacking and all(a >= b for a, b in zip(mine, other, strict=True))
        never_refilled = not any(other) and any(mine)
        if not smaller or never_refilled or (operand.is_single(y) and not operand.is_single(x)):
            return False
    return True


def tile_sizes(length: float) -> Values:
    """One tile size per number of tiles, the smallest: no other moves less or needs less room."""
    sizes = np.unique(np.ceil(length / np.arange(1.0, length + 1.0)))
    return sizes[sizes >= min(SLICE, length)]


class Blocks:
    """All combinations of block sizes of the dimensions, flattened."""

    def __init__(self, full: dict[str, float]) -> None:
        mesh = np.meshgrid(*(tile_sizes(length) for length in full.values()), indexing="ij")
        block = {d: each.ravel() for d, each in zip(full, mesh, strict=True)}
        outer = {d: np.ceil(full[d] / block[d]) for d in full}
        inner = {d: np.ceil(block[d] / min(SLICE, full[d])) for d in full}
        thin = {d: np.full_like(block[d], min(SLICE, full[d])) for d in full}
        one = np.ones_like(next(iter(block.values())))
        self.size = {d: (full[d] * one, block[d], thin[d]) for d in full}
        self.trips = {d: (one, outer[d], outer[d] * inner[d]) for d in full}

    def held(self, operand: Operand, state: State) -> Values:
        """Elements of one buffer along the operand's dimensions."""
        pairs = zip(operand.own, state[:-1], strict=True)
        return np.prod([self.size[d][level] for d, level in pairs], axis=0)

    def buffers(self, operand: Operand, state: State) -> Values:
        """Buffers that inputs need."""
        pairs = zip(operand.own, state[:-1], strict=True)
        refills = np.prod([self.trips[d][level] for d, level in pairs], axis=0)
        return np.where((refills > 1.0) & (not operand.is_single(state)), 2.0, 1.0)

    def fills(self, operand: Operand, state: State) -> Values:
        """Times that every element comes."""
        return self.trips[operand.lacking][state[-1]]


def frontier(rooms: list[Values], costs: list[Values]) -> tuple[Values, Values]:
    """Rising footprints, and the least cost within each."""
    footprint, cost = np.concatenate(rooms), np.concatenate(costs)
    rank = np.argsort(footprint)
    return footprint[rank], np.minimum.accumulate(cost[rank])


def within(front: tuple[Values, Values], capacity: Values) -> Values:
    """Least cost in each capacity; infinite where nothing fits."""
    places = np.searchsorted(front[0], capacity, side="right") - 1
    return np.where(places < 0, np.inf, front[1][places])
