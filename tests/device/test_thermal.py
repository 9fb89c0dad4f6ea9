"""Heat in closed form, against small steps, energy balance and the laws of cooling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.device.thermal import (
    Heat,
    ThermalPath,
    hold,
    hold_end,
    seconds_to,
    skin_degc,
    skin_weight,
    steady,
    steady_w,
    temperatures,
)

PHONE = ThermalPath(4.0, 12.0, 4.4, 180.0, 0.7, 25.0, 43.0, 95.0)
PATHS = st.builds(
    ThermalPath,
    package_k_per_w=st.floats(0.5, 10.0),
    package_j_per_k=st.floats(1.0, 50.0),
    case_k_per_w=st.floats(0.5, 10.0),
    case_j_per_k=st.floats(50.0, 1000.0),
    spreading=st.floats(0.5, 0.95),
    ambient_degc=st.floats(0.0, 40.0),
    skin_limit_degc=st.floats(41.0, 60.0),
    package_limit_degc=st.floats(70.0, 110.0),
)
POWERS = st.floats(0.1, 20.0)
RESTS = st.floats(0.0, 3.0)


def stepped(
    path: ThermalPath, start: Heat, chip_w: float, rest_w: float, seconds: float
) -> tuple[float, float]:
    """The differential equations in 20,000 explicit steps: written out, and nothing shared."""
    one, two = float(start.package_degc), float(start.case_degc)
    step = seconds / 20_000
    for _ in range(20_000):
        across = (one - two) / path.package_k_per_w
        out = (two - path.ambient_degc) / path.case_k_per_w
        one += step * (chip_w - across) / path.package_j_per_k
        two += step * (across + rest_w - out) / path.case_j_per_k
    return one, two


@pytest.mark.parametrize("seconds", [5.0, 60.0, 600.0])
def test_closed_form_is_what_small_steps_lead_to(seconds: float) -> None:
    start = Heat(np.array(31.0), np.array(28.0))
    exact = temperatures(PHONE, start, 6.0, 1.3, seconds)
    one, two = stepped(PHONE, start, 6.0, 1.3, seconds)
    assert float(exact.package_degc) == pytest.approx(one, abs=5e-3)
    assert float(exact.case_degc) == pytest.approx(two, abs=5e-3)


@given(path=PATHS, chip=POWERS, rest=RESTS)
def test_steady_state_is_power_times_resistance(
    path: ThermalPath, chip: float, rest: float
) -> None:
    end = steady(path, chip, rest)
    rise = chip * (path.package_k_per_w + path.case_k_per_w) + rest * path.case_k_per_w
    assert float(end.package_degc) == pytest.approx(path.ambient_degc + rise)
    cold = Heat(np.array(path.ambient_degc), np.array(path.ambient_degc))
    late = temperatures(path, cold, chip, rest, 1e6)
    assert float(late.package_degc) == pytest.approx(float(end.package_degc))
    assert float(late.case_degc) == pytest.approx(float(end.case_degc))


@given(path=PATHS, chip=POWERS, rest=RESTS, seconds=st.floats(1.0, 5e3))
def test_energy_is_conserved(path: ThermalPath, chip: float, rest: float, seconds: float) -> None:
    """What goes in is stored in the two nodes or leaves to the air."""
    cold = Heat(np.array(path.ambient_degc), np.array(path.ambient_degc))
    time = np.concatenate([[0.0], np.geomspace(seconds * 1e-6, seconds, 4000)])
    heat = temperatures(path, cold, chip, rest, time)
    stored = path.package_j_per_k * (heat.package_degc[-1] - path.ambient_degc)
    stored += path.case_j_per_k * (heat.case_degc[-1] - path.ambient_degc)
    out = np.trapezoid(heat.case_degc - path.ambient_degc, time) / path.case_k_per_w
    assert float(stored + out) == pytest.approx((chip + rest) * seconds, rel=1e-4)


@given(path=PATHS, chip=POWERS, rest=RESTS)
def test_limit_is_reached_when_it_is_said_to_be(
    path: ThermalPath, chip: float, rest: float
) -> None:
    start = steady(path, 0.0, rest)
    skin_s, package_s = seconds_to(path, start, chip, rest)
    to_skin, to_package = steady_w(path, rest)
    is_cool = float(skin_degc(path, start)) < path.skin_limit_degc
    if np.isfinite(skin_s) and is_cool:
        at = temperatures(path, start, chip, rest, skin_s)
        assert float(skin_degc(path, at)) == pytest.approx(path.skin_limit_degc, abs=1e-6)
    if np.isfinite(package_s):
        at = temperatures(path, start, chip, rest, package_s)
        assert float(at.package_degc) == pytest.approx(path.package_limit_degc, abs=1e-6)
    if is_cool:
        assert np.isinf(skin_s) == (chip <= float(to_skin) * (1 + 1e-9)) or chip == pytest.approx(
            float(to_skin)
        )
    assert np.isinf(package_s) == (chip <= to_package) or chip == pytest.approx(float(to_package))


@given(path=PATHS, chip=POWERS, rest=RESTS, factor=st.floats(1.01, 3.0))
def test_worse_cooling_never_gives_more_time_or_power(
    path: ThermalPath, chip: float, rest: float, factor: float
) -> None:
    worse = (
        replace(path, case_k_per_w=path.case_k_per_w * factor),
        replace(path, spreading=path.spreading / factor),
        replace(path, ambient_degc=path.ambient_degc + factor - 1.0),
        replace(path, skin_limit_degc=path.skin_limit_degc - factor + 1.0),
    )
    start = steady(path, 0.0, rest)
    moment = min(map(float, seconds_to(path, start, chip, rest)))
    watts = min(map(float, steady_w(path, rest)))
    for other in worse:
        begin = steady(other, 0.0, rest)
        assert min(map(float, seconds_to(other, begin, chip, rest))) <= moment * (1 + 1e-9)
        assert min(map(float, steady_w(other, rest))) <= watts + 1e-9


@pytest.mark.parametrize("weight", [float(skin_weight(PHONE)), 1.0])
def test_held_limit_solves_the_equations(weight: float) -> None:
    """The power of `hold`, put back into small steps of the equations, keeps the limit."""
    case, rest, limit = 33.0, 1.3, 47.0 if weight < 1.0 else 80.0
    one, two = (limit - (1.0 - weight) * case) / weight, case
    step, count = 0.05, 12_000
    time = step * (np.arange(count) + 0.5)
    power = hold(PHONE, weight, limit, case, rest, time).chip_w
    for i in range(count):
        across = (one - two) / PHONE.package_k_per_w
        out = (two - PHONE.ambient_degc) / PHONE.case_k_per_w
        one += step * (power[i] - across) / PHONE.package_j_per_k
        two += step * (across + rest - out) / PHONE.case_j_per_k
        seen = two + weight * (one - two)
    assert seen == pytest.approx(limit, abs=0.02)
    last = hold(PHONE, weight, limit, case, rest, step * count)
    assert float(last.heat.case_degc) == pytest.approx(two, abs=0.02)


@given(path=PATHS, rest=RESTS)
def test_held_skin_ends_at_the_power_that_the_case_passes_on(
    path: ThermalPath, rest: float
) -> None:
    weight = float(skin_weight(path))
    end, rate = hold_end(path, weight, path.skin_limit_degc, rest)
    final = hold(path, weight, path.skin_limit_degc, end, rest, 0.0)
    assert float(final.chip_w) == pytest.approx(max(0.0, float(steady_w(path, rest)[0])), abs=1e-9)
    assert float(rate) > 0.0


def test_n_designs_are_n_single_ones() -> None:
    ohms, shares = np.array([3.0, 4.4, 6.0]), np.array([0.6, 0.7, 0.9])
    several = replace(PHONE, case_k_per_w=ohms, spreading=shares)  # type: ignore[arg-type]
    start = steady(several, 0.0, 1.0)
    times = seconds_to(several, start, np.array([5.0, 6.0, 7.0]), 1.0)[0]
    for i in range(3):
        alone = replace(
            PHONE,
            case_k_per_w=float(ohms[i]),
            spreading=float(shares[i]),
        )
        own = seconds_to(alone, steady(alone, 0.0, 1.0), 5.0 + i, 1.0)[0]
        assert times[i] == pytest.approx(float(own), rel=1e-12)
