"""Writing quantities: the right prefix, and back to the same number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.units import DIMENSIONS, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (0.0, "capacity", "0 B"),
        (0.0, "energy", "0 J"),
        (0.0, "power_per_byte", "0 W/B"),
        (8 * 2**20, "capacity", "8 MiB"),
        (12e9, "capacity", "12 GB"),
        (6738415616.0, "capacity", "6.738 GB"),
        (1536 * 2**20, "capacity", "1.5 GiB"),
        (1000.0, "capacity", "1 kB"),
        (0.5, "capacity", "0.5 B"),
        (1.37e9, "frequency", "1.37 GHz"),
        (0.999996e9, "frequency", "1 GHz"),
        (999.4e6, "frequency", "999.4 MHz"),
        (10667e6, "data_rate", "10667 MT/s"),
        (64.0, "width", "64 bit"),
        (3e-3 / 2**20, "power_per_byte", "3 mW/MiB"),
        (12e-12, "power_per_byte", "12 mW/GB"),
        (0.45 / 2**20, "area_per_byte", "0.45 mm2/MiB"),
        (270e-6, "area", "270 um2"),
        (124.07, "area", "124.1 mm2"),
        (16000.0, "money", "16000 USD"),
        (1e-3, "defect_density", "0.1 1/cm2"),
        (0.0312, "time", "31.2 ms"),
        (125.0, "time", "125 s"),
        (-0.25, "power", "-250 mW"),
        (45.9e12, "ops_rate", "45.9 TOPS"),
        (0.8, "ratio", "0.8"),
        (12.5, "token_rate", "12.5 tok/s"),
        (128.0, "count", "128"),
        (math.inf, "power", "unlimited"),
        (-math.inf, "power", "-unlimited"),
        (math.nan, "power", "unknown"),
    ],
)
def test_writes(value: float, dimension: str, text: str) -> None:
    assert format_quantity(value, dimension) == text


def test_digits() -> None:
    assert format_quantity(1.23456789e9, "frequency", digits=2) == "1.2 GHz"
    assert format_quantity(1.23456789e9, "frequency", digits=9) == "1.23456789 GHz"


_VALUES = st.floats(min_value=1e-30, max_value=1e30) | st.floats(min_value=-1e30, max_value=-1e-30)


@given(_VALUES, st.sampled_from(sorted(DIMENSIONS)), st.integers(3, 17))
def test_round_trip(value: float, dimension: str, digits: int) -> None:
    again = parse_quantity(format_quantity(value, dimension, digits), dimension)
    assert math.isclose(again, value, rel_tol=max(5.01 * 10.0**-digits, 1e-14))


@given(st.floats(1e-15, 1e15), st.sampled_from(sorted(DIMENSIONS)))
def test_writing_is_stable(value: float, dimension: str) -> None:
    text = format_quantity(value, dimension, 6)
    assert format_quantity(parse_quantity(text, dimension), dimension, 6) == text
