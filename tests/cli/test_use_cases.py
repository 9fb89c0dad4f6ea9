"""Spaces with use cases, ties and continuous axes through the commands."""

from __future__ import annotations

import csv
import json

import pytest

from dse.cost import evaluate_mix, worst_columns
from dse.spec import load_chip, load_model, load_scenario, load_space, load_technology
from dse.workload import Mix

SPACE = """\
schema: dse.space/1
name: mixed
title: A mixed space
chip: phone-soc-2026
models: [llama-3.2-1b]
use_cases:
  - {scenario: phone-summarise, weight: 40 %}
  - {scenario: phone-chat, weight: 60 %}
unit: npu
axes:
  chip.units.npu.matrix.cols: {from: 32, to: 128, step: 32}
  chip.units.npu.clock: {from: 0.6 GHz, to: 1.6 GHz, continuous: true}
  scenario.weights: [int4-g128, int8]
ties:
  chip.units.npu.sram.bandwidth: {follows: chip.units.npu.matrix.cols, factor: 8 B/cycle}
objectives: [e2e_latency_s, e2e_energy_j]
"""
TIED = "chip.units.npu.sram.bandwidth"


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "mixed.yaml"
    path.write_text(SPACE, encoding="utf-8")
    return path


@pytest.fixture
def swept_mix(run, mixed, tmp_path):
    out = tmp_path / "run"
    done = run("sweep", mixed, "--samples", 64, "--out", out)
    assert done.code == 0, done.err
    return out


def test_the_manifest_and_the_tables_tell_the_mix_and_the_ties(swept_mix):
    manifest = json.loads((swept_mix / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["space"]["scenario"] == "40 % phone-summarise, 60 % phone-chat"
    assert manifest["space"]["use_cases"] == [
        {"scenario": "phone-summarise", "weight": 0.4},
        {"scenario": "phone-chat", "weight": 0.6},
    ]
    assert any(name.endswith("phone-summarise.yaml") for name in manifest["inputs"])
    assert any(name.endswith("phone-chat.yaml") for name in manifest["inputs"])
    with (swept_mix / "results.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        assert float(row[TIED]) == 8.0 * float(row["chip.units.npu.matrix.cols"])


def test_real_chips_are_evaluated_under_the_same_mix(run, swept_mix):
    document = run("pareto", swept_mix, "--format", "csv", "--json").document("pareto")
    assert [case["weight"] for case in document["use_cases"]] == [0.4, 0.6]
    knee = next(row for row in document["front"] if row["design"] == document["knee"])
    assert knee["axes"][TIED].endswith("B/cycle")
    chip = next(chip for chip in document["chips"] if chip["chip"] == "tensor-g5")
    space = load_space("phone_mix")  # for its scenarios, with the formats of the knee
    weights = {"int4-g128": 0, "int8": 3}[knee["axes"]["scenario.weights"]]
    place = [axis.path for axis in space.axes].index("scenario.weights")
    value = space.axes[place].values[weights]
    from dataclasses import replace

    scenarios = tuple(
        replace(s, precision=replace(s.precision, weights=value, head=value, embedding=value))
        for s in (load_scenario("phone-summarise"), load_scenario("phone-chat"))
    )
    names = ["e2e_latency_s", "e2e_energy_j", "decode_power_w", "memory_bytes"]
    subject = load_chip("tensor-g5"), load_model("llama-3.2-1b"), Mix(scenarios, (0.4, 0.6))
    unit = "npu" if any(u.name == "npu" for u in subject[0].units) else None
    found = worst_columns([evaluate_mix(subject, load_technology().silicon, unit, names)], names)
    for name in names:
        assert chip["metrics"][name] == pytest.approx(float(found[name].ravel()[0]), rel=1e-12)


def test_a_search_and_a_certificate_run_over_it(run, mixed, tmp_path):
    found = run("search", mixed, "--trials", 20, "--out", tmp_path / "s", "--json")
    assert found.code == 0, found.err
    proven = run("search", mixed, "--certify", 0.05, "--out", tmp_path / "c", "--json")
    assert proven.code == 0, proven.err
    certificate = proven.document("search")["certificate"]
    assert certificate["complete"]
    assert certificate["space_size"] == 4 * 4097 * 2


def test_a_sensitivity_moves_what_is_tied_along(run, mixed):
    document = run("sensitivity", mixed, "--samples", 16, "--json").document("sensitivity")
    assert document["scenario"] == "40 % phone-summarise, 60 % phone-chat"
    assert TIED in document["design"]["axes"]
    assert "chip.units.npu.clock" in {slope["axis"] for slope in document["elasticities"]}
    clocks = [step for step in document["steps"] if step["axis"] == "chip.units.npu.clock"]
    assert clocks


def test_show_tells_the_resolution_of_a_continuous_axis(run, mixed):
    shown = run("specs", "show", mixed, "--kind", "space").out
    assert (
        "chip.units.npu.clock is continuous: 4096 steps of at most 244.1 kHz, or 0.041 % of the "
        "value" in " ".join(shown.split())
    )


def test_a_metric_without_a_sense_is_no_objective(run, mixed, tmp_path):
    done = run("sweep", mixed, "--out", tmp_path / "x", "--objective", "decode_bound")
    assert done.code == 2
    assert '"decode_bound" can be neither better nor worse' in done.err
