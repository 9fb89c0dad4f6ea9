"""Reading quantities: exact values, and refusals that say what to write instead."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import UnitError
from dse.units import DIMENSIONS, is_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("1.2 GHz", "frequency", 1.2e9),
        ("8533 MT/s", "data_rate", 8.533e9),
        ("64 bit", "width", 64.0),
        ("12 GB", "capacity", 12e9),
        ("12 GiB", "capacity", 12 * 2.0**30),
        ("8MiB", "capacity", 8 * 2.0**20),
        ("16 Gbit", "capacity", 2e9),
        ("77 GB/s", "bandwidth", 77e9),
        ("512 Gbit/s", "bandwidth", 64e9),
        ("256 B/cycle", "bandwidth_per_cycle", 256.0),
        ("4 KiB/cycle", "bandwidth_per_cycle", 4096.0),
        ("5 us", "time", 5e-6),
        ("5 µs", "time", 5e-6),
        ("5 μs", "time", 5e-6),
        ("2 h", "time", 7200.0),
        ("300 mW", "power", 0.3),
        ("0.1 pJ", "energy", 1e-13),
        ("1 Wh", "energy", 3600.0),
        ("5 pJ/bit", "energy_per_bit", 5e-12),
        ("1.6 pJ/B", "energy_per_byte", 1.6e-12),
        ("50 fJ/bit/mm", "energy_per_bit_length", 5e-14),
        ("270 um2", "area", 270e-6),
        ("1.5 cm2", "area", 150.0),
        ("0.45 mm2/MiB", "area_per_byte", 0.45 / 2**20),
        ("0.0575 mm2/bit", "area_per_bit", 0.0575),
        ("30 cm", "length", 300.0),
        ("40 um/bit", "length_per_bit", 0.04),
        ("20 mW/mm2", "power_density", 0.02),
        ("12 mW/GB", "power_per_byte", 12e-12),
        ("3 mW/MiB", "power_per_byte", 3e-3 / 2**20),
        ("16000 USD", "money", 16000.0),
        ("3.5 USD/GB", "money_per_byte", 3.5e-9),
        ("0.1 1/cm2", "defect_density", 1e-3),
        ("0.1 /cm2", "defect_density", 1e-3),
        ("10 tok/s", "token_rate", 10.0),
        ("45 TOPS", "ops_rate", 45e12),
        ("989 TFLOPS", "ops_rate", 989e12),
        ("72 %", "ratio", 0.72),
        ("0.72", "ratio", 0.72),
        ("128", "count", 128.0),
        ("  1e-3 s ", "time", 1e-3),
        (".5 s", "time", 0.5),
        ("5. s", "time", 5.0),
        ("-3 W", "power", -3.0),
    ],
)
def test_reads(text: str, dimension: str, value: float) -> None:
    assert parse_quantity(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        ("12", "frequency", 'must have a unit, such as "1.2 GHz", but got "12"'),
        (
            "1 GHZ",
            "frequency",
            'must be a frequency such as "1.2 GHz", but got "1 GHZ"; did you mean "1 GHz"?',
        ),
        (
            "16 Gb",
            "capacity",
            '"16 Gb" is ambiguous: write "16 GB", "16 Gbit" or "16 GiB"',
        ),
        ("64 gb", "capacity", '"64 gb" is ambiguous: write "64 GB", "64 Gbit" or "64 GiB"'),
        ("64 KB", "capacity", '"64 KB" is ambiguous: write "64 kB", "64 kbit" or "64 KiB"'),
        (
            "77 Gbps",
            "bandwidth",
            '"77 Gbps" is ambiguous: write "77 GB/s", "77 Gbit/s" or "77 GiB/s"',
        ),
        ("4 mw", "power", '"4 mw" is ambiguous: write "4 MW" or "4 mW"'),
        (
            "4 PJ/bit",
            "energy_per_bit",
            'must be an energy per bit such as "5 pJ/bit", but got "4 PJ/bit"; '
            'did you mean "4 pJ/bit"?',
        ),
        (
            "64 bits",
            "width",
            'must be a width such as "64 bit", but got "64 bits"; did you mean "64 bit"?',
        ),
        (
            "64 bytes",
            "capacity",
            'must be a capacity such as "8 MiB", but got "64 bytes"; did you mean "64 B"?',
        ),
        (
            "1.5 mm²",
            "area",
            'must be an area such as "25 mm2", but got "1.5 mm²"; did you mean "1.5 mm2"?',
        ),
        (
            "9600 MHz",
            "data_rate",
            'must be a data rate such as "8533 MT/s", but got "9600 MHz", a frequency',
        ),
        ("5 parsec", "time", 'must be a time such as "5 us", but got "5 parsec"'),
        ("fast", "time", 'must be a time such as "5 us", but got "fast"'),
        ("", "time", 'must be a time such as "5 us", but got ""'),
        ("GHz", "frequency", 'must be a frequency such as "1.2 GHz", but got "GHz"'),
        ("1,000 Hz", "frequency", 'must be a frequency such as "1.2 GHz", but got "1,000 Hz"'),
        ("1_000 Hz", "frequency", 'must be a frequency such as "1.2 GHz", but got "1_000 Hz"'),
        ("0x10 Hz", "frequency", 'must be a frequency such as "1.2 GHz", but got "0x10 Hz"'),
        ("٣ GHz", "frequency", 'must be a frequency such as "1.2 GHz", but got "٣ GHz"'),
        ("3 GHz\n", "frequency", 'must be a frequency such as "1.2 GHz", but got "3 GHz\n"'),
        ("1e400 Hz", "frequency", 'must be a number in range, but got "1e400 Hz"'),
        ("1e308 GHz", "frequency", 'must be a number in range, but got "1e308 GHz"'),
        ("1e308 TiB", "capacity", 'must be a number in range, but got "1e308 TiB"'),
        ("1e308 h", "time", 'must be a number in range, but got "1e308 h"'),
        ("1e-400 Hz", "frequency", 'must be a number in range, but got "1e-400 Hz"'),
        (
            "1e99999999999999 Hz",
            "frequency",
            'must be a number in range, but got "1e99999999999999 Hz"',
        ),
        ("9" * 70, "time", f'must be a time such as "5 us", but got "{"9" * 64}..."'),
        ("nan s", "time", 'must be a time such as "5 us", but got "nan s"'),
        ("inf s", "time", 'must be a time such as "5 us", but got "inf s"'),
    ],
)
def test_refuses(text: str, dimension: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, dimension)
    if "did you mean" not in message and "did you mean" in str(caught.value):
        # The nearest spelling of a hopeless unit is a courtesy, not a promise.
        message = f"{message}; did you mean" + str(caught.value).partition("; did you mean")[2]
    assert str(caught.value) == message


def test_slug_tells_range_from_unit() -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity("1e400 Hz", "frequency")
    assert caught.value.slug == "range"
    with pytest.raises(UnitError) as caught:
        parse_quantity("1 Hzz", "frequency")
    assert caught.value.slug == "unit"


def test_unknown_dimension_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        parse_quantity("1 s", "duration")


def test_minus_zero_is_zero() -> None:
    assert math.copysign(1.0, parse_quantity("-0 s", "time")) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "dimension"),
    [
        ("64 GiB", "65536 MiB", "capacity"),
        ("0.1 pJ", "100 fJ", "energy"),
        ("0.3 mm2", "300000 um2", "area"),
        ("4.2 GB/s", "4200 MB/s", "bandwidth"),
        ("0.7 ms", "700 us", "time"),
        ("1e3 GHz", "1000 GHz", "frequency"),
    ],
)
def test_equal_texts_give_equal_floats(one: str, other: str, dimension: str) -> None:
    assert parse_quantity(one, dimension) == parse_quantity(other, dimension)


_PREFIXES = [("fJ", -15), ("pJ", -12), ("nJ", -9), ("uJ", -6), ("mJ", -3), ("J", 0), ("kJ", 3)]


@given(st.integers(1, 10**12), st.integers(-12, 12), st.sampled_from(_PREFIXES))
def test_is_the_nearest_float(digits: int, shift: int, prefix: tuple[str, int]) -> None:
    unit, power = prefix
    exact = Fraction(digits) * Fraction(10) ** (shift + power)
    assert parse_quantity(f"{digits}e{shift} {unit}", "energy") == float(exact)


@given(st.text(max_size=80), st.sampled_from(sorted(DIMENSIONS)))
def test_any_text_is_a_finite_number_or_a_unit_error(text: str, dimension: str) -> None:
    with contextlib.suppress(UnitError):
        assert math.isfinite(parse_quantity(text, dimension))


@pytest.mark.parametrize("text", ["8533 MT/s", "12", "0.45 mm2/MiB", "72 %", " 3 W "])
def test_is_quantity(text: str) -> None:
    assert is_quantity(text)


@pytest.mark.parametrize("text", ["fp16", "8 Gen 3", "lpddr5x", "", "4n", "3 dwarfs"])
def test_is_no_quantity(text: str) -> None:
    assert not is_quantity(text)


@pytest.mark.parametrize("text", ["0x40 bit", "1,5 bit", "1_000 bit", "8 533 bit"])
def test_a_misspelt_number_gets_no_suggestion(text: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, "width")
    assert str(caught.value) == f'must be a width such as "64 bit", but got "{text}"'


def test_a_misspelt_unit_with_a_digit_gets_one() -> None:
    with pytest.raises(UnitError, match='did you mean "3 mm2"'):
        parse_quantity("3 mm^2", "area")
