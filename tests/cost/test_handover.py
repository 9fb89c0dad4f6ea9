"""What kernels hand to each other: chains by hand, against every way to run them, and the laws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import derive
from dse.cost.handover import moved_bytes
from dse.cost.io_bound import phase_io_bytes
from dse.workload import Kind, Op
from tests.conftest import SILICON, build_chip, precision
from tests.cost.twins import chain
from tests.cost.twins.chain import Pair, modelled, table
from tests.cost.twins.nest import Values

pairs = st.builds(
    Pair,
    st.integers(1, 5000).map(float),
    st.integers(16, 8192).map(float),
    st.integers(16, 16384).map(float),
    st.sampled_from([1.0, 2.0]),
    st.sampled_from([1.0, 2.0]),
    st.sampled_from([1.0, 2.0]),
)


def test_chains_stay_near_the_best_of_all_splits_and_fused_tilings() -> None:
    """Within 5 % in 98 of 100, within 10 % in 995 of 1,000; the worst of 12,000 found is 15 %.

    The rest lies where an operand, or what is handed on, just fits: there a share between two of
    those that are tried is better.
    """
    found = chain.ratios(80, seed=3)
    assert found.min() >= 0.98  # the twin's shares are steps of a 64th
    assert found.max() <= 1.16
    assert np.mean(found <= 1.10) >= 0.995
    assert np.mean(found <= 1.05) >= 0.98


def test_a_pair_whose_weights_fit_moves_nothing_between_its_products() -> None:
    """100,000 rows through 64 -> 256 -> 64: 48 KiB of weights stay, the rows pass once."""
    pair = Pair(1e5, 64.0, 256.0, 2.0, 1.0, 1.0)
    room = 64 * 1024.0
    assert modelled(pair, np.array([room]))[0] == pytest.approx(pair.weights + 3.0 * 64.0 * 1e5)


def test_a_pair_in_blocks_of_rows_reads_its_weights_once_per_block() -> None:
    """Half of the rows fit with input and sums: twice the weights, and not the 32 MB between."""
    pair = Pair(2048.0, 512.0, 8192.0, 2.0, 2.0, 1.0)
    row = 512 * 2 + 512 * 4 + 16 * (2 * 4 + 2)
    room = np.array([1024.0 * row + 4.0 * 16 * 16, 1024.0 * row + 4.0 * 16 * 16 - 1.0])
    moved = modelled(pair, room)
    assert moved[0] == pytest.approx(2.0 * pair.weights + 3.0 * 2048 * 512 * 2)
    assert moved[1] > moved[0]


def test_what_fits_whole_is_handed_on_whole() -> None:
    pair = Pair(64.0, 4096.0, 11008.0, 2.0, 2.0, 1.0)
    assert modelled(pair, np.array([2.0**24]))[0] == pair.weights


@given(pairs, st.floats(2.0**14, 2.0**28), st.floats(1.0, 100.0))
def test_more_memory_never_moves_more(pair: Pair, capacity: float, factor: float) -> None:
    small, large = modelled(pair, np.array([capacity, capacity * factor]))
    assert pair.weights <= large * (1 + 1e-12) <= small * (1 + 2e-12)


@given(pairs, st.floats(2.0**14, 2.0**28), st.integers(1, 500))
def test_more_rows_never_move_less(pair: Pair, capacity: float, more: int) -> None:
    longer = dataclasses.replace(pair, m=pair.m + more)
    room = np.array([capacity])
    assert modelled(longer, room)[0] >= modelled(pair, room)[0] * (1 - 1e-12)


@given(pairs, st.floats(2.0**14, 2.0**28))
def test_wider_numbers_never_move_less(pair: Pair, capacity: float) -> None:
    room = np.array([capacity])
    for name in ("width", "weight"):
        narrow, wide = (dataclasses.replace(pair, **{name: size}) for size in (1.0, 2.0))
        assert modelled(wide, room)[0] >= modelled(narrow, room)[0] * (1 - 1e-12)


@given(pairs, st.floats(2.0**14, 2.0**28))
def test_no_way_to_run_a_pair_beats_the_bound_of_its_phase(pair: Pair, capacity: float) -> None:
    names = {1.0: "int8", 2.0: "fp16"}
    formats = precision(names[pair.weight], names[pair.width], "int8")
    room = np.array([capacity])
    bound = phase_io_bytes(table(pair), formats, room, pair.weights)
    assert modelled(pair, room)[0] >= bound[0] * (1 - 1e-12)


def _table() -> tuple[Op, ...]:
    return (
        Op("qkv", Kind.GEMM, 2.0, m=300.0, k=512.0, n=1536.0, output_elements=3e5),
        Op("up", Kind.GEMM, 2.0, m=300.0, k=512.0, n=2048.0, output_elements=6e5, chain="mlp"),
        Op("down", Kind.GEMM, 2.0, m=300.0, k=2048.0, n=512.0, output_elements=2e5, chain="mlp"),
        Op("norm", Kind.VECTOR, 1.0, extra_elements=2e5, output_elements=2e5),
    )


def _both(dram: Values, cache: Values) -> Values:
    chips = derive(build_chip(), precision("int8", "fp16", "int8"), SILICON)
    found = moved_bytes(_table(), chips, (dram, cache))
    shape = np.broadcast_shapes(dram.shape, cache.shape)
    return np.stack([np.broadcast_to(each, shape) for side in found for each in side])


def test_many_equal_designs_are_worked_out_once_and_to_the_bit() -> None:
    """3,000 designs of 40 capacities, against each alone, and spread over two axes."""
    rng = np.random.default_rng(7)
    sizes = np.exp(rng.uniform(np.log(2.0**14), np.log(2.0**24), 40))
    dram, cache = rng.choice(sizes, 3000), rng.choice(sizes[:5], 3000)
    together = _both(dram, cache)
    for place in range(0, 3000, 97):
        alone = _both(dram[[place]], cache[[place]])
        np.testing.assert_array_equal(together[:, [place]], alone)
    grid = _both(sizes.reshape(-1, 1), sizes[:5].reshape(1, -1))
    flat = _both(np.repeat(sizes, 5), np.tile(sizes[:5], 40))
    np.testing.assert_array_equal(grid.reshape(len(grid), -1), flat)


def test_a_chain_moves_as_much_as_its_kernels_together() -> None:
    """Each is charged its weights once, and of the rest a part by its multiply-accumulates."""
    chips = derive(build_chip(), precision("int8", "fp16", "int8"), SILICON)
    room = np.array([2.0**17])
    (_, up, down, _), _ = moved_bytes(_table(), chips, (room, room))
    weights = 512.0 * 2048.0
    assert up[0] == down[0] > weights  # equal weights, equal multiply-accumulates
