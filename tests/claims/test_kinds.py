"""Each kind of part, against arithmetic that fits on a line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dse.claims import Bench, judge_claim
from dse.claims.bench import phase_of
from dse.errors import SpecError
from dse.spec import load_stack
from dse.spec.claims import load_accuracy, load_claim
from dse.spec.schema.claim import CaseSpec
from dse.validate.family import FAMILIES

HEAD = """\
schema: dse.claim/1
name: {name}
title: A claim
claimant: somebody
date: "2026"
source: a test
confidence: C
modelling: As it stands.
parts:
"""
RATIO = """\
  speed:
    title: speed
    claimed: {claimed}
    unit: x
    kind: ratio
    metric: {metric}
    case: {{chip: snapdragon-8-gen-2, model: llama-3.2-1b, scenario: phone-chat}}
    readings:
      - label: INT4 replaces INT8
        case: {{changes: {{scenario.weights: int4, scenario.activations: int8}}}}
        over: {{changes: {{scenario.weights: int8}}}}
"""


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def write(folder: Path, parts: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(HEAD.format(name="mine") + parts)
    return path


def case(bench: Bench, **fields):
    usual = {"chip": "snapdragon-8-gen-2", "model": "llama-3.2-1b", "scenario": "phone-chat"}
    return bench.case(CaseSpec(**(usual | fields)))


def test_half_the_bytes_are_at_most_twice_the_speed(bench, tmp_path):
    claim = load_claim(write(tmp_path, RATIO.format(claimed=2.1, metric="decode_tok_s")))
    (part,) = judge_claim(claim, bench).parts
    (reading,) = part.readings
    assert 1.7 < reading.modelled <= reading.limit < 2.0
    assert part.verdict.kind == "physically impossible"
    assert reading.bound == "memory bandwidth"


def test_less_is_better_where_the_metric_says_so(bench, tmp_path):
    claim = load_claim(write(tmp_path, RATIO.format(claimed=1.5, metric="tpot_s")))
    faster = judge_claim(claim, bench).parts[0].readings[0].modelled
    claim = load_claim(write(tmp_path, RATIO.format(claimed=1.5, metric="decode_tok_s")))
    assert faster == pytest.approx(judge_claim(claim, bench).parts[0].readings[0].modelled)


def test_what_the_error_hides_is_not_judged(bench, tmp_path):
    text = RATIO.format(claimed=1.02, metric="prefill_tok_s").replace(
        "weights: int4", "weights: int8"
    )
    (part,) = judge_claim(load_claim(write(tmp_path, text)), bench).parts
    assert part.verdict.kind == "cannot be judged"
    assert "less than the model's error" in part.verdict.words


def test_nothing_is_better_than_the_best(bench):
    for name in ("snapdragon-8-gen-3", "apple-a18-pro", "dimensity-9300"):
        figures = bench.figures(case(bench, chip=name, changes={"scenario.weights": "int8"}))
        for metric in ("decode_tok_s", "prefill_tok_s"):
            assert figures.best[metric] >= figures.modelled[metric]


def test_the_best_decode_is_the_bus_over_the_bytes(bench):
    row = bench.figures(case(bench)).best
    assert row["decode_dram_utilisation"] == pytest.approx(1.0, rel=0.01)


def test_what_does_not_fit_is_impossible(bench, tmp_path):
    text = """\
  rate:
    title: rate
    claimed: 0.001
    unit: tok/s
    kind: absolute
    metric: decode_tok_s
    case: {chip: snapdragon-8-gen-3, model: llama-3.1-70b, scenario: phone-chat}
    readings: [{label: all of it is in the DRAM}]
"""
    (part,) = judge_claim(load_claim(write(tmp_path, text)), bench).parts
    assert part.verdict.words.startswith("physically impossible: memory capacity is exceeded")


def test_parameters_that_fit_fill_the_memory(bench, tmp_path):
    text = """\
  size:
    title: size
    claimed: 10
    unit: B parameters
    scale: 1.0e+9
    kind: parameters
    case: {chip: snapdragon-8-gen-3, model: solar-10.7b, scenario: phone-chat}
    readings:
      - {label: the phone has 12 GiB, case: {changes: {chip.dram.capacity: 12 GiB}}}
      - {label: the phone has 20 GiB, case: {changes: {chip.dram.capacity: 20 GiB}}}
