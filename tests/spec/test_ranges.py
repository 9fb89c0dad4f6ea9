"""Which numbers have a range: technology, and what a chip's file estimates, not what it chose."""

from __future__ import annotations

import pytest

from dse.spec import load_chip
from dse.spec.ranges import load_ranges

CHIP = "phone-soc-2026"


def ranges_of(ref=CHIP, chosen=()):
    return {r.name: r for r in load_ranges(load_chip(ref), ref, chosen)}


def test_what_a_chip_estimates_has_the_range_of_its_grade():
    found = ranges_of()
    dispatch = found["chip.units.npu.dispatch"]
    assert (dispatch.low, dispatch.high, dispatch.confidence) == (0.5, 1.5, "C")
    assert dispatch.text == "2 us"
    assert dispatch.place.startswith("hw_configs/chips/phone-soc-2026.yaml:")
    assert found["chip.storage.energy"].high == pytest.approx(1.2)
    assert {"chip.power.idle", "chip.area.other", "chip.system_reserved"} <= set(found)


def test_what_was_built_or_chosen_has_none():
    storage = {f"storage.{key}" for key in ("read_bandwidth", "random_read_bandwidth", "energy")}
    estimated = {"units.npu.dispatch", "power.idle", "area.other", "system_reserved"}
    names = {name.removeprefix("chip.") for name in ranges_of() if name.startswith("chip.")}
    assert names == estimated | storage


def test_a_chip_s_own_efficiency_goes_before_that_of_its_dram_type():
    chip = load_chip("nvidia-h100-sxm")
    found = ranges_of(chip.name)
    leaves = [r.leaf for r in found.values()]
    assert leaves.count("dram.type.efficiency") == 1
    assert "chip.dram.efficiency" in found
    assert found["chip.dram.efficiency"].high <= 1.0 / chip.dram.type.efficiency


def test_whoever_replaces_a_number_vouches_for_it():
    assert "chip.units.npu.dispatch" not in ranges_of(chosen=("units.npu.dispatch",))
    found = ranges_of(chosen=("dram.efficiency",))
    assert not any(r.leaf == "dram.type.efficiency" for r in found.values())


def test_without_its_file_a_chip_is_taken_as_exact():
    names = [r.name for r in load_ranges(load_chip(CHIP))]
    assert names
    assert not any(name.startswith("chip.") for name in names)


def test_numbers_of_one_source_are_one_estimate():
    one, other = (
        {r.leaf: r.estimate for r in load_ranges(load_chip(name))}
        for name in ("apple-m4", "snapdragon-8-gen-3")
    )
    assert one["node.logic_energy"] == other["node.logic_energy"]  # TSMC's claims, chained
    assert one["node.wafer_usd"] != other["node.wafer_usd"]
