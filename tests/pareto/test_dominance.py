"""The non-dominated mask and the ranks, against the definition and against moocore."""

from __future__ import annotations

import time

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import moocore
import numpy as np
import pytest
from hypothesis import given, settings

from dse.pareto import non_dominated, rank

# Few distinct numbers make ties, copies and both zeros frequent.
CELLS = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 1.0, 2.0, 3.0, np.inf, np.nan])
MATRICES = hnp.arrays(
    np.float64, st.tuples(st.integers(0, 30), st.integers(1, 5)), elements=CELLS, fill=st.nothing()
)


def by_definition(values: np.ndarray) -> np.ndarray:
    mask = np.zeros(len(values), dtype=bool)
    for i, row in enumerate(values):
        beaten = any((other <= row).all() and (other < row).any() for other in values)
        mask[i] = not np.isnan(row).any() and not beaten
    return mask


@given(MATRICES)
@settings(max_examples=200, deadline=None)
def test_mask_is_the_definition(values):
    before = values.copy()
    np.testing.assert_array_equal(non_dominated(values), by_definition(values))
    np.testing.assert_array_equal(values, before)


@given(MATRICES, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_of_rows_does_not_matter(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    np.testing.assert_array_equal(non_dominated(values[order]), non_dominated(values)[order])


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("kind", ["uniform", "sphere", "coarse", "correlated"])
def test_mask_agrees_with_moocore(columns, kind):
    random = np.random.default_rng(columns)
    values = random.random((3000, columns))
    if kind == "sphere":
        values = -values / np.linalg.norm(values, axis=1)[:, None]
    elif kind == "coarse":
        values = np.round(values * 6)
    elif kind == "correlated":
        values = values * 0.01 + random.random((3000, 1))
    expected = moocore.is_nondominated(values, keep_weakly=True)
    np.testing.assert_array_equal(non_dominated(values), expected)


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_large_blocks_agree_with_moocore(columns):
    values = np.random.default_rng(7).standard_normal((20_000, columns))
    values = -np.abs(values) / np.linalg.norm(values, axis=1)[:, None]
    values[::7] += 0.01
    np.testing.assert_array_equal(
        non_dominated(values), moocore.is_nondominated(values, keep_weakly=True)
    )


def test_both_zeros_are_one_number():
    assert non_dominated([[0.0, -0.0], [-0.0, 0.0]]).all()
    assert non_dominated([[-0.0, 1.0], [0.0, 0.0]]).tolist() == [False, True]


def test_infinities_are_numbers():
    inf = np.inf
    assert non_dominated([[1, inf], [inf, 1], [inf, inf]]).tolist() == [True, True, False]
    assert non_dominated([[inf, inf, inf]]).tolist() == [True]
    assert non_dominated([[-inf, inf], [0, 0], [-inf, 0]]).tolist() == [False, False, True]


def test_extreme_magnitudes_do_not_overflow():
    huge = np.finfo(float).max
    values = [[huge, -huge, 0], [-huge, huge, 0], [huge, huge, 1e-320]]
    assert non_dominated(values).tolist() == [True, True, False]


def test_no_rows_and_wrong_shapes():
    assert non_dominated(np.empty((0, 3))).shape == (0,)
    with pytest.raises(ValueError, match=r"\(n, k\)"):
        non_dominated([1.0, 2.0])
    with pytest.raises(ValueError, match=r"\(n, k\)"):
        non_dominated(np.empty((4, 0)))


def test_a_million_points_cost_little_more_than_sorting_them():
    values = np.random.default_rng(0).random((1_000_000, 3))

    def seconds(call) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    sorting = min(seconds(lambda: np.lexsort(values.T)) for _ in range(2))
    mask = min(seconds(lambda: non_dominated(values)) for _ in range(2))
    assert mask < 5 * sorting


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_rank_peels_fronts(values):
    ranks = rank(values)
    left = ~np.isnan(values).any(axis=1)
    level = 0
    while left.any():
        front = np.flatnonzero(left)[by_definition(values[left])]
        np.testing.assert_array_equal(np.flatnonzero(left & (ranks == level)), front)
        left[front] = False
        level += 1
    assert (ranks[np.isnan(values).any(axis=1)] == level).all()


def test_rank_agrees_with_moocore():
    values = np.random.default_rng(3).random((300, 3))
    np.testing.assert_array_equal(rank(values), moocore.pareto_rank(values))
