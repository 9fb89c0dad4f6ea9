"""Cycles against SCALE-Sim's closed forms, and SRAM traffic against a step-by-step twin."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.chip import Chip, Dataflow
from dse.cost import derive
from dse.cost.batch import ChipBatch
from dse.cost.matrix import matrix_cycles, sram_elements
from dse.dtype import parse_format
from dse.technology import Silicon
from dse.workload import Precision, Span

PRECISION = Precision(*[parse_format("int8")] * 5)
ONE = np.ones(1)


def array(make_chip: Callable[..., Chip], silicon: Silicon, **changes: object) -> ChipBatch:
    return derive(make_chip(depth=1.0, **changes), PRECISION, silicon)


@pytest.mark.parametrize(("m", "k", "n"), [(1, 64, 64), (100, 300, 500), (1024, 4096, 4096)])
@pytest.mark.parametrize("shape", [(8, 8), (16, 64), (128, 128)])
def test_unbuffered_cycles_equal_scale_sim(
    make_chip: Callable[..., Chip],
    silicon: Silicon,
    shape: tuple[int, int],
    m: int,
    k: int,
    n: int,
) -> None:
    """SCALE-Sim v2: one pass takes 2R + C + S - 2 cycles, and passes follow each other."""
    rows, cols = shape
    engine = {"rows": float(rows), "cols": float(cols), "double_buffered": False}
    fill = 2 * rows + cols - 2
    weight = array(make_chip, silicon, dataflow=Dataflow.WEIGHT_STATIONARY, **engine)
    assert matrix_cycles(weight, (m, k, n), 1.0, ONE)[0] == (
        math.ceil(k / rows) * math.ceil(n / cols) * (fill + m)
    )
    inputs = array(make_chip, silicon, dataflow=Dataflow.INPUT_STATIONARY, **engine)
    assert matrix_cycles(inputs, (m, k, n), 1.0, ONE)[0] == (
        math.ceil(k / rows) * math.ceil(m / cols) * (fill + n)
    )
    outputs = array(make_chip, silicon, dataflow=Dataflow.OUTPUT_STATIONARY, **engine)
    ways = (
        math.ceil(m / rows) * math.ceil(n / cols) * (fill + k),
        math.ceil(n / rows) * math.ceil(m / cols) * (fill + k),
    )
    assert matrix_cycles(outputs, (m, k, n), 1.0, ONE)[0] == min(ways)


@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_double_buffering_hides_the_load_and_nothing_else(
    make_chip: Callable[..., Chip], silicon: Silicon, dataflow: Dataflow
) -> None:
    shape = {"rows": 32.0, "cols": 32.0, "dataflow": dataflow}
    slow = array(make_chip, silicon, double_buffered=False, **shape)
    fast = array(make_chip, silicon, double_buffered=True, **shape)
    dims = (512.0, 512.0, 512.0)
    steps = 512.0
    passes = 16 * 16
    cycles = matrix_cycles(fast, dims, 1.0, ONE)[0]
    assert passes * steps <= cycles <= matrix_cycles(slow, dims, 1.0, ONE)[0]
    assert cycles - passes * steps <= 2 * 32 + 32 - 2
    one_pass = (32.0, 32.0, 32.0)
    assert matrix_cycles(fast, one_pass, 1.0, ONE) == matrix_cycles(slow, one_pass, 1.0, ONE)


def test_gemv_on_a_weight_stationary_array_waits_for_its_loads(
    make_chip: Callable[..., Chip], silicon: Silicon
) -> None:
    """One row streams for one cycle; the next tile's weights take R cycles to come in."""
    chips = array(make_chip, silicon, dataflow=Dataflow.WEIGHT_STATIONARY, rows=128.0, cols=128.0)
    cycles = matrix_cycles(chips, (1.0, 4096.0, 4096.0), 1.0, ONE)[0]
    weights_per_cycle = 4096 * 4096 / cycles
    assert weights_per_cycle == pytest.approx(128.0, rel=0.01)


