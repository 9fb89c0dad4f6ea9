"""Slopes and steps around a design, against what can be worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest

from dse.advise import find_sensitivity
from dse.space import Axis, Space, Target
from dse.sweep import evaluate_designs
from dse.workload import Mix, Scenario
from tests.conftest import SILICON, TINY, build_chip, precision

RATE, CLOCK = "chip.dram.data_rate_per_s", "chip.units.npu.clock_hz"


def space(**changes):
    chip = build_chip(latency_s=0.0, dispatch_s=0.0, **changes)
    axes = (
        Axis(RATE, (RATE,), (4e9, 6e9, 8e9), ("4", "6", "8")),
        Axis(CLOCK, (CLOCK,), (0.5e9, 1e9), ("0.5", "1")),
    )
    scenario = Scenario(prompt_tokens=64, output_tokens=4, precision=precision())
    targets = (Target("npu_area_mm2", 1e3, -1),)
    return Space(
        "s", "S", chip, (TINY,), (Mix((scenario,)),), None, axes, ("tpot_s", "cost_usd"), targets
    )


@pytest.fixture(scope="module")
def found():
    return find_sensitivity(space(bus_width_bits=8.0), SILICON, at="2", base=64)


def slope(found, axis, metric):
    return next(s for s in found.slopes if s.axis == axis).elasticities[metric]


def test_a_token_that_waits_for_dram_takes_time_as_its_inverse(found):
    assert slope(found, RATE, "tpot_s") == pytest.approx(-1.0, abs=1e-3)
    assert slope(found, CLOCK, "tpot_s") == pytest.approx(0.0, abs=1e-3)


def test_the_price_does_not_depend_on_rate_or_clock(found):
    assert slope(found, RATE, "cost_usd") == 0.0
    assert found.indices.total[:, 0].argmax() == 0


def test_a_step_is_the_neighbour_s_own_evaluation(found):
    (move,) = [m for m in found.moves if m.axis.path == RATE and m.end == 2]
    there = evaluate_designs(space(bus_width_bits=8.0), [[2, 0]], SILICON)
    assert move.metrics["tpot_s"] == there["tpot_s"][0]
    assert move.metrics["tpot_s"] < found.metrics["tpot_s"]


def test_ends_have_one_neighbour(found):
    assert [(m.axis.path, m.end) for m in found.moves] == [(RATE, 2), (RATE, 0), (CLOCK, 1)]


def test_the_design_nearest_to_the_chip():
    near = dataclasses.replace(space(), chip=build_chip(data_rate_per_s=6.4e9, clock_hz=0.6e9))
    assert find_sensitivity(near, SILICON, at="chip", base=16).design.tolist() == [1, 0]


@pytest.mark.parametrize("at", ["6", "-1", "best"])
def test_what_is_no_design_is_refused(at):
    with pytest.raises(ValueError, match="must be knee, chip or a number below 6"):
        find_sensitivity(space(), SILICON, at=at, base=16)
