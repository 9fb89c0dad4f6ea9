"""Bytes of kernels that run as one, a block at a time, while what is between them stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

from dse.cost.batch import Array
from dse.cost.matrix import ACCUMULATOR_BYTES
from dse.cost.near import Near, border_bytes, dims, fixed_bytes, stored_elements
from dse.cost.traffic import SLICE
from dse.workload import Op, Operand, mean

__all__ = ["AttentionChain", "pair_bytes"]

# Blocks of rows that are tried beside the largest that fits: what these leave free holds the ends.
_PARTS = (1.0, 2.0, 3.0, 4.0, 6.0)


def pair_bytes(chain: tuple[Op, ...], near: Near) -> Array:
    """Bytes of two products at once, (1) and (2) of `moved_bytes`; infinite where none fits."""
    up, down = chain
    (m, k, inner), (_, between, n) = dims(up), dims(down)
    width, weights = near.activation_bytes, near.operand_bytes[up.operand]
    outside = up.input_elements + up.extra_elements + down.extra_elements + down.output_elements
    fixed = fixed_bytes(up, near) + fixed_bytes(down, near) + outside * width
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


@dataclass(frozen=True, slots=True)
class _Stream:
    """What every block of rows meets, weights or keys, as far as it stays; bytes.

    Parameters
    ----------
    beside, row, most : Array
        What stays: of the smallest block, more with every row, and at most.
    once, again : Array
        What is read for one block, and more for every further one.
    """

    beside: Array
    row: Array
    most: Array
    once: Array
    again: Array


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that go through several kernels, a block at a time.

    Parameters
    ----------
    length : float
        All rows.
    needs : tuple of (Array, Array)
        By kernel, bytes beside the rows and with every row of a block.
    ends : Array
        Bytes at the ends of what is fused, as far as they do not stay.
    """

    length: float
    needs: tuple[tuple[Array, Array], ...]
    ends: Array

    def bytes(self, streams: tuple[_Stream, ...], capacity: Array) -> Array:
        """Least bytes with the streams, by the number of blocks; infinite where none fits."""
        beside, row = (sum(getattr(s, name) for s in streams) for name in ("beside", "row"))
        once, again = (sum(getattr(s, name) for s in streams) for name in ("once", "again"))
        fewest = [
            _blocks(self.length, capacity - fixed - beside, each + row)
            for fixed, each in self.needs
        ]
        further = reduce(np.maximum, fewest) - 1.0
        fits = further < np.inf
        best = once + self.ends + np.where(fits, further, 0.0) * again
        best = np.where(fits, best, np.inf)
        # What a number of blocks leaves free holds the ends, as far as it goes.
        least = min(SLICE, self.length)
        most = float(np.ceil(self.length / least))
        parts = np.array([*(p for p in _PARTS if p < most), most])
        parts = parts.reshape(-1, *(1,) * best.ndim)
        block = np.maximum(np.ceil(self.length / parts), least)
        held = sum(np.minimum(s.beside + block * s.row, s.most) for s in streams)
        own = reduce(np.maximum, (fixed + block * each for fixed, each in self.needs))
        free = capacity - own - held
        cost = once + (parts - 1.0) * again + np.maximum(self.ends - free, 0.0)
        cost = np.where(free >= 0.0, cost, np.inf)
        return np.asarray(np.minimum(best, cost.min(axis=0)))


