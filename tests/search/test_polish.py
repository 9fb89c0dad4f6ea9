"""Local search: it ends where no design within its steps improves the front."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.pareto import non_dominated
from dse.search.coding import Coding
from dse.search.polish import polish
from dse.space import Target
from dse.sweep import Survey, evaluate_designs, objective_values, violations

NOTHING = np.empty(0, dtype=np.int64)


def test_no_design_within_two_steps_improves(toy):
    space = toy.make_space(targets=(Target("decode_power_w", 3.0, -1),), models=1)
    survey, coding = Survey(space, toy.SILICON), Coding(space)
    survey.evaluate(space.sample(8, 0))
    before = survey.front_values
    assert polish(survey, coding, NOTHING, 10**6) == 2
    around = coding.neighbours(coding.neighbours(survey.front_index))
    index = np.concatenate([survey.front_index, np.unique(around, axis=0)])
    columns = evaluate_designs(space, index, toy.SILICON)
    feasible = (violations(space, columns) <= 0).all(axis=1)
    values = objective_values(space, columns)
    count = len(survey.front_index)
    assert non_dominated(values[feasible])[:count].all()
    # What was on the front before is still reached.
    for row in before:
        assert (survey.front_values <= row).all(axis=1).any()


def test_each_design_is_evaluated_once_and_known_ones_never(toy):
    space = toy.make_space(models=1)
    survey = Survey(space, toy.SILICON)
    start = space.sample(8, 0)
    survey.evaluate(start)
    taken = []
    evaluate = survey.evaluate

    def spy(index):
        taken.extend(space.encode(index).tolist())
        return evaluate(index)

    survey.evaluate = spy
    counts = []
    polish(survey, Coding(space), space.encode(start), 10**6, counts.append)
    assert len(taken) == len(set(taken))
    assert not set(taken) & set(space.encode(start).tolist())
    assert counts[-1] == len(taken)
    assert counts == sorted(counts)


@pytest.mark.parametrize("limit", [0, 1, 50])
def test_a_limit_is_kept_and_said(toy, limit):
    space = toy.make_space(models=1)
    survey = Survey(space, toy.SILICON)
    survey.evaluate(space.sample(8, 0))
    counts = [0]
    assert polish(survey, Coding(space), NOTHING, limit, counts.append) < 2
    assert all(done < limit for done in counts[:-1])


def test_without_a_feasible_design_the_nearest_one_moves(toy):
    targets = (Target("tpot_s", 0.001, -1), Target("energy_per_token_j", 0.001, -1))
    space = toy.make_space(targets=targets, models=1)
    survey = Survey(space, toy.SILICON)
    start = space.decode([0])
    _, missed = survey.evaluate(start)
    assert polish(survey, Coding(space), NOTHING, 10**6) == 2
    assert len(survey.front_index) == 0
    columns = evaluate_designs(space, space.decode(np.arange(space.size)), toy.SILICON)
    worst = violations(space, columns).max(axis=1)
    nearest = int(space.encode(survey.reach.nearest[None])[0])
    assert worst[nearest] == worst.min() < missed.max()


def test_nothing_seen_is_nothing_to_polish(toy):
    space = toy.make_space(models=1)
    survey = Survey(space, toy.SILICON)
    assert polish(survey, Coding(space), NOTHING, 10) == 2
    assert survey.evaluated == 0


def test_a_continuous_axis_is_followed_to_its_optimum(toy):
    """The fastest clock that a limit on the power allows lies somewhere between."""
    clocks = tuple(np.linspace(0.1e9, 2.0e9, 4097).tolist())
    clock = dataclasses.replace(
        toy.CLOCK, values=clocks, texts=("",) * len(clocks), is_continuous=True
    )
    space = toy.make_space(clock, objectives=("ttft_s",), models=1)
    index = space.decode(np.arange(space.size))
    columns = evaluate_designs(space, index, toy.SILICON)
    limit = float(np.quantile(columns["prefill_power_w"], 0.7))
    space = dataclasses.replace(space, targets=(Target("prefill_power_w", limit, -1),))
    feasible = columns["prefill_power_w"] <= limit
    best = np.where(feasible, columns["ttft_s"], np.inf)
    assert 0 < index[int(np.argmin(best))][0] < 4096
    survey = Survey(space, toy.SILICON)
    survey.evaluate(np.array([[0]]))
    assert polish(survey, Coding(space), NOTHING, 10**6) == 2
    assert survey.front_values.min() == best.min()
    assert survey.evaluated < space.size / 4
