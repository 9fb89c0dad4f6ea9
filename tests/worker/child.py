"""A worker process of the tests: says what it does, and waits where it is told to.

    child.py ADDRESS STUDY OUT SAMPLER [POINT ...]

It prints "joined", and on the way the name of each point of `POINTS` that it was asked to stop at;
there it waits for a line, so that the test can kill it or let it go on. At last it prints how many
batches it led and how many designs it evaluated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

from optuna import Study

from dse.search import join_study, run_worker
from dse.search.board import Board
from dse.search.proposer import Proposer
from dse.search.shared import SharedStudy
from dse.space import Space, Target

# By name: class, method, the call at which to stop, and whether after it.
POINTS: dict[str, tuple[type, str, int, bool]] = {
    "asking": (Proposer, "ask", 2, False),
    "published": (Board, "publish", 2, True),
    "evaluating": (SharedStudy, "_metrics", 1, False),
    "sealing": (Board, "seal", 2, False),
    # Fifty designs are first entered into the study in memory.
    "showing": (Study, "add_trial", 80, False),
    "finishing": (Board, "finish", 1, False),
}
SETTINGS: dict[str, Any] = {"trials": 60, "samples": 64}


def toy_space() -> tuple[Space, Any]:
    path = Path(__file__).parents[1] / "sweep" / "toy.py"
    spec = util.spec_from_file_location("toy", path)
    assert spec is not None
    assert spec.loader is not None
    toy = util.module_from_spec(spec)
    spec.loader.exec_module(toy)
    targets = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.5, -1))
    axes = (toy.ROWS, toy.CLOCK, toy.SRAM, toy.BUS, toy.WEIGHTS)
    return toy.make_space(*axes, targets=targets, models=1), toy.SILICON


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def stop_at(point: str) -> None:
    """Have the method stop before or after that call of it."""
    owner, name, call, is_after = POINTS[point]
    method: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        is_here = calls == call
        if is_here and not is_after:
            wait(point)
        result = method(self, *args, **kwargs)
        if is_here and is_after:
            wait(point)
        return result

    setattr(owner, name, wrapped)


def wait(point: str) -> None:
    say(point)
    sys.stdin.readline()


def main(address: str, name: str, out: str, sampler: str, *points: str) -> None:
    space, silicon = toy_space()
    for point in points:
        stop_at(point)
    with join_study(space, silicon, address, name, sampler=sampler, **SETTINGS) as study:
        say("joined", study.workers)
        run_worker(study, Path(out))
        say("done", study.led, study.evaluated)


if __name__ == "__main__":
    main(*sys.argv[1:])