class AttentionChain:
    """QKV, attention and output projection, all of them or two as one kernel.

    Parameters
    ----------
    chain : tuple of Op
        The three of them; the first appends keys and values to the cache.
    near : Near
        Near side.
    """

    def __init__(self, chain: tuple[Op, ...], near: Near) -> None:
        self._chain, self._near = chain, near
        first, scores, last = chain
        self._length, self._depth, _ = dims(first)
        stored = stored_elements(scores)
        made = min(first.kv_write_elements, scores.operand_elements)
        self._tokens = made / (scores.count * stored)
        self._heads = made / (self._length * stored)
        self._gates = first.output_elements - scores.input_elements
        # Bytes: keys and values of a token, all that are read, weights of both projections.
        cache = near.operand_bytes[Operand.KV]
        self.made_bytes = made * cache
        self._key = self.made_bytes / self._length
        self._read = scores.operand_elements * cache
        self._weights = [
            op.count * dims(op)[1] * dims(op)[2] * near.operand_bytes[op.operand]
            for op in (first, last)
        ]
        # Bytes of queries, of a running state, and beside them; of what comes in slices.
        self._queries = first.output_elements / self._length * near.activation_bytes
        group = mean(scores.m) / self._tokens
        self._state = group * (scores.v + 2.0) * ACCUMULATOR_BYTES
        slices = min(2.0 * SLICE, scores.keys) * stored * cache
        tile = min(SLICE, mean(scores.m)) * min(SLICE, scores.keys) * ACCUMULATOR_BYTES
        self._slices = slices + tile
        self._columns = 2.0 * SLICE * SLICE * near.operand_bytes[first.operand]
        self._sums = SLICE * ACCUMULATOR_BYTES

    def whole_bytes(self) -> Array:
        """Bytes of all three at once, (3) of `moved_bytes`; infinite where none fits."""
        first, _, last = self._chain
        near = self._near
        fixed = fixed_bytes(first, near) + fixed_bytes(last, near)
        rows = _Rows(self._length, self._needs(is_first=True), self._input() + self._output())
        weights = self._weights[0] + self._weights[1]
        ways = product((_passing(weights), _staying(weights)), self._keys())
        found = [rows.bytes(way, near.capacity_bytes) for way in ways]
        return np.asarray(fixed + reduce(np.minimum, found))

    def first_bytes(self, most: Array, alone: Array) -> Array:
        """Bytes with the first two at once, (4), and at most `most` for the ends of the last."""
        first, _, last = self._chain
        near = self._near
        between, held = self._between(last, most)
        few = min(SLICE, self._tokens)
        width, source = near.activation_bytes, self._input()
        row = self._depth * width + self._sums
        fixed = np.maximum(few * row + self._columns, few * self._state + self._slices)
        all_heads = self._weights[0] + self._chain[1].keys * self._key + few * self._queries
        room = near.capacity_bytes - held - fixed
        turns = _blocks(self._heads, room, all_heads / self._heads, least=1.0)
        free = room - all_heads
        inputs = np.where(free >= 0.0, np.maximum(source - free, 0.0), source * turns)
        moved = self._weights[0] + (self._read - self.made_bytes) + inputs
        return np.asarray(fixed_bytes(first, near) + moved + (between - held) + alone)

    def last_bytes(self, most: Array, alone: Array) -> Array:
        """Bytes with the last two at once, (5), and at most `most` for the ends of the first."""
        first, _, last = self._chain
        near = self._near
        between, held = self._between(first, most)
        rows = _Rows(self._length, self._needs(is_first=False), self._output())
        again, _, stay = self._keys()
        stay = _Stream(stay.beside, stay.row, stay.most, self._read, stay.again)
        weights = self._weights[1]
        room = near.capacity_bytes - held
        ways = product((_passing(weights), _staying(weights)), (again, stay))
        found = [rows.bytes(way, room) for way in ways]
        return np.asarray(
            fixed_bytes(last, near) + reduce(np.minimum, found) + (between - held) + alone
        )

    def _between(self, op: Op, most: Array) -> tuple[Array, Array]:
        """Bytes of queries, or outputs, and gates, and what of them `op` keeps within `most`."""
        border = border_bytes(op, self._near)
        between = self._length * self._queries
        return between, np.minimum(border, most) * (between / border)

    def _input(self) -> Array:
        first = self._chain[0]
        return (first.input_elements + first.extra_elements) * self._near.activation_bytes

    def _output(self) -> Array:
        last = self._chain[2]
        elements = last.extra_elements - self._gates + last.output_elements
        return np.asarray(elements * self._near.activation_bytes)

    def _needs(self, *, is_first: bool) -> tuple[tuple[Array, Array], ...]:
        """What each kernel needs beside the rows of a block, and with every row."""
        source = self._depth * self._near.activation_bytes if is_first else 0.0
        product_needs = self._columns, self._queries + source + self._sums
        return product_needs, (self._slices, self._queries + self._state)

    def _keys(self) -> tuple[_Stream, _Stream, _Stream]:
        """Keys that are made go out and come back, or stay with their block, or all stay."""
        scores, key = self._chain[1], self._key
        none, rest = np.zeros(1), self._read - self.made_bytes
        again = mean(scores.n) * key
        whole = scores.keys * key
        sequences = self._length / self._tokens
        more = whole / self._tokens if sequences > 1.0 else none
        return (
            _Stream(none, none, none, self._read, again),
            _Stream(none, key, self.made_bytes, rest, again),
            _Stream(whole, more, sequences * whole, rest, none),
        )


def _passing(weights: Array) -> _Stream:
    """Weights that come again for every block."""
    none = np.zeros(1)
    return _Stream(none, none, none, weights, weights)


def _staying(weights: Array) -> _Stream:
    """Weights that are read once and stay."""
    none = np.zeros(1)
    return _Stream(weights, none, weights, weights, none)


def _blocks(length: float, room: Array, each: Array, least: float = SLICE) -> Array:
    """Blocks of a length, at `each` bytes an element; infinite below one of the least size."""
    block = np.floor(room / each)
    with np.errstate(divide="ignore"):
        return np.asarray(np.ceil(length / np.where(block < min(least, length), 0.0, block)))
