"""Every tiling and loop order of a product, to hold the tiler's closed forms against.

python -m tests.cost.twins.mapping [shapes] [largest]     prints the worst ratios found
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from dse.cost.traffic import Widths, gemm_input_bytes
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

LEFT, RIGHT, RESULTS = Operand("mk", "n", "k"), Operand("kn", "m", "k"), Operand("mn", "k")


@dataclass(frozen=True)
class Product:
    """A product (m x k)(k x n): bytes per element, and the share of the left to be read."""

    m: float
    k: float
    n: float
    left: float
    right: float
    away: float

    @property
    def least_bytes(self) -> float:
        """Room for one tile of results in 32 bits and two slices of each operand."""
        rows, depth, cols = (min(SLICE, d) for d in (self.m, self.k, self.n))
        return rows * cols * ACCUMULATOR + 2.0 * depth * (rows * self.left + cols * self.right)


def optimum(case: Product) -> tuple[Values, Values]:
    """Rising footprints, and the least bytes read within each, over all loop nests.

    Sums that leave before they are complete go out and come back in 32 bits.
    """
    blocks = Blocks({"m": case.m, "k": case.k, "n": case.n})
    rooms, costs = [], []
    for left, right, results in nests((LEFT, RIGHT, RESULTS)):
        room = blocks.held(RESULTS, results) * ACCUMULATOR
        cost = 2.0 * (blocks.fills(RESULTS, results) - 1.0) * (case.m * case.n * ACCUMULATOR)
        for operand, state, width in ((LEFT, left, case.left), (RIGHT, right, case.right)):
            held = blocks.held(operand, state) * blocks.buffers(operand, state)
            whole = case.m * case.k * case.away if operand is LEFT else case.k * case.n
            room = room + held * width
            cost = cost + blocks.fills(operand, state) * (whole * width)
        rooms.append(room)
        costs.append(cost)
    return frontier(rooms, costs)


def random_product(rng: np.random.Generator, largest: float) -> Product:
    """A shape of any proportions, in formats that are met."""
    least = SLICE if rng.random() < 0.7 else 1.0
    m, k, n = np.round(np.exp(rng.uniform(np.log(least), np.log(largest), 3)))
    left, right = rng.choice([1.0, 2.0]), rng.choice([0.5625, 1.0, 2.0])
    return Product(m, k, n, left, right, rng.choice([1.0, 1.0, 0.5, 0.1]))


def ratios(shapes: int, seed: int, largest: float = 1024.0, capacities: int = 24) -> Values:
    """Bytes of the tiler over those of the optimum, from the least near side to one for all."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(shapes):
        case = random_product(rng, largest)
        front = optimum(case)
        least = case.least_bytes
        most = 1.01 * max(least, front[0][-1])
        room = np.exp(rng.uniform(np.log(least), np.log(most), capacities))
        widths = Widths(np.full(1, case.left), np.full(1, case.right))
        away = np.full(1, case.away)
        moved = gemm_input_bytes((case.m, case.k, case.n), room, widths, away)
        found.append(moved / within(front, room))
    return np.concatenate(found)


def report(seen: Values) -> str:
    """Worst and usual ratios in words."""
    return (
        f"{seen.size} cases: least {seen.min():.4f}, worst {seen.max():.4f}, 99th percentile "
        f"{np.quantile(seen, 0.99):.4f}, within 5 % of the optimum {np.mean(seen <= 1.05):.2%}\n"
    )


if __name__ == "__main__":
    count, *rest = (float(word) for word in sys.argv[1:] or ["200"])
    sys.stdout.write(report(ratios(int(count), 1, *rest)))