"""
    small, large = judge_claim(load_claim(write(tmp_path, text)), bench).parts[0].readings
    # The system keeps 4 GiB of both.
    assert large.modelled == pytest.approx(2.0 * small.modelled)
    assert small.modelled == pytest.approx(8 * 2**30 / (4.5 / 8) / 1e9, rel=0.02)


def test_formats_are_compared_in_bits_and_joules(bench):
    memory, multiplier, _ = judge_claim(load_claim("fp32-to-int4"), bench).parts
    assert [reading.modelled for reading in memory.readings] == [8.0, 32.0 / 4.5]
    energy, products = (reading.modelled for reading in multiplier.readings)
    assert products == 64.0
    table = bench.silicon.mac_energy_j
    assert energy == max(table.values()) / table[2]


def test_longer_slices_lose_less_to_switches(bench):
    (part,) = judge_claim(load_claim("light-switching"), bench).parts
    kept, longer, _ = part.readings
    assert 1.5 < longer.modelled < 2.0 < kept.modelled


def test_priority_saves_more_where_more_competes(bench):
    (part,) = judge_claim(load_claim("priority-energy"), bench).parts
    *saved, shared = [reading.modelled for reading in part.readings]
    assert 1.0 < saved[0] < saved[1] < saved[2]
    # Where the background pays for its own time, switches alone are saved.
    assert 1.0 <= shared < saved[1]


def test_rent_is_a_share_of_the_hour(bench):
    month, _ = judge_claim(load_claim("cloud-10m-usd"), bench).parts
    together, alone = month.readings[:2]
    # A batch of 32 costs more time than one request, but less than 32 of them.
    assert together.modelled < alone.modelled < 32.0 * together.modelled
    assert math.isinf(month.readings[0].limit)


def test_a_case_must_name_what_runs(bench):
    with pytest.raises(SpecError, match="a case names no model and no scenario"):
        bench.case(CaseSpec(chip="apple-m4"))


def test_later_cases_lie_on_top(bench):
    below = CaseSpec(chip="apple-m4", model="llama-3.2-1b", changes={"scenario.kv": "int8"})
    above = CaseSpec(chip="apple-m1", scenario="phone-chat", changes={"scenario.weights": "int8"})
    merged = bench.case(below, None, above)
    assert (merged.chip, merged.model) == ("apple-m1", "llama-3.2-1b")
    assert merged.of("scenario") == {"kv": "int8", "weights": "int8"}
    assert merged.of("chip") == {}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("chip: snapdragon-8-gen-2", "chip: snapdragon-8-gen-22", "parts.speed.case.chip"),
        ("metric: decode_tok_s", "metric: decode_toks_s", "parts.speed.metric"),
        ("kind: ratio", "kind: ration", "parts.speed"),
        ("claimed: 2", "claimed: -2", "parts.speed.claimed"),
        ("scenario.weights: int8", "scenarios.weights: int8", "parts.speed.readings[0].over"),
    ],
)
def test_faults_are_located(tmp_path, old, new, path):
    text = RATIO.format(claimed=2, metric="decode_tok_s")
    assert old in text
    with pytest.raises(SpecError) as caught:
        load_claim(write(tmp_path, text.replace(old, new)))
    assert any(fault.path.startswith(path) and fault.line for fault in caught.value.faults)


def test_the_assumed_runtime_is_the_one_that_images_are_validated_with():
    stack, family = load_stack("assumed-npu"), FAMILIES["npu"]
    for name in ("dram_efficiency", "matrix_efficiency", "lane_efficiency", "convert_ops"):
        assert getattr(stack, name) == getattr(family, name)
    for name in ("dispatches_per_op", "prompt_s", "step_s", "score_bytes"):
        assert getattr(stack, name) == pytest.approx(getattr(family, name))


def test_every_phase_has_an_error():
    names = ("decode_tok_s", "ttft_s", "energy_per_token_j", "image_s")
    errors = load_accuracy()
    for part in (*errors.segments.values(), errors.ratios):
        assert all(0.0 < getattr(part, phase_of(name)) < 1.0 for name in names)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("decode_tok_s", "image_s", "'image_s'"),
        ("scenario: phone-chat", "scenario: phone-chat, unit: npuu", "'npuu'"),
        ("weights: int8", "weights: int88", "must be a number format"),
    ],
)
def test_what_a_case_has_not_is_said(bench, tmp_path, old, new, words):
    text = RATIO.format(claimed=2, metric="decode_tok_s")
    assert old in text
    claim = load_claim(write(tmp_path, text.replace(old, new)))
    with pytest.raises(SpecError, match=words) as caught:
        judge_claim(claim, bench)
    assert "parts.speed" in str(caught.value)
