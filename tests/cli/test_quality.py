"""``dse quality``, the line of ``dse evaluate``, and quality as objective and target."""

from __future__ import annotations

import pytest

CHIP = "snapdragon-8-elite"
SPACE = """\
schema: dse.space/1
name: {name}
title: Quality against time
chip: phone-soc-2026
models: [llama-3-8b]
scenario: phone-chat
axes:
  chip.dram.bus_width: [64 bit, 128 bit]
  scenario.weights: [int2, int4-g32, int5-g32, int6-g32, int8]
  scenario.quantisation: [rtn, k-quant]
objectives: [tpot_s, cost_usd, perplexity_ratio]
targets: {{perplexity_ratio: "<= 1.03"}}
"""


def quality(run, *options):
    done = run("evaluate", CHIP, *options, "--json")
    assert done.code == 0, done.err
    document = done.document("evaluate")
    return document["metrics"]["perplexity_ratio"], document["quality"]


def test_evaluate_says_the_loss_and_who_measured_it(run):
    done = run("evaluate", CHIP, "llama-3-8b", "--weights", "int4-g32")
    (line,) = [line for line in done.out.splitlines() if line.startswith("Quality")]
    assert "+7.5 %" in line
    assert "measured (q4_0; ggerganov/llama.cpp" in line
    done = run("evaluate", CHIP, "solar-10.7b", "--weights", "int4-g32")
    (line,) = [line for line in done.out.splitlines() if line.startswith("Quality")]
    assert "not measured" in line


def test_the_document_has_the_rows_behind_it(run):
    ratio, report = quality(run, "llama-3-8b", "--weights", "int6-g32")
    assert 1.0004 < ratio < 1.0171
    assert report["kind"] == "interpolated"
    assert [row["name"] for row in report["rows"]] == ["q5_1", "q8_0"]
    ratio, report = quality(run, "solar-10.7b", "--weights", "int4-g32")
    assert ratio is None
    assert report["kind"] == "not measured"


def test_a_relative_is_named(run):
    _, report = quality(run, "llama-3.1-8b", "--weights", "int4-g32")
    assert report["of"] == "llama-3-8b"
    assert report["why"]


def test_a_method_may_be_named_and_is_checked(run):
    plain, _ = quality(run, "llama-3-8b", "--weights", "int4-g32")
    best, _ = quality(run, "llama-3-8b", "--weights", "int4-g32", "--quantisation", "best")
    assert best < plain
    done = run("evaluate", CHIP, "llama-3-8b", "--quantisation", "luck")
    assert done.code == 2
    assert "must be a method of quantisation" in done.err


def test_a_network_of_layers_has_no_perplexity(run):
    done = run("evaluate", "apple-m4", "stable-diffusion-1.5", "--unit", "gpu", "--json")
    assert done.code == 0, done.err
    document = done.document("evaluate")
    assert "quality" not in document
    assert "perplexity_ratio" not in document["metrics"]


def test_quality_lists_rows_and_models(run):
    document = run("quality", "llama-2-7b", "--json").document("quality")
    assert len(document["rows"]) == 80
    assert all(row["source"] for row in document["rows"])
    table = run("quality", "llama-2-7b").out
    assert "OmniQuant g128" in table
    assert "[1] " in table
    assert "nothing was measured" in run("quality", "solar-10.7b").out
    assert "llama-2-70b" in run("quality").out
    assert run("quality", "--json").document("specs")["specs"]


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPACE.format(name="small"))
    return path


def test_quality_is_an_objective_and_a_target(run, space, tmp_path):
    out = tmp_path / "run"
    done = run("sweep", space, "--out", out, "--json")
    assert done.code == 0, done.err
    front = run("pareto", out, "--json").document("pareto")["front"]
    assert front
    for design in front:
        # What was not measured (two bits, or eight by k-quants) met no target and is on no front.
        assert design["metrics"]["perplexity_ratio"] <= 1.03
        assert design["axes"]["scenario.weights"] != "int2"
    found = {tuple(design["axes"].values())[1:] for design in front}
    assert ("int5-g32", "k-quant") in found
    assert ("int8", "k-quant") not in found


def test_objectives_and_targets_may_be_added_on_the_command_line(run, space, tmp_path):
    out = tmp_path / "run"
    done = run("sweep", space, "--out", out, "--target", "perplexity_ratio <= 1.01",
               "--target", "tpot_s <= 1 s", "--objective", "e2e_energy_j")  # fmt: skip
    assert done.code == 0, done.err
    document = run("pareto", out, "--json").document("pareto")
    assert document["objectives"][-1] == "e2e_energy_j"
    limits = {target["metric"]: target["limit"] for target in document["targets"]}
    assert limits == {"perplexity_ratio": 1.01, "tpot_s": 1.0}
    assert all(d["metrics"]["perplexity_ratio"] <= 1.01 for d in document["front"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--objective", "decode_bound"), "can be neither better nor worse"),
        (("--target", "perplexity_ratio >= 1"), "for less is better"),
        (("--target", "perplexity <= 1"), 'did you mean "perplexity_ratio"'),
        (("--target", "tpot_s"), "must be a limit such as"),
        (("--target", "tpot_s <= 1 W"), "a power"),
        (("--model", "solar-10.7b"), "was not measured of solar-10.7b"),
    ],
)
def test_what_cannot_be_asked_is_said(run, space, tmp_path, options, said):
    done = run("sweep", space, "--out", tmp_path / "run", *options)
    assert done.code == 2
    assert said in done.err
