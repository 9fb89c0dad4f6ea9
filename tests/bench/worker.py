"""Measures `dse worker`: one and two processes at one study, and what the database takes.

    python tests/bench/worker.py [--space SPACE] [--trials N] [--slow SECONDS]

It starts a PostgreSQL server of its own, as the tests do, with `fsync` on. The time is that from
the first batch laid out to the last one told; the start of the processes, the first sweep and the
local search at the end are the same for any number of workers, and are left out. The second row
has a stand-in for a slow evaluation: every design sleeps, as if a simulator worked on it on
another machine. No space of this repository needs that long.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import util
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from dse.search import join_study, run_search, run_worker
from dse.search.board import Board
from dse.search.database import Session
from dse.search.proposer import Proposer
from dse.search.shared import SharedStudy
from dse.spec import load_space, load_technology

SAMPLES = 4096
ROUNDS = 300


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def wrap(owner: type, name: str, before: Any = None, after: Any = None) -> None:
    """Call something before and after each call of a method."""
    method = getattr(owner, name)

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before(*args)
        result = method(self, *args, **kwargs)
        if after is not None:
            after()
        return result

    setattr(owner, name, wrapped)


class Clock:
    """Adds up the time between two calls."""

    def __init__(self) -> None:
        self.total, self._start = 0.0, 0.0

    def start(self, *_: object) -> None:
        self._start = time.perf_counter()

    def stop(self) -> None:
        self.total += time.perf_counter() - self._start


def child(address: str, name: str, space: str, trials: int, slow_s: float) -> None:
    """One worker; the leader waits for a line before its first batch, and tells its times."""
    whole, optuna, ask = Clock(), Clock(), Clock()
    statements = [0]
    released: list[str] = []

    def release(*_: object) -> None:
        if not released:
            say("leads")
            released.append(sys.stdin.readline())
            whole.start()
        ask.start()

    def count(*_: object) -> None:
        statements[0] += 1

    wrap(Proposer, "ask", release, ask.stop)
    wrap(Board, "finish", None, whole.stop)
    wrap(SharedStudy, "_metrics", lambda designs: time.sleep(slow_s * len(designs)))
    wrap(SharedStudy, "_show", optuna.start, optuna.stop)
    wrap(SharedStudy, "_show", lambda: event.listen(Engine, "before_cursor_execute", count))
    wrap(SharedStudy, "_show", None, lambda: event.remove(Engine, "before_cursor_execute", count))
    loaded, silicon = load_space(space), load_technology().silicon
    with join_study(loaded, silicon, address, name, trials=trials, samples=SAMPLES) as study:
        say("joined")
        run_worker(study)
        told = len(study._entries)
        say(study.led, told, whole.total, ask.total, optuna.total, statements[0])


def run(workers: int, *args: object) -> list[str]:
    """Start so many workers; the leader's figures."""
    command = [sys.executable, __file__, "--child", *map(str, args)]
    pipe = subprocess.PIPE
    started = []
    for _ in range(workers):
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert process.stdout.readline() == "joined\n"
        started.append(process)
        if len(started) == 1:
            assert process.stdout.readline() == "leads\n"
    started[0].stdin.write("\n")
    started[0].stdin.flush()
    results = [process.communicate()[0].split() for process in started]
    assert all(process.returncode == 0 for process in started)
    return results[0]


def local(space: str, trials: int) -> float:
    """Proposals per second of a search by one process without a database."""
    times = {}

    def report(progress: Any) -> None:
        times[progress.stage] = time.perf_counter()

    run_search(
        load_space(space),
        load_technology().silicon,
        trials=trials,
        samples=SAMPLES,
        progress=report,
    )
    return trials / (times["search"] - times["sweep"])


def board_rates(address: str) -> list[tuple[int, float]]:
    """Slices per second that one worker lays out, takes, fills and seals, by their length."""
    rates = []
    with Session(address) as session:
        Board.make_tables(session)
        board = Board(session, 1 << 30)
        for length in (1, 100, 1000):
            metrics = [[0.1] * 8] * length
            clock = Clock()
            clock.start()
            for batch in range(ROUNDS):
                board.publish(batch, [list(range(length))])
                board.take(lambda _, metrics=metrics: metrics)
                board.metrics()
                board.seal(1000 * length + batch, {})
            clock.stop()
            rates.append((length, ROUNDS / clock.total))
    return rates


def main(space: str, trials: int, slow_s: float) -> None:
    path = Path(__file__).parents[1] / "worker" / "conftest.py"
    spec = util.spec_from_file_location("postgres", path)
    postgres = util.module_from_spec(spec)
    spec.loader.exec_module(postgres)
    postgres.SETTINGS["fsync"] = "on"
    with tempfile.TemporaryDirectory(prefix="dse-postgres-") as folder:
        server = postgres.Server(Path(folder))
        server.start()
        try:
            measure(server.new_database(), space, trials, slow_s)
        finally:
            server.stop()


def measure(address: str, space: str, trials: int, slow_s: float) -> None:
    say(f"{space}, {trials} trials; without a database {local(space, trials):.0f} proposals/s")
    say("s/design  workers  seconds  proposals/s  asking  Optuna's tables  statements/trial")
    for pause in (0.0, slow_s):
        for workers in (1, 2):
            name = f"{pause} {workers}"
            _, told, *figures = run(workers, address, name, space, trials, pause)
            whole, ask, optuna, statements = map(float, figures)
            say(
                f"{pause:8.3f}  {workers:7d}  {whole:7.1f}  {trials / whole:11.1f}"
                f"  {ask / whole:6.0%}  {optuna / whole:15.0%}  {statements / int(told):16.0f}"
            )
    say("designs/slice  slices/s  designs/s")
    for length, rate in board_rates(address):
        say(f"{length:13d}  {rate:8.0f}  {rate * length:9.0f}")


def parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", default="phone_10b")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--slow", type=float, default=0.2)
    parser.add_argument("--child", nargs=5)
    return parser.parse_args(args)


if __name__ == "__main__":
    given = parse(sys.argv[1:])
    if given.child:
        place, study_name, space_name, number, pause_s = given.child
        child(place, study_name, space_name, int(number), float(pause_s))
    else:
        main(given.space, given.trials, given.slow)
