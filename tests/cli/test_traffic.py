"""``dse traffic``: the modelled curve lies above its bound, which lies above the compulsory."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner

from dse.cli.main import cli
from dse.report.schemas import document_schema


@pytest.mark.parametrize("options", [(), ("--fusion", "none", "--weights", "int4-g32")])
@pytest.mark.parametrize("model", ["llama-3.2-3b", "mixtral-8x7b"])
def test_curves_are_in_order_and_meet_when_all_fits(model: str, options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, ["traffic", model, "--prompt", "512", *options, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    jsonschema.validate(found, document_schema("traffic"))
    for phase in ("prefill", "decode"):
        moved, bound, least = (
            np.array(found[phase][f"{name}_bytes"]) for name in ("modelled", "bound", "compulsory")
        )
        assert np.all(np.diff(moved) <= 0.0)
        assert np.all(moved >= bound * (1.0 - 1e-12))
        assert np.all(bound >= least)
        assert moved[-1] <= 1.05 * least[-1]
    assert found["prefill"]["bound_bytes"][0] > 1.2 * found["prefill"]["bound_bytes"][-1]


def test_the_picture_is_written_and_other_endings_are_refused(tmp_path: Path) -> None:
    picture = tmp_path / "traffic.svg"
    done = CliRunner().invoke(cli, ["traffic", "llama-3.2-3b", "--plot", str(picture)])
    assert done.exit_code == 0
    assert picture.read_text().startswith("<?xml")
    wrong = CliRunner().invoke(cli, ["traffic", "llama-3.2-3b", "--plot", "traffic.pdf"])
    assert wrong.exit_code == 2
    assert "must end in .png or .svg" in wrong.output


def test_both_commands_draw_the_same_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["plot", "traffic", "llama-3.2-3b"]).exit_code == 0
    done = CliRunner().invoke(cli, ["traffic", "llama-3.2-3b", "--plot", "other.png"])
    assert done.exit_code == 0
    picture = (tmp_path / "traffic-llama-3.2-3b.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert picture == (tmp_path / "other.png").read_bytes()
