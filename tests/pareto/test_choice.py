"""Knee, crowding and thinning."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dse.pareto import crowding, knee, non_dominated, thin

MATRICES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 25), st.integers(1, 4)),
    elements=st.one_of(st.integers(0, 5).map(float), st.floats(-1e3, 1e3)),
    fill=st.nothing(),
)


def test_knee_of_a_bent_line():
    assert knee([[0, 10], [4, 5], [1, 1], [10, 0]]) == 2


def test_knee_of_a_sphere_octant_is_its_middle():
    angles = np.linspace(0, np.pi / 2, 21)
    rows = [
        [1 - np.sin(a) * np.cos(b), 1 - np.sin(a) * np.sin(b), 1 - np.cos(a)]
        for a in angles
        for b in angles
    ]
    best = np.array(rows)[knee(rows)]
    np.testing.assert_allclose(best, 1 - 3**-0.5, atol=0.05)


def test_knee_takes_no_dominated_or_unknown_row():
    assert knee([[0.5, 0.5], [0, 0.4], [0.4, 0], [np.nan, -9], [np.inf, -9]]) in (1, 2)
    with pytest.raises(ValueError, match="finite"):
        knee([[np.nan, 1.0]])
    with pytest.raises(ValueError, match="finite"):
        knee(np.empty((0, 2)))


def test_knee_of_one_point_and_of_copies():
    assert knee([[3.0, 4.0, 5.0]]) == 0
    assert knee([[9.0, 9.0], [1.0, 1.0], [1.0, 1.0]]) == 1


@given(MATRICES)
@settings(max_examples=100, deadline=None)
def test_knee_is_on_the_front_and_blind_to_scale(values):
    found = knee(values)
    assert non_dominated(values)[found]
    # Powers of two scale exactly.
    factors = np.array([2.0, 0.25, 1024.0, 1.0])[: values.shape[1]]
    assert knee(values * factors) == found


def test_crowding_sums_the_gaps():
    distance = crowding([[0, 8], [1, 4], [3, 2], [4, 0]])
    np.testing.assert_allclose(distance, [np.inf, 3 / 4 + 6 / 8, 3 / 4 + 4 / 8, np.inf])
    assert crowding(np.empty((0, 2))).shape == (0,)


@given(MATRICES, st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_thin_keeps_as_many_as_asked(values, keep):
    rows = thin(values, keep)
    distinct = len(np.unique(values, axis=0))
    assert len(rows) == (len(values) if len(values) <= keep else min(keep, distinct))
    assert (np.diff(rows) > 0).all()


def test_thin_keeps_the_ends_and_spreads_the_rest():
    x = np.concatenate([np.linspace(0, 0.01, 200), np.linspace(0.1, 1, 10)])
    values = np.stack([x, 1 - x], axis=1)
    rows = thin(values, 14)
    assert {0, len(x) - 1} <= set(rows.tolist())
    assert np.count_nonzero(x[rows] > 0.05) >= 9
