"""Several workers at one study: complete, and equal to one process, whoever dies and when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType

import numpy as np
import optuna
import psycopg
import pytest

from dse.errors import CorruptRunError, DatabaseError, VersionMismatchError
from dse.search import SAMPLERS, join_study, run_search, run_worker
from dse.search.board import Board
from dse.search.database import Session
from dse.search.run import _Search

CHILD = Path(__file__).with_name("child.py")
FILES = ("front.csv", "results.csv", "summary.json", "journal.jsonl")


@pytest.fixture(scope="session")
def child() -> ModuleType:
    spec = util.spec_from_file_location("child", CHILD)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def space(child):
    return child.toy_space()[0]


@pytest.fixture(scope="session")
def silicon(child):
    return child.toy_space()[1]


@pytest.fixture(scope="session")
def local(child, space, silicon, tmp_path_factory):
    """What a search by one process writes, by sampler."""
    found: dict[str, list[bytes]] = {}

    def search(sampler: str) -> list[bytes]:
        if sampler not in found:
            out = tmp_path_factory.mktemp("local") / sampler
            run_search(space, silicon, out=out, sampler=sampler, **child.SETTINGS)
            found[sampler] = contents(out)
        return found[sampler]

    return search


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


class Worker:
    """A child process, whose lines are read one by one."""

    def __init__(self, address: str, out: Path, sampler: str, *points: str) -> None:
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, CHILD, address, out, sampler, *points],
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
def start(address, tmp_path) -> Iterator:
    workers: list[Worker] = []

    def start_one(*points: str, sampler: str = "nsga2") -> Worker:
        workers.append(Worker(address, tmp_path / f"out{len(workers)}", sampler, *points))
        return workers[-1]

    yield start_one
    for worker in workers:
        worker.close()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_worker_is_a_local_search(address, child, space, silicon, local, sampler, tmp_path):
    settings = child.SETTINGS | {"sampler": sampler}
    with join_study(space, silicon, address, "toy", **settings) as study:
        assert study.is_new
        result = run_worker(study, tmp_path / "first")
        assert study.led == len(study.records) > 1
        assert study.evaluated == result.trials
    assert contents(tmp_path / "first") == local(sampler)
    # One that comes after the end finds the same, and has nothing to do.
    with join_study(space, silicon, address, "toy", **settings) as study:
        assert not study.is_new
        run_worker(study, tmp_path / "second")
        assert (study.led, study.evaluated) == (0, 0)
    assert contents(tmp_path / "second") == local(sampler)


POINTS = (
    "asking",
    "published",
    "evaluating",
    "evaluated",
    "sealing",
    "sealed",
    "showing",
    "finishing",
    "finished",
)


@pytest.mark.parametrize("point", POINTS)
def test_the_leader_is_killed_and_the_other_takes_over(start, local, child, point):
    assert set(POINTS) == set(child.POINTS)
    leader = start(point)
    assert leader.line() == ["joined", "1"]
    assert leader.line() == [point]
    other = start()
    assert other.line() == ["joined", "2"]
    leader.kill()
    name, led, evaluated = other.line()
    assert name == "done"
    assert contents(other.out) == local("nsga2")
    assert not (leader.out / "front.csv").exists()
    if point not in ("finishing", "finished"):
        assert int(led) >= 1
        assert int(evaluated) > 0


@pytest.mark.parametrize("sampler", ["nsga2", "tpe"])
def test_a_follower_is_killed_with_a_slice_at_hand(start, local, sampler):
    leader = start("asking", "published", sampler=sampler)
    leader.line()
    follower = start("evaluating", sampler=sampler)
    assert leader.line() == ["published"]
    assert follower.line() == ["joined", "2"]
    # The first batch was cut for one worker; the second is cut for two.
    leader.go_on()
    assert leader.line() == ["asking"]
    leader.go_on()
    while (line := follower.line()) != ["evaluating"]:
        pytest.fail(f"the follower said {line}")
    follower.kill()
    assert leader.line()[0] == "done"
    assert contents(leader.out) == local(sampler)
