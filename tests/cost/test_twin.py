"""A twin of the roofline in plain Python, written from the equations and not from the code."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from dse.chip import Chip
from dse.cost import derive, evaluate_batch, explain
from dse.dtype import parse_format
from dse.technology import Silicon
from dse.workload import Model, Precision, Scenario, unroll

MODEL = Model("m", "", 1024, 2816, 4, 16, 4, 64, 8000, False)
HIDDEN, WIDTH, LAYERS, HEADS, KV_HEADS, DIM, VOCAB = 1024, 2816, 4, 16, 4, 64, 8000


def decode_seconds(context: int) -> float:
    """One decode step on the toy chip with INT8 everywhere, kernel by kernel.

    Toy chip: a 16 x 64 x 16 dot product per cycle at 1 GHz, 512 lanes, 2048 B/cycle of SRAM,
    61.44 GB/s of DRAM at 80 %, 1 us to launch and 110 ns of latency. All activations of one token
    stay on the chip, so DRAM sees weights, keys and norms alone.
    """
    per_layer = [
        gemm(HIDDEN, (HEADS + 2 * KV_HEADS) * DIM, norm=HIDDEN, kv=2 * KV_HEADS * DIM,
             lanes=3 * HIDDEN + 3 * (HEADS + KV_HEADS) * DIM),
        attention(context),
        gemm(HEADS * DIM, HIDDEN, lanes=HIDDEN),
        gemm(HIDDEN, 2 * WIDTH, norm=HIDDEN, lanes=3 * HIDDEN + 4 * WIDTH + 8 * WIDTH),
        gemm(WIDTH, HIDDEN, lanes=HIDDEN),
    ]  # fmt: skip
    embedding = 2 * HIDDEN / (2048 * 1e9) + 1.11e-6
    return embedding + LAYERS * sum(per_layer) + gemm(HIDDEN, VOCAB, norm=HIDDEN, lanes=3 * HIDDEN)


def gemm(k: int, n: int, *, norm: int = 0, kv: int = 0, lanes: int = 0) -> float:
    cycles = min(
        math.ceil(1 / 16) * math.ceil(n / 64) * math.ceil(k / 16),
        math.ceil(n / 16) * math.ceil(1 / 64) * math.ceil(k / 16),
    )
    moved = k * n + 2 * norm + kv
    sram = k * math.ceil(n / 64) + k * n + n + moved
    compute = min(max(cycles / 1e9, lanes / 512e9), (lanes + k * n) / 512e9)
    return max(compute, sram / 2048e9, moved / (76.8e9 * 0.8)) + 1.11e-6


def attention(context: int) -> float:
    group = HEADS // KV_HEADS
    scores = KV_HEADS * min(
        math.ceil(group / 16) * math.ceil(context / 64) * math.ceil(DIM / 16),
        math.ceil(context / 16) * math.ceil(group / 64) * math.ceil(DIM / 16),
    )
    mix = KV_HEADS * min(
        math.ceil(group / 16) * math.ceil(DIM / 64) * math.ceil(context / 16),
        math.ceil(DIM / 16) * math.ceil(group / 64) * math.ceil(context / 16),
    )
    lanes = HEADS * context * (4 + 8)
    moved = 2 * KV_HEADS * context * DIM
    sram = KV_HEADS * (
        group * DIM * math.ceil(context / 64)
        + 2 * DIM * context
        + 2 * group * context
        + group * DIM
    )
    macs = HEADS * context * 2 * DIM
    compute = min(max((scores + mix) / 1e9, lanes / 512e9), (lanes + macs) / 512e9)
    return max(compute, (sram + moved) / 2048e9, moved / (76.8e9 * 0.8)) + 1.11e-6


@pytest.mark.parametrize("context", [2, 65, 1000])
def test_decode_equals_the_plain_python_twin(
    make_chip: Callable[..., Chip], silicon: Silicon, context: int
) -> None:
    precision = Precision(*[parse_format("int8")] * 5)
    scenario = Scenario(prompt_tokens=context - 1, output_tokens=2, precision=precision)
    batch = derive(make_chip(), precision, silicon)
    result = evaluate_batch(batch, unroll(MODEL, scenario))
    assert result["tpot_s"][0] == pytest.approx(decode_seconds(context), rel=1e-12)


def test_energy_is_the_sum_of_its_parts(make_chip: Callable[..., Chip], silicon: Silicon) -> None:
    """One decode GEMM by hand: cells, lanes, SRAM both ways, DRAM, and static power over time."""
    precision = Precision(*[parse_format("int8")] * 5)
    scenario = Scenario(prompt_tokens=9, output_tokens=2, precision=precision)
    rows = explain(make_chip(), MODEL, scenario, silicon)
    row = next(r for r in rows if r.phase == "decode" and r.name == "o_proj")
    elements = HIDDEN * HIDDEN
    wire = 50e-15 * 8 * 0.5 * math.sqrt(logic_mm2())
    read = 1.6e-12 + wire
    write = 1.6e-12 * 1.2 + wire
    engine_reads = HIDDEN * math.ceil(HIDDEN / 64) + elements
    static = 0.3 + 20e-3 * logic_mm2() + 3e-3 * 4 + 12e9 * 12e-12
    expected = (
        elements * 0.1e-12
        + HIDDEN * 0.6e-12
        + engine_reads * read
        + (elements + HIDDEN) * write
        + elements * 8 * 5e-12
        + static * row.seconds / LAYERS
    )
    assert row.energy_j / LAYERS == pytest.approx(expected, rel=1e-12)


def logic_mm2() -> float:
    cell = 33.75e-6 * 8  # the INT8 cell; INT4 and half-rate FP16 pairs need no more
    return (16 * 64 * 16 * cell + 512 * 1500e-6) * 1.1
