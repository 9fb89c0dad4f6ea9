"""``dse steps``: what it prints, writes and exits with."""

from __future__ import annotations

from pathlib import Path

import pytest

CHIP, MODEL = "phone-soc-2026", "llama-3.2-3b"
CATALOGUE = """\
schema: dse.catalogue/1
name: few
title: A few steps
scenario: phone-chat
start: {scenario.weights: fp16, scenario.fusion: none}
targets: {decode_tok_s: ">= 10 tok/s", ttft_s: "<= 2 s"}
steps:
  weights-8:
    title: Quantise the weights to 8 bits
    group: weights
    changes: {scenario.weights: int8}
    perplexity: 1.01
  weights-4:
    title: Quantise the weights to 4 bits
    group: weights
    changes: {scenario.weights: int4-g32}
    perplexity: 1.05
  bus-16:
    title: Widen the bus by 16 bits
    repeat: 2
    changes: {chip.dram.bus_width: {add: 16 bit}}
  node:
    title: Go back to an old node
    changes: {chip.node: {map: {n16: n7}}}
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogues") / "few.yaml"
    path.write_text(CATALOGUE)
    return path


def test_it_says_how_many_steps_and_which(run, few):
    done = run("steps", CHIP, MODEL, "--catalogue", few)
    assert done.code == 0, done.err
    head, *lines = done.out.splitlines()
    assert head.endswith(": 1 step")
    step = next(line for line in lines if "Quantise the weights to 8 bits" in line)
    assert "decode_tok_s" in step
    assert "no set of fewer steps meets the targets" in done.out
    assert "not on this chip: node (nothing follows" in done.out
    assert "to spare" in done.out


def test_the_document_follows_its_schema(run, few):
    done = run(
        *("steps", CHIP, MODEL, "--catalogue", few, "--json"),
        *("--target", "decode_tok_s >= 30", "--target", "cost_usd <= 200 USD"),
    )
    assert done.code == 0, done.err
    document = done.document("steps")
    assert document["met"]
    assert [entry["metric"] for entry in document["targets"]] == ["decode_tok_s", "cost_usd"]
    rate = [document["start"], *document["steps"]][-1]["metrics"]["decode_tok_s"]
    assert rate >= 30.0 > document["start"]["metrics"]["decode_tok_s"]
    costs = [step["costs"]["cost_usd"] for step in document["steps"]]
    first, last = document["start"]["metrics"], document["steps"][-1]["metrics"]
    assert sum(costs) == pytest.approx(last["cost_usd"] - first["cost_usd"])
    assert "decode_tok_s" in [name for step in document["steps"] for name in step["meets"]]


def test_no_solution_is_told_and_has_its_exit_code(run, few):
    done = run("steps", CHIP, MODEL, "--catalogue", few, "--target", "decode_tok_s >= 1000")
    assert done.code == 3
    assert "no set of steps will do" in done.out
    assert "misses" in done.err
    assert "decode_tok_s >= 1000 tok/s by a factor of" in done.err
    document = run(
        *("steps", CHIP, MODEL, "--catalogue", few, "--target", "decode_tok_s >= 1000", "--json")
    ).document("steps")
    assert not document["met"]
    assert document["equals"] == 0


def test_it_may_start_from_a_scenario_as_it_is(run, few):
    options = ("--catalogue", few, "--as-is", "--prompt", "64", "--json")
    document = run("steps", CHIP, MODEL, *options).document("steps")
    assert document["scenario"]["weights"] == "int4-g32"
    assert document["scenario"]["prompt_tokens"] == 64
    assert document["steps"] == []


def test_the_chip_may_be_changed_first(run, few):
    options = ("--catalogue", few, "--json", "--target", "decode_tok_s >= 35")
    plain = run("steps", CHIP, MODEL, *options).document("steps")
    wide = run("steps", CHIP, MODEL, *options, "--bus-width", "128 bit").document("steps")
    assert wide["changes"] == {"dram.bus_width": "128 bit"}
    assert len(wide["steps"]) < len(plain["steps"])


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_is_written_and_the_same_each_time(run, few, tmp_path, ending):
    pictures = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.{ending}"
        assert run("steps", CHIP, MODEL, "--catalogue", few, "--plot", path).code == 0
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) > 5000


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--target", "decode_tok >= 10"), 'did you mean "decode_tok_s"'),
        (("--target", "ttft_s >= 1 s"), "less is better"),
        (("--plot", "steps.pdf"), "must end in .png or .svg"),
        (("--unit", "tpu"), "has no unit"),
    ],
)
def test_mistakes_are_told(run, few, options, text):
    done = run("steps", CHIP, MODEL, "--catalogue", few, *options)
    assert done.code == 2
    assert text in done.err


def test_the_library_s_catalogue_brings_seven_billion_parameters_onto_a_phone(run):
    document = run("steps", "snapdragon-8-gen-2", "llama-2-7b", "--json").document("steps")
    assert document["met"]
    assert document["steps"][0]["step"].startswith("weights-")
    assert 1 <= len(document["steps"]) <= 4
    metrics = document["steps"][-1]["metrics"]
    assert metrics["ttft_s"] <= 1.0
    assert metrics["decode_tok_s"] >= 10.0
    assert metrics["decode_power_w"] <= 4.0
    assert metrics["memory_free_bytes"] >= 0.0