def test_cores_take_whole_passes(make_chip: Callable[..., Chip], silicon: Silicon) -> None:
    """Wave quantisation: 9 passes on 4 cores take as long as 3 passes on one."""
    chips = {
        count: array(make_chip, silicon, rows=16.0, cols=16.0, count=count) for count in (1.0, 4.0)
    }
    nine = matrix_cycles(chips[4.0], (48.0, 64.0, 48.0), 1.0, ONE)[0]
    three = matrix_cycles(chips[1.0], (16.0, 64.0, 48.0), 1.0, ONE)[0]
    assert nine == three


@given(
    st.sampled_from(list(Dataflow)),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(1, 64),
    st.integers(1, 64),
)
def test_cycles_never_beat_the_peak(
    dataflow: Dataflow, m: int, k: int, n: int, rows: int, cols: int
) -> None:
    from tests.conftest import SILICON, build_chip

    chips = array(build_chip, SILICON, dataflow=dataflow, rows=float(rows), cols=float(cols))
    cycles = matrix_cycles(chips, (float(m), float(k), float(n)), 1.0, ONE)[0]
    assert cycles * rows * cols >= m * k * n


@pytest.mark.parametrize("dataflow", list(Dataflow))
def test_a_growing_context_costs_the_mean_of_its_lengths(
    make_chip: Callable[..., Chip], silicon: Silicon, dataflow: Dataflow
) -> None:
    chips = array(make_chip, silicon, dataflow=dataflow, rows=32.0, cols=16.0)
    span = Span(100, 163)
    growing = matrix_cycles(chips, (32.0, 128.0, span), 1.0, ONE)[0]
    each = [
        matrix_cycles(chips, (32.0, 128.0, float(length)), 1.0, ONE)[0]
        for length in span.lengths()
    ]
    assert growing == pytest.approx(np.mean(each), rel=1e-3)


def test_sram_elements_against_a_walk_over_tiles(
    make_chip: Callable[..., Chip], silicon: Silicon
) -> None:
    m, k, n, rows, cols = 50, 70, 90, 16, 32
    walked = {"left": 0, "right": 0, "out": 0}
    for k0 in range(0, k, rows):
        for n0 in range(0, n, cols):
            depth, width = min(rows, k - k0), min(cols, n - n0)
            walked["right"] += depth * width
            walked["left"] += m * depth
            walked["out"] += m * width * (1 if k0 == 0 else 2)
    chips = array(
        make_chip, silicon, dataflow=Dataflow.WEIGHT_STATIONARY, rows=rows * 1.0, cols=cols * 1.0
    )
    left, right, out = sram_elements(chips, (float(m), float(k), float(n)))
    assert (left[0], right[0], out[0]) == (walked["left"], walked["right"], walked["out"])


@pytest.mark.parametrize("dataflow", list(Dataflow))
@pytest.mark.parametrize(("heads", "cores"), [(8, 4), (4, 8), (32, 1), (32, 108), (8, 3)])
@pytest.mark.parametrize("product", ["scores", "context"])
def test_waves_over_a_growing_context(
    make_chip: Callable[..., Chip],
    silicon: Silicon,
    dataflow: Dataflow,
    heads: int,
    cores: int,
    product: str,
) -> None:
    """Exact where heads and cores divide each other, else never above the mean of the lengths."""
    chips = array(make_chip, silicon, dataflow=dataflow, rows=32.0, cols=16.0, count=cores * 1.0)

    def cycles(length: float | Span) -> float:
        dims = (4.0, 128.0, length) if product == "scores" else (4.0, length, 128.0)
        return float(matrix_cycles(chips, dims, float(heads), ONE)[0])

    span = Span(1000, 1127)
    each = [cycles(float(length)) for length in span.lengths()]
    fixed = Span(1024, 1024)
    if heads % cores == 0 or cores % heads == 0:
        assert cycles(span) == pytest.approx(np.mean(each), rel=2e-3)
        assert cycles(fixed) == pytest.approx(cycles(1024.0), rel=1e-9)
    else:
        assert 0.85 * np.mean(each) <= cycles(span) <= np.mean(each) * (1 + 1e-9)
