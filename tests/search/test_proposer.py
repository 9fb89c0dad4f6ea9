"""The adapter around Optuna: signs, generations, replay, and that guidance guides."""

from __future__ import annotations

import json
import warnings

import numpy as np
import optuna
import pytest

from dse.pareto import hypervolume
from dse.search.proposer import SAMPLERS, Outcome, Proposer, quiet_optuna


def outcome(row) -> Outcome:
    x = np.array(row, dtype=float)
    return Outcome((float(x.sum()), float((x**2).sum() - x[0])), {"a": float(x[0] - 2)})


def batches(proposer, count, size=12):
    records, rows = [], []
    for _ in range(count):
        proposer.start_batch()
        asked = proposer.ask(size)
        rows.append(asked)
        records.append(proposer.tell([outcome(row) for row in asked]))
    return records, rows


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_replayed_study_goes_on_as_the_first_would(toy, sampler):
    space = toy.make_space(objectives=("tpot_s", "cost_usd"))
    records, rows = batches(Proposer(space, sampler, 5, 12), 4)
    for border in range(4):
        other = Proposer(space, sampler, 5, 12)
        for record, asked in zip(records[:border], rows[:border], strict=True):
            # What the journal keeps is what JSON keeps.
            assert other.replay(json.loads(json.dumps(record))) == asked
        again, more = batches(other, 4 - border)
        assert more == rows[border:]
        assert again == records[border:]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_seeds_and_batches_differ(toy, sampler):
    space = toy.make_space(objectives=("tpot_s", "cost_usd"))
    _, one = batches(Proposer(space, sampler, 1, 12), 2)
    _, two = batches(Proposer(space, sampler, 2, 12), 2)
    assert one != two
    assert one[0] != one[1]


def test_constraints_keep_their_sign_and_their_names(toy):
    space = toy.make_space(objectives=("tpot_s", "cost_usd"))
    proposer = Proposer(space, "nsga2", 0, 12)
    _, rows = batches(proposer, 3)
    trials = proposer._study.trials
    for row, trial in zip([row for batch in rows for row in batch], trials, strict=True):
        assert trial.constraints == {"a": float(row[0] - 2)}
    best = {tuple(trial.params.items()) for trial in proposer._study.best_trials}
    assert best
    assert all(dict(entry)[toy.ROWS.path] <= 2 for entry in best)


def test_wanted_designs_are_the_first_generation(toy):
    space = toy.make_space(objectives=("tpot_s", "cost_usd"))
    proposer = Proposer(space, "nsga2", 0, 6)
    wanted = space.sample(6, 1).tolist()
    proposer.start_batch()
    assert proposer.ask(6, wanted) == wanted
    first = proposer.tell([outcome(row) for row in wanted])
    proposer.start_batch()
    children = proposer.ask(6)
    second = proposer.tell([outcome(row) for row in children])
    key = "NSGAIISampler:generation"
    assert {entry["attrs"][key] for entry in first["trials"]} == {0}
    assert {entry["attrs"][key] for entry in second["trials"]} == {1}


def test_what_is_not_finite_fails_and_is_replayed_as_failed(toy):
    space = toy.make_space(objectives=("tpot_s", "cost_usd"))
    proposer = Proposer(space, "nsga2", 0, 6)
    proposer.start_batch()
    rows = proposer.ask(3)
    record = proposer.tell([outcome(rows[0]), Outcome(None, {"a": 1.0}), outcome(rows[2])])
    other = Proposer(space, "nsga2", 0, 6)
    other.replay(json.loads(json.dumps(record)))
    for study in (proposer._study, other._study):
        assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "COMPLETE"]
        assert study.trials[1].values is None


def test_unknown_sampler(toy):
    with pytest.raises(ValueError, match=r'sampler must be one of nsga2.*but got "magic"'):
        Proposer(toy.make_space(), "magic", 0, 10)


def test_no_warning_and_no_word_from_optuna(toy, capfd):
    level = optuna.logging.get_verbosity()
    with quiet_optuna(), warnings.catch_warnings():
        warnings.simplefilter("error")
        for sampler in SAMPLERS:
            batches(Proposer(toy.make_space(objectives=("tpot_s", "cost_usd")), sampler, 0, 4), 2)
    assert optuna.logging.get_verbosity() == level
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def zdt1(row) -> Outcome:
    """ZDT1 on a grid (Zitzler, Deb and Thiele, Evolutionary Computation 8(2), 2000)."""
    x = np.array(row) / 24.0
    g = 1.0 + 9.0 * x[1:].mean()
    return Outcome((float(x[0]), float(g * (1.0 - np.sqrt(x[0] / g)))), {})


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nsga2_beats_random_on_zdt1(toy, seed):
    choices = tuple(float(n) for n in range(25))
    axes = [toy.Axis(f"x{n}", (f"x{n}",), choices, tuple(map(str, choices))) for n in range(10)]
    space = toy.make_space(*axes, objectives=("tpot_s", "cost_usd"))
    volume = {}
    with quiet_optuna():
        for sampler in ("nsga2", "random"):
            proposer = Proposer(space, sampler, seed, 40)
            values = []
            for _ in range(15):
                proposer.start_batch()
                outcomes = [zdt1(row) for row in proposer.ask(40)]
                values += [entry.values for entry in outcomes]
                proposer.tell(outcomes)
            volume[sampler] = hypervolume(values, [1.1, 6.0])
    assert volume["nsga2"] > 1.1 * volume["random"]


def test_a_continuous_axis_is_one_ordered_range(toy):
    values = tuple(np.linspace(1.0, 2.0, 4097).tolist())
    axis = toy.Axis("idle", ("chip.power.idle_w",), values, ("",) * 4097, is_continuous=True)
    proposer = Proposer(toy.make_space(axis, toy.NODE), "random", 0, 2)
    assert proposer._distributions["idle"] == optuna.distributions.IntDistribution(0, 4096)
    rows = np.array(proposer.ask(50))
    assert len(np.unique(rows[:, 0])) > 40
