"""Bytes that a kernel moves across a memory boundary, given the capacity on the near side.

The same function serves both boundaries: DRAM, with local SRAM and cache on the near side, and
the cache, with local SRAM alone.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array
from dse.cost.matrix import ACCUMULATOR_BYTES

__all__ = [
    "CUTS",
    "MARGIN",
    "SLICE",
    "TILE_SHARE",
    "Widths",
    "gemm_input_bytes",
    "resident_fraction",
]

# Least side of the slices that stream through double buffers: 16 x 16 elements, stored as a tile,
# are two bursts of 64 B or more in every format, and the least that matrix instructions take.
SLICE = 16.0
# Ways to cut the rows or the columns of the results: with steps of a third beyond twelve the best
# of them lies within five per cent of the best of all.
CUTS = (*range(2, 13), *(round(12 * (4 / 3) ** i) for i in range(1, 25)))
# Cuts of the rows: where there are more of them, those of the columns are as good.
ROW_CUTS = CUTS[:11]
# What rounding may add to a bound on the cost of a cut.
MARGIN = 1.0 + 1e-9
# Values of temporaries that are worked out at a time.
_TOGETHER = 1 << 14
# Share of the near side that the tiler uses; the rest holds what one kernel hands to the next.
TILE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Widths:
    """Bytes per element of the left and right operand of a product, (n,) each."""

    left: Array
    right: Array


@dataclass(frozen=True, slots=True)
class _Side:
    """One operand of a product: the rows of the left, or the columns of the right.

    Parameters
    ----------
    length, depth : float
        Rows or columns, a whole number, and what each is long; elements.
    width, pair, moved : Array
        Bytes per element, of two slices of one row or column, and of one reading, (n,).
    room : Array
        Near side beside a pair of its slices, B, (n,).
    """

    length: float
    depth: float
    width: Array
    pair: Array
    moved: Array
    room: Array

    @property
    def slice(self) -> float:
        """Side of its slices along its length, elements."""
        return min(SLICE, self.length)

    @property
    def most(self) -> float:
        """Passes over the other operand with the smallest block."""
        return float(np.ceil(self.length / self.slice))

    def passes(self, block: Array) -> Array:
        """Passes over the other operand with `block` resident; inf below one slice.

        The block is used up.
        """
        np.floor(block, out=block)
        if block.min() < self.slice:
            block[block < self.slice] = 0.0
        np.divide(self.length, block, out=block)
        return np.ceil(block, out=block)


def gemm_input_bytes(
    dims: tuple[float, float, float], capacity_bytes: Array, widths: Widths, left_weight: Array
) -> Array:
    """Least bytes of both operands that a tiled product (m x k)(k x n) reads from the far side.

    The least over three families of schedules, with a block as large as fits:

        left resident, m1 rows:         w_l m k + w_r k n ceil(m / m1)                        (1)
        right resident, n1 columns:     w_r k n + w_l m k ceil(n / n1)                        (2)
        results resident, m1 x n1:      w_l m k ceil(n / n1) + w_r k n ceil(m / m1)           (3)

    In (3) one of the two sides is cut in any of `CUTS` and the other takes what room is left.
    Sums take 32 bits and every result is written once. Operands stream past in slices of s x s
    elements, s = 16: an input buffer that is refilled is double, unless it holds the whole depth k
    for a whole pass over the other operand. Beside the block there is room for

        (1)  two right slices and sums m1 x s, or two right panels k x s and sums s x s
        (3)  two left panels m1 x s and two right slices, or the other way round

    Against every order of six loops over blocks and slices this is within 5 % of the optimum
    (tests/cost/twins/mapping.py); with all cuts in place of `CUTS` it is the optimum itself.

    Parameters
    ----------
    dims : tuple of float
        m, k, n; elements.
    capacity_bytes : Array
        Near-side memory, B, (n,). Where not even slices fit, they run as if they did.
    widths : Widths
        Bytes per element.
    left_weight : Array
        Share of the left operand that is not on the near side already, 0 to 1, (n,).

    Returns
    -------
    Array
        B, (n,); never grows with capacity, never below the compulsory bytes.

    References
    ----------
    Smith, Lowery, Langou, van de Geijn, "A tight I/O lower bound for matrix multiplication",
    arXiv 1702.02017, 2019. Goto, van de Geijn, ACM TOMS 34(3), 2008 (the three shapes).
    """
    m, k, n = dims
    rows = _side((m, k), capacity_bytes, widths.left, left_weight)
    cols = _side((n, k), capacity_bytes, widths.right, 1.0)
    once = rows.moved + cols.moved
    block = _resident(rows, cols, capacity_bytes)
    if np.all(
        block >= rows.length
    ):  # the left operand fits everywhere: each byte once, the least there is
        return np.asarray(once)
    best = rows.moved * cols.most + cols.moved * rows.most  # the smallest block always runs
    # No passes that cannot be made, and none of the left to read in them, make no schedule.
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.fmin(best, rows.moved + cols.moved * rows.passes(block))
        block = _resident(cols, rows, capacity_bytes)
        best = np.fmin(best, rows.moved * cols.passes(block) + cols.moved)
        best = _cut(rows, cols, ROW_CUTS, best, capacity_bytes)
        return _cut(cols, rows, CUTS, best, capacity_bytes)


def _side(
    shape: tuple[float, float], capacity: Array, width: Array, weight: Array | float
) -> _Side:
    """One operand of `shape`, and the near side beside two of its slices."""
    length, depth = float(np.ceil(shape[0])), shape[1]
    pair = 2.0 * min(SLICE, depth) * width
    moved = width * (shape[0] * depth) * weight
    return _Side(length, depth, width, pair, moved, capacity - min(SLICE, length) * pair)


def _resident(side: _Side, other: _Side, capacity: Array) -> Array:
    """Largest block of one operand that is read once, in rows or columns of it."""
    whole = side.depth * side.width
    sums = ACCUMULATOR_BYTES * side.slice * other.slice
    panel = (other.depth * other.slice) * other.width
    block = other.room / (whole + ACCUMULATOR_BYTES * other.slice)
    block = np.maximum(block, (capacity - (2.0 * panel + sums)) / whole)
    block = np.maximum(block, _block(side, other, other.length))
    # All of it beside one panel of the other, which then serves a whole pass.
    fits = capacity >= side.length * whole + panel + sums
    return np.asarray(np.maximum(block, side.length * fits))


def _block(side: _Side, other: _Side, beside: Array | float) -> Array:
    """Largest block of results along one side, with `beside` rows or columns of the other."""
    sums = ACCUMULATOR_BYTES * beside
    own = other.room / (side.pair + sums)
    return np.maximum(own, (side.room - other.pair * beside) / sums, out=own)


def _cut(cut: _Side, free: _Side, cuts: tuple[int, ...], best: Array, capacity: Array) -> Array:
    """Least of `best` and of every way to cut one side, with as few passes of the other as fit.

    c parts cost w_f c + w_c max(2, l_f l_c s / (c S)) or more, with w the bytes and l the lengths
    of the free and the cut side and s those of a sum: what no design wants for that is left out.
    """
    least = best * MARGIN
    with np.errstate(over="ignore"):  # where the free side moves next to nothing: any count
        most = float(np.max((least - 2.0 * cut.moved) / free.moved))
    sums = ACCUMULATOR_BYTES * cut.length * free.length
    few = float(np.min(sums * cut.moved / (capacity * least)))
    parts = np.asarray((*cuts[: bisect_left(cuts, cut.most)], cut.most))
    parts = parts[~((parts <= few) | (parts >= most))]
    # Several cuts at a time, as long as their temporaries stay in the nearest cache.
    step = max(1, _TOGETHER // best.size)
    for start in range(0, len(parts), step):
        some = parts[start : start + step].reshape(-1, *(1,) * best.ndim)
        beside = np.maximum(np.ceil(cut.length / some), cut.slice)
        cost = free.passes(_block(free, cut, beside))
        cost *= cut.moved
        cost += free.moved * some
        best = np.fmin(best, np.fmin.reduce(cost, axis=0))
    return best


def resident_fraction(capacity_bytes: Array, tensor_bytes: Array) -> Array:
    """Share of an activation that stays on the near side from one kernel to the next, 0 to 1."""
    share = capacity_bytes * (1.0 - TILE_SHARE)
    fraction: Array = np.minimum(1.0, share / np.maximum(tensor_bytes, 1.0))
    return fraction
