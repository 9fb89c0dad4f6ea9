"""What crosses a memory boundary while kernels hand their results to each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.batch import Array, ChipBatch
from dse.cost.capacity import PARAMETER_BYTES
from dse.cost.matrix import ACCUMULATOR_BYTES
from dse.cost.traffic import SLICE, TILE_SHARE, Widths, gemm_input_bytes
from dse.workload import Kind, Op, Operand, Span, mean

__all__ = ["moved_bytes"]

# Shares of the near side that may hold what kernels hand to each other: a kernel without tiles
# takes the first, one on its own the best of three, and a chain the best of all.
_SHARES = (1.0 - TILE_SHARE, 0.0, 31.0 / 32.0, 0.3, 0.7, 0.85, 0.925)
_MOST = _SHARES[2]
# Designs below which it takes longer to find equal ones than to work each of them out.
_MANY = 512
_PRIMES = (2, 3, 5, 7, 11)


@dataclass(frozen=True, slots=True)
class _Near:
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


def moved_bytes(
    table: tuple[Op, ...], chips: ChipBatch, sides: tuple[Array, Array]
) -> tuple[list[Array], list[Array]]:
    """Bytes that one launch of each operator moves across two boundaries, handovers counted.

    A share of the near side holds what one kernel hands to the next, as much of it as there is;
    the rest works tiles. Of `_SHARES` a chain of kernels takes the one that moves least in all of
    them together, or the tensor between two products never leaves:

        x + y + ceil(m / m1) w                                                                (1)
        x + y + w + (x + 8 m n) (ceil(f / f1) - 1)                                            (2)

    with x and y the bytes at the ends, w those of the weights, f columns between the products and
    n behind them. In (1) m1 rows at a time go through both: per row there stay its input with its
    output in sums and a slice of what is between, or with all of what is between, whichever is
    less. In (2) the weights of f1 columns stay while all rows pass, and outputs that are not
    complete go out and come back in 32 bits. Of 12,000 pairs of products 99 % move at most 5 %,
    and 99.9 % at most 10 %, more than with the best share of 64 and the best fused tiling; the
    worst, where something just fits, 15 % (tests/cost/twins/chain.py).

    What a chain moves beyond its parameters and one reading of its weights is charged to its
    kernels by their multiply-accumulates, so that no kernel moves more where the chain moves less.

    Parameters
    ----------
    table : tuple of Op
        Operators of a phase.
    chips : ChipBatch
        n designs; their formats alone.
    sides : tuple of Array
        Memory on the near side of each boundary, B.

    Returns
    -------
    tuple of list of Array
        By boundary and operator, B, (n,); none grows with its capacity.
    """
    width = chips.activation_bytes
    operands = tuple(operand.bytes_per_element for operand in chips.operands)
    columns = (width, *operands)
    if any(each.ndim > 1 for each in (*sides, *columns)):
        first, second = (_moved(table, _Near(side, width, operands)) for side in sides)
        return first, second
    size = max(each.size for each in (*sides, *columns))
    stacked = np.concatenate([np.broadcast_to(side, size) for side in sides])
    rows, place = _distinct(stacked, [np.tile(c, 2) if c.size > 1 else c for c in columns])
    found = [each[place] if each.size > 1 else each for each in _moved(table, rows)]
    halves = [(each[:size], each[size:]) if each.size > 1 else (each, each) for each in found]
    return [near for near, _ in halves], [far for _, far in halves]


def _distinct(capacity: Array, columns: list[Array]) -> tuple[_Near, npt.NDArray[np.intp] | slice]:
    """Distinct designs where that pays, and which of them each one is."""
    if capacity.size >= _MANY:
        large = [each for each in (capacity, *columns) if each.size > 1]
        # One number per row, in all likelihood its own; that it is, is looked up below.
        mixed = sum(column * math.sqrt(i) for i, column in zip(_PRIMES, large, strict=False))
        values, row = np.unique(mixed, return_inverse=True)
        place = np.empty(len(values), dtype=np.intp)
        place[row] = np.arange(len(row))
        is_few = 2 * len(values) < len(row)
        if is_few and all(np.array_equal(column[place][row], column) for column in large):
            width, *operands = (c[place] if c.size > 1 else c for c in columns)
            return _Near(capacity[place], width, tuple(operands)), row
    width, *operands = columns
    return _Near(capacity, width, tuple(operands)), slice(None)


def _moved(table: tuple[Op, ...], near: _Near) -> list[Array]:
    return [moved for chain in _chains(table) for moved in _chain_bytes(chain, near)]


def _chains(table: tuple[Op, ...]) -> Iterator[tuple[Op, ...]]:
    """Neighbours of one chain together, every other operator alone."""
    for (name, _), ops in groupby(table, lambda op: (op.chain, op.repeat)):
        if name:
            yield tuple(ops)
        else:
            yield from ((op,) for op in ops)


def _chain_bytes(chain: tuple[Op, ...], near: _Near) -> list[Array]:
    """Bytes of every kernel of a chain by the best way to run it."""
    once = [_once(op, near) for op in chain]
    least, best = sum(once[1:], once[0]), np.full(1, np.inf)
    for most in _rooms(chain, near):
        first, *others = (_op_bytes(op, near, most) for op in chain)
        best = np.minimum(best, sum(others, first))
        if np.all(best <= least):
            break
    else:
        best = np.minimum(best, _fused_bytes(chain, near))
    if len(chain) == 1:
        return [np.maximum(best, least)]
    beyond = np.maximum(best - least, 0.0)
    macs = sum(op.macs for op in chain)
    return [own + (op.macs / macs) * beyond for op, own in zip(chain, once, strict=True)]


def _rooms(chain: tuple[Op, ...], near: _Near) -> Iterator[Array]:
    """Most that may hold what the kernels of a chain hand over, one way after another."""
    tried = 1 if chain[0].kind is Kind.VECTOR else 3 if len(chain) == 1 else len(_SHARES)
    yield from (share * near.capacity_bytes for share in _SHARES[:tried])
    if len(chain) > 1:  # just what one of them asks for
        border = np.minimum.reduce([_border(op, near) for op in chain])
        yield np.minimum(border, _MOST * near.capacity_bytes)


def _border(op: Op, near: _Near) -> Array:
    """Bytes of the activations that a launch reads and writes."""
    elements = op.input_elements + op.extra_elements + op.output_elements
    return np.asarray(elements * near.activation_bytes)


def _fixed(op: Op, near: _Near) -> Array:
    """Bytes of parameters, and of what is appended to the cache."""
    appended = op.kv_write_elements * near.operand_bytes[Operand.KV]
    return np.asarray(op.parameter_elements * PARAMETER_BYTES + appended)


def _once(op: Op, near: _Near) -> Array:
    """Bytes of a launch whose activations all stay on the near side."""
    fixed, operand = _fixed(op, near), near.operand_bytes[op.operand]
    if op.kind is Kind.VECTOR:
        return fixed
    if op.kind is Kind.ATTENTION:
        return fixed + op.count * (op.keys * (_stored(op) * operand))
    _, k, n = _dims(op)
    return fixed + op.count * (operand * (n * k))


def _op_bytes(op: Op, near: _Near, most: Array) -> Array:
    """Bytes of one launch, with at most so much of the near side for its inputs and results."""
    width, border = near.activation_bytes, _border(op, near)
    held = np.minimum(border, most)
    away = 1.0 - held / np.maximum(border, 1.0)
    moved = _fixed(op, near) + (op.extra_elements + op.output_elements) * width * away
    if op.kind is Kind.VECTOR:
        return moved
    widths = Widths(width / op.overlap, near.operand_bytes[op.operand])
    room = near.capacity_bytes - held
    if op.kind is Kind.ATTENTION:
        heads = Heads(mean(op.m), op.keys, mean(op.n), mean(op.k), op.v, _stored(op))
        return moved + op.count * attention_input_bytes(heads, room, widths, away)
    return moved + op.count * gemm_input_bytes(_dims(op), room, widths, away)


def _fused_bytes(chain: tuple[Op, ...], near: _Near) -> Array:
    """Bytes of two products at once, equations (1) and (2); infinite where no block fits."""
    if len(chain) != 2:
        return np.full(1, np.inf)
    up, down = chain
    (m, k, inner), (_, between, n) = _dims(up), _dims(down)
    width, weights = near.activation_bytes, near.operand_bytes[up.operand]
    outside = up.input_elements + up.extra_elements + down.extra_elements + down.output_elements
    fixed = _fixed(up, near) + _fixed(down, near) + outside * width
    once = (up.count * (k * inner) + down.count * (between * n)) * weights
    sums = ACCUMULATOR_BYTES * SLICE * (inner / between)
    sliced = k * width + n * ACCUMULATOR_BYTES + sums + SLICE * width
    whole = (k + between) * width + np.maximum(sums, ACCUMULATOR_BYTES * SLICE)
    pairs = 2.0 * 2.0 * SLICE * SLICE * weights  # double slices of both weights
    passes = _blocks(m, near.capacity_bytes - pairs, np.minimum(sliced, whole))
    streamed = SLICE * (2.0 * k * width + n * ACCUMULATOR_BYTES + sums + SLICE * width)
    column = (k * (inner / between) + n) * weights
    again = _blocks(between, near.capacity_bytes - streamed, column) - 1.0
    spilled = up.input_elements * width + 2.0 * ACCUMULATOR_BYTES * down.count * m * n
    return np.asarray(fixed + np.minimum(once * passes, once + spilled * again))


def _blocks(length: float, room: Array, each: Array) -> Array:
    """Blocks of a length, at `each` bytes an element; infinite below one slice."""
    block = np.floor(room / each)
    with np.errstate(divide="ignore"):
        return np.asarray(np.ceil(length / np.where(block < min(SLICE, length), 0.0, block)))


def _dims(op: Op) -> tuple[float, float, float]:
    """Dimensions of a product; of a growing context all keys that are read."""
    k, n = (op.keys if isinstance(d, Span) else mean(d) for d in (op.k, op.n))
    return mean(op.m), k, n


def _stored(op: Op) -> float:
    """Elements per key of attention."""
    return op.operand_elements / (op.count * op.keys)
