"""Sobol indices against functions whose indices are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from dse.advise.sobol import sobol_indices

A, B = 7.0, 0.1


def ishigami(points):
    x = np.pi * (2.0 * points - 1.0)
    value = np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])
    return value[:, None]


def ishigami_indices():
    """Ishigami and Homma 1990: variances by parts."""
    alone = 0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2
    second = A**2 / 8.0
    joint = B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    whole = alone + second + joint
    return np.array([alone, second, 0.0]) / whole, np.array([alone + joint, second, joint]) / whole


def test_the_indices_of_ishigami_s_function():
    found = sobol_indices(ishigami, 3, base=4096, seed=1)
    first, total = ishigami_indices()
    np.testing.assert_allclose(found.first[:, 0], first, atol=0.02)
    np.testing.assert_allclose(found.total[:, 0], total, atol=0.01)
    assert found.evaluations == 5 * 4096


def test_the_intervals_hold_the_truth():
    found = sobol_indices(ishigami, 3, base=4096, seed=2)
    for truth, (low, high) in zip(
        ishigami_indices(), (found.first_interval, found.total_interval), strict=True
    ):
        assert (low[:, 0] <= truth + 0.01).all()
        assert (truth - 0.01 <= high[:, 0]).all()
        assert (low < high).all()


def test_a_sum_has_no_interactions():
    weights = np.array([3.0, 2.0, 0.0])
    found = sobol_indices(lambda x: 5.0 + (x @ weights)[:, None], 3, base=2048, seed=0)
    truth = weights**2 / (weights**2).sum()
    np.testing.assert_allclose(found.first[:, 0], truth, atol=5e-3)
    np.testing.assert_allclose(found.total[:, 0], truth, atol=5e-3)


@pytest.mark.parametrize("value", [0.1, np.inf, np.nan])
@pytest.mark.parametrize("column", [0, 1])
def test_what_is_constant_or_not_finite_has_none(column, value):
    def half(points):
        parts = [points[:, 0]]
        parts.insert(column, np.full(len(points), value))
        return np.stack(parts, axis=1)

    found = sobol_indices(half, 2, base=64, seed=0)
    assert np.isnan(found.first[:, column]).all()
    assert np.isfinite(found.first[:, 1 - column]).all()


def test_the_same_seed_gives_the_same_indices():
    one, two = (sobol_indices(ishigami, 3, base=64, seed=9) for _ in range(2))
    np.testing.assert_array_equal(one.first_interval, two.first_interval)
