"""A run as an Optuna study: as Optuna itself would write it, with the same front."""

from __future__ import annotations

import json
import shutil

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from dse.errors import CorruptRunError, StoreError
from dse.search import run_search
from dse.search.study import study_trials
from dse.search.study_file import STUDY, export_study, write_study
from dse.space import Target
from dse.spec import load_space, load_technology
from dse.store import load_run
from dse.sweep import run_sweep

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_tok_s", 20.0, 1))
OBJECTIVES = ("tpot_s", "energy_per_token_j", "decode_tok_s")


@pytest.fixture(scope="module")
def space(toy):
    return toy.make_space(targets=TARGETS, objectives=OBJECTIVES, models=1)


@pytest.fixture(scope="module")
def searched(toy, space, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "searched"
    run_search(space, toy.SILICON, trials=60, samples=64, out=out)
    return load_run(out)


@pytest.fixture
def study(searched, tmp_path):
    assert export_study(searched, tmp_path / "study.db") == len(study_trials(searched))
    return optuna.load_study(study_name=STUDY, storage=f"sqlite:///{tmp_path / 'study.db'}")


def rows_of(run):
    """Cells of the designs in the tables, by number."""
    return {
        number: {name: cells[row] for name, cells in table.items()}
        for table in run.tables.values()
        for row, number in enumerate(table["design"].tolist())
    }


def check_designs(run, trials, space):
    """Hold the parameters of every trial against the row of its design, and against the space."""
    rows, read = rows_of(run), {axis.path: axis for axis in space.axes}
    for trial in trials:
        design = trial.user_attrs["design"]
        assert trial.params.keys() == read.keys()
        assert trial.params == {name: rows[design][name] for name in trial.params}
        places = [
            (axis.values if axis.is_numeric else axis.texts).index(trial.params[name])
            for name, axis in read.items()
        ]
        assert space.encode(np.array([places])).tolist() == [design]


def values_of(trials):
    return {tuple(trial.values) for trial in trials}


def test_the_best_trials_are_the_front(searched, study):
    front = searched.tables["front"]
    columns = [front[name].tolist() for name in OBJECTIVES]
    assert values_of(study.best_trials) == set(zip(*columns, strict=True))
    assert [direction.name for direction in study.directions] == [
        "MINIMIZE", "MINIMIZE", "MAXIMIZE",
    ]  # fmt: skip


def test_the_proposals_come_first_and_their_best_is_their_own_front(searched, study, toy):
    told = [trial for trial in study.trials if trial.user_attrs["proposed"]]
    assert [trial.number for trial in told] == list(range(len(told)))
    assert len({trial.user_attrs["design"] for trial in told}) == 60
    alone = optuna.create_study(directions=study.directions)
    alone.add_trials(told)
    table = searched.tables["results"]
    proposed = np.isin(table["design"], [trial.user_attrs["design"] for trial in told])
    usable = proposed & (table["feasible"] == 1)
    points = np.stack([table[name][usable] for name in OBJECTIVES], axis=1)
    signed = points * np.array([1.0, 1.0, -1.0])
    on_front = [
        not ((signed <= row).all(axis=1) & (signed < row).any(axis=1)).any() for row in signed
    ]
    assert values_of(alone.best_trials) == {tuple(row) for row in points[on_front].tolist()}


def test_a_trial_is_its_design(searched, study, space):
    check_designs(searched, study.trials, space)
    for trial in (study.trials[0], study.trials[-1]):
        assert trial.user_attrs["feasible"] == all(v <= 0 for v in trial.constraints.values())
        assert set(trial.constraints) == {
            "0 tpot_s", "1 decode_tok_s", "2 memory_free_bytes", "3 buildable",
        }  # fmt: skip


def test_it_is_what_add_trials_writes(searched, tmp_path):
    trials = study_trials(searched)[:25]
    write_study(trials, OBJECTIVES, tmp_path / "ours.db")
    ours = optuna.load_study(study_name=STUDY, storage=f"sqlite:///{tmp_path / 'ours.db'}")
    theirs = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'theirs.db'}",
        study_name=STUDY,
        directions=["minimize", "minimize", "maximize"],
    )
    theirs.add_trials(trials)
    assert ours.trials == theirs.trials
    assert ours.directions == theirs.directions
    again = ours.ask()  # the study can be gone on with
    assert again.number == 25


def test_a_sweep_gives_its_front_and_its_cloud(toy, space, tmp_path):
    run_sweep(space, toy.SILICON, samples=200, keep=40, out=tmp_path / "run")
    run = load_run(tmp_path / "run")
    trials = study_trials(run)
    known = {*run.tables["front"]["design"].tolist(), *run.tables["results"]["design"].tolist()}
    assert {trial.user_attrs["design"] for trial in trials} == known
    assert not any(trial.user_attrs["proposed"] for trial in trials)
    assert len(trials) == len(known)


