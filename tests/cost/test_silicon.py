"""Areas, prices, number formats and memory rates against figures worked out elsewhere."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.chip import Chip, Rate
from dse.cost import derive, evaluate, open_die
from dse.cost.area import area_parts
from dse.cost.money import die_usd, dies_per_wafer, yield_fraction
from dse.cost.numerics import holds, mac_energy_j, missing_pairs, pair_tables
from dse.dtype import DType, parse_format
from dse.technology import Silicon
from dse.workload import Model, Precision, Scenario

TINY = Model("tiny", "", 256, 512, 2, 4, 2, 64, 1000, True)
Maker = Callable[..., Chip]


def formats(weights: str, activations: str, kv: str = "int8") -> Precision:
    stored = parse_format(weights)
    return Precision(stored, stored, stored, parse_format(activations), parse_format(kv))


def test_a_120_mm2_die_at_16000_usd_costs_34_usd(make_chip: Maker, silicon: Silicon) -> None:
    """Worked check of the technology data: 528.2 dies, yield 0.889, 34.1 USD at D0 = 0.10/cm2."""
    assert dies_per_wafer(np.array(120.0), 300.0) == pytest.approx(528.2, abs=0.05)
    assert yield_fraction(np.array(120.0), 1e-3, 3.0) == pytest.approx(0.889, abs=5e-4)
    assert die_usd(make_chip(), np.array(120.0), silicon) == pytest.approx(34.1, abs=0.05)


@given(st.floats(1.0, 800.0), st.floats(1.01, 2.0))
def test_a_larger_die_always_costs_more(area: float, factor: float) -> None:
    from tests.conftest import SILICON, build_chip

    small, large = (die_usd(build_chip(), np.array(a), SILICON) for a in (area, area * factor))
    assert large > small


def test_parts_add_up_to_the_die(make_chip: Maker, silicon: Silicon) -> None:
    chip = make_chip(cache_bytes=8.0 * 2**20)
    parts = area_parts(chip, chip.units[0], silicon)
    assert parts.interface == pytest.approx(64 * 0.0575)
    assert parts.sram == pytest.approx(4 * 0.45 * 0.63 / 0.595)  # banks of 128 KiB
    assert parts.cache == pytest.approx(8 * 0.65)
    row = evaluate(chip, TINY, Scenario(), silicon).row()
    assert row["npu_area_mm2"] == pytest.approx(float(parts.logic + parts.sram))
    assert row["area_mm2"] == pytest.approx(float(parts.unit + parts.cache + parts.interface) + 80)


def test_a_published_die_opens_into_parts_without_changing(
    make_chip: Maker, silicon: Silicon
) -> None:
    chip = make_chip()
    published = dataclasses.replace(chip, area=dataclasses.replace(chip.area, die_mm2=124.07))
    opened = open_die(published, published.units[0], silicon)
    assert opened.area.die_mm2 is None
    before, after = (evaluate(c, TINY, Scenario(), silicon) for c in (published, opened))
    assert after["area_mm2"][0] == pytest.approx(before["area_mm2"][0], rel=1e-12)
    assert open_die(chip, chip.units[0], silicon) is chip


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (DType.INT8, DType.INT4, True),
        (DType.INT4, DType.INT8, False),
        (DType.FP16, DType.INT8, True),
        (DType.FP16, DType.INT16, False),
        (DType.BF16, DType.INT8, True),
        (DType.FP8, DType.INT4, True),
        (DType.FP8, DType.INT5, False),
        (DType.FP16, DType.FP8, True),
        (DType.BF16, DType.FP16, False),
        (DType.FP32, DType.BF16, True),
        (DType.INT16, DType.FP8, False),
    ],
)
def test_which_types_hold_which(wide: DType, narrow: DType, expected: bool) -> None:
    assert holds(wide, narrow) is expected


def test_mixed_integer_energy_lies_between_its_types(silicon: Silicon) -> None:
    int4, mixed, int8 = (
        mac_energy_j(w, a, silicon)
        for w, a in ((DType.INT4,) * 2, (DType.INT4, DType.INT8), (DType.INT8,) * 2)
    )
    assert int4 < mixed < int8
    assert mac_energy_j(DType.INT4, DType.FP16, silicon) == silicon.mac_energy_j[DType.FP16]


def test_the_interpolation_finds_int16_within_an_eighth(silicon: Silicon) -> None:
    """The integer law passes through INT4 and INT8; the listed INT16 is an independent point."""
    low, high = silicon.mac_energy_j[DType.INT4], silicon.mac_energy_j[DType.INT8]
    predicted = low + (high - low) / 48 * (256 - 16)
    assert predicted == pytest.approx(silicon.mac_energy_j[DType.INT16], rel=1 / 8)


def test_pairs_resolve_to_the_fastest_that_holds_them(make_chip: Maker, silicon: Silicon) -> None:
    tables = pair_tables(make_chip().units[0].matrix, silicon)
    assert tables.cycles_per_mac[DType.INT8, DType.INT8] == 1.0
    assert tables.is_converted[DType.INT4, DType.INT8] == 0.0
    assert tables.cycles_per_mac[DType.INT4, DType.FP16] == 2.0
    assert tables.is_converted[DType.INT4, DType.FP16] == 1.0
    assert math.isinf(tables.cycles_per_mac[DType.FP32, DType.FP32])


def test_an_unsupported_pair_runs_on_the_lanes(make_chip: Maker, silicon: Silicon) -> None:
    only_int8 = make_chip(rates=(Rate(DType.INT8, DType.INT8, 1.0),))
    row = evaluate(only_int8, TINY, Scenario(precision=formats("fp16", "fp16")), silicon).row()
    assert row["peak_ops_per_s"] == 2 * 512 * 1e9
    native = evaluate(make_chip(), TINY, Scenario(precision=formats("fp16", "fp16")), silicon)
    assert row["ttft_s"] > native["ttft_s"][0]


def test_dequantisation_costs_lane_time(make_chip: Maker, silicon: Silicon) -> None:
    """INT4 weights against FP16 activations are widened first; FP16 weights are not."""
    slow = make_chip(convert_ops=1000.0)
    fast = make_chip(convert_ops=0.0)
    for chip, expected in ((slow, True), (fast, False)):
        packed = evaluate(chip, TINY, Scenario(precision=formats("int4-g32", "fp16")), silicon)
        plain = evaluate(chip, TINY, Scenario(precision=formats("fp16", "fp16")), silicon)
        assert bool(packed["tpot_s"][0] > plain["tpot_s"][0]) is expected


def test_littles_law_limits_bandwidth(make_chip: Maker, silicon: Silicon) -> None:
    chip = make_chip(max_outstanding_bytes=1100.0)
    batch = derive(chip, formats("int8", "int8"), silicon)
    assert 1.0 / batch.dram_s_per_byte[0] == pytest.approx(1100.0 / 110e-9)


def test_payload_fraction_counts(make_chip: Maker, silicon: Silicon) -> None:
    batch = derive(
        make_chip(payload_fraction=256 / 288, bus_width_bits=96.0, data_rate_per_s=12.8e9),
        formats("int8", "int8"),
        silicon,
    )
    assert batch.peak_dram_bytes_per_s[0] == pytest.approx(136.53e9, rel=1e-4)


@pytest.mark.parametrize(
    ("kilobytes", "picojoule"), [(1024, 1.4), (4096, 1.6), (8192, 2.39), (32768, 5.34)]
)
def test_sram_energy_meets_its_anchors(silicon: Silicon, kilobytes: int, picojoule: float) -> None:
    """Anchors of the technology data at N4: 1, 4, 8 and 32 MB."""
    read = silicon.sram.read_j_per_byte(kilobytes * 1024)
    assert float(read) * 1e12 == pytest.approx(picojoule, rel=0.01)


def test_a_die_mix_turns_logic_density_into_chip_density(silicon: Silicon) -> None:
    """A 1.6-fold logic density with unshrunk SRAM and analogue gives TSMC's 1.3-fold chip.

    N3E against N5: SRAM cells are equal, so half the die shrinks by 1.6 and the rest stays.
    """
    from tests.conftest import NODE

    n3e = dataclasses.replace(NODE, logic_area=1 / 1.6)
    assert 1 / silicon.other_area_factor(n3e) == pytest.approx(1.3, rel=0.06)


def test_a_newer_node_shrinks_what_is_not_described(make_chip: Maker, silicon: Silicon) -> None:
    old, new = make_chip(), make_chip(logic_area=0.66)
    areas = [area_parts(c, c.units[0], silicon).other for c in (old, new)]
    assert areas[0] == pytest.approx(80.0)
    assert areas[1] == pytest.approx(80.0 * (0.5 * 0.66 + 0.5))


def test_types_that_no_pair_holds_are_rounded_before_they_leave_the_engine(
    make_chip: Maker, silicon: Silicon
) -> None:
    """FP16 models run in BF16 where there is nothing else, as every stack does."""
    engine = make_chip(rates=(Rate(DType.BF16, DType.BF16, 1.0),)).units[0].matrix
    tables = pair_tables(engine, silicon)
    assert tables.cycles_per_mac[DType.INT4, DType.FP16] == 1.0
    assert tables.is_converted[DType.FP16, DType.FP16] == 1.0
    assert math.isinf(tables.cycles_per_mac[DType.FP32, DType.FP32])


def test_missing_pairs_are_named(make_chip: Maker) -> None:
    integer = make_chip(rates=(Rate(DType.INT8, DType.INT8, 1.0),)).units[0].matrix
    assert missing_pairs(integer, formats("int4-g32", "fp16", "fp16")) == (
        (DType.INT4, DType.FP16),
        (DType.FP16, DType.FP16),
    )
    assert missing_pairs(integer, formats("int4-g32", "int8", "int8")) == ()


def test_a_lower_clock_takes_less_energy_where_the_voltage_can_fall(
    make_chip: Maker, silicon: Silicon
) -> None:
    """At 0.4 of the maximum clock 0.55 V do: (0.55 / 0.75)^2 of the dynamic energy."""
    slow, fast = (
        derive(make_chip(clock_hz=f, max_clock_hz=1e9), formats("int8", "int8"), silicon)
        for f in (0.4e9, 0.92e9)
    )
    ratio = (0.55 / 0.75) ** 2
    for name in ("lane_j", "sram_read_j", "sram_write_j"):
        assert getattr(slow, name) == pytest.approx(ratio * getattr(fast, name))
    assert slow.operands[0].mac_j == pytest.approx(ratio * fast.operands[0].mac_j)
    assert slow.dram_j == fast.dram_j
    assert slow.static_w < fast.static_w
    unknown = derive(make_chip(clock_hz=0.4e9), formats("int8", "int8"), silicon)
    assert unknown.lane_j == fast.lane_j


def test_a_clock_over_the_maximum_cannot_be_built(make_chip: Maker, silicon: Silicon) -> None:
    batch = derive(make_chip(clock_hz=1.1e9, max_clock_hz=1e9), formats("int8", "int8"), silicon)
    assert batch.buildable[0] == 0.0


def test_bandwidth_costs_area(make_chip: Maker, silicon: Silicon) -> None:
    """256 KiB banks at 64 % cells against 16 KiB banks: LLMCompass's array efficiencies."""
    few, many = (
        area_parts(c, c.units[0], silicon).sram
        for c in (make_chip(sram_bytes_per_cycle=1024.0), make_chip(sram_bytes_per_cycle=16384.0))
    )
    assert few == pytest.approx(4 * 0.45)
    assert many / few == pytest.approx(0.63 / (0.63 - 4 * 0.035))


def test_wires_are_as_long_as_one_core(make_chip: Maker, silicon: Silicon) -> None:
    """Twice the cores is twice the area, and no longer way from SRAM to engine."""
    one, two = (derive(make_chip(count=c), formats("int8", "int8"), silicon) for c in (1.0, 2.0))
    assert one.sram_read_j == two.sram_read_j
