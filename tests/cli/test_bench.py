"""``dse bench``: designs per second as a table, as JSON and as a page."""

from __future__ import annotations

import json

import jsonschema
import pytest

from dse.cli.main import main
from dse.report.schemas import document_schema
from dse.search import SAMPLERS
from dse.search.bench import OURS
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


SEARCH = ("bench", "search", "--space", "phone_10b_coarse", "--seeds", "1", "--budget", "60")


def test_a_search_is_held_against_the_exact_front(capsys, tmp_path):
    page = tmp_path / "new" / "search.md"
    assert main([*SEARCH, "--json", "--docs", str(page)]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    jsonschema.validate(found, document_schema("bench-search"))
    (space,) = found["spaces"]
    assert space["designs_in_space"] == 1_990_656
    assert {each["sampler"] for each in space["samplers"]} == {OURS, *SAMPLERS}
    for sampler in space["samplers"]:
        (run,) = sampler["runs"]
        assert run["evaluations"][-1] >= 60
        assert run["ratios"] == sorted(run["ratios"])
        assert run["ratios"][-1] <= 1.0
    assert shown.err.count("phone_10b_coarse, ") == 1 + len(SAMPLERS)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Searches against the truth")
    assert "![Ratio against evaluations and seconds](search.png)" in text
    assert "## phone_10b_coarse" in text
    assert "| NSGA-II | " in text
    assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_a_search_bench(capsys):
    assert main([*SEARCH[:-1], "20"]) == 0
    out = capsys.readouterr().out
    assert "Evaluations to 99.9 %" in out
    assert "dse search" in out


def test_options_of_the_speed_are_not_taken_for_those_of_the_search(capsys):
    assert main(["bench", "--seconds", "1", "search"]) == 2
    assert "--seconds is of no use before search; write it after" in capsys.readouterr().err


def test_a_space_that_is_too_small_is_refused(capsys, small_space):
    assert main(["bench", "search", "--space", str(small_space)]) == 2
    assert "must have more than the 65536" in capsys.readouterr().err
