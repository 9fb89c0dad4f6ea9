from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dse.validate import shipped_measurements


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Forty rows of the shipped file: not the file itself."""
    lines = shipped_measurements().read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "small.csv"
    path.write_text("".join([lines[0], *lines[1:41]]), encoding="utf-8")
    return path


def test_validate_prints_errors_and_exclusions(run: Callable[..., Any], small: Path) -> None:
    done = run("validate", str(small), "--by", "chip", "--all")
    assert done.code == 0, done.err
    assert "stacks of the library" in done.out
    assert "median |error|" in done.out
    assert "Worst rows" in done.out
    assert "Not predicted" in done.out


def test_json_holds_every_row(run: Callable[..., Any], small: Path, tmp_path: Path) -> None:
    done = run("validate", str(small), "--all", "--json", "--out", str(tmp_path / "out"))
    assert done.code == 0, done.err
    document = done.document("validate")
    assert document["schema"] == "dse.validate/1"
    assert not document["left_out"]
    assert len(document["rows"]) + len(document["unpredictable"]) == 40
    for row in document["rows"]:
        assert row["error"] == pytest.approx(row["predicted"] / row["measured"] - 1.0)
    phase = next(iter(document["summary"].values()))
    assert set(phase) == {"n", "chips", "median_abs_error", "p90_abs_error", "bias"}
    written = json.loads((tmp_path / "out" / "validation.json").read_text(encoding="utf-8"))
    assert written == document
    assert (tmp_path / "out" / "predicted-measured.png").stat().st_size > 10_000


def test_single_kernels_are_known_by_their_header(run: Callable[..., Any]) -> None:
    path = shipped_measurements().with_name("kernels.csv")
    found = run("validate", str(path), "--json").document("kernels")
    assert found["summary"]["time"]["n"] > 300
    assert found["summary"]["time"]["median_abs_error"] < 0.1
    assert "By kind and precision" in run("validate", str(path)).out


def test_faults_of_the_file_are_located(run: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(
        "id,chip,unit,model,engine,metric,value\na,X,gpu,M,E,decode_tok_s,x\n", encoding="utf-8"
    )
    done = run("validate", str(path))
    assert done.code == 1
    assert "bad.csv:2:7: value: must be a finite number" in done.err


def test_calibrate_writes_a_stack(run: Callable[..., Any], small: Path, tmp_path: Path) -> None:
    document = json.loads(run("validate", str(small), "--json").out)
    name = next(iter(document["by_stack"]))
    out = tmp_path / f"{name}.yaml"
    done = run("calibrate", str(small), "--stack", name, "--out", str(out))
    assert done.code == 0, done.err
    assert "each chip left out" in done.out
    assert run("specs", "check", str(out)).code == 0
    found = run("calibrate", str(small), "--stack", name, "--json").document("calibrate")
    assert set(found["parameters"]) >= {"dram_efficiency", "kernel_s"}


def test_calibrate_names_the_stacks_there_are(run: Callable[..., Any], small: Path) -> None:
    done = run("calibrate", str(small), "--stack", "no-such")
    assert done.code == 2
    assert "it has" in done.err
