"""Exclusions: blame falls on the pair that is guilty, and on no other."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search.exclusions import Exclusions
from dse.space import Axis, Space


@pytest.fixture(scope="module")
def space(toy) -> Space:
    return toy.make_space(models=1)


def failed(index: np.ndarray, *rules: tuple[int, int, int, int]) -> np.ndarray:
    """Whether any rule (axis, choice, axis, choice) holds both of its choices in a design."""
    return np.any([(index[:, a] == x) & (index[:, b] == y) for a, x, b, y in rules], axis=0)


def test_guilty_pairs_are_found_and_no_innocent_one_is_blamed(space):
    rules = ((0, 1, 1, 0), (1, 1, 3, 1))
    exclusions = Exclusions(space)
    index = space.sample(256, 0)
    exclusions.learn(index, failed(index, *rules))
    assert exclusions.explains
    everything = space.decode(np.arange(space.size))
    odds, bad = exclusions.odds(everything), failed(everything, *rules)
    assert 0.0 < bad.mean() < 1.0
    assert odds[bad].max() < 0.2
    assert odds[~bad].min() > 0.8


def test_a_choice_that_always_fails_is_blamed_whatever_goes_with_it(space):
    exclusions = Exclusions(space)
    index = space.sample(128, 1)
    exclusions.learn(index, index[:, 0] == 0)
    everything = space.decode(np.arange(space.size))
    odds, bad = exclusions.odds(everything), everything[:, 0] == 0
    assert odds[bad].max() < 0.5 * odds[~bad].min()


def test_pairs_of_a_sound_design_are_cleared(space):
    exclusions = Exclusions(space)
    index = space.sample(8, 2)
    exclusions.learn(index, np.arange(8) > 0)
    assert exclusions.odds(index[:1])[0] == 1.0
    # By hand: one failed design of n pairs that are all open shares 1 among them.
    alone = Exclusions(space)
    alone.learn(index[:1], np.array([True]))
    pairs = len(space.axes) * (len(space.axes) - 1) // 2
    assert alone.odds(index[:1])[0] < (1.0 - 0.5 / pairs) ** pairs


def test_a_failure_without_an_open_pair_is_not_explained(space):
    exclusions = Exclusions(space)
    index = space.sample(64, 3)
    same = np.concatenate([index, index[:1]])
    exclusions.learn(same, np.arange(65) == 64)
    assert not exclusions.explains
    assert (exclusions.odds(index) == 1.0).all()


def test_nothing_told_means_nothing_is_excluded(space):
    exclusions = Exclusions(space)
    assert exclusions.explains
    assert (exclusions.odds(space.sample(16, 0)) > 0.5).all()
    exclusions.learn(space.sample(16, 0), np.zeros(16, dtype=np.bool_))
    assert (exclusions.odds(space.sample(16, 0)) == 1.0).all()


def test_a_space_of_one_axis_has_no_pairs(space):
    import dataclasses

    axis = Axis(space.axes[0].path, space.axes[0].leaves, (1.0, 2.0), ("1", "2"))
    single = dataclasses.replace(space, axes=(axis,))
    exclusions = Exclusions(single)
    index = np.array([[0], [1]])
    exclusions.learn(index, np.array([False, True]))
    assert not exclusions.explains
    np.testing.assert_array_equal(exclusions.odds(index), 1.0)
