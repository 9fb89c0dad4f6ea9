"""``dse evaluate --uncertainty``."""

from __future__ import annotations

CHIP, MODEL = "snapdragon-8-elite", "llama-3.2-1b"


def test_the_table_names_what_matters(run):
    done = run("evaluate", CHIP, MODEL, "--uncertainty")
    assert done.code == 0, done.err
    (line,) = [x for x in done.out.splitlines() if x.startswith("tpot_s ")]
    assert "dram.lpddr5x.efficiency" in line


def test_the_document_follows_its_schema(run):
    done = run("evaluate", CHIP, MODEL, "--uncertainty", "--json")
    document = done.document("evaluate")
    for row in document["uncertainty"]["metrics"]:
        assert row["least"] <= row["p5"] <= row["p50"] <= row["p95"] <= row["most"]
        assert row["value"] == document["metrics"][row["metric"]]
    assert "uncertainty" not in run("evaluate", CHIP, MODEL, "--json").document("evaluate")


def test_a_network_has_bounds_too(run):
    done = run("evaluate", "apple-m4", "stable-diffusion-1.5-controlnet", "--uncertainty")
    assert done.code == 0, done.err
    assert any(line.startswith("image_s ") for line in done.out.splitlines())


def test_several_units_are_refused(run):
    done = run("evaluate", CHIP, MODEL, "--schedule", "heterogeneous", "--uncertainty")
    assert done.code == 2
    assert "--uncertainty is known of one unit" in done.err
