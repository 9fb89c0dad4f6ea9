"""QKV, attention and output projection: a block of a model, as an operator table and as bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dse.cost import derive
from dse.cost.handover import moved_bytes
from dse.workload import Kind, Op, Operand, Precision, Span
from tests.conftest import SILICON, build_chip, precision
from tests.cost.twins.nest import Values


@dataclass(frozen=True)
class Block:
    """Grouped-query attention with its projections: a prefill of `tokens` after `past` others.

    `width`, `weight` and `stored` are bytes per element of activations, weights and the cache.
    """

    batch: float
    tokens: float
    past: float
    hidden: float
    kv_heads: float
    group: float
    head_dim: float
    width: float
    weight: float
    stored: float

    @property
    def rows(self) -> float:
        """Rows of activations."""
        return self.batch * self.tokens

    @property
    def row(self) -> float:
        """Bytes of a row of the input, of the residual or of the result."""
        return self.hidden * self.width

    @property
    def queries(self) -> float:
        """Width of the queries of a row, and of its outputs of attention; elements."""
        return self.kv_heads * self.group * self.head_dim

    @property
    def made(self) -> float:
        """Bytes of the keys and values of one row in the cache."""
        return 2.0 * self.kv_heads * self.head_dim * self.stored

    @property
    def inner(self) -> float:
        """Columns of the first projection."""
        return self.queries + 2.0 * self.kv_heads * self.head_dim

    @property
    def weights(self) -> tuple[float, float]:
        """Bytes of the weights of both projections."""
        return self.hidden * self.inner * self.weight, self.queries * self.hidden * self.weight

    @property
    def keys(self) -> float:
        """Keys of one sequence."""
        return self.past + self.tokens

    @property
    def attended(self) -> float:
        """Keys that a row attends to in the mean."""
        return self.past + (self.tokens + 1.0) / 2.0


def table(block: Block) -> tuple[Op, ...]:
    """The three kernels as rows of an operator table."""
    m, d, q = block.rows, block.head_dim, block.queries
    count, keys = block.batch * block.kv_heads, block.keys
    kv = 2.0 * block.kv_heads * d
    first = Op(
        "qkv", Kind.GEMM, 1.0, m=m, k=block.hidden, n=q + kv, output_elements=m * q,
        kv_write_elements=m * kv, chain="attention",
    )  # fmt: skip
    scores = Op(
        "attention", Kind.ATTENTION, 1.0, count=count, m=block.tokens * block.group, k=d,
        n=Span(int(block.past) + 1, int(keys)), v=d, operand=Operand.KV, keys=keys,
        operand_elements=count * keys * 2.0 * d, output_elements=m * q, chain="attention",
    )  # fmt: skip
    ends = m * block.hidden
    last = Op(
        "o", Kind.GEMM, 1.0, m=m, k=q, n=block.hidden, extra_elements=ends, output_elements=ends,
        chain="attention",
    )  # fmt: skip
    return first, scores, last


def formats(block: Block) -> Precision:
    """Formats of the block's widths."""
    names = {1.0: "int8", 2.0: "fp16"}
    return precision(names[block.weight], names[block.width], names[block.stored])


def moved_by(rows: tuple[Op, ...], block: Block, capacity: Values) -> list[Values]:
    """Bytes of every row by the model, in the block's formats."""
    chips = derive(build_chip(), formats(block), SILICON)
    return moved_bytes(rows, chips, (capacity, capacity))[0]


def modelled(block: Block, capacity: Values) -> Values:
    """Bytes of the model for the same kernels."""
    return np.asarray(sum(moved_by(table(block), block, capacity)))


def random_block(rng: np.random.Generator) -> Block:
    """A block of the proportions that models have."""
    tokens = np.round(np.exp(rng.uniform(0.0, np.log(4096.0))))
    batch = float(rng.choice([1, 1, 1, 2, 4]))
    past = float(rng.choice([0.0, 0.0, 0.0, np.round(np.exp(rng.uniform(0.0, np.log(4096.0))))]))
    head_dim = float(rng.choice([64, 128]))
    group = float(rng.choice([1, 2, 4, 8]))
    hidden = np.round(np.exp(rng.uniform(np.log(512.0), np.log(8192.0))))
    kv_heads = max(1.0, np.round(hidden * rng.uniform(0.75, 1.5) / (head_dim * group)))
    width, weight, stored = rng.choice([1.0, 2.0], 3)
    return Block(batch, tokens, past, hidden, kv_heads, group, head_dim, width, weight, stored)


def all_of_it(block: Block) -> float:
    """Bytes of weights, cache and all activations."""
    activations = 3.0 * block.row + 2.0 * block.queries * block.width
    cache = block.batch * block.keys * block.made
    return sum(block.weights) + block.rows * activations + cache
