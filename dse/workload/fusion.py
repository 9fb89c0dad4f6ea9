"""Layers to operators: what becomes a kernel of its own, and what rides on another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from dse.workload.layers import Layer
from dse.workload.ops import Kind, Op

__all__ = ["lower"]


@lru_cache(maxsize=128)  # a file of rows asks for the same few networks again and again
def lower(layers: tuple[Layer, ...], batch: int, is_fused: bool) -> tuple[Op, ...]:
    """Operators of a list of layers, equal ones in one row.

    Fused, elementwise work rides on the product before it, or after it where a list begins with
    it; a tensor that it reads beside that product's result is read from memory, and what a gate
    halves is written once. Else every layer is a kernel.

    Parameters
    ----------
    layers : tuple of Layer
        In the order they run.
    batch : int
        Inputs processed together.
    is_fused : bool
        Whether elementwise work folds into the products.
    """
    ops = [layer.op(batch) for layer in layers]
    rows: dict[Op, float] = {}
    for op in _folded(ops) if is_fused else ops:
        key = replace(op, repeat=0.0)
        rows[key] = rows.get(key, 0.0) + op.repeat
    return tuple(replace(key, repeat=repeat) for key, repeat in rows.items())


def _folded(ops: list[Op]) -> Iterator[Op]:
    """Fold elementwise rows into the products that run equally often beside them."""
    host: Op | None = None
    waiting: list[Op] = []
    for op in ops:
        is_vector = op.kind is Kind.VECTOR
        if is_vector and host is not None and host.repeat == op.repeat:
            host = _after(host, op)
        elif is_vector:
            waiting.append(op)
        else:
            if host is not None:
                yield host
            ridden = [each for each in waiting if each.repeat == op.repeat]
            yield from (each for each in waiting if each.repeat != op.repeat)
            waiting = []
            host = op
            for each in ridden:
                host = _before(host, each)
    if host is not None:
        yield host
    yield from waiting


def _work(host: Op, op: Op) -> Op:
    return replace(
        host,
        lane_ops=host.lane_ops + op.lane_ops,
        exp_count=host.exp_count + op.exp_count,
        parameter_elements=host.parameter_elements + op.parameter_elements,
    )


def _after(host: Op, op: Op) -> Op:
    """Let elementwise work ride on the product whose result it reads."""
    beside = max(0.0, op.extra_elements - host.output_elements)
    joined = _work(host, op)
    return replace(
        joined,
        extra_elements=host.extra_elements + beside,
        output_elements=op.output_elements,
    )


def _before(host: Op, op: Op) -> Op:
    """Let elementwise work ride on the product that reads its result."""
    beside = max(0.0, op.extra_elements - op.output_elements)
    return replace(_work(host, op), extra_elements=host.extra_elements + beside)
