"""Several workers at one study: complete, and equal to one process, whoever dies and when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest

from dse.errors import CorruptRunError, DatabaseError, VersionMismatchError
from dse.search import SAMPLERS, join_study, run_search, run_worker
from dse.search.board import Board
from dse.search.run import Search
from dse.sweep import Survey

CHILD = Path(__file__).with_name("child.py")
FILES = ("front.csv", "results.csv", "summary.json", "journal.jsonl")


@pytest.fixture(scope="session")
def local(child, subject, tmp_path_factory):
    """What a search by one process writes, by sampler."""
    found: dict[str, list[bytes]] = {}

    def search(sampler: str) -> list[bytes]:
        if sampler not in found:
            out = tmp_path_factory.mktemp("local") / sampler
            run_search(*subject, out=out, sampler=sampler, **child.SETTINGS)
            found[sampler] = contents(out)
        return found[sampler]

    return search


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


class Worker:
    """A child process, whose lines are read one by one."""

    def __init__(self, address: str, name: str, out: Path, sampler: str, *points: str) -> None:
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, CHILD, address, name, out, sampler, *points],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> list[str]:
        return self.process.stdout.readline().split()

    def go_on(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(address, name, tmp_path) -> Iterator:
    workers: list[Worker] = []

    def start_one(*points: str, sampler: str = "nsga2") -> Worker:
        workers.append(Worker(address, name, tmp_path / f"out{len(workers)}", sampler, *points))
        return workers[-1]

    yield start_one
    for worker in workers:
        worker.close()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_worker_is_a_local_search(address, name, child, subject, local, sampler, tmp_path):
    settings = child.SETTINGS | {"sampler": sampler}
    with join_study(*subject, address, name, **settings) as study:
        assert study.is_new
        result = run_worker(study, tmp_path / "first")
        assert study.led == len(study.records) > 1
        assert study.evaluated == result.trials
    assert contents(tmp_path / "first") == local(sampler)
    # One that comes after the end finds the same, and has nothing to do.
    with join_study(*subject, address, name, **settings) as study:
        assert not study.is_new
        run_worker(study, tmp_path / "second")
        assert (study.led, study.evaluated) == (0, 0)
    assert contents(tmp_path / "second") == local(sampler)


@pytest.mark.parametrize("point", ["evaluating", "sealing", "showing", "finishing"])
def test_the_leader_is_killed_and_the_other_takes_over(start, local, point):
    leader = start(point)
    assert leader.line() == ["joined", "1"]
    assert leader.line() == [point]
    other = start()
    assert other.line() == ["joined", "2"]
    leader.kill()
    word, led, evaluated = other.line()
    assert word == "done"
    assert contents(other.out) == local("nsga2")
    assert not (leader.out / "front.csv").exists()
    batches, designs = {
        "evaluating": (2, 60),
        "sealing": (1, 0),
        "showing": (1, 10),
        "finishing": (0, 0),
    }[point]
    assert (int(led), int(evaluated)) == (batches, designs)


@pytest.mark.parametrize("sampler", ["nsga2", "tpe"])
def test_a_follower_is_killed_with_a_slice_at_hand(start, local, sampler):
    leader = start("asking", "published", sampler=sampler)
    assert leader.line() == ["joined", "1"]
    assert leader.line() == ["asking"]
    follower = start("evaluating", sampler=sampler)
    assert follower.line() == ["joined", "2"]
    # The first batch was cut for one worker; the second is cut for two.
    leader.go_on()
    assert leader.line() == ["published"]
    assert follower.line() == ["evaluating"]
    follower.kill()
    leader.go_on()
    assert leader.line() == ["done", "2", "60"]
    assert contents(leader.out) == local(sampler)


def test_a_stopped_worker_holds_nobody_up_for_ever(
    start, address, name, child, subject, local, tmp_path
):
    """It is alive and keeps its slice; the others wait for it, but not without end."""
    publish, stopped = Board.publish, []

    def wait_for_the_other(board, batch, slices):
        publish(board, batch, slices)
        if not stopped:
            stopped.append(start("evaluating"))
            assert stopped[0].line() == ["joined", "2"]
            assert stopped[0].line() == ["evaluating"]
            os.kill(stopped[0].process.pid, signal.SIGSTOP)

    with (
        pytest.MonkeyPatch.context() as patch,
        join_study(*subject, address, name, **child.SETTINGS) as leader,
    ):
        patch.setattr("dse.search.shared._LONG_S", 0.5)
        patch.setattr(Board, "publish", wait_for_the_other)
        run_worker(leader, tmp_path / "mine")
        assert leader.evaluated == 60
    assert contents(tmp_path / "mine") == local("nsga2")
    os.kill(stopped[0].process.pid, signal.SIGCONT)
    stopped[0].go_on()
    # What it brings late changes nothing.
    assert stopped[0].line() == ["done", "0", "50"]
    assert contents(stopped[0].out) == local("nsga2")


def test_two_workers_share_a_batch(start, local):
    leader = start("asking", "published")
    leader.line()
    assert leader.line() == ["asking"]
    follower = start("evaluating")
    follower.line()
    leader.go_on()
    assert leader.line() == ["published"]
    assert follower.line() == ["evaluating"]
    leader.go_on()
    follower.go_on()
    # Ten designs in eight slices, of which the follower took the first at least.
    word, led, own = leader.line()
    other, followed, rest = follower.line()
    assert (word, led, other, followed) == ("done", "2", "done", "0")
    assert int(own) + int(rest) == 60
    assert int(rest) >= 2
    assert contents(leader.out) == contents(follower.out) == local("nsga2")


def test_the_optuna_study_is_the_local_one_trial_by_trial(address, name, subject):
    settings = {"trials": 60, "seed": 0, "sampler": "nsga2", "samples": 64}
    search = Search(Survey(*subject), settings)
    search.run(None)
    with join_study(*subject, address, name, **settings) as study:
        run_worker(study)
    storage = optuna.storages.RDBStorage(address.replace("postgresql:", "postgresql+psycopg:"))
    shared = optuna.load_study(study_name=name, storage=storage)
    here, there = search.proposer._study.trials, shared.trials
    assert len(here) == len(there) >= 60
    for one, two in zip(here, there, strict=True):
        for field in ("number", "state", "values", "params", "distributions", "system_attrs"):
            assert getattr(one, field) == getattr(two, field), field
        row = search.proposer._coding.row(two.params)
        assert two.user_attrs == {"design": int(subject[0].encode(np.array([row]))[0])}
    assert {str(entry.values) for entry in shared.best_trials} == {
        str(entry.values) for entry in search.proposer._study.best_trials
    }
    storage.engine.dispose()


def test_a_space_that_the_sweep_covers_or_that_runs_out_of_designs(address, name, toy, tmp_path):
    space = toy.make_space(toy.ROWS, toy.BUS, toy.DRAM, models=1)
    for samples in (4, 1000):
        settings = {"trials": 100, "samples": samples}
        run_search(space, toy.SILICON, out=tmp_path / f"local{samples}", **settings)
        for turn in ("one", "two"):
            with join_study(space, toy.SILICON, address, f"{name} {samples}", **settings) as study:
                run_worker(study, tmp_path / f"{turn}{samples}")
            assert contents(tmp_path / f"{turn}{samples}") == contents(
                tmp_path / f"local{samples}"
            )


def test_a_study_of_another_search_is_refused(address, name, toy, subject, monkeypatch):
    with join_study(*subject, address, name, trials=60, samples=64):
        pass
    place = f'study "{name}" in {address.replace("s3cret+word", "***")}: is of another search'
    with (
        pytest.raises(VersionMismatchError) as caught,
        join_study(*subject, address, name, trials=61, samples=64, sampler="tpe"),
    ):
        pass
    differences = 'settings.trials is 60 there, 61 here; settings.sampler is "nsga2" there, "tpe"'
    assert str(caught.value) == f"{place} ({differences} here); choose another"
    with (
        pytest.raises(VersionMismatchError, match=r"space\.size is 800 there, 32 here"),
        join_study(
            toy.make_space(toy.ROWS, toy.BUS, toy.DRAM, models=1),
            toy.SILICON,
            address,
            name,
            trials=60,
            samples=64,
        ),
    ):
        pass
    monkeypatch.setattr("dse.__version__", "9.9")
    with (
        pytest.raises(VersionMismatchError, match=r'versions\.dse is ".*" there, "9\.9" here'),
        join_study(*subject, address, name, trials=60, samples=64),
    ):
        pass


def test_a_study_that_is_not_ours_is_refused_and_left_alone(address, name, subject):
    storage = optuna.storages.RDBStorage(address.replace("postgresql:", "postgresql+psycopg:"))
    foreign = optuna.create_study(study_name=name, storage=storage, directions=["minimize"])
    with (
        pytest.raises(VersionMismatchError, match="is not a study of dse"),
        join_study(*subject, address, name, trials=60),
    ):
        pass
    assert foreign.user_attrs == {}
    storage.engine.dispose()


def test_trials_that_somebody_else_adds_are_noticed(address, name, subject):
    with join_study(*subject, address, name, trials=10, samples=64) as study:
        study._study.add_trial(optuna.create_trial(state=optuna.trial.TrialState.FAIL))
        with pytest.raises(DatabaseError, match="holds trials that dse did not write"):
            run_worker(study)


def test_a_run_folder_of_other_batches_is_refused(address, name, child, subject, tmp_path):
    run_search(*subject, out=tmp_path, **child.SETTINGS)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    with join_study(*subject, address, name, **child.SETTINGS) as study:
        run_worker(study, tmp_path)
        assert journal.read_bytes() == b"".join(lines)
    journal.write_bytes(lines[0] + lines[2])
    with (
        join_study(*subject, address, name, **child.SETTINGS) as study,
        pytest.raises(CorruptRunError, match="batch 0 of the run folder's journal is not that"),
    ):
        run_worker(study, tmp_path)


def test_wrong_settings(subject):
    for settings, message in (
        ({"trials": -1}, "trials must be >= 0, but got -1"),
        ({"sampler": "magic"}, "sampler must be one of"),
    ):
        with (
            pytest.raises(ValueError, match=message),
            join_study(*subject, "postgresql://nowhere/x", "x", **settings),
        ):
            pass


def test_the_server_stops_in_the_middle_and_comes_back(
    server, address, name, child, subject, local, tmp_path
):
    reports = []

    def stop(progress):
        reports.append(progress.stage)
        if reports.count("search") == 1:
            server.stop()

    try:
        with (
            pytest.raises(DatabaseError, match=r"^postgresql://dse:\*\*\*@127\.0\.0\.1:\d+/test"),
            join_study(*subject, address, name, **child.SETTINGS) as study,
        ):
            run_worker(study, tmp_path, stop)
    finally:
        server.start()
    assert "polish" not in reports
    with join_study(*subject, address, name, **child.SETTINGS) as study:
        result = run_worker(study, tmp_path)
        assert (study.led, result.resumed) == (1, 1)
    assert contents(tmp_path) == local("nsga2")
