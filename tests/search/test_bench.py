"""Searches against exact fronts: ratios are right, and ours needs the fewest evaluations."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search import SAMPLERS
from dse.search.bench import OURS, Run, SearchBench, Truth, is_beaten, run_search_bench
from dse.space import Target
from dse.sweep import run_sweep

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))
SEEDS = 3


@pytest.fixture(scope="module")
def space(toy):
    return toy.make_space(targets=TARGETS, models=1)


@pytest.fixture(scope="module")
def truth(toy, space):
    return Truth(space, toy.SILICON)


@pytest.fixture(scope="module")
def result(toy, truth):
    return run_search_bench([truth], toy.SILICON, SEEDS, 400, samples=1024)


def test_the_ratio_is_one_for_the_exact_front_alone(toy, space, truth):
    exact = run_sweep(space, toy.SILICON, samples=None)
    values = np.column_stack([exact.front[name] for name in space.objectives])
    assert truth.points == len(np.unique(values, axis=0))
    assert truth.feasible == exact.feasible
    assert truth.ratio(values) == 1.0
    assert 0.0 < truth.ratio(values[:1]) < 1.0
    assert truth.ratio(values[:0]) == 0.0


def test_a_space_without_a_feasible_design_has_no_truth(toy):
    space = toy.make_space(targets=(Target("tpot_s", 1e-9, -1),), models=1)
    with pytest.raises(ValueError, match="no design of toy meets its targets"):
        Truth(space, toy.SILICON)


def test_a_space_that_the_sweep_would_enumerate_is_refused(toy, truth):
    with pytest.raises(ValueError, match="toy has 3200 designs, and must have more than the 4096"):
        run_search_bench([truth], toy.SILICON, 1, 10, samples=4096)


def test_tracks_rise_and_end_with_the_budget(result):
    assert len(result.runs) == SEEDS * (1 + len(SAMPLERS))
    for run in result.runs:
        assert (np.diff(run.evaluations) >= 0).all()
        assert (np.diff(run.ratios) >= 0.0).all()
        assert (np.diff(run.seconds) >= 0.0).all()
        assert 0.0 < run.ratios[-1] <= 1.0
        # The last batch may go a little beyond the budget.
        assert run.evaluations[-1] < 400 + 64


def test_runs_are_the_same_again(toy, truth, result):
    again = run_search_bench([truth], toy.SILICON, 1, 200, samples=1024)
    for sampler in (OURS, "random", "nsga2"):
        (short,), long = again.of("toy", sampler), result.of("toy", sampler)[0]
        common = short.evaluations[:-1]
        np.testing.assert_array_equal(common, long.evaluations[: len(common)])
        np.testing.assert_array_equal(short.ratios[:-1], long.ratios[: len(common)])


def test_ours_reaches_the_goal_with_the_fewest_evaluations_on_most_seeds(result):
    assert all(run.reached() is not None for run in result.of("toy", OURS))
    assert result.wins_over_all("toy") >= SEEDS - 1
    for sampler in SAMPLERS:
        assert result.wins("toy", sampler) >= result.wins_over_all("toy")


def run(evaluations, ratios):
    seconds = np.zeros(len(ratios))
    return Run("toy", "any", 0, np.array(evaluations), seconds, np.array(ratios))


def test_who_beats_whom():
    ours = run([0, 100, 200, 500], [0.0, 0.9, 0.9991, 1.0])
    assert ours.reached() == 200
    assert is_beaten(ours, run([0, 201], [0.0, 1.0]))
    assert not is_beaten(ours, run([0, 200], [0.0, 1.0]))
    # Never there: beaten if it had as many evaluations, else nothing is decided.
    assert is_beaten(ours, run([0, 200], [0.0, 0.99]))
    assert not is_beaten(ours, run([0, 199], [0.0, 0.99]))
    assert not is_beaten(run([0, 500], [0.0, 0.99]), run([0, 500], [0.0, 0.5]))


def test_wins_count_seeds_on_which_every_sampler_is_beaten(truth):
    fast, slow, none = [0, 10, 99], [0, 50, 99], [0, 98, 99]
    tracks = dict.fromkeys(SAMPLERS, (fast, slow)) | {"tpe": (none, none)}
    tracks[OURS] = (slow, fast)
    runs = tuple(
        Run("toy", name, seed, np.array(at), np.zeros(3), np.array([0.0, 1.0, 1.0]))
        for name, each in tracks.items()
        for seed, at in enumerate(each)
    )
    bench = SearchBench((truth,), runs, 99, 1, 0.0)
    assert bench.wins("toy", "random") == 1
    assert bench.wins("toy", "tpe") == 2
    assert bench.wins_over_all("toy") == 1
