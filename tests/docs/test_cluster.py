"""The recipes of docs/cluster.md, run as a queue would run them: one process for each task."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dse.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
RECIPES = dict(
    zip(("slurm", "lsf"), re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL), strict=True)
)
VARIABLES = {
    "slurm": ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", 0),
    "lsf": ("LSB_JOBID", "LSB_JOBINDEX", 1),
}
SWEEP = "dse sweep phone_10b --grid --out out/grid"


@pytest.mark.slow
@pytest.mark.parametrize("queue", RECIPES)
def test_a_recipe_runs(queue, tmp_path):
    assert SWEEP in RECIPES[queue]
    sweep = "python -m dse sweep phone_10b --samples 20000 --out there"
    script = RECIPES[queue].replace(SWEEP, sweep).replace("  dask ", "  python -m dask ")
    script = script.replace("exec dask ", "exec python -m dask ")
    job, task, first = VARIABLES[queue]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        job: "77",
    }
    tasks = [
        subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={**environment, task: str(first + place)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in range(3)
    ]
    try:
        said = [each.communicate(timeout=120)[1] for each in tasks]
    finally:
        for each in tasks:
            each.kill()
            each.wait()
    assert tasks[0].returncode == 0, said[0]
    assert "designs evaluated" in said[0]
    assert not list(tmp_path.glob("scheduler-*"))
    here = tmp_path / "here"
    assert main(["sweep", "phone_10b", "--samples", "20000", "--out", str(here)]) == 0
    for name in ("front.csv", "results.csv", "summary.json", "journal.jsonl"):
        assert (tmp_path / "there" / name).read_bytes() == (here / name).read_bytes()
