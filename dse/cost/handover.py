"""What crosses a memory boundary while kernels hand their results to each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt

from dse.cost.batch import Array, ChipBatch
from dse.cost.fused import AttentionChain, pair_bytes
from dse.cost.near import Near, border_bytes, least_bytes, op_bytes
from dse.cost.traffic import TILE_SHARE
from dse.workload import Kind, Op

__all__ = ["moved_bytes"]

# Shares of the near side that may hold what kernels hand to each other: a kernel without tiles
# takes the first, one on its own the best of three, and a chain the best of all.
_SHARES = (1.0 - TILE_SHARE, 0.0, 31.0 / 32.0, 0.3, 0.7, 0.85, 0.925)
_MOST = _SHARES[2]
# Designs below which it takes longer to find equal ones than to work each of them out.
_MANY = 512
# Values that are worked out at a time.
_TOGETHER = 1 << 14
_PRIMES = (2, 3, 5, 7, 11)
# Kernels that may run as one.
_PAIR = (Kind.GEMM, Kind.GEMM)
_ATTENTION = (Kind.GEMM, Kind.ATTENTION, Kind.GEMM)


def moved_bytes(
    table: tuple[Op, ...], chips: ChipBatch, sides: tuple[Array, Array]
) -> tuple[list[Array], list[Array]]:
    """Bytes that one launch of each operator moves across two boundaries, handovers counted.

    A share of the near side holds what one kernel hands to the next, as much of it as there is;
    the rest works tiles. Of `_SHARES` a chain of kernels takes the one that moves least in all of
    them together, or kernels run as one and what is between them never leaves. Two products then
    move

        x + y + ceil(m / m1) w                                                                (1)
        x + y + w + (x + 8 m n) (ceil(f / f1) - 1)                                            (2)

    with x and y the bytes at the ends, w those of the weights, f columns between the products and
    n behind them. In (1) m1 rows at a time go through both: per row there stay its input with its
    output in sums and a slice of what is between, or with all of what is between, whichever is
    less. In (2) the weights of f1 columns stay while all rows pass, and outputs that are not
    complete go out and come back in 32 bits. Of 12,000 pairs of products 99 % move at most 5 %,
    and 99.9 % at most 10 %, more than with the best share of 64 and the best fused tiling; the
    worst, where something just fits, 15 % (tests/cost/twins/chain.py).

    QKV, attention and the output projection, whose keys and values go to the cache in any case,
    move

        x + y + c + w p + r (p - 1)                                         all three at once (3)
        x ceil(h / h1) + o + w + c                                               the first two (4)
        q + y + c + w p + r (p - 1)                                               the last two (5)

    in p blocks of rows, of which queries, and in their place outputs, stay. All the weights may
    stay as well and pass once (p = 1 in w p). c are the bytes of keys and values that come back
    once, r those that one more block meets: those that were made come back, or those of the block
    stay, or all of a sequence do (r = 0). What this leaves free holds the ends x and y. In (4)
    weights, keys and values of h1 of h heads stay while all rows pass 16 at a time. Queries q and
    outputs o between a kernel that is alone and the others move as far as its share does not hold
    them. Of 12,000 such chains 98.7 % move at most 5 %, and 99.8 % at most 10 %, more than with
    the best share of 64 and the best blocks of rows and heads; the worst, where something just
    fits, 16 % (tests/cost/twins/attention_chain.py). Latent attention, and layers without keys of
    their own, run kernel by kernel.

    What a chain moves beyond its parameters and one reading of its weights and of keys that it did
    not make is charged to its kernels by their multiply-accumulates, so that no kernel moves more
    where the chain moves less.

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
        first, second = (_moved(table, Near(side, width, operands)) for side in sides)
        return first, second
    size = max(each.size for each in (*sides, *columns))
    stacked = np.concatenate([np.broadcast_to(side, size) for side in sides])
    rows, place = _distinct(stacked, [np.tile(c, 2) if c.size > 1 else c for c in columns])
    found = [each[place] if each.size > 1 else each for each in _moved(table, rows)]
    halves = [(each[:size], each[size:]) if each.size > 1 else (each, each) for each in found]
    return [near for near, _ in halves], [far for _, far in halves]


