"""Power of a running unit: what burns beside operations, and when."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.cost import derive, evaluate, explain
from dse.technology import ActiveEnergy
from dse.workload import Scenario
from tests.conftest import SILICON, TINY, build_chip, precision

ACTIVE = dataclasses.replace(SILICON, active={"npu": ActiveEnergy(2e-12, 1e-14, 3e-12, 1e-12)})
SCENARIO = Scenario(prompt_tokens=16, output_tokens=8, precision=precision())


def test_active_power_is_energy_per_cycle_times_the_clock() -> None:
    chip = build_chip(rows=8.0, cols=4.0, lanes=16.0, count=2.0, clock_hz=1e9)
    unit = chip.units[0]
    node = dataclasses.replace(chip.node, logic_energy=0.5)
    chip = dataclasses.replace(chip, node=node, segment="edge")
    law = {unit.kind: ACTIVE.active["npu"]}
    silicon = dataclasses.replace(SILICON, active=law)
    depth = unit.matrix.depth
    volts = float(silicon.voltage.ratio(unit.clock_hz, unit.max_clock_hz, "edge"))
    cycle = 2.0 * (16.0 * 2e-12 + 32.0 * depth * 1e-14)
    new, old = (derive(chip, SCENARIO.precision, s) for s in (silicon, SILICON))
    assert new.active_w[0] == pytest.approx(cycle * 1e9 * 0.5 * volts**2)
    waiting = 2.0 * 16.0 * 1e-12 * 1e9 * 0.5 * volts**2
    assert new.static_w[0] - old.static_w[0] == pytest.approx(waiting)
    assert new.lane_j[0] / old.lane_j[0] == pytest.approx((0.6 + 3.0) / 0.6)


@pytest.mark.parametrize("segment", ["phone", "laptop"])
def test_clocks_of_what_runs_from_a_battery_stop_between_kernels(segment: str) -> None:
    chip = dataclasses.replace(build_chip(), segment=segment)
    law = {chip.units[0].kind: ACTIVE.active["npu"]}
    new = derive(chip, SCENARIO.precision, dataclasses.replace(SILICON, active=law))
    assert new.static_w[0] == derive(chip, SCENARIO.precision, SILICON).static_w[0]
    assert new.active_w[0] > 0.0


def test_a_launch_costs_static_power_alone() -> None:
    def joules(dispatch_s: float) -> tuple[float, float]:
        chip = build_chip(dispatch_s=dispatch_s)
        law = {chip.units[0].kind: ACTIVE.active["npu"]}
        silicon = dataclasses.replace(SILICON, active=law)
        row = evaluate(chip, TINY, SCENARIO, silicon).row()
        static = float(derive(chip, SCENARIO.precision, silicon).static_w[0])
        return row["energy_per_token_j"], static * row["tpot_s"]

    (slow, slow_static), (fast, fast_static) = joules(1e-3), joules(0.0)
    assert slow_static > 2.0 * fast_static
    assert slow - slow_static == pytest.approx(fast - fast_static, rel=1e-9)


def test_operators_carry_the_active_energy() -> None:
    chip = build_chip()
    silicon = dataclasses.replace(SILICON, active={chip.units[0].kind: ACTIVE.active["npu"]})
    total = evaluate(chip, TINY, SCENARIO, silicon).row()["energy_per_token_j"]
    rows = explain(chip, TINY, SCENARIO, silicon)
    assert sum(r.energy_j for r in rows if r.phase == "decode") == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("kind", ["gpu", "npu"])
def test_a_byte_of_the_cache_crosses_the_die_of_a_gpu(kind: str) -> None:
    chip = build_chip(cache_bytes=2.0**23)
    chip = dataclasses.replace(chip, units=(dataclasses.replace(chip.units[0], kind=kind),))
    dies = [
        dataclasses.replace(chip, area=dataclasses.replace(chip.area, die_mm2=mm2))
        for mm2 in (100.0, 400.0)
    ]
    small, large = (float(derive(die, SCENARIO.precision, SILICON).cache_j[0]) for die in dies)
    way_mm = 2.0 / 3.0 * (20.0 - 10.0)
    crossed = 8 * 50e-15 * way_mm * chip.node.logic_energy if kind == "gpu" else 0.0
    assert large - small == pytest.approx(crossed)


def test_voltage_follows_the_segment_where_no_highest_clock_is_known() -> None:
    law = dataclasses.replace(SILICON.voltage, supply_v={"desktop": 1.0})
    ratio = [float(law.ratio(1e9, np.inf, name)) for name in ("desktop", "phone")]
    assert ratio == pytest.approx([1.0 / 0.75, 1.0])
    assert float(law.ratio(1e9, 1e9, "desktop")) == pytest.approx(0.8 / 0.75)
