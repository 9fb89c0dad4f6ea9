"""Clocks: the published ones are the plain evaluation, and lower ones never draw more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import evaluate
from dse.device import FULL, GRID, Clocks, at_clocks, cheapest, operating_points, rate_within
from dse.workload import Scenario
from tests.conftest import SILICON, SOLAR, build_chip, precision

ASK = Scenario(prompt_tokens=64, output_tokens=32, precision=precision())
POINTS = operating_points(build_chip(), SOLAR, ASK, SILICON)


@pytest.mark.parametrize("changes", [{}, {"clock_hz": 0.7e9}, {"max_clock_hz": 2e9}])
def test_published_clocks_are_the_plain_evaluation(changes: dict[str, Any]) -> None:
    """To a rounding error, whatever the voltage at which a segment publishes its clocks."""
    chip = build_chip(**changes)
    point = operating_points(chip, SOLAR, ASK, SILICON, clocks=FULL)
    row = evaluate(chip, SOLAR, ASK, SILICON).row()
    assert point.tok_s[0, 0] == pytest.approx(row["decode_tok_s"], rel=1e-12)
    assert point.running_w[0, 0] == pytest.approx(row["decode_power_w"], rel=1e-12)


def test_voltage_above_the_curve_scales_it() -> None:
    """A desktop card at 1 V over a curve that ends at 0.8 V: same clock, same voltage."""
    law = replace(SILICON.voltage, supply_v={"desktop": 1.0})
    silicon = replace(SILICON, voltage=law)
    chip = replace(build_chip(), segment="desktop")
    scaled, raised = at_clocks(chip, "npu", silicon, 1.0, 1.0)
    unit = scaled.unit("npu")
    volts = raised.voltage.ratio(unit.clock_hz, unit.max_clock_hz, "desktop")
    assert float(volts) * law.reference_v == pytest.approx(1.0)
    lower = raised.voltage.ratio(0.5 * unit.clock_hz, unit.max_clock_hz, "desktop")
    assert float(lower) < 0.8 * float(volts)


def test_a_clock_axis_is_one_more_axis() -> None:
    """Designs and clocks at once give what single designs at single clocks give."""
    clocks = Clocks(np.array([0.3, 1.0]), np.array([1.0, 0.5]))
    rates = np.array([0.5e9, 1e9, 2e9])
    both = operating_points(build_chip(clock_hz=rates), SOLAR, ASK, SILICON, clocks=clocks)
    assert both.tok_s.shape == (2, 3)
    for n, rate in enumerate(rates):
        for k in range(2):
            single = Clocks(clocks.core[[k]], clocks.memory[[k]])
            alone = operating_points(
                build_chip(clock_hz=float(rate)), SOLAR, ASK, SILICON, clocks=single
            )
            assert both.tok_s[k, n] == pytest.approx(alone.tok_s[0, 0], rel=1e-12)
            assert both.running_w[k, n] == pytest.approx(alone.running_w[0, 0], rel=1e-12)


def test_lower_clocks_are_never_faster_and_never_draw_more() -> None:
    shape = (len(np.unique(GRID.core)), len(np.unique(GRID.memory)))
    for name in ("tok_s", "running_w"):
        table = getattr(POINTS, name)[:, 0].reshape(shape)
        assert (np.diff(table, axis=0) >= -1e-9 * table[1:]).all()
        assert (np.diff(table, axis=1) >= -1e-9 * table[:, 1:]).all()


def test_memory_bound_decode_runs_at_full_rate_on_a_slower_unit() -> None:
    """Lowering the clock of the unit is free until it binds; lowering the memory's is not."""
    slow = operating_points(
        build_chip(),
        SOLAR,
        ASK,
        SILICON,
        clocks=Clocks(np.array([0.6, 1.0]), np.array([1.0, 0.6])),
    )
    full = POINTS.tok_s.max()
    assert slow.tok_s[0, 0] > 0.95 * full
    assert slow.tok_s[1, 0] < 0.75 * full
    assert slow.running_w[0, 0] < POINTS.running_w[-1, 0]


@given(low=st.floats(0.0, 10.0), more=st.floats(0.0, 5.0))
def test_more_power_is_never_slower(low: float, more: float) -> None:
    assert rate_within(POINTS, low + more) >= rate_within(POINTS, low) - 1e-12


@given(watts=st.floats(0.0, 20.0))
def test_a_governor_that_knows_the_clocks_beats_one_that_pauses(watts: float) -> None:
    full = POINTS.take(np.array([len(GRID.core) - 1]))
    assert (rate_within(POINTS, watts) >= rate_within(full, watts) - 1e-12).all()
    assert (rate_within(POINTS, watts) <= POINTS.tok_s.max(axis=0)).all()


def test_pausing_is_linear_between_waiting_and_running() -> None:
    full = POINTS.take(np.array([len(GRID.core) - 1]))
    idle, busy, rate = full.paused_w[0, 0], full.running_w[0, 0], full.tok_s[0, 0]
    watts = np.array([[idle], [0.5 * (idle + busy)], [busy], [np.inf]])
    kept = rate_within(full, watts)[:, 0]
    assert kept == pytest.approx([0.0, 0.5 * rate, rate, rate])


@given(share=st.floats(0.05, 1.0))
def test_cheapest_clock_meets_its_rate_and_no_other_that_does_costs_less(share: float) -> None:
    rest = 1.3
    target = share * POINTS.tok_s.max()
    index = cheapest(POINTS, target, rest)[0]
    assert POINTS.tok_s[index, 0] >= target * (1 - 1e-8)
    energy = (POINTS.running_w + rest) / POINTS.tok_s
    assert energy[index, 0] <= energy[POINTS.tok_s[:, 0] >= target * (1 - 1e-9)].min()


def test_a_rate_beyond_the_fastest_asks_for_the_fastest() -> None:
    index = cheapest(POINTS, 1e9)[0]
    assert POINTS.tok_s[index, 0] == pytest.approx(POINTS.tok_s.max())


def test_unit_with_a_known_highest_clock_keeps_its_curve() -> None:
    chip = build_chip(max_clock_hz=2e9)
    scaled, silicon = at_clocks(chip, "npu", SILICON, 0.5, 1.0)
    assert scaled.unit("npu").max_clock_hz == 2e9
    assert silicon is SILICON
