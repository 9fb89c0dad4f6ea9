"""DRAM traffic: never below the bounds of theory, each byte once when all fits."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost.attention import Heads, attention_input_bytes
from dse.cost.traffic import Widths, gemm_input_bytes, resident_fraction

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


def attention_bytes(heads: Heads, capacity: float, widths: Widths = BYTE) -> float:
    return float(attention_input_bytes(heads, np.array([float(capacity)]), widths, ONE)[0])


def test_attention_reads_the_cache_once_when_the_queries_fit() -> None:
    few = Heads(4.0, 1e6, 1e6, 128.0, 128.0, 256.0)
    assert attention_bytes(few, 2**20) == 4 * 128 + 256e6
    many = Heads(4096.0, 1e6, 1e6, 128.0, 128.0, 256.0)
    assert attention_bytes(many, 2**18) > 2 * 256e6


def test_attention_reads_the_cache_once_when_the_keys_fit() -> None:
    """1 MiB holds 1,024 keys and values of 256 bytes; seven blocks of queries would read them."""
    heads = Heads(4096.0, 1024.0, 1024.0, 128.0, 128.0, 256.0)
    assert attention_bytes(heads, 2**20) == 4096 * 128 + 1024 * 256


def test_a_further_pass_reads_the_keys_that_its_queries_attend_to() -> None:
    """Under a causal mask that is half of them."""
    whole = Heads(4096.0, 65536.0, 65536.0, 128.0, 128.0, 256.0)
    causal = Heads(4096.0, 65536.0, 32768.0, 128.0, 128.0, 256.0)
    once = 4096 * 128 + 65536 * 256
    full, half = attention_bytes(whole, 2**19), attention_bytes(causal, 2**19)
    assert half - once == (full - once) / 2 > 0


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


def test_small_memories_take_the_largest_block_of_queries_that_fits() -> None:
    """64 KiB of a GPU core: two slices of 16 keys, scores 16 x 16, and rows with their state."""
    half = Widths(2.0 * ONE, 2.0 * ONE)
    heads = Heads(1024.0, 1e5, 1e5, 128.0, 128.0, 256.0)
    rows = (65536 - 2 * 16 * 256 * 2 - 16 * 16 * 4) // (128 * 2 + (128 + 2) * 4)
    passes = math.ceil(1024 / rows)
    assert attention_bytes(heads, 65536, half) == 1024 * 128 * 2 + 1e5 * 256 * 2 * passes


heads_of = st.builds(
    lambda rows, keys, reach, width: Heads(rows, keys, keys * reach, *width),
    sizes.map(float),
    sizes.map(float),
    st.floats(0.5, 1.0),
    st.sampled_from([(64.0, 64.0, 128.0), (192.0, 128.0, 320.0), (576.0, 512.0, 576.0)]),
)


@given(heads_of, st.floats(1e3, 1e8), st.floats(1.0, 100.0))
def test_more_memory_never_raises_the_traffic_of_attention(
    heads: Heads, capacity: float, factor: float
) -> None:
    once = heads.rows * heads.query + heads.keys * heads.stored
    large, small = attention_bytes(heads, capacity * factor), attention_bytes(heads, capacity)
    assert once <= large <= small


@given(heads_of, st.floats(1e3, 1e8), st.floats(0.5, 2.0), st.floats(1.0, 4.0))
def test_wider_keys_never_lower_the_traffic_of_attention(
    heads: Heads, capacity: float, narrow: float, factor: float
) -> None:
    thin = attention_bytes(heads, capacity, Widths(ONE, ONE * narrow))
    assert attention_bytes(heads, capacity, Widths(ONE, ONE * narrow * factor)) >= thin


@given(heads_of, st.floats(1e3, 1e8), st.integers(1, 500))
def test_more_queries_never_lower_the_traffic_of_attention(
    heads: Heads, capacity: float, more: int
) -> None:
    longer = dataclasses.replace(heads, rows=heads.rows + more)
    assert attention_bytes(longer, capacity) >= attention_bytes(heads, capacity)


@given(
    sizes,
    sizes,
    sizes,
    st.lists(st.floats(1e3, 1e8), min_size=1, max_size=20),
    st.floats(0.0, 1.0),
)
def test_a_batch_equals_its_members_to_the_bit(
    m: int, k: int, n: int, rooms: list[float], weight: float
) -> None:
    """What one member has no use for is left out for it alone."""
    capacity = np.array(rooms)
    heads = Heads(float(m), float(n), float(n), 128.0, 128.0, 256.0)

    def both(room: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        away = weight * ONE
        product = gemm_input_bytes((float(m), float(k), float(n)), room, BYTE, away)
        pair = np.broadcast_arrays(product, attention_input_bytes(heads, room, BYTE, away), room)
        return np.stack(pair)

    together = both(capacity)
    for place in range(len(rooms)):
        np.testing.assert_array_equal(together[:, [place]], both(capacity[[place]]))
