"""DRAM traffic: never below the bounds of theory, each byte once when all fits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost.traffic import Widths, attention_passes, gemm_input_bytes, resident_fraction

sizes = st.integers(1, 5000)
ONE = np.ones(1)
BYTE = Widths(ONE, ONE)


def total_bytes(dims: tuple[float, float, float], capacity: float, widths: Widths = BYTE) -> float:
    m, _, n = dims
    reads = gemm_input_bytes(dims, np.array([float(capacity)]), widths, ONE)[0]
    return float(reads + m * n * widths.left[0])


@given(sizes, sizes, sizes, st.integers(1024, 64 * 2**20))
def test_never_below_the_lower_bounds(m: int, k: int, n: int, capacity: int) -> None:
    """Smith, Lowery, Langou, van de Geijn 2019: at least 2MNK / sqrt(S) - 2S elements."""
    moved = total_bytes((m, k, n), capacity)
    assert moved >= m * k + k * n + m * n
    assert moved >= 2.0 * m * n * k / math.sqrt(capacity) - 2.0 * capacity


@given(sizes, sizes, sizes)
def test_a_memory_that_holds_everything_gives_each_byte_once(m: int, k: int, n: int) -> None:
    room = 4.0 * (m * k + k * n + m * n) + 64 * 64 * 8 + 1024 * (m + n)
    assert total_bytes((m, k, n), room) == m * k + k * n + m * n


@given(sizes, sizes, sizes, st.floats(1e3, 1e8), st.floats(1.0, 100.0))
def test_more_memory_never_moves_more(
    m: int, k: int, n: int, capacity: float, factor: float
) -> None:
    assert total_bytes((m, k, n), capacity * factor) <= total_bytes((m, k, n), capacity)


@given(sizes, sizes, sizes, st.floats(1e4, 1e8), st.floats(0.5, 2.0), st.floats(1.0, 4.0))
def test_wider_operands_never_move_less(
    m: int, k: int, n: int, capacity: float, narrow: float, factor: float
) -> None:
    thin = total_bytes((m, k, n), capacity, Widths(ONE, ONE * narrow))
    wide = total_bytes((m, k, n), capacity, Widths(ONE, ONE * narrow * factor))
    assert wide >= thin


@pytest.mark.parametrize("dims", [(1024.0, 4096.0, 4096.0), (1024.0, 4096.0, 28672.0)])
@pytest.mark.parametrize("capacity", [2**19, 2**20, 2**21, 2**22])
def test_close_to_the_lower_bound_for_large_products(
    dims: tuple[float, float, float], capacity: int
) -> None:
    """Against the bound for the 32-bit results that fit; slices and rounding take the rest."""
    m, k, n = dims
    bound = max(m * k + k * n + m * n, 2 * m * n * k / math.sqrt(capacity / 4) + m * n)
    assert total_bytes(dims, capacity) <= 1.6 * bound


def test_gemv_reads_its_matrix_once() -> None:
    assert total_bytes((1.0, 4096.0, 4096.0), 64 * 1024) == 4096 * 4096 + 2 * 4096


def test_attention_reads_the_cache_once_when_the_queries_fit() -> None:
    passes = attention_passes(4.0, (128.0, 128.0, 256.0), np.array([2**20]), BYTE)
    assert passes[0] == 1.0
    many = attention_passes(4096.0, (128.0, 128.0, 256.0), np.array([2**18]), BYTE)
    assert many[0] > 1.0


def test_resident_fraction_is_a_share() -> None:
    share = resident_fraction(np.array([0.0, 1e6, 1e9]), np.array([1e6, 1e6, 1e6]))
    assert share.tolist() == [0.0, 0.5, 1.0]


@given(sizes, sizes, sizes, st.floats(1e3, 1e8), st.integers(1, 500))
def test_more_rows_never_move_less(m: int, k: int, n: int, capacity: float, more: int) -> None:
    assert total_bytes((m + more, k, n), capacity) >= total_bytes((m, k, n), capacity)


def test_no_cliff_where_a_left_operand_stops_fitting() -> None:
    """64 rows of a wide layer do not fit 1 MiB, but its columns do: two passes are never due."""
    wide = Widths(2.0 * ONE, 2.0 * ONE)
    moved = total_bytes((64.0, 14336.0, 4096.0), 2**20, wide)
    assert moved <= 1.1 * 2 * (64 * 14336 + 14336 * 4096 + 64 * 4096)


def test_small_memories_take_smaller_slices_of_keys() -> None:
    """64 KiB of a GPU core hold 16 keys of 128-wide heads and a block of queries beside them."""
    half = Widths(2.0 * ONE, 2.0 * ONE)
    passes = attention_passes(1024.0, (128.0, 128.0, 256.0), np.array([65536.0]), half)
    slices = 2 * 16 * 256 * 2
    per_row = 128 * 2 + (128 + 2 + 16) * 4
    assert passes[0] == math.ceil(1024 / ((65536 - slices) // per_row))
