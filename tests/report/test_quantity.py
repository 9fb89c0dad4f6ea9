"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost.metric import METRICS
from dse.report.quantity import (
    Scale,
    axis_scale,
    format_metric,
    format_unit,
    metric_title,
    significant,
)
from dse.units import parse_quantity

DIMENSIONS = {"s": "time", "J": "energy", "W": "power", "B": "capacity", "B/s": "bandwidth"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tpot_s", 0.0781, "78.1 ms"),
        ("tpot_s", 0.99996, "1.00 s"),
        ("ttft_s", 61.0, "61.0 s"),
        ("decode_tok_s", 12.8, "12.8 tok/s"),
        ("prefill_tok_s", 2208.4, "2208 tok/s"),
        ("energy_per_token_j", 0.31, "310 mJ"),
        ("memory_bytes", 6 * 2**30, "6.00 GiB"),
        ("memory_free_bytes", -(2**31), "-2.00 GiB"),
        ("memory_free_bytes", 0.0, "0 B"),
        ("npu_area_mm2", 9.094, "9.09 mm2"),
        ("cost_usd", 110.2, "110 USD"),
        ("peak_ops_per_s", 45e12, "45.0 TOPS"),
        ("dram_bandwidth_bytes_per_s", 84.8e9, "84.8 GB/s"),
        ("prefill_utilisation", 0.4567, "45.7 %"),
        ("edge_fraction", 1.5, "150.0 %"),
        ("fits", 1.0, "yes"),
        ("fits", 0.0, "no"),
        ("buildable", 0.0, "no"),
        ("decode_bound", 4.0, "dram"),
        ("cost_usd", math.nan, "-"),
        ("cost_usd", math.inf, "unlimited"),
        ("cost_usd", -math.inf, "-unlimited"),
    ],
)
def test_metrics_are_written_with_three_digits_and_a_unit(name, value, text):
    assert format_metric(name, value) == text


@given(st.floats(1e-8, 1e14), st.sampled_from(sorted(DIMENSIONS)))
def test_what_is_written_reads_back(value, base):
    text = format_unit(value, base)
    if "e" not in text:
        assert parse_quantity(text, DIMENSIONS[base]) == pytest.approx(value, rel=6e-3)


@given(st.floats(1e-5, 1e8), st.integers(1, 6))
def test_significant_digits(value, digits):
    text = significant(value, digits)
    assert float(text) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))
    kept = text.replace(".", "").lstrip("0")
    assert len(kept) == max(digits, len(text.partition(".")[0].lstrip("0")))


@given(st.lists(st.floats(1e-6, 1e6), min_size=1))
def test_an_axis_shows_its_middle_value_in_the_unit(values):
    scale = axis_scale("tpot_s", values)
    middle = sorted(values)[len(values) // 2]
    assert scale.unit in ("ns", "us", "ms", "s")
    assert 0.9 < middle / scale.factor < 1001 or scale.unit == "s"


def test_an_axis_without_values_has_a_unit_all_the_same():
    assert axis_scale("tpot_s", [math.nan, math.inf]) == Scale(1.0, "s")


def test_every_metric_has_a_title_a_scale_and_a_text():
    for entry in METRICS:
        assert metric_title(entry.name) != entry.name
        assert axis_scale(entry.name, [1.0]).factor > 0.0
        assert format_metric(entry.name, 1.0)


def test_large_and_small_numbers_get_an_exponent():
    assert significant(1.234e12, 3) == "1.23e+12"
    assert significant(1.234e-9, 3) == "1.23e-09"
