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


def main() -> None:
    """Print the sizes, then rates with one worker and with two, each the best of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=3e7, help="designs of the grid")
    parser.add_argument("--empty", type=int, default=2000, help="tasks that do nothing")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    whole, silicon = load_space("phone_10b"), load_technology().silicon
    sizes(whole, silicon, 8)
    space = resized(whole, int(options.size))
    job = Nothing()
    empty, swept = {}, {}
    for workers in [1, 2] * options.repeats:
        cluster = Cluster(workers)
        try:
            with DaskFarm(cluster.address) as farm:
                list(farm.results(job, range(10)))
                tasks = range(options.empty)
                seconds = time_of(lambda: list(farm.results(job, tasks)))  # noqa: B023
                empty.setdefault(workers, []).append(options.empty / seconds)
                seconds = time_of(lambda: run_sweep(space, silicon, samples=None, farm=farm))
                swept.setdefault(workers, []).append(seconds)
        finally:
            cluster.close()
    for threads in (1, 2):
        seconds = min(
            time_of(lambda: run_sweep(space, silicon, samples=None, farm=LocalFarm(threads)))  # noqa: B023
            for _ in range(options.repeats)
        )
        print(f"{threads} threads: {seconds:.2f} s for {space.size} designs")  # noqa: T201
    for workers in (1, 2):
        print(  # noqa: T201
            f"{workers} workers: {min(swept[workers]):.2f} s of {sorted(swept[workers])}, "
            f"{max(empty[workers]):.0f} empty tasks/s"
        )


if __name__ == "__main__":
    main()
