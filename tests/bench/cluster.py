"""Measure what docs/cluster.md says: ``python -m tests.bench.cluster`` from the project's folder.

Starts a scheduler and workers of one thread each on this machine, and prints a table.
"""

from __future__ import annotations

import argparse
import pickle
import time

from dse.farm import DaskFarm, LocalFarm
from dse.farm.cluster import _work
from dse.spec import load_space, load_technology
from dse.store.journal import encode
from dse.sweep import SweepJob, Tally, resized, run_sweep
from tests.farm.conftest import Cluster
from tests.farm.jobs import Nothing


def time_of(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sizes(space, silicon, tasks: int) -> None:
    """Bytes of a job, a task, a result and a record, over the first pieces."""
    job = SweepJob(space, silicon, None, 0)
    key = "0123456789abcdef"
    task = pickle.dumps((_work, f"dse-job-{key}", key, {"dse": "0.1.0"}, job.sweep.pieces))
    tally, results, records = Tally(space), [], []
    pieces = range(min(tasks, job.sweep.pieces))
    start = time.perf_counter()
    for found in LocalFarm(1).results(job, pieces):
        results.append(len(pickle.dumps(found)))
        records.append(len(encode(tally.add(found))))
    seconds = time.perf_counter() - start
    print(f"grid of {space.size} designs in {job.sweep.pieces} pieces")  # noqa: T201
    rows = {
        "job, B": len(pickle.dumps(job)),
        "task, B": len(task),
        "result, B (mean, most)": (sum(results) // len(results), max(results)),
        "record, B (mean, most)": (sum(records) // len(records), max(records)),
        "piece, designs": tally.evaluated // len(pieces),
        "piece, s (one thread)": round(seconds / len(pieces), 3),
    }
    for name, value in rows.items():
        print(f"{name:26} {value}")  # noqa: T201


def rates(space, silicon, workers: int, empty: int) -> dict[str, float]:
    """One cluster's empty tasks per second, and what a sweep takes on it."""
    cluster = Cluster(workers)
    try:
        with DaskFarm(cluster.address) as farm:
            list(farm.results(Nothing(), range(10)))
            seconds = time_of(lambda: list(farm.results(Nothing(), range(empty))))
            before = cluster.core_seconds()
            swept = time_of(lambda: run_sweep(space, silicon, samples=None, farm=farm))
            after = cluster.core_seconds()
    finally:
        cluster.close()
    cores = [b - a for a, b in zip(before, after, strict=True)]
    return {"empty tasks/s": empty / seconds, "sweep, s": swept, "busiest, core s": max(cores)}


def main() -> None:
    """Print the sizes, then what one worker does and two do, each the best of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=3e7, help="designs of the grid")
    parser.add_argument("--empty", type=int, default=2000, help="tasks that do nothing")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    whole, silicon = load_space("phone_10b"), load_technology().silicon
    sizes(whole, silicon, 8)
    space = resized(whole, int(options.size))
    print(f"grid of {space.size} designs; each repeat, then the best")  # noqa: T201
    found = {1: [], 2: []}
    for workers in [1, 2] * options.repeats:
        found[workers].append(rates(space, silicon, workers, options.empty))
    for workers, rows in found.items():
        for name in rows[0]:
            values = sorted(row[name] for row in rows)
            best = values[-1] if name.endswith("/s") else values[0]
            text = ", ".join(f"{value:.2f}" for value in values)
            print(f"{workers} workers, {name:16} {text}; best {best:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
