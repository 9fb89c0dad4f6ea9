"""Every tiling and loop order of a small product, to hold the tiler's closed forms against.

python -m tests.cost.twins.mapping [shapes]     prints the worst ratios found
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from dse.cost.traffic import SLICE, Widths, gemm_input_bytes

Values = NDArray[np.float64]
DIMS = "mkn"
OPERANDS = ("mk", "kn", "mn")
ACCUMULATOR = 4.0


@dataclass(frozen=True)
class Product:
    """A product (m x k)(k x n): bytes per element, and the share of the left to be read."""

    m: float
    k: float
    n: float
    left: float
    right: float
    away: float


def tile_sizes(length: float) -> Values:
    """One tile size per number of tiles, the smallest: no other moves less or needs less room."""
    sizes = np.unique(np.ceil(length / np.arange(1.0, length + 1.0)))
    return sizes[sizes >= min(SLICE, length)]


def optimum(case: Product) -> tuple[Values, Values]:
    """Rising footprints, and the least bytes read within each, over all loop nests.

    Three loops over tiles in any order; each operand is kept across any number of inner loops. A
    buffer of inputs that is refilled is double, unless it serves a whole pass of the dimension it
    lacks. Sums that leave before they are complete go out and come back in 32 bits.
    """
    full = {"m": case.m, "k": case.k, "n": case.n}
    mesh = np.meshgrid(*(tile_sizes(full[d]) for d in DIMS), indexing="ij")
    tile = {d: each.ravel() for d, each in zip(DIMS, mesh, strict=True)}
    trips = {d: np.ceil(full[d] / tile[d]) for d in DIMS}
    rooms, costs = [], []
    for order in permutations(DIMS):
        for levels in product(range(4), repeat=3):
            room, cost = np.zeros_like(tile["m"]), np.zeros_like(tile["m"])
            for operand, level in zip(OPERANDS, levels, strict=True):
                size, moved = _operand(case, operand, order[:level], (full, tile, trips))
                room, cost = room + size, cost + moved
            rooms.append(room)
            costs.append(cost)
    footprint, traffic = np.concatenate(rooms), np.concatenate(costs)
    rank = np.argsort(footprint)
    return footprint[rank], np.minimum.accumulate(traffic[rank])


def _operand(
    case: Product,
    operand: str,
    outer: tuple[str, ...],
    loops: tuple[dict[str, float], dict[str, Values], dict[str, Values]],
) -> tuple[Values | float, Values | float]:
    """Room and traffic of one operand that is kept across all but the `outer` loops."""
    full, tile, trips = loops
    size: Values | float = 1.0
    for d in operand:
        size = size * (tile[d] if d in outer else full[d])
    (lacking,) = set(DIMS) - set(operand)
    fills: Values | float = trips[lacking] if lacking in outer else 1.0
    whole = full[operand[0]] * full[operand[1]]
    if operand == "mn":
        return size * ACCUMULATOR, 2.0 * (fills - 1.0) * whole * ACCUMULATOR
    width = case.left if operand == "mk" else case.right
    price = width * case.away if operand == "mk" else width
    refills = np.prod([trips[d] for d in outer], axis=0)
    held = 1.0 if lacking in outer else trips[lacking]
    buffers = np.where((refills > 1.0) & (held == 1.0), 2.0, 1.0)
    return size * width * buffers, fills * whole * price


def random_product(rng: np.random.Generator, largest: float = 1024.0) -> Product:
    """A shape of any proportions, in formats that are met."""
    least = SLICE if rng.random() < 0.7 else 1.0
    m, k, n = np.round(np.exp(rng.uniform(np.log(least), np.log(largest), 3)))
    left, right = rng.choice([1.0, 2.0]), rng.choice([0.5625, 1.0, 2.0])
    return Product(m, k, n, left, right, rng.choice([1.0, 1.0, 0.5, 0.1]))


def ratios(shapes: int, seed: int, largest: float = 1024.0) -> Values:
    """Bytes read by the tiler over those of the optimum, for 16 capacities of each shape."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(shapes):
        case = random_product(rng, largest)
        footprint, traffic = optimum(case)
        sides = [min(SLICE, d) for d in (case.m, case.k, case.n)]
        slices = 2.0 * sides[1] * (sides[0] * case.left + sides[2] * case.right)
        least = max(footprint[0], sides[0] * sides[2] * ACCUMULATOR + slices)
        most = max(1.01 * least, footprint[-1])
        room = np.exp(rng.uniform(np.log(least), np.log(most), 16))
        best = traffic[np.searchsorted(footprint, room, side="right") - 1]
        widths = Widths(np.full(1, case.left), np.full(1, case.right))
        away = np.full(1, case.away)
        found.append(gemm_input_bytes((case.m, case.k, case.n), room, widths, away) / best)
    return np.concatenate(found)


if __name__ == "__main__":
    seen = ratios(int(sys.argv[1]) if len(sys.argv) > 1 else 200, seed=1)
    share = float(np.mean(seen <= 1.05))
    sys.stdout.write(
        f"{seen.size} cases: worst {seen.max():.3f}, 99th percentile "
        f"{np.quantile(seen, 0.99):.3f}, within 5 % of the optimum {share:.1%}\n"
    )
