"""The streaming front equals the front of everything at once."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dse.pareto import Front, non_dominated

MATRICES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 40), st.integers(1, 4)),
    elements=st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, 4.0, np.inf, np.nan]),
    fill=st.nothing(),
)


@given(MATRICES, st.lists(st.integers(0, 40), max_size=5))
@settings(max_examples=200, deadline=None)
def test_batches_do_not_matter(values, cuts):
    ids = np.arange(len(values))[:, None] + 2**60
    front = Front(values.shape[1])
    for part in np.split(np.arange(len(values)), sorted(min(c, len(values)) for c in cuts)):
        front.update(values[part], ids[part])
    mask = non_dominated(values)
    assert sorted(front.ids.ravel()) == sorted(ids[mask].ravel())
    np.testing.assert_array_equal(front.values, values[front.ids.ravel() - 2**60] + 0.0)
    keys = [(*row, name) for row, name in zip(front.values.tolist(), front.ids[:, 0], strict=True)]
    assert keys == sorted(keys)


def test_equal_values_of_different_designs_stay_and_equal_ids_count_once():
    front = Front(2, id_width=2)
    assert front.update([[1, 1], [1, 1]], [[0, 1], [0, 2]]) == 2
    assert front.update([[1, 1], [1, 1]], [[0, 2], [0, 2]]) == 0
    assert front.ids.tolist() == [[0, 1], [0, 2]]


def test_an_update_says_how_many_new_rows_stay():
    front = Front(2)
    assert front.update([[5, 5], [6, 6]], [[0], [1]]) == 1
    assert front.update([[9, 9]], [[2]]) == 0
    assert front.update([[1, 9], [9, 1], [4, 4]], [[3], [4], [5]]) == 3
    assert len(front) == 3


def test_refusals():
    with pytest.raises(ValueError, match="must agree"):
        Front(1).update([[1.0], [2.0]], [[0]])
    with pytest.raises(ValueError, match="objectives"):
        Front(0)