def test_a_search_under_way_gives_its_proposals(toy, space, tmp_path):
    class StopError(Exception):
        pass

    def stop(progress):
        if progress.stage == "search":
            raise StopError

    with pytest.raises(StopError):
        run_search(space, toy.SILICON, trials=60, samples=64, out=tmp_path, progress=stop)
    trials = study_trials(load_run(tmp_path))
    assert len(trials) >= 50
    assert all(trial.user_attrs["proposed"] for trial in trials)


def test_what_is_not_finite_failed(toy, space, tmp_path, monkeypatch):
    from dse.sweep import survey

    evaluate = survey.Evaluator.evaluate

    def broken(self, index, names=None):
        columns = evaluate(self, index, names)
        columns["tpot_s"][index[:, 0] == 0] = np.inf
        return columns

    monkeypatch.setattr(survey.Evaluator, "evaluate", broken)
    run_sweep(space, toy.SILICON, samples=100, out=tmp_path / "run")
    trials = study_trials(load_run(tmp_path / "run"))
    failed = [trial for trial in trials if trial.state.name == "FAIL"]
    assert {trial.params["chip.units.npu.matrix.rows"] for trial in failed} == {32}
    write_study(trials, OBJECTIVES, tmp_path / "x.db")
    study = optuna.load_study(study_name=STUDY, storage=f"sqlite:///{tmp_path / 'x.db'}")
    assert len(study.trials) == len(trials)


SPACE = """\
schema: dse.space/1
name: tied
title: Tied
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
unit: npu
axes:
  chip.units.npu.matrix.cols: [32, 64]
  chip.units.npu.clock: {clock}
  chip.dram.bus_width: [48 bit, 64 bit]
ties:
  chip.units.npu.vector.lanes: {{follows: chip.units.npu.matrix.cols, values: [64, 64]}}
objectives: [tpot_s, cost_usd]
"""
CLOCKS = {
    "few": "[0.8 GHz, 1 GHz]",
    "continuous": "{from: 0.6 GHz, to: 1.6 GHz, continuous: true}",
}


def tied_space(folder, clock):
    path = folder / "tied.yaml"
    path.write_text(SPACE.format(clock=CLOCKS[clock]), encoding="utf-8")
    return load_space(path)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("is_search", [False, True])
def test_a_trial_is_its_design_where_fields_are_tied_and_axes_are_continuous(
    tmp_path, clock, is_search
):
    space, silicon = tied_space(tmp_path, clock), load_technology().silicon
    if is_search:
        run_search(space, silicon, trials=20, samples=4, out=tmp_path / "run")
    else:
        run_sweep(space, silicon, samples=40, out=tmp_path / "run")
    run = load_run(tmp_path / "run")
    trials = study_trials(run)
    assert len(trials) >= 8
    check_designs(run, trials, space)


def test_trials_of_the_phone_mix_are_its_designs(tmp_path):
    space = load_space("phone_mix")
    run_sweep(space, load_technology().silicon, samples=60, out=tmp_path / "run")
    run = load_run(tmp_path / "run")
    export_study(run, tmp_path / "study.db")
    study = optuna.load_study(study_name=STUDY, storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert len(study.trials) == 60
    check_designs(run, study.trials, space)
    kinds = {name: type(entry) for name, entry in study.trials[0].distributions.items()}
    assert kinds["chip.units.npu.count"] is FloatDistribution
    assert kinds["chip.units.npu.clock"] is FloatDistribution
    assert kinds["chip.dram.type"] is CategoricalDistribution


def test_a_run_from_before_tied_fields_had_a_role_is_read_the_same(tmp_path):
    space = tied_space(tmp_path, "few")
    run_sweep(space, load_technology().silicon, samples=40, out=tmp_path / "run")
    trials = study_trials(load_run(tmp_path / "run"))
    file = tmp_path / "run" / "manifest.json"
    text = file.read_text(encoding="utf-8")
    assert '"role": "tied"' in text
    file.write_text(text.replace('"role": "tied"', '"role": "axis"'), encoding="utf-8")
    assert study_trials(load_run(tmp_path / "run")) == trials


def test_a_journal_of_another_run_is_refused(searched, tmp_path):
    folder = shutil.copytree(searched.path, tmp_path / "run")
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    data["space"]["targets"] = []
    (folder / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"journal\.jsonl:1: is not the journal of this run"):
        study_trials(load_run(folder))


def test_a_continuous_axis_does_not_repeat_its_lattice_in_every_trial(tmp_path):
    silicon = load_technology().silicon
    run_sweep(tied_space(tmp_path, "continuous"), silicon, samples=500, out=tmp_path / "run")
    export_study(load_run(tmp_path / "run"), tmp_path / "study.db")
    assert (tmp_path / "study.db").stat().st_size < 2 << 20


def test_a_run_without_a_trial_is_refused(toy, space, tmp_path):
    run_sweep(space, toy.SILICON, samples=32, out=tmp_path / "run")
    run = load_run(tmp_path / "run", tables=())
    with pytest.raises(StoreError, match=r"front\.csv is missing"):
        export_study(run, tmp_path / "study.db")
    assert not (tmp_path / "study.db").exists()
