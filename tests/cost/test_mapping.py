"""The tiler's closed forms against every tiling and loop order, and against the I/O bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost.attention import Heads
from dse.cost.io_bound import gemm_bound_bytes, phase_io_bytes
from dse.cost.traffic import Widths, gemm_input_bytes
from dse.workload import Model, Scenario, unroll
from tests.cost.twins import attention, mapping
from tests.cost.twins.nest import within

sizes = st.integers(1, 8192)
bytes_each = st.sampled_from([0.5625, 1.0, 2.0, 4.0])
ONE = np.ones(1)


@pytest.mark.parametrize(("shapes", "largest"), [(150, 300.0), (60, 900.0), (12, 2400.0)])
def test_the_tiler_is_within_five_per_cent_of_all_loop_nests(shapes: int, largest: float) -> None:
    """In every one of them, and never below the best."""
    found = mapping.ratios(shapes, seed=3, largest=largest)
    assert found.min() >= 1.0 - 1e-12
    assert found.max() <= 1.05


def test_attention_is_within_five_per_cent_of_all_loop_nests() -> None:
    found = attention.ratios(400, seed=3)
    assert found.min() >= 1.0 - 1e-12
    assert found.max() <= 1.05


def test_the_twin_knows_a_product_done_by_hand() -> None:
    """128 x 128 x 128 bytes: all resident, or the smallest of loop nests."""
    footprint, traffic = mapping.optimum(mapping.Product(128.0, 128.0, 128.0, 1.0, 1.0, 1.0))
    assert traffic[-1] == 2 * 128 * 128
    # One tile of results and two slices of each operand, all 16 x 16.
    assert footprint[0] == 16 * 16 * (4 + 2 + 2)
    # Eight blocks of sums a side, each against all of both operands.
    assert within((footprint, traffic), footprint[:1])[0] == 2 * 8 * 128 * 128
    # Left resident for a whole pass of the right, whose panels of 16 columns then need no second.
    room = 128 * 128 + 128 * 16 + 16 * 16 * 4
    whole = within((footprint, traffic), np.array([room, room - 1.0]))
    assert whole[0] == 2 * 128 * 128 < whole[1]


def test_the_twin_knows_attention_done_by_hand() -> None:
    """48 queries and 32 keys of one byte, 64 wide; outputs with maximum and sum in 32 bits."""
    heads = Heads(48.0, 32.0, 32.0, 64.0, 64.0, 128.0)
    front = attention.optimum(heads, 1.0, 1.0, 1.0)
    query, key, state, scores = 64, 128, 66 * 4, 16 * 16 * 4
    # A block of 16 queries, kept for a pass over all keys; two slices of keys, here all of them.
    least = 16 * (query + state) + 32 * key + scores
    moved = within(front, np.array([least, least - 1.0]))
    assert moved[0] == 48 * query + 32 * key < moved[1]


@given(sizes, sizes, sizes, bytes_each, bytes_each, st.floats(2048.0, 1e8))
def test_no_schedule_of_the_tiler_beats_the_bound(
    m: int, k: int, n: int, left: float, right: float, capacity: float
) -> None:
    widths, room = Widths(ONE * left, ONE * right), np.full(1, capacity)
    moved = gemm_input_bytes((m, k, n), room, widths, ONE) + m * n * left
    assert moved[0] >= gemm_bound_bytes((m, k, n), room, widths)[0] * (1.0 - 1e-12)


def test_the_bound_is_that_of_theory_for_one_width() -> None:
    """2 m n k / sqrt(S) - 2 S elements, of four bytes each."""
    size, elements = 4096.0, 2.0**16
    wide = Widths(4.0 * ONE, 4.0 * ONE)
    bound = gemm_bound_bytes((size, size, size), np.full(1, 4.0 * elements), wide)
    assert bound[0] == pytest.approx(4.0 * (2.0 * size**3 / elements**0.5 - 2.0 * elements))


@given(sizes, sizes, sizes, st.floats(1e3, 1e9), st.floats(1.0, 100.0))
def test_more_memory_never_raises_the_bound(
    m: int, k: int, n: int, capacity: float, factor: float
) -> None:
    room = np.array([capacity, capacity * factor])
    low, high = gemm_bound_bytes((m, k, n), room, Widths(ONE, ONE))
    assert high <= low


def test_a_phase_is_bounded_by_its_products_or_by_what_is_compulsory() -> None:
    model, scenario = Model("m", "", 1024, 2816, 4, 16, 4, 64, 8000, False), Scenario()
    table = unroll(model, scenario).prefill
    room = np.geomspace(2.0**12, 2.0**30, 19)
    bound = phase_io_bytes(table, scenario.precision, room, 1e6)
    assert np.all(np.diff(bound) <= 0.0)
    assert bound[0] > 2.0 * bound[-1] >= 2e6
