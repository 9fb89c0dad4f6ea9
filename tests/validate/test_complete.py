from __future__ import annotations

from dataclasses import replace

import pytest

from dse.spec import load_technology
from dse.validate.complete import complete, memory_bandwidth
from dse.validate.measurement import Measurement, read_measurements
from dse.validate.run import shipped_measurements

DRAMS = load_technology().drams


@pytest.fixture(scope="module")
def row() -> Measurement:
    plain = read_measurements(shipped_measurements())[0]
    bare = {"weight_bits": None, "peak_bytes_per_s": None, "weight_format": "Q8_0"}
    return replace(plain, **bare, memory_type="LPDDR5-6400", bus_bits=64.0)


@pytest.mark.parametrize(
    ("text", "bus", "bandwidth"),
    [
        ("LPDDR5-6400", 128, 102.4e9),
        ("LPDDR5X-8533", 64, 68.264e9),
        ("LPDDR4X", 32, 4 * 4267e6),  # the fastest grade
        ("DDR4-3200", 64, 25.6e9),
        ("DDR4", 64, None),  # not a type of the technology file
        ("DDR5-5600/LPDDR5X", 128, None),  # which of the two?
        ("LPDDR5X-7467/8400", 128, None),
        ("HBM", 5120, None),
        ("", 64, None),
    ],
)
def test_bandwidth_of_a_memory(text: str, bus: float, bandwidth: float | None) -> None:
    found = memory_bandwidth(text, bus, DRAMS)
    assert found == (pytest.approx(bandwidth) if bandwidth else None)


def test_what_is_left_out_is_filled_in(row: Measurement) -> None:
    full = complete(row, {"Q8_0": 8.5}, DRAMS)
    assert (full.weight_bits, full.peak_bytes_per_s) == (8.5, pytest.approx(51.2e9))


def test_what_is_there_stays(row: Measurement) -> None:
    given = replace(row, weight_bits=8.0, peak_bytes_per_s=1e9)
    assert complete(given, {"Q8_0": 8.5}, DRAMS) == given


def test_a_described_chip_keeps_the_memory_of_its_file(row: Measurement) -> None:
    assert complete(row, {}, None).peak_bytes_per_s is None


def test_no_bus_no_bandwidth(row: Measurement) -> None:
    assert complete(replace(row, bus_bits=None), {}, DRAMS).peak_bytes_per_s is None
