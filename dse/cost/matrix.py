"""Cycles and SRAM bytes of a matrix product on a matrix engine, edges included."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dse.chip import Dataflow
from dse.cost.batch import Array, ChipBatch
from dse.workload import Dim, Load, Span, mean

__all__ = ["ACCUMULATOR_BYTES", "engine_bytes", "matrix_cycles", "sram_elements", "tiles", "waves"]

ACCUMULATOR_BYTES = 4.0  # partial sums are kept in 32 bits


def tiles(length: Dim, tile: npt.ArrayLike) -> Array:
    """Tiles that cover a dimension: its ceiling, or the mean of ceilings over a varying one."""
    if isinstance(length, Span | Load):
        return length.mean_tiles(tile)
    result: Array = np.ceil(length / np.asarray(tile, dtype=np.float64))
    return result


def matrix_cycles(
    chips: ChipBatch, dims: tuple[Dim, Dim, Dim], count: float, cycles_per_mac: Array
) -> Array:
    """Cycles of `count` products (m x k)(k x n) on every chip of a batch.

    Each pass of the array covers tile_rows x tile_cols of two dimensions while S steps of the
    third stream past. With P passes per core,

        double-buffered:  (P - 1) max(S, L) + S + F                                          (1)
        else:             P (S + F)                                                          (2)

    where F = 2 R + C - 2 is the load and the skew of one pass and L = R the load alone. For one
    pass both are SCALE-Sim's closed forms. Which dimensions are spatial:
    output-stationary (m, n; S = k), weight-stationary (k, n; S = m), input-stationary
    (k, m; S = n). A dot-product engine covers m x n in `depth` products a cycle: S = k / depth and
    F = L = 0. Where m and n are both spatial the product may be transposed, which exchanges them;
    the faster way is taken.

    Parameters
    ----------
    chips : ChipBatch
        n designs.
    dims : tuple
        m, k, n; elements; one of them may be a `Span`.
    count : float
        Independent products.
    cycles_per_mac : Array
        Inverse rate for the operand types, (n,): it stretches k.

    Returns
    -------
    Array
        Cycles, (n,).

    References
    ----------
    Samajdar et al., ISPASS 2020 (SCALE-Sim v2), section III.B, equations 3 and 4.
    """
    m, k, n = dims
    forward = _one_way(chips, (m, k, n), count, cycles_per_mac)
    if chips.dataflow in (Dataflow.WEIGHT_STATIONARY, Dataflow.INPUT_STATIONARY) or m == n:
        return forward
    return np.minimum(forward, _one_way(chips, (n, k, m), count, cycles_per_mac))


def _one_way(
    chips: ChipBatch, dims: tuple[Dim, Dim, Dim], count: float, cycles_per_mac: Array
) -> Array:
    m, k, n = dims
    if chips.dataflow in (Dataflow.WEIGHT_STATIONARY, Dataflow.INPUT_STATIONARY):
        col, stream = (n, m) if chips.dataflow is Dataflow.WEIGHT_STATIONARY else (m, n)
        spatial = ((k, chips.tile_rows / cycles_per_mac), (col, chips.tile_cols))
        steps: Array | float = mean(stream)
    else:
        spatial = ((m, chips.tile_rows), (n, chips.tile_cols))
        steps = tiles(k, chips.depth / cycles_per_mac)
    passes = waves(spatial, count, chips.cores)
    if chips.is_double_buffered:
        return (passes - 1.0) * np.maximum(steps, chips.load_cycles) + steps + chips.fill_cycles
    result: Array = passes * (steps + chips.fill_cycles)
    return result


def waves(spatial: tuple[tuple[Dim, Array], ...], count: float | Array, cores: Array) -> Array:
    """Passes of the busiest core: ceil(count x tiles / cores), or its mean over a varying length.

    With q passes per tile of the varying dimension on c cores, ceil(ceil(L / t) q / c) is
    ceil(L / (t c / q)) where c is a multiple of q, and ceil(L / t) q / c where q is one of c;
    in between these are the nearest bounds from below.
    """
    varying = [(length, tile) for length, tile in spatial if isinstance(length, Span | Load)]
    fixed = [
        tiles(length, tile) for length, tile in spatial if not isinstance(length, Span | Load)
    ]
    each = count * math.prod(fixed)
    if not varying:
        return np.asarray(np.ceil(each / cores))
    (length, tile), *others = varying
    each = each * math.prod(length.mean_tiles(size) for length, size in others)
    ratio = cores / each
    few, many = np.maximum(ratio, 1.0), np.maximum(1.0 / ratio, 1.0)
    return np.asarray(tiles(length, tile * few) * many)


def engine_bytes(
    chips: ChipBatch, dims: tuple[Dim, Dim, Dim], left_width: Array, right_width: Array
) -> tuple[Array, Array]:
    """Bytes that the engine reads from SRAM and writes to it for one product.

    Partial sums of a stationary operand go out and come back in 32 bits. Where the product may be
    transposed, the way that moves less is taken.

    Returns
    -------
    tuple of Array
        Reads and writes, B, (n,) each.
    """
    left, right, results = sram_elements(chips, dims)
    reads = left * left_width + right * right_width
    if chips.dataflow in (Dataflow.WEIGHT_STATIONARY, Dataflow.INPUT_STATIONARY):
        sums = results * (ACCUMULATOR_BYTES / 2.0)
        return reads + sums, sums
    m, k, n = dims
    right, left, _ = sram_elements(chips, (n, k, m))
    return np.minimum(reads, left * left_width + right * right_width), results * left_width


def sram_elements(chips: ChipBatch, dims: tuple[Dim, Dim, Dim]) -> tuple[Array, Array, Array]:
    """Elements between SRAM and engine for one product: left operand, right operand, results.

    The dimension that stays in place is read once; the others once per pass over it:

        output-stationary, dot product:  m k ceil(n/b_n),  k n ceil(m/b_m),  m n             (1)
        weight-stationary:               m k ceil(n/C),    k n,              m n (2 ceil(k/R) - 1)
        input-stationary:                m k,              k n ceil(m/C),    m n (2 ceil(k/R) - 1)

    with b the block of results in registers. Partial sums that leave the array come back to be
    accumulated, hence 2 ceil - 1.

    Returns
    -------
    tuple of Array
        Elements, (n,) each; results are activations in (1) and partial sums otherwise.
    """
    m, k, n = dims
    mean_m, mean_k, mean_n = (mean(d) for d in dims)
    left, right, out = mean_m * mean_k, mean_k * mean_n, mean_m * mean_n
    one = np.ones(1)
    if chips.dataflow is Dataflow.WEIGHT_STATIONARY:
        sums = 2.0 * tiles(k, chips.tile_rows) - 1.0
        return left * tiles(n, chips.tile_cols), right * one, out * sums
    if chips.dataflow is Dataflow.INPUT_STATIONARY:
        sums = 2.0 * tiles(k, chips.tile_rows) - 1.0
        return left * one, right * tiles(m, chips.tile_cols), out * sums
    return (
        left * tiles(n, chips.block_cols),
        right * tiles(m, chips.block_rows),
        out * one,
    )
