"""The hypervolume: against moocore, and the laws that any hypervolume obeys."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import moocore
import numpy as np
import pytest
from hypothesis import given, settings

from dse.pareto import hypervolume, non_dominated

COARSE = st.integers(0, 8).map(float)
FINE = st.floats(0.0, 10.0, allow_subnormal=False)
MATRICES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.integers(1, 5)),
    elements=st.one_of(COARSE, FINE),
    fill=st.nothing(),
)


@given(MATRICES)
@settings(max_examples=150, deadline=None)
def test_agrees_with_moocore(values):
    corner = np.full(values.shape[1], 7.5)
    inside = values[(values < corner).all(axis=1)]
    expected = moocore.hypervolume(inside, ref=corner) if len(inside) else 0.0
    assert hypervolume(values, corner) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("points", "columns"), [(2000, 2), (2000, 3), (150, 4), (30, 6)])
def test_large_fronts_agree_with_moocore(points, columns):
    values = np.random.default_rng(points).standard_normal((points, columns))
    values = -np.abs(values) / np.linalg.norm(values, axis=1)[:, None]
    corner = np.zeros(columns)
    expected = moocore.hypervolume(values, ref=corner)
    assert hypervolume(values, corner) == pytest.approx(expected, rel=1e-12)


@given(MATRICES, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_copies_and_dominated_points_change_nothing(values, random):
    corner = np.full(values.shape[1], 9.0)
    whole = hypervolume(values, corner)
    front = values[non_dominated(values)]
    order = list(range(len(front)))
    random.shuffle(order)
    assert hypervolume(np.concatenate([front[order], front]), corner) == whole


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_grows_with_the_set_and_stays_inside_the_box(values):
    corner = np.full(values.shape[1], 9.0)
    volumes = [hypervolume(values[:count], corner) for count in range(len(values) + 1)]
    slack = 1e-9 * (1.0 + volumes[-1])
    assert all(later >= earlier - slack for earlier, later in pairwise(volumes))
    assert 0.0 <= volumes[-1] <= 9.0 ** values.shape[1] + slack


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5])
def test_one_point_is_a_box(columns):
    assert hypervolume([[1.0] * columns], [3.0] * columns) == 2.0**columns


def test_points_at_or_beyond_the_reference_and_nan_add_nothing():
    values = [[1, 1], [3, 0], [0, 3], [4, -9], [np.nan, 0]]
    assert hypervolume(values, [3, 3]) == 4.0
    assert hypervolume([[np.nan, 1]], [3, 3]) == 0.0


def test_an_unbounded_point_dominates_everything():
    assert hypervolume([[-np.inf, 0], [1, 1]], [3, 3]) == np.inf


def test_refusals():
    with pytest.raises(ValueError, match="must agree"):
        hypervolume([[1, 2]], [1, 2, 3])
    with pytest.raises(ValueError, match="finite"):
        hypervolume([[1, 2]], [1, np.inf])
