"""Catalogues of steps: what is read, and what is refused and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError, TooLargeError
from dse.spec import list_specs, load_catalogue, load_chip
from dse.spec.changes import changed_draft
from dse.spec.step_build import start_draft, step_space

GOOD = """\
schema: dse.catalogue/1
name: mine
title: Mine
scenario: phone-chat
start: {scenario.weights: fp16}
targets: {tpot_s: "<= 100 ms"}
steps:
  wide:
    title: Widen
    repeat: 2
    changes: {chip.dram.bus_width: {add: 16 bit}}
    perplexity: {value: 1.5, source: "a book", confidence: C}
  fast:
    title: Faster
    changes:
      chip.dram.data_rate: {next: [7500 MT/s, 8533 MT/s, 14400 MT/s]}
      chip.unit.matrix.rows: {multiply: 2}
"""


def load(folder: Path, old: str = "", new: str = ""):
    assert old in GOOD
    path = folder / "mine.yaml"
    path.write_text(GOOD.replace(old, new, 1) if old else GOOD)
    return load_catalogue(path)


def test_a_catalogue_is_read(tmp_path):
    catalogue = load(tmp_path)
    assert [step.name for step in catalogue.steps] == ["wide", "fast"]
    assert [(t.metric, t.limit, t.sense) for t in catalogue.targets] == [("tpot_s", 0.1, -1)]
    wide, fast = catalogue.steps
    assert (wide.group, wide.repeat, wide.perplexity, wide.source) == ("wide", 2, 1.5, "a book")
    assert [change.operation for change in fast.changes] == ["next", "multiply"]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("bus_width", "bus_with", 'there is no "bus_with"'),
        ("chip.dram.bus_width", "bus", "must begin with chip. or scenario."),
        ("scenario.weights: fp16", "chip.dram.bus_width: 8 bit", "must begin with scenario."),
        ("phone-chat", "phone-chatt", 'did you mean "phone-chat"'),
        ("tpot_s", "tpot", 'did you mean "tpot_s"'),
        ("{add: 16 bit}", "{add: 16 bit, multiply: 2}", "must be one of add"),
        ("{add: 16 bit}", "{plus: 16 bit}", "unknown key"),
        ("repeat: 2", "repeat: 0", "must be >= 1"),
        ("value: 1.5", "value: 0.5", "must be >= 1"),
        ("{multiply: 2}", "{multiply: -2}", "must be > 0"),
        ("    title: Faster\n", "", "missing key"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path, old, new, text):
    with pytest.raises(SpecError) as caught:
        load(tmp_path, old, new)
    assert text in str(caught.value)
    assert all(fault.line > 0 for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("{add: 16 bit}", "{add: 16 GB}", "width"),
        ("{add: 16 bit}", "16", "must have a unit"),
        ("7500 MT/s", "7500 bit", "data rate"),
        ("{multiply: 2}", "{multiply: 0.3}", "whole numbers"),
        ("scenario.weights: fp16", "scenario.weights: fp15", "number format"),
    ],
)
def test_values_that_do_not_suit_the_chip_are_told(tmp_path, old, new, text):
    with pytest.raises(SpecError) as caught:
        bind(load(tmp_path, old, new), "phone-soc-2026")
    assert text in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def bind(catalogue, chip):
    scenario = changed_draft("scenario", catalogue.scenario, {})
    drafts = {
        "chip": changed_draft("chip", chip, {}),
        "scenario": start_draft(scenario, catalogue.start),
    }
    return step_space(catalogue, load_chip(chip), drafts, "llama-2-7b")


def test_too_many_combinations_of_one_field_are_refused_before_they_are_built(tmp_path):
    step = "  {}:\n    title: More\n    repeat: 9\n    changes: {{{}: {{add: 1 MHz}}}}\n"
    many = "".join(step.format(f"more-{i}", "chip.unit.clock") for i in range(5))
    catalogue = load(tmp_path, "steps:\n", f"steps:\n{many}")
    with pytest.raises(TooLargeError, match=r"more-0, more-1, more-2.*have 100000 combinations"):
        bind(catalogue, "phone-soc-2026")


def test_a_section_that_a_chip_lacks_leaves_the_step_out(tmp_path):
    catalogue = load(tmp_path, "chip.unit.matrix.rows", "chip.cache.capacity")
    chip = next(name for name in list_specs("chip") if not load_chip(name).cache.capacity_bytes)
    space = bind(catalogue, chip)
    assert [step.name for step, _ in space.left_out] == ["fast"]


@pytest.mark.parametrize("name", list_specs("catalogue"))
@pytest.mark.parametrize("chip", ["snapdragon-8-gen-2", "snapdragon-8-gen-3", "apple-a18-pro"])
def test_the_library_s_steps_hold_on_phones(name, chip):
    space = bind(load_catalogue(name), chip)
    assert space.size > 1000
    assert len(space.left_out) <= 3


def test_the_start_is_a_naive_port():
    catalogue = load_catalogue("phone")
    scenario = bind(catalogue, "snapdragon-8-gen-2").scenario
    formats = scenario.precision
    assert {formats.weights.name, formats.head.name, formats.embedding.name} == {"fp16"}
    assert {formats.activations.name, formats.kv.name} == {"fp16"}
    assert scenario.fusion == "none"
