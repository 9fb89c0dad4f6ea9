"""Starting designs, the fixed measure of the front, and the memory of what was told."""

from __future__ import annotations

import numpy as np
import pytest

from dse.pareto import rank
from dse.search.ledger import Ledger, Starters, Yardstick
from dse.space import Target
from dse.sweep import Survey


def test_starters_are_the_best_ranks_then_the_nearest_misses():
    random = np.random.default_rng(0)
    values = random.random((200, 2))
    missed = np.where(random.random((200, 1)) < 0.9, random.random((200, 1)), -1.0)
    missed[5] = np.inf
    index = np.arange(200)[:, None]
    feasible = np.flatnonzero(missed[:, 0] <= 0)
    ranks = rank(values[feasible])
    for count in (3, len(feasible), 60):
        starters = Starters(count)
        for block in np.array_split(np.arange(200), 3):
            starters.update(index[block], values[block], missed[block])
        chosen = starters.index[:, 0]
        assert len(chosen) == len(set(chosen)) == count
        inside = chosen[np.isin(chosen, feasible)]
        assert len(inside) == min(count, len(feasible))
        worst = ranks[np.isin(feasible, inside)].max()
        assert set(feasible[ranks < worst]) <= set(inside)
        rest = np.setdiff1d(chosen, feasible)
        order = np.argsort(np.where(missed[:, 0] > 0, missed[:, 0], np.inf), kind="stable")
        assert set(rest) == set(order[: len(rest)])


def test_there_may_be_fewer_starters_than_wanted():
    starters = Starters(10)
    assert starters.index is None
    starters.update(np.array([[1], [2]]), np.zeros((2, 2)), np.array([[0.0], [np.inf]]))
    assert starters.index.tolist() == [[1]]


def test_the_yardstick_is_a_share_of_the_first_box():
    stick = Yardstick(2)
    assert stick.measure(np.empty((0, 2))) == 0.0
    stick.update(np.array([[10.0, 5.0], [np.inf, 0.0]]))
    stick.update(np.array([[20.0, 1.0], [12.0, 3.0]]))
    assert stick.measure(np.array([[10.0, 1.0]])) == pytest.approx(1.0)
    assert stick.measure(np.array([[21.0, 5.4]])) == pytest.approx(0.0)
    assert stick.measure(np.array([[15.5, 1.0]])) == pytest.approx(0.5)
    assert stick.measure(np.array([[9.0, 0.6]])) > 1.0


def test_the_yardstick_of_equal_values_and_of_a_front_too_large():
    stick = Yardstick(3)
    stick.update(np.ones((4, 3)))
    assert stick.measure(np.ones((1, 3))) == pytest.approx(1.0)
    wide = Yardstick(6)
    wide.update(np.ones((4, 6)))
    assert wide.measure(np.ones((1, 6))) is None


def test_a_design_is_evaluated_once(toy):
    targets = (Target("tpot_s", 0.02, -1), Target("tpot_s", 0.001, 1))
    space = toy.make_space(targets=targets, models=1)
    survey = Survey(space, toy.SILICON)
    ledger = Ledger(survey)
    rows = space.decode([5, 9, 5, 7]).tolist()
    first = ledger.outcomes(rows)
    assert survey.evaluated == len(ledger) == 3
    assert first[0] == first[2] != first[1]
    names = ["0 tpot_s", "1 tpot_s", "2 memory_free_bytes", "3 buildable"]
    assert list(first[0].constraints) == names
    assert ledger.outcomes(rows[::-1]) == first[::-1]
    assert ledger.outcomes([]) == []
    assert survey.evaluated == 3
    assert ledger.numbers.tolist() == [5, 7, 9]
    single = [Ledger(Survey(space, toy.SILICON)).outcomes([row])[0] for row in rows]
    assert single == first
