"""What the operators of a phase ask of each resource, in counts that no rate enters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.handover import moved_bytes
from dse.cost.matrix import engine_bytes, matrix_cycles
from dse.workload import Kind, Op

__all__ = ["OpWork", "table_work"]


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


def table_work(table: tuple[Op, ...], chips: ChipBatch) -> list[OpWork]:
    """Count what one launch of each operator asks of each resource.

    Parameters
    ----------
    table : tuple of Op
        Operators of a phase.
    chips : ChipBatch
        n designs.
    """
    # Cores exchange tiles of what came from DRAM; towards the cache each has its own SRAM alone.
    sides = (chips.sram_bytes + chips.cache_bytes, chips.core_sram_bytes)
    dram, cache = moved_bytes(table, chips, sides)
    return [_op_work(op, chips, *moved) for op, *moved in zip(table, dram, cache, strict=True)]


def _op_work(op: Op, chips: ChipBatch, dram_bytes: Array, cache_bytes: Array) -> OpWork:
    operand = chips.operands[op.operand]
    reads, writes = _sram_bytes(op, chips, cache_bytes)
    lanes = op.lane_ops + op.exp_count * chips.exp_ops + op.operand_elements * operand.convert_ops
    return OpWork(_product_cycles(op, chips), lanes, reads, writes, cache_bytes, dram_bytes)


def _product_cycles(op: Op, chips: ChipBatch) -> Array:
    """Cycles of the operator's products on the matrix engine; none where it has no product."""
    if op.kind is Kind.VECTOR:
        return np.zeros(1)
    cycles = chips.operands[op.operand].cycles_per_mac
    total = matrix_cycles(chips, (op.m, op.k, op.n), op.count, cycles)
    if op.kind is Kind.ATTENTION:
        total = total + matrix_cycles(chips, (op.m, op.n, op.v), op.count, cycles)
    return total


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
