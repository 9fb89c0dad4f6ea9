"""The column of the quality, what it rests on, and that unknown is never good."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dse.cost import METRICS, evaluate, metrics_of, quality_report
from dse.dtype import parse_format
from dse.pareto import non_dominated
from dse.workload import Measured, Quality, Scenario, quality_of
from tests.conftest import SILICON, TINY, build_chip, precision


def row(bits: float, ratio: float, **changes: object) -> Measured:
    made = Measured("q", "rtn", bits, 16.0, 16.0, "ppl", True, 10.0 * ratio, 10.0, "paper", "A")
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


KNOWN = dataclasses.replace(
    TINY,
    quality=quality_of([row(4.5, 1.1), row(8.5, 1.001), row(16.0, 1.01, kv_bits=8.5)], "tiny"),
)


def asked(weights: str, kv: str = "fp16", method: str = "rtn", activations: str = "fp16"):
    formats = precision(weights, activations, kv)
    return dataclasses.replace(formats, quantisation=method)


def test_a_model_that_nobody_looked_up_has_the_metrics_of_the_physics_alone() -> None:
    row = evaluate(build_chip(), TINY, Scenario(precision=asked("int4-g32")), SILICON).row()
    assert list(row) == [entry.name for entry in METRICS]
    assert metrics_of([TINY]) == METRICS
    assert metrics_of([TINY, KNOWN])[-1].name == "perplexity_ratio"


def test_the_column_has_a_value_per_design_and_moves_no_other() -> None:
    four, eight, none = (parse_format(name) for name in ("int4-g32", "int8-g32", "int2"))
    formats = asked("int8")
    code = np.array([four.code, eight.code, none.code])
    bits = np.array([four.bits, eight.bits, none.bits])
    weights = dataclasses.replace(four, name="*", code=code, bits=bits)  # type: ignore[arg-type]
    scenario = Scenario(precision=dataclasses.replace(formats, weights=weights))
    batch = evaluate(build_chip(), KNOWN, scenario, SILICON)
    assert batch["perplexity_ratio"].tolist()[:2] == pytest.approx([1.1, 1.001])
    assert math.isnan(batch["perplexity_ratio"][2])
    plain = evaluate(build_chip(), TINY, scenario, SILICON)
    for name, values in plain.columns.items():
        np.testing.assert_array_equal(batch[name], values)


@pytest.mark.parametrize(
    ("formats", "kind", "ratio", "rows"),
    [
        (asked("fp16"), "reference", 1.0, 0),
        (asked("int4-g32"), "measured", 1.1, 1),
        (asked("int8"), "interpolated", 1.0 + 0.1 * 0.01**0.875, 2),
        (asked("int4-g32", "int8-g32"), "combined", 1.1 * 1.01, 2),
        (asked("fp16", "int8-g32"), "measured", 1.01, 1),
        (asked("int4-g32", "int4"), "not measured", math.nan, 0),
        (asked("int4-g32", method="awq"), "not measured", math.nan, 0),
        (asked("int4-g32", activations="int8"), "not measured", math.nan, 0),
    ],
)
def test_a_report_says_what_a_ratio_rests_on(formats, kind, ratio, rows) -> None:
    report = quality_report(KNOWN, formats)
    assert report.kind == kind
    assert report.ratio == pytest.approx(ratio, nan_ok=True)
    assert len(report.rows) == rows
    column = evaluate(build_chip(), KNOWN, Scenario(precision=formats), SILICON)
    assert report.ratio == pytest.approx(float(column["perplexity_ratio"][0]), nan_ok=True)


def test_what_fewer_bits_promise_is_said_to_be_a_bound() -> None:
    rows = [row(4.5, 1.02, method="awq"), row(4.5, 1.2), row(8.5, 1.001)]
    model = dataclasses.replace(TINY, quality=quality_of(rows, "tiny"))
    report = quality_report(model, asked("int5-g32", method="best"))
    assert (report.kind, report.ratio) == ("bounded", pytest.approx(1.02))
    assert [each.method for each in report.rows] == ["awq"]


def test_what_was_measured_together_is_no_product() -> None:
    narrow = {"activation_bits": 4.0, "is_grouped": False}
    rows = [row(4.0, 1.2, **narrow), row(4.0, 1.3, kv_bits=4.0, **narrow)]
    model = dataclasses.replace(TINY, quality=quality_of(rows, "other", "its parent"))
    report = quality_report(model, asked("int4", "int4", activations="int4"))
    assert (report.kind, report.of, report.why) == ("measured", "other", "its parent")
    assert report.rows == (rows[1],)
    assert report.ratio == pytest.approx(1.3)


def test_unknown_is_never_on_a_front_and_no_report_without_a_look() -> None:
    unknown = dataclasses.replace(TINY, quality=Quality())
    scenario = Scenario(precision=asked("int4-g32"))
    results = evaluate(build_chip(), unknown, scenario, SILICON)
    points = np.stack([results["tpot_s"], results["perplexity_ratio"]], axis=1)
    assert not non_dominated(np.concatenate([points, [[9.0, 1.1]]]))[0]
    assert quality_report(TINY, scenario.precision) is None
