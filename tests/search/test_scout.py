"""Scouts: a model that interpolates, and proposals that are new, feasible and worth it."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search.bench import Truth
from dse.search.coding import Coding
from dse.search.scout import Scout
from dse.search.surrogate import Surrogate, straightened
from dse.space import Target
from dse.sweep import Survey, evaluate_designs, objective_values

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))


def logs(toy, space, index):
    columns = evaluate_designs(space, index, toy.SILICON)
    return straightened(objective_values(space, columns))


def test_the_model_knows_what_it_learned_and_is_near_elsewhere(toy):
    space = toy.make_space(models=1)
    surrogate = Surrogate(space, Coding(space))
    index = space.sample(300, 0)
    known, new = index[:-50], index[-50:]
    surrogate.learn(known, logs(toy, space, known), np.zeros(len(known)))
    means, sigmas = surrogate.means_and_sigmas(known)
    np.testing.assert_allclose(means, logs(toy, space, known), atol=2e-3)
    np.testing.assert_array_equal(surrogate.means(known), means)
    means, more = surrogate.means_and_sigmas(new)
    off = np.abs(means - logs(toy, space, new))
    assert (np.median(off, axis=0) < 0.05 * surrogate.spread).all()
    # It is less sure of what it was not told, and right about how sure.
    assert (np.median(more, axis=0) > 10.0 * np.median(sigmas, axis=0)).all()
    assert (np.mean(off < 2.0 * more, axis=0) > 0.8).all()


def test_what_hardly_matters_is_followed_less(toy):
    space = toy.make_space(models=1)
    index = space.sample(200, 0)
    values = logs(toy, space, index)
    values[0] += 1.0
    off = []
    for far in (0.0, 1e3):
        surrogate = Surrogate(space, Coding(space))
        surrogate.learn(index, values, np.array([far, *np.zeros(len(index) - 1)]))
        off.append(np.abs(surrogate.means(index[:1]) - values[0]).max())
    assert off[1] > 100.0 * off[0]


def test_a_column_without_any_spread_is_known_for_certain(toy):
    space = toy.make_space(models=1)
    surrogate, index = Surrogate(space, Coding(space)), space.sample(50, 0)
    surrogate.learn(index, np.full((len(index), 1), 3.0), np.zeros(len(index)))
    means, sigmas = surrogate.means_and_sigmas(space.sample(20, 1))
    np.testing.assert_array_equal(means, 3.0)
    np.testing.assert_array_equal(sigmas, 0.0)


def told(toy, space, count, seed=0):
    survey = Survey(space, toy.SILICON)
    scout = Scout(space, Coding(space), seed)
    index = space.sample(count, seed)
    columns, missed = survey.evaluate(index)
    scout.tell(index, objective_values(space, columns), missed)
    return survey, scout


def test_proposals_are_new_distinct_and_the_same_again(toy):
    space = toy.make_space(targets=TARGETS, models=1)
    batches = []
    for _ in range(2):
        _, scout = told(toy, space, 64)
        batches.append(scout.ask(20))
        numbers = space.encode(batches[-1])
        assert len(set(numbers.tolist())) == 20
        assert not set(numbers.tolist()) & set(scout.numbers.tolist())
    np.testing.assert_array_equal(*batches)


def test_scouts_reach_the_exact_front_in_a_tenth_of_the_space(toy):
    space = toy.make_space(targets=TARGETS, models=1)
    truth = Truth(space, toy.SILICON)
    survey, scout = told(toy, space, 64)
    while survey.evaluated < space.size // 10:
        index = scout.ask(32)
        columns, missed = survey.evaluate(index)
        scout.tell(index, objective_values(space, columns), missed)
    assert truth.ratio(survey.front_values) > 0.999
    # Most of what they look at can be built and meets the targets.
    assert survey.feasible > survey.evaluated / 3


def test_without_a_feasible_design_they_go_where_one_is_likeliest(toy):
    space = toy.make_space(targets=TARGETS, models=1)
    survey, scout = told(toy, space, 64)
    columns, missed = survey.evaluate(scout._index)
    bad = (missed > 0.0).any(axis=1)
    alone = Scout(space, Coding(space), 0)
    alone.tell(scout._index[bad], objective_values(space, columns)[bad], missed[bad])
    _, missed = survey.evaluate(alone.ask(16))
    assert (missed <= 0.0).all(axis=1).any()


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_proposed_where_nothing_can_be_learned(toy, count):
    space = toy.make_space(models=1)
    scout = Scout(space, Coding(space), 0)
    if count:
        scout.tell(space.decode([0]), np.ones((1, 3)), np.zeros((1, 2)))
    assert len(scout.ask(10)) == 0


def test_designs_that_cannot_be_built_or_are_not_finite_do_no_harm(toy):
    space = toy.make_space(models=1)
    scout = Scout(space, Coding(space), 0)
    index = space.sample(64, 0)
    columns, missed = Survey(space, toy.SILICON).evaluate(index)
    values = objective_values(space, columns)
    missed[:8, -1] = np.inf
    values[8:12, 0] = np.nan
    scout.tell(index, values, missed)
    found = scout.ask(16)
    assert len(found) == 16
    assert not set(space.encode(found).tolist()) & set(space.encode(index).tolist())
