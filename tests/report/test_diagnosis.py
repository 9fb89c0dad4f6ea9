"""Diagnoses in sentences, one for each way in which targets can be out of reach."""

from __future__ import annotations

import pytest

from dse.report.diagnosis import diagnosis_lines, diagnosis_object
from dse.search import Diagnosis, Miss, Widening
from dse.space import Target
from dse.sweep import RequirementReach

TARGET = Target("ttft_s", 1.0, -1)
OTHER = Target("npu_area_mm2", 25.0, -1)


def reach(**changes):
    return RequirementReach(**({"target": TARGET, "met": 0, "best": 1.4} | changes))


def diagnosis(**changes):
    fields = {
        "is_feasible": False,
        "is_certain": True,
        "binding": reach(),
        "design": 7,
        "choices": {"chip.node": "n4"},
        "misses": (Miss(TARGET, 1.4, 0.4),),
    }
    return Diagnosis(**(fields | changes))


def test_a_target_beyond_every_design():
    text = "\n".join(diagnosis_lines(diagnosis()))
    assert "binding: ttft_s <= 1 s; no design meets it even alone, the best is at 1.40 s" in text
    assert "number 7, misses" in text
    assert "ttft_s <= 1 s by 40.0 %: 1.40 s" in text
    assert "chip.node = n4" in text
    assert "relax a target" in text


def test_a_target_that_alone_stands_in_the_way():
    found = diagnosis(binding=reach(met=5, best_with_others=1.2), opens=42)
    assert "42 designs meet all else, the best of them at 1.20 s" in diagnosis_lines(found)[1]


def test_targets_that_exclude_each_other():
    found = diagnosis(binding=reach(met=5))
    assert "5 designs meet it, and none of them all else" in diagnosis_lines(found)[1]


@pytest.mark.parametrize(("end", "side"), [("first", "below"), ("last", "above")])
def test_an_axis_to_widen_and_its_price(end, side):
    widening = Widening(
        path="chip.units.npu.clock",
        end=end,
        text="1.6 GHz",
        value=1.4,
        before=1.5,
        predicted=1.3,
        gain=0.1,
        costs=(Miss(OTHER, 26.0, 0.04),),
    )
    found = diagnosis(widenings=(widening,))
    line = diagnosis_lines(found)[-1]
    assert f"widen chip.units.npu.clock {side} 1.6 GHz" in line
    assert "took ttft_s from 1.50 s to 1.40 s" in line
    assert "then it would miss npu_area_mm2 <= 25 mm2" in line
    entry = diagnosis_object(found)["widen"][0]
    assert (entry["side"], entry["end"]) == (side, "1.6 GHz")


def test_an_uncertain_diagnosis_asks_for_more():
    assert "more samples" in diagnosis_lines(diagnosis(is_certain=False))[-1]


def test_nothing_infinite_reaches_json():
    found = diagnosis(misses=(Miss(TARGET, float("inf"), float("inf")),))
    miss = diagnosis_object(found)["nearest"]["misses"][0]
    assert miss["value"] is miss["violation"] is None


def test_one_design_is_one():
    assert (
        "1 design meets all else, at 1.20 s"
        in diagnosis_lines(diagnosis(binding=reach(met=5, best_with_others=1.2), opens=1))[1]
    )
    assert (
        "1 design meets it, and not all else"
        in diagnosis_lines(diagnosis(binding=reach(met=1)))[1]
    )
