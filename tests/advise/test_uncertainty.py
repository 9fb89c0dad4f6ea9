"""Ranges of technology numbers: bounds that hold, and causes that can be worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.advise import find_uncertainty
from dse.cost import evaluate
from dse.spec import load_chip
from dse.spec.ranges import Range, load_ranges
from dse.workload import Scenario
from tests.conftest import LLAMA_2_7B, SILICON, TINY, build_chip, precision

LEAVES = (
    *("node.logic_energy", "node.logic_area", "node.sram_area", "node.defects_per_mm2"),
    *("dram.type.efficiency", "dram.type.energy_j_per_bit", "dram.type.latency_s"),
    *("dram.type.phy_area_mm2_per_bit", "silicon.mac_energy_j", "silicon.mac_area_mm2"),
    *("silicon.sram.knee_bytes", "silicon.sram.exponent_above", "silicon.sram.exponent_below"),
    *("silicon.bank.bytes_per_cycle", "silicon.voltage.reference_v", "silicon.yield_alpha"),
    *("silicon.wire_j_per_bit_mm", "silicon.overhead_fraction", "silicon.lane_energy_j"),
)
shares = st.floats(0.0, 0.6)


def scenario(**formats):
    return Scenario(prompt_tokens=64, output_tokens=4, precision=precision(**formats))


def found(chip, ranges, model=TINY, asked=None, **settings_):
    return find_uncertainty(
        (chip, model, asked or scenario(), None, None), SILICON, ranges, **settings_
    )


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=8, unique=True),
    st.lists(st.tuples(shares, shares), min_size=8, max_size=8),
    st.sampled_from([2.0**18, 2.0**22, 2.0**24]),
    st.sampled_from(["int8", "int4-g32", "fp16"]),
    st.integers(0, 1000),
)
def test_no_draw_goes_beyond_the_bounds(leaves, ends, sram, weights, seed):
    ranges = [
        Range(leaf, leaf, 1.0 - low, 1.0 + high, "C")
        for leaf, (low, high) in zip(leaves, ends, strict=False)
    ]
    chip = build_chip(sram_capacity_bytes=sram, cache_bytes=2.0**22, efficiency=0.6)
    spreads, draws = found(chip, ranges, asked=scenario(weights=weights), draws=64, seed=seed)
    assert len(spreads) >= 12
    for spread in spreads:
        slack = 1e-9 * spread.high
        assert spread.low - slack <= draws[spread.name].min(), spread.name
        assert draws[spread.name].max() <= spread.high + slack, spread.name
        assert spread.low - slack <= spread.value <= spread.high + slack


def test_one_number_is_bounded_by_its_own_ends():
    """A token that waits for DRAM alone takes time as the inverse of the efficiency."""
    ranges = [Range("e", "dram.type.efficiency", 0.8, 1.25, "B")]
    chip = build_chip(latency_s=0.0, dispatch_s=0.0, bus_width_bits=8.0)
    spreads, _ = found(chip, ranges, LLAMA_2_7B, draws=16)
    tpot = next(s for s in spreads if s.name == "tpot_s")
    assert tpot.low == pytest.approx(tpot.value / 1.25, rel=1e-3)
    assert tpot.high == pytest.approx(tpot.value / 0.8, rel=1e-3)
    assert [cause.number.name for cause in tpot.causes] == ["e"]


def test_energies_of_the_matrix_engine_scale_as_a_table():
    chip, factor = build_chip(), 1.3
    ranges = [Range("mac", "silicon.mac_energy_j", factor, factor, "C")]
    spreads, _ = found(chip, ranges, draws=1)
    scaled = {key: factor * value for key, value in SILICON.mac_energy_j.items()}
    silicon = dataclasses.replace(SILICON, mac_energy_j=scaled)
    truth = evaluate(chip, TINY, scenario(), silicon)["prefill_energy_j"][0]
    energy = next(s for s in spreads if s.name == "prefill_energy_j")
    assert energy.high == pytest.approx(truth, rel=1e-12)
    assert energy.low == pytest.approx(truth, rel=1e-12)


def test_causes_come_in_the_order_of_what_they_do():
    ranges = [
        Range("small", "dram.type.energy_j_per_bit", 0.99, 1.01, "A"),
        Range("large", "dram.type.efficiency", 0.5, 1.2, "C"),
        Range("none", "silicon.yield_alpha", 0.5, 1.5, "C"),
    ]
    spreads, _ = found(build_chip(), ranges, draws=16)
    energy = next(s for s in spreads if s.name == "energy_per_token_j")
    assert [cause.number.name for cause in energy.causes] == ["large", "small"]


def test_the_library_states_a_range_of_every_number():
    chip = load_chip("snapdragon-8-elite")
    ranges = {r.name: r for r in load_ranges(chip)}
    assert ranges["dram.lpddr5x.efficiency"].low == pytest.approx(0.8)
    assert ranges["silicon.wire_energy"].high == pytest.approx(1.2)
    assert ranges["silicon.lane_energy"].low == pytest.approx(0.5)
    assert ranges["silicon.voltage.reference"].high == pytest.approx(1.1)
    assert "silicon.wafer_diameter" not in ranges
    assert float(np.min([r.low for r in ranges.values()])) > 0.0
    assert not any(r.name.startswith("nodes.") and ".n3e." not in r.name for r in ranges.values())
