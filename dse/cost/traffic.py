"""Bytes that a kernel moves across a memory boundary, given the capacity on the near side.

The same function serves both boundaries: DRAM, with local SRAM and cache on the near side, and
the cache, with local SRAM alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array
from dse.cost.matrix import ACCUMULATOR_BYTES

__all__ = ["Widths", "attention_passes", "gemm_input_bytes", "resident_fraction"]

# Side of the slices that stream through double buffers beside a resident block: 64 elements are
# one or two DRAM bursts of 64 B.
SLICE = 64.0
# Ways to cut n for a resident block of results; steps of at most two keep the best of them within
# a few per cent of the best of all.
SPLITS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
# Share of the near side that the tiler uses; the rest holds what one kernel hands to the next.
TILE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Widths:
    """Bytes per element of the left and right operand of a product, (n,) each."""

    left: Array
    right: Array


def _passes(length: float, block: Array) -> Array:
    """Passes over the other operand with `block` of `length` resident; inf where none fits."""
    whole = np.floor(block)
    np.maximum(whole, 0.0, out=whole)
    with np.errstate(divide="ignore"):  # no whole row or column fits: this schedule is impossible
        np.divide(length, whole, out=whole)
    return np.ceil(whole, out=whole)


def gemm_input_bytes(
    dims: tuple[float, float, float], capacity_bytes: Array, widths: Widths, left_weight: Array
) -> Array:
    """Least bytes of both operands that a tiled product (m x k)(k x n) reads from the far side.

    The least over three families of schedules, each with its resident block as large as fits
    beside double-buffered slices of s = 64 elements:

        left resident, m1 rows:    w_l m k + w_r k n ceil(m / m1)                             (1)
        right resident, n1 cols:   w_r k n + w_l m k ceil(n / n1)                             (2)
        results resident, m1 x n/j:  w_l m k j + w_r k n ceil(m / m1),  j in `SPLITS`         (3)

    Every result is written once. (3) with square blocks approaches the lower bound
    2 m n k / sqrt(S) - 2 S elements of S elements of memory; (1) and (2) reach the compulsory
    bytes when one operand fits.

    Parameters
    ----------
    dims : tuple of float
        m, k, n; elements.
    capacity_bytes : Array
        Near-side memory, B, (n,).
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
    left = widths.left * (m * k) * left_weight
    right = widths.right * (k * n)
    sk, sm, sn = min(SLICE, k), min(SLICE, m), min(SLICE, n)
    acc = ACCUMULATOR_BYTES
    rows = (capacity_bytes - 2 * sk * sn * widths.right) / (k * widths.left + sn * acc)
    if np.all(rows >= m):  # the left operand fits everywhere: each byte once, the least there is
        return np.asarray(left + right)
    best = left + right * _passes(m, rows)
    cols = (capacity_bytes - 2 * sk * sm * widths.left) / (k * widths.right + sm * acc)
    with np.errstate(invalid="ignore"):  # none of the left to read in passes that cannot be made
        best = np.fmin(best, left * _passes(n, cols) + right)
    last = float(np.ceil(n / sn))
    for cut in [*(j for j in SPLITS if j < last), last]:
        width = np.ceil(n / cut)
        block = (capacity_bytes - 2 * sk * width * widths.right) / (
            width * acc + 2 * sk * widths.left
        )
        if cut == last:  # the smallest block always runs, one row at a time if it must
            np.maximum(block, 1.0, out=block)
        best = np.minimum(best, left * cut + right * _passes(m, block))
    return np.asarray(best)


def attention_passes(
    rows: float, dims: tuple[float, float, float], capacity_bytes: Array, widths: Widths
) -> Array:
    """Passes over keys and values that fused attention makes: ceil(rows / resident rows).

    A block of query rows stays on the near side with its running maximum, sum and accumulated
    output in 32 bits, while double-buffered slices of 64, 32 or 16 keys and values stream past,
    whichever leaves the largest block.

    Parameters
    ----------
    rows : float
        Query rows that share the same keys and values.
    dims : tuple of float
        Widths of a query, of a value and of what is stored per key; elements.
    capacity_bytes : Array
        Near-side memory, B, (n,).
    widths : Widths
        Bytes per element of queries (left) and of the cache (right).

    Returns
    -------
    Array
        Passes, (n,), at least 1.

    References
    ----------
    Dao et al., "FlashAttention", arXiv 2205.14135, algorithm 1 and theorem 2.
    """
    qk, v, stored = dims
    block = np.ones(1)
    for keys in (SLICE, SLICE / 2.0, SLICE / 4.0):
        slices = 2 * keys * stored * widths.right
        per_row = qk * widths.left + (v + 2 + keys) * ACCUMULATOR_BYTES
        block = np.maximum(block, np.floor((capacity_bytes - slices) / per_row))
    passes: Array = np.ceil(rows / block)
    return passes


def resident_fraction(capacity_bytes: Array, tensor_bytes: Array) -> Array:
    """Share of an activation that stays on the near side from one kernel to the next, 0 to 1."""
    share = capacity_bytes * (1.0 - TILE_SHARE)
    fraction: Array = np.minimum(1.0, share / np.maximum(tensor_bytes, 1.0))
    return fraction