def _distinct(capacity: Array, columns: list[Array]) -> tuple[Near, npt.NDArray[np.intp] | slice]:
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
            return Near(capacity[place], width, tuple(operands)), row
    width, *operands = columns
    return Near(capacity, width, tuple(operands)), slice(None)


def _moved(table: tuple[Op, ...], near: Near) -> list[Array]:
    return [moved for chain in _chains(table) for moved in _chain_bytes(chain, near)]


def _chains(table: tuple[Op, ...]) -> Iterator[tuple[Op, ...]]:
    """Neighbours of one chain together, every other operator alone."""
    for name, ops in groupby(table, lambda op: op.chain):
        if name:
            yield tuple(ops)
        else:
            yield from ((op,) for op in ops)


def _chain_bytes(chain: tuple[Op, ...], near: Near) -> list[Array]:
    """Bytes of every kernel of a chain.

    Layers that share the rows of their projections and differ in what they attend to are chains
    of their own: the projections move the mean of what they move in each.
    """
    scores = [op for op in chain if op.kind is Kind.ATTENTION]
    if len(scores) < 2:
        return _link_bytes(chain, near)
    first, last = chain[0], chain[-1]
    links = [_link_bytes((first, op, last), near) for op in scores]
    shares = [op.repeat / first.repeat for op in scores]
    ends = [sum(s * link[i] for s, link in zip(shares, links, strict=True)) for i in (0, 2)]
    return [np.asarray(ends[0]), *(link[1] for link in links), np.asarray(ends[1])]


def _link_bytes(chain: tuple[Op, ...], near: Near) -> list[Array]:
    """Bytes of every kernel of a chain by the best way to run it."""
    once, best = [least_bytes(op, near) for op in chain], np.full(1, np.inf)
    kinds = tuple(op.kind for op in chain)
    block = AttentionChain(chain, near) if kinds == _ATTENTION else None
    if block is not None:
        once[1] = once[1] - block.made_bytes
        best = block.whole_bytes()
    least = sum(once[1:], once[0])
    for most in _rooms(chain, near):
        if np.all(best <= least):
            break
        first, *others = (op_bytes(op, near, most) for op in chain)
        ways = [sum(others, first)]
        if block is not None:
            ways += [block.first_bytes(most, others[-1]), block.last_bytes(most, first)]
        for way in ways:
            best = np.minimum(best, way.min(axis=0))
    else:
        best = np.minimum(best, pair_bytes(chain, near)) if kinds == _PAIR else best
    if len(chain) == 1:
        return [np.maximum(best, least)]
    beyond = np.maximum(best - least, 0.0)
    macs = sum(op.macs for op in chain)
    return [own + (op.macs / macs) * beyond for op, own in zip(chain, once, strict=True)]


def _rooms(chain: tuple[Op, ...], near: Near) -> Iterator[Array]:
    """Most that may hold what the kernels of a chain hand over, by several ways at a time.

    The first alone, for it is often enough; then as many as stay in the nearest cache.
    """
    tried = 1 if chain[0].kind is Kind.VECTOR else 3 if len(chain) == 1 else len(_SHARES)
    ways = [share * near.capacity_bytes for share in _SHARES[:tried]]
    if len(chain) > 1:  # just what one of them asks for
        border = np.minimum.reduce([border_bytes(op, near) for op in chain])
        ways.append(np.minimum(border, _MOST * near.capacity_bytes))
    deep = max(each.ndim for each in (near.activation_bytes, *near.operand_bytes))
    step = max(1, _TOGETHER // near.capacity_bytes.size)
    for start, end in [(0, 1), *((i, i + step) for i in range(1, len(ways), step))]:
        some = np.stack(np.broadcast_arrays(*ways[start:end]))
        yield some.reshape(len(some), *(1,) * (deep + 1 - some.ndim), *some.shape[1:])
