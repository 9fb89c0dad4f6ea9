"""The client of `server.py`, and what its tests compare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("server.py")
ROOT = Path(__file__).parents[2]
# What must be the same, byte for byte; manifests and states of proofs hold times.
FILES = ("front.csv", "results.csv", "summary.json", "journal.jsonl")

SPACE = """\
schema: dse.space/1
name: few
title: A few designs
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
axes:
  chip.units.npu.matrix.rows: [32, 64, 128]
  chip.units.npu.clock: [0.8 GHz, 1 GHz, 1.2 GHz]
  chip.dram.bus_width: [64 bit, 128 bit]
  chip.dram.data_rate: [6400 MT/s, 8533 MT/s, 9600 MT/s]
  scenario.weights: [int4-g32, int8]
objectives: [tpot_s, energy_per_token_j, cost_usd]
targets: {ttft_s: "<= 1 s"}
"""


class Children:
    """A process that forks children and tells how they ended; use it in a ``with`` statement."""

    def __init__(self) -> None:
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DSE_")}
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment | threads | {"PYTHONPATH": str(ROOT)},
        )

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, beside: dict[str, Any] | None = None, **job: Any) -> dict[str, Any]:
        """Run a job of `server.py`; its answer."""
        request = json.dumps({"job": job, "beside": beside}, default=str)
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the server of children has ended"
        return json.loads(answer)


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a run hold that must not differ."""
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
