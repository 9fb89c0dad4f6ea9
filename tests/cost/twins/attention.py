"""Every tiling and loop order of fused attention, to hold the tiler's closed forms against.

python -m tests.cost.twins.attention [shapes]     prints the worst ratios found
"""

from __future__ import annotations

import sys

import numpy as np

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.traffic import Widths
from tests.cost.twins.mapping import report
from tests.cost.twins.nest import (
    ACCUMULATOR,
    SLICE,
    Blocks,
    Operand,
    Values,
    frontier,
    nests,
    within,
)

QUERIES, KEYS, STATE = Operand("m", "n"), Operand("n", "m"), Operand("m", "n")


def optimum(heads: Heads, left: float, right: float, away: float) -> tuple[Values, Values]:
    """Rising footprints, and the least bytes within each, over all loop nests.

    Scores exist 16 x 16 at a time. Maximum, sum and output of a row are its state, in 32 bits: if
    it leaves before all keys were seen, it goes out and comes back.
    """
    m, n = heads.rows, heads.keys
    blocks = Blocks({"m": m, "n": n})
    query, key = heads.query * left, heads.stored * right
    state_bytes = (heads.value + 2.0) * ACCUMULATOR
    rooms, costs = [], []
    for queries, keys, state in nests((QUERIES, KEYS, STATE)):
        room = blocks.held(STATE, state) * state_bytes + scores_bytes(heads)
        room = room + blocks.held(QUERIES, queries) * blocks.buffers(QUERIES, queries) * query
        room = room + blocks.held(KEYS, keys) * blocks.buffers(KEYS, keys) * key
        cost = 2.0 * (blocks.fills(STATE, state) - 1.0) * m * state_bytes
        cost = cost + blocks.fills(QUERIES, queries) * (m * query * away)
        costs.append(cost + blocks.fills(KEYS, keys) * (n * key))
        rooms.append(room)
    return frontier(rooms, costs)


def scores_bytes(heads: Heads) -> float:
    """One tile of scores."""
    return min(SLICE, heads.rows) * min(SLICE, heads.keys) * ACCUMULATOR


def random_heads(rng: np.random.Generator, largest: float) -> Heads:
    """Heads of the widths that models have, over lengths of any proportions."""
    rows, keys = np.round(np.exp(rng.uniform(0.0, np.log(largest), 2)))
    query, value, stored = [
        (64.0, 64.0, 128.0),
        (128.0, 128.0, 256.0),
        (256.0, 256.0, 512.0),
        (192.0, 128.0, 320.0),
        (576.0, 512.0, 576.0),
    ][rng.integers(5)]
    return Heads(rows, keys, keys, query, value, stored)


def ratios(shapes: int, seed: int, largest: float = 4096.0) -> Values:
    """Bytes of the tiler over those of the optimum, for 24 capacities of each shape."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(shapes):
        heads = random_heads(rng, largest)
        left, right = rng.choice([1.0, 2.0]), rng.choice([0.5625, 1.0, 2.0])
        away = rng.choice([1.0, 1.0, 0.5, 0.1])
        front = optimum(heads, left, right, away)
        room = np.exp(rng.uniform(np.log(front[0][0]), np.log(1.01 * front[0][-1]), 24))
        widths = Widths(np.full(1, left), np.full(1, right))
        moved = attention_input_bytes(heads, room, widths, np.full(1, away))
        found.append(moved / within(front, room))
    return np.concatenate(found)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    sys.stdout.write(report(ratios(count, seed=1)))
