"""Searches: right on what can be enumerated, the same bytes, resumable at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from dse.errors import CorruptRunError, VersionMismatchError
from dse.search import SAMPLERS, run_search
from dse.search.run import Search
from dse.search.surrogate import Surrogate
from dse.space import Target
from dse.store import load_run
from dse.sweep import Survey, run_sweep, survey

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))
FILES = ("front.csv", "results.csv", "summary.json", "journal.jsonl")


@pytest.fixture(scope="module")
def space(toy):
    return toy.make_space(targets=TARGETS, models=1)


@pytest.fixture(scope="module")
def exact(toy, space):
    return run_sweep(space, toy.SILICON, samples=None)


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_front_is_that_of_the_whole_space(toy, space, exact, sampler):
    trials = 60 if sampler == "tpe" else 200
    result = run_search(space, toy.SILICON, trials=trials, samples=64, sampler=sampler, seed=3)
    assert not result.is_exhaustive
    assert result.trials == trials
    assert result.evaluated < space.size / 2
    assert result.optimal_steps == 2
    np.testing.assert_array_equal(result.front_index, exact.front_index)
    assert (result.front["feasible"] == 1).all()
    volumes = [entry.hypervolume for entry in result.history]
    assert volumes == sorted(volumes)
    assert result.history[0].stage == "sweep"
    assert result.history[-1].evaluated == result.evaluated


def test_a_space_no_larger_than_the_sweep_is_enumerated(toy, space, exact):
    result = run_search(space, toy.SILICON, trials=50, samples=space.size)
    assert result.is_exhaustive
    assert result.trials == 0
    assert result.evaluated == space.size
    np.testing.assert_array_equal(result.front_index, exact.front_index)


@pytest.mark.parametrize("trials", [0, 1, 2, 49])
def test_small_budgets(toy, space, trials):
    result = run_search(space, toy.SILICON, trials=trials, samples=16)
    assert result.trials == trials
    assert result.optimal_steps == 2


def test_more_trials_than_designs_end(toy):
    space = toy.make_space(toy.ROWS, toy.BUS, toy.DRAM, models=1)
    result = run_search(space, toy.SILICON, trials=100, samples=4)
    assert result.trials <= space.size
    exact = run_sweep(space, toy.SILICON, samples=None)
    np.testing.assert_array_equal(result.front_index, exact.front_index)


def test_refusals(toy, space):
    with pytest.raises(ValueError, match="trials must be >= 0, but got -1"):
        run_search(space, toy.SILICON, trials=-1)
    with pytest.raises(ValueError, match="sampler must be one of"):
        run_search(space, toy.SILICON, sampler="magic")


def test_no_design_is_told_twice_and_budgets_are_distinct_designs(toy, space, tmp_path):
    result = run_search(space, toy.SILICON, trials=200, samples=64, out=tmp_path)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()[1:]
    records = [json.loads(line[9:]) for line in lines]
    rows = [tuple(entry["row"]) for record in records for entry in record["trials"]]
    assert len(set(rows)) == result.trials == 200
    # The sampler repeats itself, is answered all the same, and random designs stand in.
    assert len(rows) > 200
    for record in records:
        assert len({tuple(entry["row"]) for entry in record["trials"]}) >= 50
    told = load_run(tmp_path).tables["results"]["design"]
    assert set(space.encode(np.array(rows)).tolist()) <= set(told.tolist())


def test_constraints_of_the_journal_are_positive_where_a_target_is_missed(toy, space, tmp_path):
    run_search(space, toy.SILICON, trials=60, samples=16, out=tmp_path)
    table = load_run(tmp_path).tables["results"]
    by_design = dict(zip(table["design"].tolist(), table["feasible"].tolist(), strict=True))
    seen = set()
    for line in (tmp_path / "journal.jsonl").read_bytes().splitlines()[1:]:
        for entry in json.loads(line[9:])["trials"]:
            text = json.dumps(entry["attrs"])
            names = ("0 tpot_s", "1 decode_power_w", "2 memory_free_bytes", "3 buildable")
            assert all(name in text for name in names)
            limits = [v for key, v in entry["attrs"].items() if key.startswith("constraints")]
            feasible = all(value <= 0 for value in limits)
            assert len(limits) == 4
            assert feasible == by_design[int(space.encode(np.array([entry["row"]]))[0])]
            seen.add(feasible)
    assert seen == {True, False}


class Stop:
    """Interrupts a search after so many of its batches."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def __call__(self, progress) -> None:
        if progress.stage in ("scout", "search"):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


LONG, SHORT = {"trials": 150, "samples": 64}, {"trials": 75, "samples": 64}


@pytest.mark.parametrize(
    "asked", [LONG, SHORT | {"sampler": "tpe"}, LONG | {"scouts": 200}], ids=str
)
def test_interrupted_and_resumed_is_uninterrupted(toy, space, tmp_path, asked):
    run_search(space, toy.SILICON, out=tmp_path / "whole", **asked)
    whole = contents(tmp_path / "whole")
    lines = whole[-1].splitlines(keepends=True)
    assert len(lines) >= 4
    for border in range(len(lines)):
        stop = Stop(border)
        folder = tmp_path / f"cut{border}"
        try:
            run_search(space, toy.SILICON, out=folder, progress=stop, **asked)
        except KeyboardInterrupt:
            assert not load_run(folder).is_complete
        # Half a line, as a crash would leave it.
        with (folder / "journal.jsonl").open("ab") as stream:
            stream.write(lines[-1][:40])
        result = run_search(space, toy.SILICON, out=folder, **asked)
        assert result.torn_bytes == 40
        assert contents(folder) == whole
    assert result.resumed == len(lines) - 1


