"""Every way to run QKV, attention and the output projection, to hold the handovers against.

python -m tests.cost.twins.attention_chain [shapes]     prints the worst ratios found

What it assumes: a block of query rows, or of rows and KV heads, goes through what is fused, while
its queries, in whose place outputs come head by head, stay on the near side. Weights stay, or pass
once per block in double slices of 16 x 16. Keys and values that are made go out to the cache in
any case; then they come back for every block, or those of the block stay, or a share of all of a
sequence. Under the causal mask a further block reads the mean of what the rows attend to. The
input stays for a block, or comes again for each of several blocks of columns. Sums and the running
state of a row are in 32 bits; sums that leave before they are complete go out and come back. What
a fused block leaves free holds input, residual and result. A kernel on its own keeps a share of
what it reads and writes, as kernel by kernel; what it hands on, or takes over, the fused ones
beside it keep as well. There are no windows and no gates on the output.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.traffic import Widths, gemm_input_bytes
from tests.cost.twins.attention_block import Block, all_of_it, modelled, random_block
from tests.cost.twins.mapping import report
from tests.cost.twins.nest import ACCUMULATOR, SLICE, Values, frontier, tile_sizes

SHARES = np.arange(64) / 64.0
# Shares of the keys and values made that stay; below 0 those of the block alone, above 1 also
# those that were there before.
KEPT = (0.0, -1.0, 0.25, 0.5, 0.75, 1.0, 2.0)
READINGS = 12
# Which of the two projections is fused with attention.
FUSED = ((True, True), (True, False), (False, True))


@dataclass(frozen=True)
class Split:
    """Rows of a block, how many blocks there are, and how often they visit a sequence in all."""

    rows: Values
    blocks: Values
    visits: Values


def optimum(block: Block, capacity: Values) -> Values:
    """Least bytes: kernel by kernel with any share to hand over, or two or three of them fused."""
    return np.min([unfused(block, capacity), fused(block, capacity)], axis=0)


def unfused(block: Block, capacity: Values) -> Values:
    """Least bytes kernel by kernel, of any share for what is handed on.

    Each kernel by the tiler, which has twins of its own. Of what a kernel reads and writes any
    share may be kept, in 64 steps, alike in all three.
    """
    ways = [sum(_alone(block, capacity, share)) for share in SHARES]
    return np.asarray(np.min(ways, axis=0))


def fused(block: Block, capacity: Values) -> Values:
    """Least bytes with two or three kernels fused, and any share for what is handed on."""
    whole, first, second = fronts(block)
    ends, middle = block.rows * block.row, block.rows * block.queries * block.width
    best = _least(whole, capacity, 3.0 * ends)
    for share in SHARES:
        qkv, _, last = _alone(block, capacity, share)
        for front, own, alone, border in (
            (first, ends, last, middle + 2.0 * ends),
            (second, 2.0 * ends, qkv, ends + middle),
        ):
            # Of what is between, the fused kernels keep what the one that is alone does.
            held = np.minimum(border, share * capacity) * (middle / border)
            best = np.minimum(best, _least(front, capacity - held, own) - held + alone)
    return np.asarray(best)


def _least(front: tuple[Values, Values], capacity: Values, ends: float) -> Values:
    """Least cost in each capacity, where what a footprint leaves free holds the ends."""
    free = capacity - front[0].reshape(-1, 1)
    cost = front[1].reshape(-1, 1) - np.minimum(free, ends)
    return np.asarray(np.min(np.where(free >= 0.0, cost, np.inf), axis=0))


def _alone(block: Block, capacity: Values, share: float) -> list[Values]:
    """Bytes of QKV, attention and output projection with a share kept of what they hand on."""
    m, one = block.rows, np.ones(1)
    ends, middle = m * block.row, m * block.queries * block.width
    borders = (ends + middle, 2.0 * middle, middle + 2.0 * ends)
    held = [np.minimum(border, share * capacity) for border in borders]
    away = [1.0 - kept / border for kept, border in zip(held, borders, strict=True)]
    room = [capacity - kept for kept in held]
    weights = Widths(block.width * one, block.weight * one)
    cache = Widths(block.width * one, block.stored * one)
    d = block.head_dim
    heads = Heads(block.tokens * block.group, block.keys, block.attended, d, d, 2.0 * d)
    count = block.batch * block.kv_heads
    first = gemm_input_bytes((m, block.hidden, block.inner), room[0], weights, away[0])
    scores = count * attention_input_bytes(heads, room[1], cache, away[1])
    last = gemm_input_bytes((m, block.queries, block.hidden), room[2], weights, away[2])
    return [
        m * block.made + middle * away[0] + first,
        middle * away[1] + scores,
        2.0 * ends * away[2] + last,
    ]


def fronts(block: Block) -> list[tuple[Values, Values]]:
    """Footprints and bytes, the latter with all ends, by what is fused as in `FUSED`."""
    return [_front(block, each) for each in FUSED]


def _front(block: Block, is_fused: tuple[bool, bool]) -> tuple[Values, Values]:
    """Footprints and bytes of every block of rows and heads with one or both projections fused."""
    rooms, costs = [], []
    for heads in _parts(block.kv_heads):
        for split in _row_blocks(block):
            for room, cost in _ways(block, heads, split, is_fused):
                rooms.append(room)
                costs.append(cost)
    footprint, cost = frontier(rooms, costs)
    falls = np.flatnonzero(np.diff(cost, prepend=np.inf) < 0.0)
    return footprint[falls], cost[falls]


def _parts(length: float) -> Values:
    """One size per number of parts, from 1."""
    return np.unique(np.ceil(length / np.arange(1.0, length + 1.0)))


def _row_blocks(block: Block) -> Iterator[Split]:
    """Blocks of each sequence by itself, and blocks that begin in one and end in another."""
    rows = tile_sizes(block.tokens)
    blocks = block.batch * np.ceil(block.tokens / rows)
    yield Split(rows, blocks, blocks)
    if block.batch > 1.0:
        whole = block.tokens * _parts(block.batch)
        rows = np.unique(np.concatenate([tile_sizes(block.rows), whole]))
        blocks = np.ceil(block.rows / rows)
        both = [(block.rows - 1) // math.lcm(int(r), int(block.tokens)) for r in rows]
        yield Split(rows, blocks, blocks + block.batch - 1.0 - np.array(both))


def _ways(
    block: Block, heads: float, split: Split, is_fused: tuple[bool, bool]
) -> Iterator[tuple[Values, Values]]:
    """Footprint and bytes by which weights and keys stay, and by readings of the input.

    The input stays for a block (reading 0), or comes for each of several blocks of columns.
    """
    turns, part = math.ceil(block.kv_heads / heads), heads / block.kv_heads
    readings = range(READINGS + 1 if turns == 1 else 2) if is_fused[0] else range(1)
    for kept in KEPT if is_fused[0] else (0.0, 2.0):
        cached = _kept_rows(block, split.rows, kept) * block.made * part
        cache = _cache_reads(block, split.visits, kept)
        if kept > 1.0 and not is_fused[0]:  # they were made before, and are read once
            cache = cache + block.rows * block.made
        for resident, moved in _weights(block, split.blocks, is_fused):
            for reading in readings:
                room = _room(block, split.rows, part, is_fused, reading)
                ends = _borders(block, is_fused, turns, max(reading, 1))
                yield room + cached + part * resident, moved + cache + ends


def _weights(
    block: Block, blocks: Values, is_fused: tuple[bool, bool]
) -> Iterator[tuple[float, Values]]:
    """Bytes of the weights that stay, and of all that pass, by which of them stay."""
    used = [w for w, is_used in zip(block.weights, is_fused, strict=True) if is_used]
    for stay in product((False, True), repeat=len(used)):
        pairs = list(zip(used, stay, strict=True))
        moved = sum(w * (np.ones_like(blocks) if stays else blocks) for w, stays in pairs)
        yield sum(w for w, stays in pairs if stays), np.asarray(moved)


def _kept_rows(block: Block, rows: Values, kept: float) -> Values:
    """Rows whose keys and values stay beside a block, from all sequences that it touches."""
    if kept < 0.0:
        return rows
    more = (rows > block.tokens) & (rows % block.tokens > 0.0)
    sequences = np.minimum(np.ceil(rows / block.tokens) + more, block.batch)
    return sequences * (block.keys if kept > 1.0 else kept * block.tokens)


def _cache_reads(block: Block, visits: Values, kept: float) -> Values:
    """Bytes of keys and values that are read, beside those that stay."""
    further = visits - block.batch
    if kept > 1.0:
        reads = block.batch * block.past + np.zeros_like(visits)
    elif kept < 0.0:  # those of a block itself stay while it is there
        reads = block.batch * block.past + block.attended * further
    else:
        made = block.batch * block.tokens + (block.attended - block.past) * further
        reads = block.past * visits + made * (1.0 - kept)
    return reads * block.made


def _room(
    block: Block, rows: Values, part: float, is_fused: tuple[bool, bool], reading: int
) -> Values:
    """Bytes that the most demanding of the fused kernels needs for a block, without what stays."""
    queries = rows * block.queries * block.width * part
    slices = 2.0 * SLICE * SLICE * block.weight
    keys = min(2.0 * SLICE, block.keys) * 2.0 * block.head_dim * block.stored
    states = rows * block.group * (block.head_dim + 2.0) * ACCUMULATOR
    scores = min(SLICE, block.tokens * block.group) * min(SLICE, block.keys) * ACCUMULATOR
    room = queries + states + keys + scores
    if is_fused[0]:
        columns = SLICE if reading == 0 else np.ceil(block.inner * part / reading)
        source = block.row if reading == 0 else 2.0 * SLICE * block.width
        first = queries + rows * (source + columns * ACCUMULATOR) + slices * columns / SLICE
        room = np.maximum(room, first)
    if is_fused[1]:
        sums = rows * SLICE * ACCUMULATOR * (1.0 if part == 1.0 else 2.0)
        room = np.maximum(room, queries + sums + slices)
    return room


def _borders(block: Block, is_fused: tuple[bool, bool], turns: int, readings: int) -> float:
    """Bytes at the ends of what is fused: inputs, residual, results, partial sums, the cache."""
    m, middle = block.rows, block.rows * block.queries * block.width
    first = m * block.row * turns * readings + m * block.made if is_fused[0] else middle
    spilled = 2.0 * ACCUMULATOR * m * block.hidden * (turns - 1)
    last = 2.0 * m * block.row + spilled if is_fused[1] else middle
    return first + last


def ratios(shapes: int, seed: int) -> Values:
    """Bytes of the model over those of the optimum, from 128 KiB to room for all."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(shapes):
        block = random_block(rng)
        capacity = np.exp(rng.uniform(np.log(2.0**17), np.log(all_of_it(block)), 24))
        found.append(modelled(block, capacity) / optimum(block, capacity))
    return np.concatenate(found)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    sys.stdout.write(report(ratios(number, seed=1)))
