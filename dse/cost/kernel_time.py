"""Time and traffic of one kernel of a tuned library: thread blocks, waves and their tails.

A model is many kernels and `dse.cost.roofline` is their mean; here a single kernel is looked at,
where the block shapes a library offers, and how they divide among the cores, decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array
from dse.cost.kernel_board import Board, KernelCost, number, overlap
from dse.cost.matrix import ACCUMULATOR_BYTES, tiles, waves
from dse.cost.traffic import TILE_SHARE, Widths, gemm_input_bytes

__all__ = ["Attention", "attention", "gemm", "normalisation"]

# Block shapes (m, n) that CUTLASS and cuBLAS offer for tensor cores, and ways to split k.
_BLOCKS = (
    (256, 128),
    (128, 256),
    (128, 128),
    (256, 64),
    (64, 256),
    (128, 64),
    (64, 128),
    (64, 64),
)
_SPLITS = (1, 2, 3, 4, 6, 8, 16)
_LEAST_SPLIT = 256.0  # a split of fewer products costs more in partial sums than it wins
# Rows of queries per block and parts of the keys in fused attention.
_QUERY_BLOCKS = (64, 128)
_KEY_BLOCK = 64.0


def _grid(*choices: tuple[float, ...]) -> tuple[Array, ...]:
    """Every combination of the choices, one array per choice."""
    mesh = np.meshgrid(*(np.asarray(c, dtype=np.float64) for c in choices), indexing="ij")
    return tuple(axis.ravel() for axis in mesh)


_INDEX, _SPLIT = _grid(tuple(range(len(_BLOCKS))), _SPLITS)
_ROWS, _COLS = np.asarray(_BLOCKS, dtype=np.float64)[_INDEX.astype(np.intp)].T
_QUERIES, _PARTS = _grid(_QUERY_BLOCKS, (1, 2, 4, 8, 16))


@dataclass(frozen=True, slots=True)
class Attention:
    """Shape of one fused attention kernel: heads, head width, and lengths in tokens."""

    queries: float
    keys: float
    heads: float
    kv_heads: float
    head_dim: float
    causal: bool


def gemm(dims: tuple[float, float, float], on: Board) -> KernelCost:
    """Cost of the product (m x k)(k x n) with the best block shape of the library.

    Blocks of b_m x b_n results go to c cores in waves; k may be split s ways among them:

        waves   w = ceil(s ceil(m / b_m) ceil(n / b_n) / c)                                   (1)
        step    u = max(b_m b_n / r, (b_m e_l + b_n e_r) / f, b_n o_c / v)                     (2)
        cores   t_c = w (u k / s + o_e b_m b_n / v) / clock                                    (3)
        time    t = launch + max(t_c, t_d) + x min(t_c, t_d)                                   (4)

    with r the multiply-accumulates, f the bytes from the cache and v the lane operations of one
    core and cycle, e the bytes per element, o_c and o_e the lane operations to widen a weight and
    to write a result, t_d the time of the DRAM traffic, and x its share that no overlap hides.
    Edges of m and n cost whole blocks of results but load only what exists.

    Parameters
    ----------
    dims : tuple of float
        m, k, n; elements.
    on : Board
        Chip and library.

    References
    ----------
    Thread blocks, waves and their tail: NVIDIA, "Matrix Multiplication Background User's Guide",
    DU-09799-001, sections 4 and 5; split k: Osama et al., "Stream-K", PPoPP 2023.
    """
    m, k, n = dims
    rows, cols = np.minimum(_ROWS, m), np.minimum(_COLS, n)
    loaded = rows * on.left_bytes + cols * on.right_bytes
    step = np.maximum(_ROWS * _COLS / on.macs_per_cycle, loaded / on.fill_bytes_per_cycle)
    step = np.maximum(step, cols * on.convert_ops / on.lanes)
    depth = np.ceil(k / _SPLIT)
    per_block = step * depth + on.library.epilogue_ops * rows * cols / on.lanes
    passes = waves(((m, _ROWS), (n, _COLS)), _SPLIT, on.chips.cores)
    sums = np.where(_SPLIT > 1.0, 2.0 * ACCUMULATOR_BYTES * m * n * _SPLIT, 0.0)
    core_s = passes * per_block * number(on.chips.cycle_s) + sums / on.cache_bytes_per_s
    widths = Widths(np.full(1, on.left_bytes), np.full(1, on.right_bytes))
    capacity = (on.chips.sram_bytes + on.chips.cache_bytes) * TILE_SHARE
    read = number(gemm_input_bytes(dims, capacity, widths, np.ones(1)))
    moved = read + m * n * on.left_bytes
    is_sensible = (_SPLIT == 1.0) | (depth >= _LEAST_SPLIT)
    seconds = np.where(is_sensible, overlap(core_s, moved / on.dram_bytes_per_s, on), np.inf)
    best = int(np.argmin(seconds))
    blocks = tiles(m, _ROWS[best]) * tiles(n, _COLS[best])
    return KernelCost(
        seconds=on.launch_s + float(seconds[best]),
        launch_s=on.launch_s,
        macs=m * n * k,
        scores=0.0,
        cache_bytes=float(blocks * loaded[best] * k + sums[best]),
        dram_bytes=moved,
    )


def attention(shape: Attention, on: Board) -> KernelCost:
    """Cost of fused attention: a block of queries per core streams past keys and values.

    With b rows of queries per block and s parts of the keys, d wide,

        step    u = max(2 b d / r, 2 d e / f) + b (o_exp + o_s) / v                            (1)

    cycles per key: products and softmax follow each other. Blocks take waves as in `gemm`; under a
    causal mask they are of unequal length, and the cores are busy for their mean, or for the
    longest. Keys in parts need a second kernel that joins them, hence a further launch; queries
    against a longer cache run so.

    Parameters
    ----------
    shape : Attention
        Lengths, heads and mask.
    on : Board
        Chip and library.

    References
    ----------
    Dao, "FlashAttention-2", arXiv 2307.08691, sections 3.1 and 3.2; parts of the keys: Dao et
    al., "Flash-Decoding for long-context inference", 2023.
    """
    d, cores = shape.head_dim, number(on.chips.cores)
    is_joined = shape.queries < shape.keys
    rows = np.minimum(_QUERIES, shape.queries)
    key_bytes = 2.0 * d * on.right_bytes
    product = np.maximum(
        2.0 * _QUERIES * d / on.macs_per_cycle, key_bytes / on.fill_bytes_per_cycle
    )
    softmax = rows * (number(on.chips.exp_ops) + on.library.score_ops) / on.lanes
    blocks = shape.heads * tiles(shape.queries, _QUERIES)
    if shape.causal:
        mean_keys = shape.keys - 0.5 * (shape.queries - rows)
        keys = np.maximum(blocks * mean_keys / cores, shape.keys)
    else:
        part = np.ceil(shape.keys / _PARTS / _KEY_BLOCK) * _KEY_BLOCK
        keys = np.ceil(blocks * _PARTS / cores) * part
        mean_keys = np.full_like(_PARTS, shape.keys)
    core_s = keys * (product + softmax) * number(on.chips.cycle_s)
    queries = 2.0 * shape.queries * shape.heads * d * on.left_bytes
    moved = queries + shape.keys * shape.kv_heads * key_bytes
    sums = np.where(_PARTS > 1.0, ACCUMULATOR_BYTES / on.left_bytes * queries * _PARTS, 0.0)
    streamed = overlap(core_s + sums / on.cache_bytes_per_s, moved / on.dram_bytes_per_s, on)
    is_allowed = (_PARTS == 1.0) | (is_joined and not shape.causal)
    best = int(np.argmin(np.where(is_allowed, streamed, np.inf)))
    launch = on.fused_launch_s + (on.launch_s if is_joined else 0.0)
    scores = float(shape.heads * shape.queries * mean_keys[best])
    return KernelCost(
        seconds=launch + float(streamed[best]),
        launch_s=launch,
        macs=2.0 * d * scores,
        scores=scores,
        cache_bytes=float(blocks[best] * mean_keys[best] * key_bytes),
        dram_bytes=moved,
    )


def normalisation(rows: float, width: float, on: Board) -> KernelCost:
    """Cost of a layer normalisation: a row per block, read and written once.

    t = launch + max(t_c, t_d) + x min(t_c, t_d),  t_c = ceil(rows / c) width o_n / (v clock)  (1)

    Parameters
    ----------
    rows, width : float
        Rows, and elements of each.
    on : Board
        Chip and library.
    """
    moved = 2.0 * rows * width * on.left_bytes
    passes = number(tiles(rows, on.chips.cores))
    cycles = passes * width * on.library.norm_ops / on.lanes
    core_s = np.full(1, cycles * number(on.chips.cycle_s))
    seconds = number(overlap(core_s, moved / on.dram_bytes_per_s, on))
    return KernelCost(on.launch_s + seconds, on.launch_s, 0.0, 0.0, moved, moved)
