"""A chip with its kernel library, and what a kernel takes on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.chip import Chip, KernelLibrary
from dse.cost.batch import Array, ChipBatch
from dse.cost.derive import derive
from dse.technology import Silicon
from dse.workload import Operand, Precision

__all__ = ["Board", "KernelCost", "board", "number", "overlap"]


@dataclass(frozen=True, slots=True)
class Board:
    """One chip and its kernel library, for one choice of formats.

    Parameters
    ----------
    chips : ChipBatch
        A batch of one.
    library : KernelLibrary
        What its kernels reach.
    macs_per_cycle : float
        Multiply-accumulates per core and cycle that the inner loop reaches.
    fill_bytes_per_cycle : float
        Bytes per core and cycle from the cache.
    lanes : float
        Lane operations per core and cycle.
    dram_bytes_per_s, cache_bytes_per_s : float
        Bandwidths that kernels reach, B/s.
    launch_s, fused_launch_s : float
        Launch of a kernel and of a fused attention, s.
    left_bytes, right_bytes : float
        Bytes per element of activations and of weights (or keys and values).
    convert_ops : float
        Lane operations to widen one weight.
    """

    chips: ChipBatch
    library: KernelLibrary
    macs_per_cycle: float
    fill_bytes_per_cycle: float
    lanes: float
    dram_bytes_per_s: float
    cache_bytes_per_s: float
    launch_s: float
    fused_launch_s: float
    left_bytes: float
    right_bytes: float
    convert_ops: float


@dataclass(frozen=True, slots=True)
class KernelCost:
    """What one kernel takes.

    Parameters
    ----------
    seconds, launch_s : float
        Whole time, and the part of it before the cores start, s.
    macs, scores : float
        Multiply-accumulates, and attention scores; edges of blocks not counted, but masked scores
        of the blocks on the diagonal.
    cache_bytes, dram_bytes : float
        Bytes from the cache to the cores, and to and from DRAM, B.
    """

    seconds: float
    launch_s: float
    macs: float
    scores: float
    cache_bytes: float
    dram_bytes: float


def board(chip: Chip, precision: Precision, silicon: Silicon, unit: str | None = None) -> Board:
    """Rates of a chip under its kernel library.

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    core = chip.unit(unit)
    library = core.kernels
    chips = derive(chip, precision, silicon, unit)
    operand = chips.operands[Operand.WEIGHTS]
    cells = chips.tile_rows * chips.tile_cols * chips.depth
    if library.dram_efficiency is None:
        dram_rate = 1.0 / chips.dram_s_per_byte
    else:
        streamed = chips.peak_dram_bytes_per_s * library.dram_efficiency
        dram_rate = 1.0 / np.maximum(1.0 / streamed, chips.dram_limit_s_per_byte)
    cycle, cores = number(chips.cycle_s), number(chips.cores)
    with np.errstate(divide="ignore"):  # without a cache nothing but DRAM delays a fill
        cache_rate = number(1.0 / chips.cache_s_per_byte) * library.cache_efficiency
    launch = core.dispatch_s if library.launch_s is None else library.launch_s
    fused = launch if library.fused_launch_s is None else library.fused_launch_s
    return Board(
        chips=chips,
        library=library,
        macs_per_cycle=number(cells / operand.cycles_per_mac) * library.matrix_efficiency,
        fill_bytes_per_cycle=cache_rate * cycle / cores,
        lanes=number(chips.cycle_s / (chips.lane_s * chips.cores)),
        dram_bytes_per_s=number(dram_rate),
        cache_bytes_per_s=cache_rate,
        launch_s=number(launch),
        fused_launch_s=number(fused),
        left_bytes=number(chips.activation_bytes),
        right_bytes=number(operand.bytes_per_element),
        convert_ops=number(operand.convert_ops),
    )


def number(value: float | Array) -> float:
    """The one entry of a batch of one."""
    return float(np.asarray(value).reshape(-1)[0])


def overlap(core_s: Array, dram_s: float, on: Board) -> Array:
    """Longer of the two, and the share of the shorter that it cannot hide."""
    longer, shorter = np.maximum(core_s, dram_s), np.minimum(core_s, dram_s)
    return np.asarray(longer + on.library.exposed * shorter)
