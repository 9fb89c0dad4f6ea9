"""``dse bench``: designs per second as a table, as JSON and as a page."""

from __future__ import annotations

import json

import pytest

from dse.cli.main import main
from dse.sweep import bench as measured


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(measured, "_BATCH", 1024)
    monkeypatch.setattr(measured, "_COPIED", 1 << 20)


def test_json_has_the_figures_and_their_ratio(capsys):
    assert main(["bench", "--seconds", "0.01", "--model", "llama-2-7b", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "dse.bench/1"
    assert found["random_designs_per_s"] > 0.0
    assert found["grid_designs_per_s"] > found["random_designs_per_s"]
    assert found["peak_rss_bytes"] > 0.0
    ratio = found["grid_designs_per_s"] / found["memory_floor_designs_per_s"]
    assert found["grid_over_floor"] == pytest.approx(ratio)
    (space,) = found["spaces"]
    assert space["model"] == "llama-2-7b"
    assert space["grid_designs_per_s"] == found["grid_designs_per_s"]
    assert {"ttft_s", "tpot_s", "energy_per_token_j", "cost_usd"} <= set(space["metrics"])


def test_the_page_and_the_table(capsys, tmp_path):
    page = tmp_path / "new" / "performance.md"
    arguments = ["bench", "--seconds", "0.01", "--model", "llama-2-7b", "--docs", str(page)]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert f"wrote {page}" in shown.err
    assert "random designs" in shown.out
    assert "grid with its front" in shown.out
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# How fast designs are evaluated")
    assert "| phone_10b, llama-2-7b | random designs |" in text
    assert "| LLM-Viewer | 16,000 |" in text
