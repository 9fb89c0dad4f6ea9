"""Bytes of one launch across a memory boundary, by what its near side may hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.batch import Array
from dse.cost.capacity import PARAMETER_BYTES
from dse.cost.traffic import Widths, gemm_input_bytes
from dse.workload import Kind, Op, Operand, Span, mean

__all__ = [
    "Near",
    "border_bytes",
    "dims",
    "fixed_bytes",
    "least_bytes",
    "op_bytes",
    "stored_elements",
]


@dataclass(frozen=True, slots=True)
class Near:
    """The near side of a boundary, and all else that the bytes across it depend on.

    Parameters
    ----------
    capacity_bytes, activation_bytes : Array
        Memory, B, and bytes per activation element.
    operand_bytes : tuple of Array
        Bytes per element by `Operand`.
    """

    capacity_bytes: Array
    activation_bytes: Array
    operand_bytes: tuple[Array, ...]


def border_bytes(op: Op, near: Near) -> Array:
    """Bytes of the activations that a launch reads and writes."""
    elements = op.input_elements + op.extra_elements + op.output_elements
    return np.asarray(elements * near.activation_bytes)


def fixed_bytes(op: Op, near: Near) -> Array:
    """Bytes of parameters, and of what is appended to the cache."""
    appended = op.kv_write_elements * near.operand_bytes[Operand.KV]
    return np.asarray(op.parameter_elements * PARAMETER_BYTES + appended)


def least_bytes(op: Op, near: Near) -> Array:
    """Bytes of a launch whose activations all stay on the near side."""
    fixed, operand = fixed_bytes(op, near), near.operand_bytes[op.operand]
    if op.kind is Kind.VECTOR:
        return fixed
    if op.kind is Kind.ATTENTION:
        return fixed + op.count * (op.keys * (stored_elements(op) * operand))
    _, k, n = dims(op)
    return fixed + op.count * (operand * (n * k))


def op_bytes(op: Op, near: Near, most: Array) -> Array:
    """Bytes of one launch, with at most so much of the near side for its inputs and results."""
    width, border = near.activation_bytes, border_bytes(op, near)
    held = np.minimum(border, most)
    away = 1.0 - held / np.maximum(border, 1.0)
    moved = fixed_bytes(op, near) + (op.extra_elements + op.output_elements) * width * away
    if op.kind is Kind.VECTOR:
        return moved
    widths = Widths(width / op.overlap, near.operand_bytes[op.operand])
    room = near.capacity_bytes - held
    if op.kind is Kind.ATTENTION:
        heads = Heads(mean(op.m), op.keys, mean(op.n), mean(op.k), op.v, stored_elements(op))
        return moved + op.count * attention_input_bytes(heads, room, widths, away)
    return moved + op.count * gemm_input_bytes(dims(op), room, widths, away)


def dims(op: Op) -> tuple[float, float, float]:
    """Dimensions of a product; of a growing context all keys that are read."""
    k, n = (op.keys if isinstance(d, Span) else mean(d) for d in (op.k, op.n))
    return mean(op.m), k, n


def stored_elements(op: Op) -> float:
    """Elements per key of attention."""
    return op.operand_elements / (op.count * op.keys)
