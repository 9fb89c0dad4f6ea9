"""Starting designs, the fixed measure of the front, and the memory of what was told."""

from __future__ import annotations

import numpy as np

from dse.pareto import rank
from dse.search.ledger import Ledger, Starters
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
