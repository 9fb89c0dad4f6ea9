"""A decode that goes on: limits hold, joules add up, more cooling is never slower."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.device import (
    FULL,
    LIMITS,
    Battery,
    Clocks,
    Device,
    OperatingPoints,
    ThermalPath,
    curve,
    operating_points,
    percent_per_1000,
    sustain,
    tokens_per_charge,
)
from dse.workload import Scenario
from tests.conftest import SILICON, SOLAR, build_chip, precision

ASK = Scenario(prompt_tokens=64, output_tokens=32, precision=precision())
POINTS = operating_points(build_chip(), SOLAR, ASK, SILICON)
PATH = ThermalPath(4.0, 12.0, 4.4, 180.0, 0.7, 25.0, 43.0, 95.0)
PHONE = Device("Toy phone", 1.3, 0.88, 8.0, 4.0, PATH, Battery(15.0 * 3600.0))
HOT = OperatingPoints(
    FULL, np.ones((1, 1)), np.full((1, 1), 30.0), np.full((1, 1), 7.0), np.full((1, 1), 0.5)
)
TIMES = np.concatenate([[0.0], np.geomspace(1.0, 1e5, 2000)])


def first(values: np.ndarray) -> float:
    return float(np.ravel(values)[0])


def test_burst_throttling_and_rest() -> None:
    result = sustain(PHONE, HOT)
    assert first(result.burst_tok_s) == 30.0
    assert LIMITS[int(first(result.limit))] == "skin"
    assert 10.0 < first(result.throttle_s) < 200.0
    # A governor that can only pause slows down with the power.
    assert first(result.slows_s) == pytest.approx(first(result.throttle_s), rel=1e-3)
    # (43 - 25 - 1.3 x 4.4) / (4.4 / 0.7) W of heat, 88 % of it in the chip.
    watts = 0.88 * (18.0 - 1.3 * 4.4) / (4.4 / 0.7)
    assert first(result.sustained_w) == pytest.approx(watts)
    assert first(result.device_w) == pytest.approx(watts / 0.88 + 1.3)
    assert first(result.sustained_tok_s) == pytest.approx(30.0 * (watts - 0.5) / 6.5)
    assert first(result.skin_degc) == pytest.approx(43.0)


def test_curve_ends_where_the_result_says() -> None:
    for points in (HOT, POINTS):
        result, run = sustain(PHONE, points), curve(PHONE, points, TIMES)
        assert first(run.tok_s[-1]) == pytest.approx(first(result.sustained_tok_s), rel=1e-6)
        assert first(run.chip_w[-1]) == pytest.approx(first(result.sustained_w), rel=1e-6)
        assert first(run.skin_degc[-1]) == pytest.approx(first(result.skin_degc), abs=1e-6)
        assert first(run.package_degc[-1]) == pytest.approx(first(result.package_degc), abs=1e-6)


PATHS = st.builds(
    ThermalPath,
    package_k_per_w=st.floats(1.0, 5.0),
    package_j_per_k=st.floats(2.0, 12.0),
    case_k_per_w=st.floats(2.0, 7.0),
    case_j_per_k=st.floats(200.0, 400.0),
    spreading=st.floats(0.55, 0.95),
    ambient_degc=st.floats(10.0, 30.0),
    skin_limit_degc=st.floats(42.0, 60.0),
    package_limit_degc=st.floats(60.0, 105.0),
)


@given(path=PATHS)
def test_no_limit_is_passed_and_power_never_rises(path: ThermalPath) -> None:
    run = curve(replace(PHONE, thermal=path), HOT, TIMES)
    heat = run.chip_w / PHONE.regulator
    # A governor cannot go below the power of waiting: where that is enough, limits hold.
    if (heat > HOT.paused_w / PHONE.regulator + 1e-9).all():
        assert run.skin_degc.max() <= path.skin_limit_degc + 1e-6
        assert run.package_degc.max() <= path.package_limit_degc + 1e-6
    assert (np.diff(run.chip_w, axis=0) <= 1e-9).all()
    assert (np.diff(run.tok_s, axis=0) <= 1e-9).all()


@given(path=PATHS)
def test_heat_that_went_in_is_stored_or_gone(path: ThermalPath) -> None:
    """Energy of the whole run, through free rise and both holds."""
    times = np.linspace(0.0, 3000.0, 30_001)
    device = replace(PHONE, thermal=path)
    run = curve(device, HOT, times)
    if (run.chip_w <= HOT.paused_w + 1e-9).any():
        return
    weight = min(path.case_k_per_w * (1.0 / path.spreading - 1.0) / path.package_k_per_w, 1.0)
    if weight > 0.99:
        return
    package, skin = run.package_degc[:, 0], run.skin_degc[:, 0]
    case = (skin - weight * package) / (1.0 - weight)
    stored = path.package_j_per_k * (package[-1] - package[0])
    stored += path.case_j_per_k * (case[-1] - case[0])
    out = np.trapezoid(case - path.ambient_degc, times) / path.case_k_per_w
    went_in = np.trapezoid(run.chip_w[:, 0] / device.regulator + device.rest_w, times)
    assert stored + out == pytest.approx(went_in, rel=2e-3)


@given(path=PATHS, factor=st.floats(1.01, 2.0))
def test_more_cooling_is_never_slower(path: ThermalPath, factor: float) -> None:
    cooler = replace(path, case_k_per_w=path.case_k_per_w / factor)
    one, two = (
        sustain(replace(PHONE, thermal=path), HOT),
        sustain(replace(PHONE, thermal=cooler), HOT),
    )
    assert first(two.sustained_tok_s) >= first(one.sustained_tok_s) - 1e-9
    assert first(two.throttle_s) >= first(one.throttle_s) - 1e-6
    assert first(two.slows_s) >= first(one.slows_s) - 1e-3


@given(peak=st.floats(1.0, 10.0), more=st.floats(1.0, 2.0))
def test_peak_power_bounds_the_burst(peak: float, more: float) -> None:
    few = POINTS.take(np.arange(len(POINTS.clocks.core) - 1, 0, -25))
    low, high = (sustain(replace(PHONE, peak_w=watts), few) for watts in (peak, peak * more))
    assert first(low.burst_w) <= peak
    assert first(high.burst_tok_s) >= first(low.burst_tok_s) - 1e-9


def test_package_first_then_skin() -> None:
    """A chip far from its case gets hot before the skin does, which takes over later."""
    path = replace(PATH, package_k_per_w=9.0, package_limit_degc=75.0)
    device = replace(PHONE, thermal=path)
    result, run = sustain(device, HOT), curve(device, HOT, np.linspace(0.0, 3000.0, 6001))
    assert LIMITS[int(first(result.limit))] == "package"
    package, skin = run.package_degc[:, 0], run.skin_degc[:, 0]
    held = np.flatnonzero(np.isclose(package, 75.0, atol=1e-6))
    assert len(held) > 100
    assert package[-1] < 74.0
    assert skin[-1] == pytest.approx(43.0, abs=0.05)
    assert np.abs(np.diff(skin)).max() < 0.2


def test_without_a_thermal_path_the_sustained_power_holds_from_the_start() -> None:
    device = replace(PHONE, thermal=None, sustained_w=3.75)
    result = sustain(device, HOT)
    assert LIMITS[int(first(result.limit))] == "power"
    assert first(result.throttle_s) == 0.0
    assert first(result.slows_s) == pytest.approx(0.0, abs=1e-6)
    assert first(result.sustained_tok_s) == pytest.approx(15.0)
    assert np.isnan(result.skin_degc).all()
    run = curve(device, HOT, [0.0, 10.0])
    assert run.tok_s[:, 0] == pytest.approx([15.0, 15.0])


def test_a_cool_chip_never_throttles() -> None:
    result = sustain(replace(PHONE, peak_w=1.0), HOT)
    assert LIMITS[int(first(result.limit))] == "nothing"
    assert np.isinf(first(result.throttle_s))
    assert np.isinf(first(result.slows_s))
    assert first(result.sustained_w) == 1.0


def test_memory_bound_decode_slows_later_than_its_clock() -> None:
    one = np.ones((2, 1))
    points = OperatingPoints(
        Clocks(np.array([0.5, 1.0]), np.ones(2)),
        one,
        30.0 * one,
        np.array([[4.0], [7.0]]),
        0.5 * one,
    )
    result = sustain(PHONE, points)
    at = curve(PHONE, points, [first(result.slows_s)])
    assert first(result.slows_s) > first(result.throttle_s) + 10.0
    assert first(at.chip_w) == pytest.approx(4.0, rel=1e-4)


def test_n_devices_are_n_single_ones() -> None:
    ohms = np.array([3.0, 4.4, 6.0])
    several = replace(PHONE, thermal=replace(PATH, case_k_per_w=ohms))  # type: ignore[arg-type]
    together = sustain(several, HOT)
    for i, each in enumerate(ohms):
        alone = sustain(replace(PHONE, thermal=replace(PATH, case_k_per_w=float(each))), HOT)
        for name in together.__slots__:
            values = np.broadcast_to(getattr(together, name), (3,))
            assert values[i] == pytest.approx(first(getattr(alone, name)), rel=1e-6), name


def test_tokens_of_a_charge_are_those_of_its_energy() -> None:
    """Constant power and rate: E / P seconds, and as many times the rate."""
    times = np.array([[0.0], [10.0], [20.0]])
    same = np.ones((3, 1))
    for joules in (30.0, 5000.0):
        tokens, seconds = tokens_per_charge(Battery(joules), times, 2.0 * same, 8.0 * same)
        assert seconds[0] == pytest.approx(joules / 2.0)
        assert tokens[0] == pytest.approx(4.0 * joules)


def test_charge_lasts_as_long_as_the_curve_says() -> None:
    result, run = sustain(PHONE, HOT), curve(PHONE, HOT, np.linspace(0.0, 20e3, 200_001))
    power = PHONE.device_w(run.chip_w)[:, 0]
    used = np.concatenate([[0.0], np.cumsum(0.5 * (power[1:] + power[:-1]) * 0.1)])
    end = int(np.searchsorted(used, 15.0 * 3600.0))
    assert first(result.charge_s) == pytest.approx(0.1 * end, rel=2e-3)
    made = np.trapezoid(run.tok_s[:end, 0], dx=0.1)
    assert first(result.tokens_per_charge) == pytest.approx(made, rel=2e-3)


def test_percent_per_thousand_tokens() -> None:
    """9,000 tokens per percent, as S25 Ultra prints, are 0.111 % per 1,000."""
    battery = Battery(19.4 * 3600.0)
    rate = 9000.0 * 7.0 / (0.01 * battery.energy_j)
    assert float(percent_per_1000(battery, 7.0, rate)) == pytest.approx(0.1111, abs=1e-4)
    assert np.isinf(percent_per_1000(battery, 7.0, 0.0))
