"""Time, bytes and energy of one operator on every chip of a batch: the kernel's inner step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.batch import Array, ChipBatch
from dse.cost.capacity import PARAMETER_BYTES
from dse.cost.flash import flash_read
from dse.cost.matrix import engine_bytes, matrix_cycles
from dse.cost.traffic import (
    TILE_SHARE,
    Widths,
    gemm_input_bytes,
    resident_fraction,
)
from dse.workload import Kind, Op, Operand, Span, mean

__all__ = [
    "OpCost",
    "OpWork",
    "busiest_s",
    "engine_seconds",
    "op_cost",
    "op_work",
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


@dataclass(frozen=True, slots=True)
class OpWork:
    """What one launch asks of each resource, in counts that no rate enters; arrays as `OpCost`.

    They depend on formats, capacities and the shape of the engine: neither on clocks and
    bandwidths nor on energies.

    Parameters
    ----------
    cycles : Array
        Cycles of the product on the matrix engine.
    lane_ops : Array
        Operations of the vector lanes beside the product.
    reads, writes : Array
        Bytes between local SRAM and engines, B.
    cache_bytes, dram_bytes : Array
        Bytes across each boundary, without what comes from flash, B.
    """

    cycles: Array
    lane_ops: Array
    reads: Array
    writes: Array
    cache_bytes: Array
    dram_bytes: Array


def op_work(op: Op, chips: ChipBatch) -> OpWork:
    """Count what one launch asks of each resource.

    Parameters
    ----------
    op : Op
        One row of the operator table.
    chips : ChipBatch
        n designs.
    """
    operand = chips.operands[op.operand]
    # Cores exchange tiles of what came from DRAM; towards the cache each has its own SRAM alone.
    dram_bytes = _boundary_bytes(op, chips, chips.sram_bytes + chips.cache_bytes)
    cache_bytes = _boundary_bytes(op, chips, chips.core_sram_bytes)
    reads, writes = _sram_bytes(op, chips, cache_bytes)
    lanes = op.lane_ops + op.exp_count * chips.exp_ops + op.operand_elements * operand.convert_ops
    return OpWork(_product_cycles(op, chips), lanes, reads, writes, cache_bytes, dram_bytes)


def op_cost(op: Op, chips: ChipBatch, work: OpWork | None = None) -> OpCost:
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
    work : OpWork, optional
        What `op_work` says of them, where it is known already.

    Returns
    -------
    OpCost
        Times, bytes and energies of one launch.

    References
    ----------
    (1) Williams, Waterman, Patterson, CACM 52(4), 2009, with one roof per memory level
    (Ilic, Pratas, Sousa, "Cache-aware roofline model", IEEE CAL 13(1), 2014).
    """
    work = op_work(op, chips) if work is None else work
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


def _product_cycles(op: Op, chips: ChipBatch) -> Array:
    """Cycles of the operator's products on the matrix engine; none where it has no product."""
    if op.kind is Kind.VECTOR:
        return np.zeros(1)
    cycles = chips.operands[op.operand].cycles_per_mac
    total = matrix_cycles(chips, (op.m, op.k, op.n), op.count, cycles)
    if op.kind is Kind.ATTENTION:
        total = total + matrix_cycles(chips, (op.m, op.n, op.v), op.count, cycles)
    return total


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


def _boundary_bytes(op: Op, chips: ChipBatch, capacity: Array) -> Array:
    """Bytes that one launch moves across a boundary with `capacity` on the near side."""
    width = chips.activation_bytes
    border = (op.input_elements + op.extra_elements + op.output_elements) * width
    away = 1.0 - resident_fraction(capacity, border)
    operand = chips.operands[op.operand].bytes_per_element
    appended = op.kv_write_elements * chips.operands[Operand.KV].bytes_per_element
    fixed = op.parameter_elements * PARAMETER_BYTES + appended
    moved = fixed + (op.extra_elements + op.output_elements) * width * away
    if op.kind is Kind.VECTOR:
        return moved
    widths = Widths(width / op.overlap, operand)
    share = capacity * TILE_SHARE
    if op.kind is Kind.ATTENTION:
        stored = op.operand_elements / (op.count * op.keys)
        heads = Heads(mean(op.m), op.keys, mean(op.n), mean(op.k), op.v, stored)
        return moved + op.count * attention_input_bytes(heads, share, widths, away)
    k, n = (op.keys if isinstance(d, Span) else mean(d) for d in (op.k, op.n))
    return moved + op.count * gemm_input_bytes((mean(op.m), k, n), share, widths, away)


def _sram_bytes(op: Op, chips: ChipBatch, fetched: Array) -> tuple[Array, Array]:
    """Bytes read from and written to local SRAM: what arrives, and what the engine moves."""
    outputs = op.output_elements * chips.activation_bytes
    if op.kind is Kind.VECTOR:
        return op.extra_elements * chips.activation_bytes + np.zeros(1), outputs
    products = [(op.m, op.k, op.n)]
    if op.kind is Kind.ATTENTION:
        products.append((op.m, op.n, op.v))
    reads, moved = np.zeros(1), np.zeros(1)
    operand = chips.operands[op.operand].bytes_per_element
    for dims in products:
        more_reads, more_moved = engine_bytes(chips, dims, chips.activation_bytes, operand)
        reads, moved = reads + op.count * more_reads, moved + op.count * more_moved
    return reads, fetched + moved