def test_the_journal_holds_what_scouts_chose_and_they_are_not_asked_again(
    toy, space, tmp_path, monkeypatch
):
    asked = {"trials": 60, "samples": 64, "scouts": 200}
    first = run_search(space, toy.SILICON, out=tmp_path, **asked)
    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    batches = [json.loads(line[line.index("{") :]) for line in lines]
    chosen = [number for batch in batches for number in batch.get("scouts", [])]
    assert len(set(chosen)) == len(chosen) == 200
    assert "scout" in {entry.stage for entry in first.history}
    monkeypatch.setattr(Surrogate, "learn", None)
    assert run_search(space, toy.SILICON, out=tmp_path, **asked).evaluated == first.evaluated


def test_a_finished_run_is_not_searched_again(toy, space, tmp_path):
    asked = {"trials": 60, "samples": 16}
    first = run_search(space, toy.SILICON, out=tmp_path, **asked)
    before = contents(tmp_path)
    again = run_search(space, toy.SILICON, out=tmp_path, **asked)
    assert contents(tmp_path) == before
    assert again.resumed == 2
    assert again.evaluated == first.evaluated
    with pytest.raises(VersionMismatchError, match=r"settings\.trials is 60 there, 61 here"):
        run_search(space, toy.SILICON, out=tmp_path, trials=61, samples=16)


def test_a_damaged_journal_is_named(toy, space, tmp_path):
    run_search(space, toy.SILICON, out=tmp_path, trials=60, samples=16)
    content = bytearray((tmp_path / "journal.jsonl").read_bytes())
    content[content.index(b"\n") + 30] ^= 1
    (tmp_path / "journal.jsonl").write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"journal\.jsonl:2: damaged line"):
        run_search(space, toy.SILICON, out=tmp_path, trials=60, samples=16)


def test_the_same_bytes_in_other_processes_and_other_for_other_seeds(toy, space, tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from importlib import util
        from pathlib import Path
        spec = util.spec_from_file_location("toy", sys.argv[1])
        toy = util.module_from_spec(spec)
        spec.loader.exec_module(toy)
        from dse.search import run_search
        from dse.space import Target
        targets = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))
        space = toy.make_space(targets=targets, models=1)
        run_search(space, toy.SILICON, trials=110, samples=32, out=Path(sys.argv[2]))
        """
    )
    run_search(space, toy.SILICON, trials=110, samples=32, out=tmp_path / "here")
    subprocess.run(
        [sys.executable, "-c", script, toy.__file__, str(tmp_path / "there")],
        env=os.environ | {"PYTHONHASHSEED": "77"},
        check=True,
    )
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    run_search(space, toy.SILICON, trials=110, samples=32, out=tmp_path / "other", seed=1)
    assert contents(tmp_path / "here")[-1] != contents(tmp_path / "other")[-1]


def test_what_is_not_finite_is_never_told_and_never_on_the_front(toy, monkeypatch, tmp_path):
    space = toy.make_space(models=1)
    evaluate = survey.Evaluator.evaluate

    def broken(self, index, names=None):
        columns = evaluate(self, index, names)
        columns["tpot_s"][index[:, 0] == 0] = np.inf
        columns["cost_usd"][index[:, 0] == 1] = np.nan
        return columns

    monkeypatch.setattr(survey.Evaluator, "evaluate", broken)
    result = run_search(space, toy.SILICON, trials=120, samples=32, out=tmp_path)
    told = [
        entry
        for line in (tmp_path / "journal.jsonl").read_bytes().splitlines()[1:]
        for entry in json.loads(line[9:])["trials"]
    ]
    assert {entry["row"][0] for entry in told} == {0, 1, 2, 3}
    for entry in told:
        assert (entry["values"] is None) == (entry["row"][0] < 2)
    assert (result.front_index[:, 0] >= 2).all()
    assert len(result.front_index)


def test_the_tables_read_back(toy, space, tmp_path):
    result = run_search(space, toy.SILICON, trials=60, samples=64, out=tmp_path)
    run = load_run(tmp_path)
    assert run.is_complete
    assert run.manifest.kind == "search"
    assert run.manifest.settings == {"trials": 60, "seed": 0, "sampler": "nsga2", "samples": 64}
    assert run.summary["optimal_steps"] == 2
    assert [entry["evaluated"] for entry in run.summary["history"]] == [
        entry.evaluated for entry in result.history
    ]
    for table, name in ((result.front, "front"), (result.cloud, "results")):
        for column, values in table.items():
            np.testing.assert_array_equal(run.tables[name][column], values)


def test_the_first_generation_is_the_sweeps_best(toy, space):
    settings = {"trials": 100, "seed": 0, "sampler": "nsga2", "samples": 500}
    search = Search(Survey(space, toy.SILICON), settings)
    search.run(None)
    first = run_search(space, toy.SILICON, trials=0, samples=500)
    swept = first.history[0]
    assert swept.stage == "sweep"
    study = search.proposer._study
    rows = [search.proposer._coding.row(trial.params) for trial in study.trials[:50]]
    columns = survey.Evaluator(space, toy.SILICON).evaluate(np.array(rows))
    feasible = (survey.violations(space, columns) <= 0).all(axis=1)
    assert feasible.all()
