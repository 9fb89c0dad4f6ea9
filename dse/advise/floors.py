"""Floors of what a phase needs on any chip: bytes, memory and energy, from its table alone."""

from __future__ import annotations

import math

from dse.cost import ChipBatch
from dse.cost.numerics import mac_energy_j
from dse.cost.roofline import seconds_per_mac
from dse.dtype import DType
from dse.spec import Technology
from dse.workload import Kind, Op, Operand, Precision, Workload, operand_elements
from dse.workload.ops import mean

__all__ = ["decode_bytes", "ideal_seconds", "least_sram_bytes", "matrix_j", "prefill_bytes"]


def ideal_seconds(table: tuple[Op, ...], batch: ChipBatch) -> float:
    """Time of the matrix work at the chip's peak rate for each pair of types."""
    return sum(op.repeat * op.macs * float(seconds_per_mac(op, batch)[0]) for op in table)


def _stored_bytes(
    table: tuple[Op, ...], precision: Precision, operands: tuple[Operand, ...]
) -> float:
    widths = _widths(precision)
    return sum(operand_elements(table, operand) * widths[operand] for operand in operands)


def decode_bytes(work: Workload, precision: Precision) -> float:
    """Weights, head and every key and value once: the new ones are written, the others read."""
    return _stored_bytes(work.decode, precision, tuple(Operand))


def prefill_bytes(work: Workload, precision: Precision) -> float:
    """Weights and head once, and the cache written; what was just made need not be read back."""
    appended = sum(op.repeat * op.kv_write_elements for op in work.prefill)
    read = _stored_bytes(work.prefill, precision, (Operand.WEIGHTS, Operand.HEAD))
    return read + appended * precision.kv.bytes_per_element


def _widths(precision: Precision) -> dict[Operand, float]:
    return {
        Operand.WEIGHTS: precision.weights.bytes_per_element,
        Operand.HEAD: precision.head.bytes_per_element,
        Operand.KV: precision.kv.bytes_per_element,
    }


def least_sram_bytes(table: tuple[Op, ...], precision: Precision, budget_bytes: float) -> float:
    """Smallest memory whose I/O lower bound keeps the phase within a byte budget, by bisection."""
    widths = _widths(precision)
    gemms = [op for op in table if op.kind is Kind.GEMM]

    def bound(elements: float) -> float:
        total = 0.0
        for op in gemms:
            width = min(widths[op.operand], precision.activations.bytes_per_element)
            products = mean(op.m) * mean(op.k) * mean(op.n)
            least = op.count * (2.0 * products / math.sqrt(elements) - 2.0 * elements) * width
            total += op.repeat * max(op.operand_elements * widths[op.operand], least)
        return total

    low, high = 1.0, 2.0**40
    if bound(low) <= budget_bytes:
        return 0.0
    while high / low > 1.0 + 1e-9:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if bound(middle) > budget_bytes else (low, middle)
    narrow = min(*widths.values(), precision.activations.bytes_per_element)
    return high * narrow


def matrix_j(table: tuple[Op, ...], precision: Precision, technology: Technology) -> float:
    """Matrix energy of one decode step on the most frugal node, J."""
    activations = DType(precision.activations.code)
    types = {
        Operand.WEIGHTS: DType(precision.weights.code),
        Operand.HEAD: DType(precision.head.code),
        Operand.KV: DType(precision.kv.code),
    }
    silicon = technology.silicon
    energy = {o: mac_energy_j(t, activations, silicon) for o, t in types.items()}
    least = min(node.logic_energy for node in technology.nodes.values())
    return least * sum(op.repeat * op.macs * energy[op.operand] for op in table)
