"""The sieve never drops a point of the front nor a copy of one, and drops most of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.pareto import Sieve, non_dominated


@given(
    seed=st.integers(0, 2**32 - 1),
    columns=st.integers(1, 5),
    levels=st.sampled_from([2, 3, 7, 1000]),
    count=st.integers(1, 60),
)
def test_what_it_drops_is_dominated(seed, columns, levels, count):
    random = np.random.default_rng(seed)
    known = random.integers(0, levels, (count, columns)) * 0.1 - 0.3
    front = known[non_dominated(known)]
    points = np.concatenate([random.integers(0, levels, (200, columns)) * 0.1 - 0.3, front])
    passed = Sieve(front, deep=int(random.integers(columns))).passes(list(points.T))
    beaten = (front[None] <= points[:, None]).all(axis=2) & (front[None] < points[:, None]).any(
        axis=2
    )
    assert passed[~beaten.any(axis=1)].all()


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5])
def test_it_drops_most_of_a_cloud(columns):
    random = np.random.default_rng(columns)
    cloud = random.random((20_000, columns))
    front = cloud[non_dominated(cloud)]
    passed = Sieve(front, deep=columns - 1).passes(list(cloud.T))
    assert passed.mean() < {1: 0.001, 2: 0.01, 3: 0.05, 4: 0.4, 5: 0.8}[columns]


def test_values_beyond_the_front_and_an_empty_one():
    sieve = Sieve([[1.0, 4.0], [4.0, 1.0]], deep=1)
    far = np.array([-1e300, 0.5, 1e300])
    assert sieve.passes([far, np.full(3, 9.0)]).tolist() == [True, True, False]
    assert Sieve(np.empty((0, 2)), deep=0).passes([far, far]).all()


def test_terms_of_other_shapes():
    sieve = Sieve([[1.0, 2.0, 3.0]], deep=2)
    first, second = np.array([[0.5], [2.0]]), np.array([[1.0, 3.0]])
    passed = sieve.passes([first, second, np.array([[9.0]])])
    assert passed.tolist() == [[True, True], [True, False]]
