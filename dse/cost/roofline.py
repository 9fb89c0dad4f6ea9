"""Time, bytes and energy of one operator on every chip of a batch: the kernel's inner step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.flash import flash_read
from dse.cost.work import OpWork
from dse.workload import Kind, Op

__all__ = [
    "OpCost",
    "busiest_s",
    "engine_seconds",
    "op_cost",
    "seconds_per_mac",
]


@dataclass(frozen=True, slots=True)
class OpCost:
    """One launch of an operator on n chips; arrays of shape (n,) or broadcastable to it.

    Parameters
    ----------
    matrix_s, vector_s, sram_s, cache_s, dram_s, dispatch_s, flash_s : Array
        Seconds that each resource is busy; `dispatch_s` is launch and exposed latency.
    seconds : Array
        Time of the launch, s.
    sram_bytes, cache_bytes, dram_bytes, flash_bytes : Array
        Bytes that cross each boundary, B.
    compute_j, sram_j, cache_j, dram_j, flash_j : Array
        Dynamic energy, J; `compute_j` is that of matrix and vector engines.
    """

    matrix_s: Array
    vector_s: Array
    sram_s: Array
    cache_s: Array
    dram_s: Array
    dispatch_s: Array
    flash_s: Array
    seconds: Array
    sram_bytes: Array
    cache_bytes: Array
    dram_bytes: Array
    flash_bytes: Array
    compute_j: Array
    sram_j: Array
    cache_j: Array
    dram_j: Array
    flash_j: Array

    @property
    def busy_s(self) -> tuple[Array, ...]:
        """Busy seconds in the order of `dse.cost.BOUNDS`."""
        return (
            self.matrix_s,
            self.vector_s,
            self.sram_s,
            self.cache_s,
            self.dram_s,
            self.dispatch_s,
            self.flash_s,
        )

    @property
    def longest_s(self) -> Array:
        """The longest of them, s: what the launch waits for."""
        return busiest_s(self.busy_s)


def op_cost(op: Op, chips: ChipBatch, work: OpWork) -> OpCost:
    """Cost of one launch: the slowest supply decides, plus what no overlap hides.

        t = max(t_matrix, t_vector, t_sram, t_cache, t_dram, t_flash)
            + t_spill + t_dispatch + t_latency                                                (1)
        E = macs e_mac + lane_ops e_lane + sum over levels of bytes e_level                   (2)

    Static power is charged by the caller, for it needs the whole time. A product may run on the
    vector lanes where that is faster (a GEMV on a deep array): then matrix time is none and the
    lanes do one multiply-accumulate per operation. Its energy is charged as on the matrix engine.
    Attention that a runtime does not fuse spills its scores to DRAM between kernels, which
    nothing overlaps. What comes from flash is written to DRAM first; a runtime that does not load
    ahead waits for it, and then t_flash adds to the maximum of the others.

    Parameters
    ----------
    op : Op
        One row of the operator table.
    chips : ChipBatch
        n designs.
    work : OpWork
        What `dse.cost.work.table_work` says of it.

    Returns
    -------
    OpCost
        Times, bytes and energies of one launch.

    References
    ----------
    (1) Williams, Waterman, Patterson, CACM 52(4), 2009, with one roof per memory level
    (Ilic, Pratas, Sousa, "Cache-aware roofline model", IEEE CAL 13(1), 2014).
    """
    reads, writes, lanes = work.reads, work.writes, work.lane_ops
    dram_bytes, cache_bytes = work.dram_bytes, work.cache_bytes
    matrix_s, vector_s = _compute_seconds(op, chips, work)
    sram_s = (reads + writes) * chips.sram_s_per_byte
    cache_s = cache_bytes * chips.cache_s_per_byte
    flash_bytes, flash_s = flash_read(op, chips)
    if op.stream is not None:
        dram_bytes = dram_bytes + flash_bytes
    dram_s = dram_bytes * chips.dram_s_per_byte
    spilled = op.scores * chips.score_bytes
    spill_s = spilled * chips.dram_s_per_byte
    dispatch_s = chips.dispatch_s + chips.latency_s
    busiest = busiest_s((matrix_s, vector_s, sram_s, cache_s, dram_s))
    return OpCost(
        matrix_s=matrix_s,
        vector_s=vector_s,
        sram_s=sram_s,
        cache_s=cache_s,
        dram_s=dram_s + spill_s,
        dispatch_s=dispatch_s,
        flash_s=flash_s,
        seconds=_with_flash(op, busiest, flash_s) + (spill_s + dispatch_s),
        sram_bytes=reads + writes,
        cache_bytes=cache_bytes,
        dram_bytes=dram_bytes + spilled,
        flash_bytes=flash_bytes,
        compute_j=op.macs * chips.operands[op.operand].mac_j + lanes * chips.lane_j,
        sram_j=reads * chips.sram_read_j + writes * chips.sram_write_j,
        cache_j=cache_bytes * chips.cache_j,
        dram_j=(dram_bytes + spilled) * chips.dram_j,
        flash_j=flash_bytes * chips.flash_j,
    )


def _with_flash(op: Op, busiest: Array, flash_s: Array) -> Array:
    """Time of the supplies with flash beside them, or before them where it is not read ahead."""
    if op.stream is None:
        return busiest
    return busiest + flash_s if op.stream.is_exposed else np.maximum(busiest, flash_s)


def seconds_per_mac(op: Op, chips: ChipBatch) -> Array:
    """Seconds per multiply-accumulate at the unit's peak rate for the operator's types."""
    cells = chips.tile_rows * chips.tile_cols * chips.depth * chips.cores
    on_matrix = chips.operands[op.operand].cycles_per_mac * chips.cycle_s / cells
    result: Array = np.minimum(on_matrix, chips.lane_s)
    return result


def _compute_seconds(op: Op, chips: ChipBatch, work: OpWork) -> tuple[Array, Array]:
    """Busy seconds of the matrix and the vector engine, whichever split is faster."""
    vector_s = work.lane_ops * chips.lane_s
    if op.kind is Kind.VECTOR:
        return np.zeros(1), vector_s
    return engine_seconds(work.cycles * chips.cycle_s, vector_s, op.macs * chips.lane_s)


def engine_seconds(matrix_s: Array, vector_s: Array, lane_mac_s: Array) -> tuple[Array, Array]:
    """Busy seconds of matrix and vector engine: the product runs where it is done sooner.

    Parameters
    ----------
    matrix_s, vector_s : Array
        Seconds of the product on the matrix engine, and of the elementwise work on the lanes.
    lane_mac_s : Array
        Seconds of the product on the lanes; infinite where there is no product.
    """
    on_lanes = vector_s + lane_mac_s
    is_vector = on_lanes < np.maximum(matrix_s, vector_s)
    return np.where(is_vector, 0.0, matrix_s), np.where(is_vector, on_lanes, vector_s)


def busiest_s(parts: Iterable[Array]) -> Array:
    """The slowest of supplies that all overlap, s: the maximum of equation (1)."""
    return reduce(np.maximum, parts)
