"""``dse pareto --uncertainty``."""

from __future__ import annotations

import csv
import json
import shutil

import pytest


@pytest.fixture
def copied(swept, tmp_path):
    """Run folder of its own, so that nothing is written into the shared one."""
    return shutil.copytree(swept, tmp_path / "run")


def test_tables_tell_robustness_and_what_matters(run, copied):
    done = run("pareto", copied, "--uncertainty", "--draws", 64, "--format", "csv")
    assert done.code == 0, done.err
    assert "A small space: the front when the numbers behind it are off" in done.out
    assert "64 draws (seed 0)" in done.out
    assert "the numbers that matter most to the front" in done.out
    (line,) = [x for x in done.out.splitlines() if x.startswith("dram.lpddr5x.efficiency ")]
    assert "±20 %" in line
    assert "hw_configs/technology/dram.yaml:" in line


def test_the_document_follows_its_schema(run, copied):
    done = run("pareto", copied, "--uncertainty", "--draws", 64, "--json", "--format", "json")
    document = done.document("pareto")
    found = document["uncertainty"]
    assert (found["draws"], found["seed"]) == (64, 0)
    front = [design for design in found["designs"] if design["front"]]
    assert {d["design"] for d in front} == {d["design"] for d in document["front"]}
    for design in found["designs"]:
        assert 0.0 <= design["on_front"] <= design["meets_all"] <= 1.0
        assert (design["undominated"] is None) == (not design["front"])
        assert not (design["front"] and design["misses"])
        for ends in design["objectives"].values():
            assert ends["least"] <= ends["p5"] <= ends["p50"] <= ends["p95"] <= ends["most"]
    metrics = {d["design"]: d["metrics"] for d in document["front"]}
    for design in front:
        for name, ends in design["objectives"].items():
            assert ends["value"] == pytest.approx(metrics[design["design"]][name], rel=1e-12)
    by_objective = [driver["objective"] for driver in found["drivers"]]
    assert by_objective == [name for name in document["objectives"] for _ in range(3)]
    assert json.loads((copied / "pareto.json").read_text()) == document
    plain = run("pareto", copied, "--json", "--format", "json").document("pareto")
    assert "uncertainty" not in plain


def test_files_hold_every_design(run, copied, tmp_path):
    out = tmp_path / "out"
    done = run(
        "pareto", copied, "--uncertainty", "--draws", 32, "--out", out, "--format", "csv,svg"
    )
    assert done.code == 0, done.err
    with (out / "uncertainty.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert (
        sum(row["front"] == "1" for row in rows)
        == len((copied / "front.csv").read_text().splitlines()) - 1
    )
    assert all(
        float(r["tpot_s.least"]) <= float(r["tpot_s"]) <= float(r["tpot_s.most"]) for r in rows
    )
    assert (out / "uncertainty-tpot_s-energy_per_token_j.svg").is_file()


def test_the_same_seed_gives_the_same_shares(run, copied):
    texts = [
        run(
            "pareto", copied, "--uncertainty", "--draws", 32, "--seed", seed, "--format", "csv"
        ).out
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_axes_that_are_no_objectives_have_no_bars(run, copied):
    options = ("--draws", 8, "--format", "svg", "--x", "ttft_s", "--y", "area_mm2")
    done = run("pareto", copied, "--uncertainty", *options)
    assert done.code == 0, done.err
    assert "neither axis is one" in done.err
    assert (copied / "uncertainty-ttft_s-area_mm2.svg").is_file()


def test_draws_need_uncertainty(run, copied):
    done = run("pareto", copied, "--draws", 8)
    assert done.code == 2
    assert "--draws needs --uncertainty" in done.err


def test_more_draws_than_memory_holds_are_refused(run, copied, monkeypatch):
    monkeypatch.setattr("dse.cli.robust._MOST_BYTES", 1000)
    done = run("pareto", copied, "--uncertainty", "--draws", 64)
    assert done.code == 2
    assert "must be at most" in done.err


def test_a_run_whose_inputs_changed_is_about_what_it_began_with(run, small_space, tmp_path):
    mine = tmp_path / "mine" / small_space.name
    mine.parent.mkdir()
    shutil.copy(small_space, mine)
    out = tmp_path / "run"
    assert run("sweep", mine, "--grid", "--out", out).code == 0
    before = run("pareto", out, "--uncertainty", "--draws", 16, "--json")
    mine.write_text("schema: dse.space/1\n", encoding="utf-8")
    after = run("pareto", out, "--uncertainty", "--draws", 16, "--json")
    assert after.out == before.out
    assert f"note: {mine} has changed; this is about the text" in after.err
    assert "note" not in before.err


def test_a_run_whose_kept_texts_are_damaged_is_refused(run, copied):
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["inputs"]["hw_configs/technology/nodes.yaml"]["sha256"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(manifest))
    before = sorted(copied.iterdir())
    done = run("pareto", copied, "--uncertainty")
    assert done.code == 4
    assert "the text of hw_configs/technology/nodes.yaml does not match its SHA-256" in done.err
    assert done.out == ""
    assert sorted(copied.iterdir()) == before


def test_a_front_of_other_numbers_is_refused(run, copied):
    path = copied / "front.csv"
    with path.open() as stream:
        header, *rows = csv.reader(stream)
    rows[0][header.index("tpot_s")] = "0.123"
    path.write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    done = run("pareto", copied, "--uncertainty", "--draws", 8)
    assert done.code == 4
    assert "tpot_s of its front is not what this version computes" in done.err


TEAM = """\
schema: dse.space/1
name: team
title: A team
chip: snapdragon-8-gen-3
models: [llama-3.2-1b]
scenario: phone-chat
unit: heterogeneous
axes:
  chip.dram.data_rate: [7500 MT/s, 8533 MT/s]
objectives: [tpot_s, energy_per_token_j]
"""


def test_several_units_are_refused(run, tmp_path):
    path, out = tmp_path / "team.yaml", tmp_path / "run"
    path.write_text(TEAM)
    assert run("sweep", path, "--grid", "--out", out).code == 0
    done = run("pareto", out, "--uncertainty")
    assert done.code == 2
    assert 'is known of one unit, not of "heterogeneous"' in done.err


def test_without_a_front_there_is_nothing_to_judge(run, hopeless_space, tmp_path):
    out = tmp_path / "run"
    run("sweep", hopeless_space, "--grid", "--out", out)
    done = run("pareto", out, "--uncertainty", "--json", "--format", "json")
    assert done.code == 3
    assert "uncertainty" not in done.document("pareto")
