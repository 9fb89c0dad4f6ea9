"""Every way to run two products one after another, to hold the model's handovers against.

python -m tests.cost.twins.chain [shapes]     prints the worst ratios found
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np

from dse.cost import derive
from dse.cost.handover import moved_bytes
from dse.cost.traffic import Widths, gemm_input_bytes
from dse.workload import Kind, Op
from tests.conftest import SILICON, build_chip, precision
from tests.cost.twins.mapping import report
from tests.cost.twins.nest import ACCUMULATOR, SLICE, Values, tile_sizes

SHARES = np.arange(64) / 64.0


@dataclass(frozen=True)
class Pair:
    """Gate and up (`gates` = 2), or up alone, and down: m rows, widths, bytes per element."""

    m: float
    hidden: float
    between: float
    gates: float
    width: float
    weight: float

    @property
    def weights(self) -> float:
        """Bytes of all weights."""
        return (self.gates + 1.0) * self.hidden * self.between * self.weight

    @property
    def row(self) -> float:
        """Bytes of a row of the input, of the residual or of the result."""
        return self.hidden * self.width

    @property
    def inner_row(self) -> float:
        """Bytes of a row between the products."""
        return self.between * self.width


def optimum(pair: Pair, capacity: Values) -> Values:
    """Least bytes of the pair: kernel by kernel with any share to hand over, or fused."""
    ways = [_kernel_by_kernel(pair, capacity), _row_blocks(pair, capacity)]
    return np.min([*ways, _weight_blocks(pair, capacity)], axis=0)


def _kernel_by_kernel(pair: Pair, capacity: Values) -> Values:
    """Each product by the tiler, which has a twin of its own, beside what is handed over.

    Of what a kernel reads and writes any share may be kept, in 64 steps, alike in both.
    """
    m, one = pair.m, np.ones(1)
    widths = Widths(pair.width * one, pair.weight * one)
    up = (m, pair.hidden, pair.gates * pair.between), m * pair.inner_row
    down = (m, pair.between, pair.hidden), 2.0 * m * pair.row
    best = np.full(len(capacity), np.inf)
    for share in SHARES:
        total = np.zeros(len(capacity))
        for dims, written in (up, down):
            border = m * dims[1] * pair.width + written
            held = np.minimum(border, share * capacity)
            away = 1.0 - held / border
            total += written * away + gemm_input_bytes(dims, capacity - held, widths, away)
        best = np.minimum(best, total)
    return best


def _row_blocks(pair: Pair, capacity: Values) -> Values:
    """Blocks of rows go through both products; weights pass once per block, in slices.

    Beside a block of the input stay its results in sums with a slice of what is between, or all of
    what is between; in the latter case the input may also come again for every block of columns.
    """
    slices = 2.0 * 2.0 * SLICE * SLICE * pair.weight
    part = SLICE * (pair.gates * ACCUMULATOR + pair.width)
    ends = 3.0 * pair.m * pair.row
    best = np.full(len(capacity), np.inf)
    for rows in tile_sizes(pair.m):
        blocks = np.ceil(pair.m / rows)
        cost = ends + blocks * pair.weights
        result = pair.row + pair.hidden * ACCUMULATOR + part
        inner = pair.row + pair.inner_row + SLICE * pair.gates * ACCUMULATOR
        fits = capacity >= rows * min(result, inner) + slices
        best = np.where(fits, np.minimum(best, cost), best)
        for cols in tile_sizes(pair.between):
            sums = cols * pair.gates * ACCUMULATOR + 2.0 * SLICE * pair.width
            again = (np.ceil(pair.between / cols) - 1.0) * pair.m * pair.row
            fits = capacity >= rows * (pair.inner_row + sums) + slices * cols / SLICE
            best = np.where(fits, np.minimum(best, cost + again), best)
    return best


def _weight_blocks(pair: Pair, capacity: Values) -> Values:
    """Blocks of weights stay while all rows pass; partial results go out and come back."""
    best = np.full(len(capacity), np.inf)
    streamed = SLICE * (2.0 * pair.row + pair.hidden * ACCUMULATOR + SLICE * 2.0 * ACCUMULATOR)
    for cols in tile_sizes(pair.between):
        blocks = np.ceil(pair.between / cols)
        moved = pair.m * (
            pair.row * (blocks + 2.0) + 2.0 * pair.hidden * ACCUMULATOR * (blocks - 1)
        )
        fits = capacity >= pair.weights * cols / pair.between + streamed
        best = np.where(fits, np.minimum(best, pair.weights + moved), best)
    return best


def table(pair: Pair) -> tuple[Op, ...]:
    """The pair as rows of an operator table."""
    m, hidden, between, inner = pair.m, pair.hidden, pair.between, pair.gates * pair.between
    up = Op("up", Kind.GEMM, 1.0, m=m, k=hidden, n=inner, output_elements=m * between, chain="mlp")
    down = Op("down", Kind.GEMM, 1.0, m=m, k=between, n=hidden, chain="mlp")
    return up, replace(down, extra_elements=m * hidden, output_elements=m * hidden)


def modelled(pair: Pair, capacity: Values) -> Values:
    """Bytes of the model for the same pair."""
    names = {1.0: "int8", 2.0: "fp16"}
    formats = precision(names[pair.weight], names[pair.width], "int8")
    chips = derive(build_chip(), formats, SILICON)
    moved, _ = moved_bytes(table(pair), chips, (capacity, capacity))
    return np.asarray(sum(moved))


def ratios(shapes: int, seed: int) -> Values:
    """Bytes of the model over those of the optimum, from 128 KiB to room for all."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(shapes):
        m = np.round(np.exp(rng.uniform(0.0, np.log(4096.0))))
        hidden = np.round(np.exp(rng.uniform(np.log(512.0), np.log(8192.0))))
        between = np.round(hidden * rng.uniform(1.0, 4.0))
        gates, width, weight = rng.choice([1.0, 2.0]), *rng.choice([1.0, 2.0], 2)
        pair = Pair(m, hidden, between, gates, width, weight)
        all_of_it = pair.weights + m * (3.0 * pair.row + 2.0 * pair.inner_row)
        capacity = np.exp(rng.uniform(np.log(2.0**17), np.log(all_of_it), 24))
        found.append(modelled(pair, capacity) / optimum(pair, capacity))
    return np.concatenate(found)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    sys.stdout.write(report(ratios(count, seed=1)))
