"""Running the command in this process, and the files that its tests need."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dse.cli.main import main
from dse.report.schemas import document_schema

ROOT = Path(__file__).parents[2]
CHIP, MODEL = "snapdragon-8-elite", "llama-3.2-1b"

SPACE = """\
schema: dse.space/1
name: {name}
title: A small space
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
axes:
  chip.units.npu.matrix.rows: [32, 64, 128]
  chip.units.npu.clock: [0.8 GHz, 1.2 GHz]
  chip.dram.bus_width: [64 bit, 128 bit]
  scenario.weights: [int4-g32, int8]
objectives: [tpot_s, energy_per_token_j, cost_usd]
targets: {{ttft_s: "<= {ttft}", npu_area_mm2: "<= 25 mm2"}}
"""


@dataclass(frozen=True)
class Finished:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    def document(self, name: str) -> dict[str, Any]:
        """Standard output as one JSON object, checked against its published schema."""
        import jsonschema

        document: dict[str, Any] = json.loads(self.out)
        jsonschema.validate(document, document_schema(name))
        return document


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No option and no colour comes from the environment of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("DSE_") or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run one command line in this process."""

    def run_it(*args: object) -> Finished:
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return run_it


@pytest.fixture(scope="session")
def small_space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space of 24 designs, some of which meet the targets."""
    path = tmp_path_factory.mktemp("spaces") / "small.yaml"
    path.write_text(SPACE.format(name="small", ttft="1 s"))
    return path


@pytest.fixture(scope="session")
def hopeless_space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a target that no design meets."""
    path = tmp_path_factory.mktemp("spaces") / "hopeless.yaml"
    path.write_text(SPACE.format(name="hopeless", ttft="1 us"))
    return path


@pytest.fixture(scope="session")
def swept(small_space: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a sweep over the small space."""
    out = tmp_path_factory.mktemp("runs") / "small"
    assert main(["sweep", str(small_space), "--grid", "--out", str(out)]) == 0
    return out
