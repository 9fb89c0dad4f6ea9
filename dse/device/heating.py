"""A device whose chip draws all that heat allows: full power, then what a limit leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.device.thermal import (
    Heat,
    ThermalPath,
    hold,
    hold_end,
    seconds_to,
    skin_weight,
    steady,
    temperatures,
)

__all__ = ["Burst", "burst_of", "heated"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Burst:
    """The stretch at full power, and where it leads; arrays of shape (n,).

    Parameters
    ----------
    start : Heat
        Temperatures before it.
    heat_w : Array
        Heat of the chip and its regulators, W.
    skin_s, package_s : Array
        Time at which the skin, and the package, would reach its limit, s.
    """

    start: Heat
    heat_w: Array
    skin_s: Array
    package_s: Array


def burst_of(path: ThermalPath, heat_w: Array, rest_w: float) -> Burst:
    """Follow full power from the steady state of a device that only shows its display.

    Parameters
    ----------
    path : ThermalPath
        Numbers or arrays of shape (n,).
    heat_w : Array
        Heat of the chip and its regulators, (n,), W.
    rest_w : float
        Heat of the rest of the device, W.
    """
    start = steady(path, 0.0, rest_w)
    return Burst(start, heat_w, *seconds_to(path, start, heat_w, rest_w))


def heated(path: ThermalPath, burst: Burst, rest: float, time: Array) -> tuple[Heat, Array]:
    """Temperatures, and the heat that the chip and its regulators give, at given times.

    Parameters
    ----------
    path : ThermalPath
        Numbers or arrays of shape (n,).
    burst : Burst
        Of `burst_of`.
    rest : float
        Heat of the rest of the device, W.
    time : Array
        Times, (m, 1) or (m, n), s.
    """
    weight, case_s, case_two = _second_hold(path, burst, rest)
    first_s = np.minimum(burst.skin_s, burst.package_s)
    at_first = temperatures(path, burst.start, burst.heat_w, rest, _finite(first_s))
    free = temperatures(path, burst.start, burst.heat_w, rest, np.minimum(time, first_s))
    by_package = hold(
        path, 1.0, path.package_limit_degc, at_first.case_degc, rest, _since(time, first_s)
    )
    by_skin = hold(path, weight, path.skin_limit_degc, case_two, rest, _since(time, case_s))
    is_free, is_package = time <= first_s, time < case_s

    def chosen(one: Array, two: Array, three: Array) -> Array:
        return np.where(is_free, one, np.where(is_package, two, three))

    heat = Heat(
        chosen(free.package_degc, by_package.heat.package_degc, by_skin.heat.package_degc),
        chosen(free.case_degc, by_package.heat.case_degc, by_skin.heat.case_degc),
    )
    return heat, chosen(burst.heat_w, by_package.chip_w, by_skin.chip_w)


def _second_hold(path: ThermalPath, burst: Burst, rest: float) -> tuple[Array, Array, Array]:
    """Weight of the skin, when it takes over as the limit, and the case's temperature then.

    If the skin comes first it holds from the start of the throttling; if the package does, the
    case warms on towards the end of that hold and may bring the skin to its limit on the way.
    """
    weight = skin_weight(path)
    first_s = np.minimum(burst.skin_s, burst.package_s)
    case = temperatures(path, burst.start, burst.heat_w, rest, _finite(first_s)).case_degc
    end, rate = hold_end(path, 1.0, path.package_limit_degc, rest)
    share = np.maximum(1.0 - weight, 1e-12)
    needed = (path.skin_limit_degc - weight * path.package_limit_degc) / share
    is_reached = (end > needed) & np.isfinite(burst.package_s)
    ratio = np.where(is_reached, (end - case) / np.where(is_reached, end - needed, 1.0), 1.0)
    later = np.where(is_reached, first_s + np.log(np.maximum(ratio, 1.0)) / rate, np.inf)
    is_skin = burst.skin_s <= burst.package_s
    return weight, np.where(is_skin, first_s, later), np.where(is_skin, case, needed)


def _finite(seconds: Array) -> Array:
    return np.where(np.isinf(seconds), 0.0, seconds)


def _since(time: Array, moment: Array) -> Array:
    """Time since a moment, 0 before it."""
    return np.where(time > moment, time - _finite(moment), 0.0)
