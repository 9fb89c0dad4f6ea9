"""A real scheduler and two workers, each a process of its own, on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SPACE = """\
schema: dse.space/1
name: farmed
title: A space of three million designs
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
axes:
  chip.units.npu.count: [2, 4, 8]
  chip.units.npu.matrix.rows: [32, 64, 128]
  chip.units.npu.matrix.cols: [32, 64, 128]
  chip.units.npu.clock: {from: 0.6 GHz, to: 1.6 GHz, steps: 21}
  chip.units.npu.sram.capacity: [0.5 MiB, 1 MiB, 2 MiB, 4 MiB]
  chip.units.npu.sram.bandwidth: [128 B/cycle, 256 B/cycle, 512 B/cycle, 1024 B/cycle]
  chip.dram.type: [lpddr5x, lpddr6]
  chip.dram.data_rate: [7500 MT/s, 8533 MT/s, 9600 MT/s, 10667 MT/s, 12800 MT/s, 14400 MT/s]
  chip.dram.bus_width: [48 bit, 64 bit, 72 bit, 80 bit, 96 bit, 128 bit]
  scenario.weights: [int4-g32, int8]
  scenario.kv: [int4-g64, int8]
objectives: [tpot_s, energy_per_token_j, cost_usd]
targets: {ttft_s: "<= 1 s", npu_area_mm2: "<= 25 mm2"}
"""


class Cluster:
    """A scheduler and its workers; `kill_worker` is what a node does that loses its power."""

    def __init__(self, workers: int) -> None:
        self._all: list[subprocess.Popen[str]] = []
        scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._read(scheduler, r"Scheduler at:\s+(tcp://\S+)")
        self.workers = [self.start_worker() for _ in range(workers)]
        for worker in self.workers:
            self._read(worker, r"Registered to:\s+(tcp://\S+)")

    def start_worker(self) -> subprocess.Popen[str]:
        return self._start(
            "worker", self.address, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1"
        )

    def kill_worker(self) -> None:
        worker = self.workers.pop()
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    @property
    def pids(self) -> list[int]:
        """Process numbers of the scheduler and its workers."""
        return [process.pid for process in self._all]

    def core_seconds(self) -> list[float]:
        """Time that cores have worked for each worker, s (proc(5), utime and stime)."""
        ticks = os.sysconf("SC_CLK_TCK")
        stats = [Path(f"/proc/{worker.pid}/stat").read_text() for worker in self.workers]
        return [sum(map(int, s.rpartition(")")[2].split()[11:13])) / ticks for s in stats]

    def close(self) -> None:
        for process in reversed(self._all):
            process.kill()
            process.wait()
            process.stderr.close()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        root = Path(__file__).parents[2]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        self._all.append(process)
        return process

    def _read(self, process: subprocess.Popen[str], pattern: str) -> str:
        """Read the process's words until it says what is waited for; its pipe ends with it."""
        words = []
        for line in process.stderr:
            words.append(line)
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"{process.args} ended: {''.join(words)}")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Two workers to lose."""
    made = Cluster(2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def calm_cluster() -> Iterator[Cluster]:
    """One worker that nobody harms."""
    made = Cluster(1)
    yield made
    made.close()


@pytest.fixture(scope="session")
def space_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spaces") / "farmed.yaml"
    path.write_text(SPACE)
    return path
