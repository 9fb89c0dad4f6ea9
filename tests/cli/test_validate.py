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


def test_a_header_of_kernels_may_be_quoted_and_marked(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "kernels.csv"
    row = "Jetson AGX Orin 64GB,gemm,fp16,128,128,128,1"
    head = '"chip","kind","precision","m","n","k","time_ms"'
    path.write_text(f"{head}\n{row}\n", encoding="utf-8-sig")
    assert len(run("validate", str(path), "--json").document("kernels")["rows"]) == 1


def test_calibrate_writes_a_stack(run: Callable[..., Any], small: Path, tmp_path: Path) -> None:
    document = json.loads(run("validate", str(small), "--json").out)
    name = next(iter(document["by_stack"]))
    out = tmp_path / f"{name}.yaml"
    done = run("calibrate", str(small), "--stack", name, "--out", str(out))
    assert done.code == 0, done.err
    assert "each chip left out" in done.out
    assert run("specs", "check", str(out)).code == 0
    found = run("calibrate", str(small), "--stack", name, "--json").document("calibrate")
    assert set(found["parameters"]) >= {"dram_efficiency", "dispatches_per_op"}


def test_calibrate_names_the_stacks_there_are(run: Callable[..., Any], small: Path) -> None:
    done = run("calibrate", str(small), "--stack", "no-such")
    assert done.code == 2
    assert "it has" in done.err


OWN = "id,chip,unit,model,engine,weight_bits_per_param,prompt_tokens,metric,value\n"


def test_calibrate_takes_an_engine_of_the_name_asked_for(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"
    lines = [
        f"p{i},{chip},gpu,llama-2-7b,my-engine,4.5,512,prefill_tok_s,{value}"
        for i, (chip, value) in enumerate([("Apple M1", 40), ("Apple M2", 60), ("Apple M3", 60)])
    ]
    path.write_text(OWN + "\n".join(lines) + "\n", encoding="utf-8")
    done = run("calibrate", str(path), "--stack", "my-engine", "--json")
    assert done.code == 0, done.err
    found = done.document("calibrate")
    assert (found["stack"], found["rows"], found["chips"]) == ("my-engine", 3, 3)


def test_calibrate_refuses_what_the_data_cannot_identify(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    path, out = tmp_path / "one.csv", tmp_path / "one.yaml"
    path.write_text(
        OWN + "a,Apple M1,gpu,llama-2-7b,my-engine,4.5,128,decode_tok_s,12\n", encoding="utf-8"
    )
    done = run("calibrate", str(path), "--stack", "my-engine", "--out", str(out))
    assert done.code == 2
    assert "identifies no parameter of my-engine with its 1 row" in done.err
    assert not out.exists()


def test_the_page_is_of_the_shipped_data_alone(run, tmp_path):
    done = run("validate", "measurements.csv", "--docs", str(tmp_path / "page.md"))
    assert done.code == 2
    assert "--docs" in done.err
    assert not (tmp_path / "page.md").exists()
