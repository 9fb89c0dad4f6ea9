"""What a device keeps up: rate, power and temperatures of a decode that goes on for minutes.

Three stretches, each in closed form: the published clocks until the skin or the package reaches
its limit; then the power that keeps the package there, if it was first; then the power that keeps
the skin there, which falls to what the case passes on for ever. The rate follows from the power by
`dse.device.dvfs.rate_within`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.device.battery import percent_per_1000, tokens_per_charge
from dse.device.device import Device
from dse.device.dvfs import OperatingPoints, rate_within
from dse.device.heating import Burst, burst_of, heated
from dse.device.thermal import skin_degc, steady, steady_w

__all__ = ["LIMITS", "Curve", "Sustained", "curve", "sustain"]

Array = npt.NDArray[np.float64]

# What ends the burst; `Sustained.limit` is an index into this tuple.
LIMITS = ("nothing", "skin", "package", "power")
# Time constants over which a discharge is followed step by step; then the steady state holds.
_FOLLOWED = 30.0
_STEPS = 400
_HALVINGS = 36


@dataclass(frozen=True, slots=True)
class Curve:
    """A decode against time; arrays of shape (m, n), NaN where there is no thermal path.

    Parameters
    ----------
    seconds : Array
        Times from the cold start, s.
    tok_s, chip_w : Array
        Rate, 1/s, and power of the chip and its memory, W.
    skin_degc, package_degc : Array
        Hottest spot of the skin, and the package, degC.
    """

    seconds: Array
    tok_s: Array
    chip_w: Array
    skin_degc: Array
    package_degc: Array


@dataclass(frozen=True, slots=True)
class Sustained:
    """What is left of a burst in the end; arrays of shape (n,).

    Parameters
    ----------
    burst_tok_s, burst_w : Array
        Rate, 1/s, and power of the chip, W, before any limit but that of the peak power.
    throttle_s, slows_s : Array
        Time until the power falls, and until the rate does, s; infinite where it never does. A
        decode that waits for memory goes on at full rate while the clock of the unit falls.
    limit : Array
        Index into `LIMITS` of what makes it fall.
    sustained_tok_s, sustained_w, device_w : Array
        Rate, 1/s, and power of the chip and of the whole device, W, after a long time.
    pausing_tok_s : Array
        The same rate of a governor that keeps the published clocks and pauses, 1/s.
    skin_degc, package_degc : Array
        Temperatures after a long time, degC; NaN without a thermal path.
    tokens_per_charge, charge_s, percent_per_1000 : Array
        Tokens and seconds of a full charge, and percent of it per 1,000 tokens in the end; NaN
        without a battery.
    """

    burst_tok_s: Array
    burst_w: Array
    throttle_s: Array
    slows_s: Array
    limit: Array
    sustained_tok_s: Array
    sustained_w: Array
    device_w: Array
    pausing_tok_s: Array
    skin_degc: Array
    package_degc: Array
    tokens_per_charge: Array
    charge_s: Array
    percent_per_1000: Array


def sustain(device: Device, points: OperatingPoints) -> Sustained:
    """Burst and sustained rate of n designs in their devices.

    Parameters
    ----------
    device : Device
        Numbers or arrays of shape (n,).
    points : OperatingPoints
        What the governor may choose from, (k, n); the published clocks among it.
    """
    full = _published(points)
    burst_w = _burst_w(device, points)
    burst = _burst(device, burst_w)
    throttle_s, limit = _limits(device, burst, burst_w)
    final_w = _final_w(device, points, burst_w)
    device_w = device.device_w(final_w)
    rate = rate_within(points, final_w)
    skin, package = _final_degc(device, final_w)
    tokens = _tokens(device, points, burst, device_w)
    return Sustained(
        burst_tok_s=rate_within(points, burst_w),
        burst_w=burst_w,
        throttle_s=throttle_s,
        slows_s=_slows_s(device, points, burst, throttle_s),
        limit=limit,
        sustained_tok_s=rate,
        sustained_w=final_w,
        device_w=device_w,
        pausing_tok_s=rate_within(points.take(full), final_w),
        skin_degc=skin,
        package_degc=package,
        tokens_per_charge=tokens[0],
        charge_s=tokens[1],
        percent_per_1000=tokens[2],
    )


def curve(device: Device, points: OperatingPoints, seconds: npt.ArrayLike) -> Curve:
    """Rate, power and temperatures at given times from a cold start.

    A cold start is a device whose display has been on for long, the chip doing nothing. The
    governor spends all power that the limits allow, the published clocks' at most.

    Parameters
    ----------
    device, points
        As for `sustain`.
    seconds : array_like
        Times, (m,) or (m, n), s.
    """
    time = np.asarray(seconds, dtype=np.float64)
    time = time[:, None] if time.ndim == 1 else time
    return _follow(device, points, _burst(device, _burst_w(device, points)), time)


def _follow(device: Device, points: OperatingPoints, burst: Burst | None, time: Array) -> Curve:
    burst_w = _burst_w(device, points)
    if device.thermal is None or burst is None:
        power = np.broadcast_to(_final_w(device, points, burst_w), (len(time), *burst_w.shape))
        nothing = np.full(power.shape, np.nan)
        return Curve(time, rate_within(points, power), power, nothing, nothing)
    path = device.thermal
    heat, heat_w = heated(path, burst, device.rest_w, time)
    power = np.clip(heat_w * device.regulator, _least_w(points), burst_w)
    skin = skin_degc(path, heat)
    return Curve(time, rate_within(points, power), power, skin, heat.package_degc)


def _published(points: OperatingPoints) -> npt.NDArray[np.intp]:
    return np.array([np.argmax(points.clocks.core + points.clocks.memory)])


def _least_w(points: OperatingPoints) -> Array:
    """Power that a governor cannot go below: that of waiting, W."""
    return np.asarray(points.paused_w.min(axis=0))


def _burst_w(device: Device, points: OperatingPoints) -> Array:
    return np.asarray(np.minimum(points.running_w[_published(points)[0]], device.peak_w))


def _burst(device: Device, burst_w: Array) -> Burst | None:
    """Where full power leads; None without a thermal path."""
    if device.thermal is None:
        return None
    return burst_of(device.thermal, burst_w / device.regulator, device.rest_w)


def _slows_s(
    device: Device, points: OperatingPoints, burst: Burst | None, throttle_s: Array
) -> Array:
    """Time until the rate falls, which is later than the power where clocks can fall for free.

    Halves an interval: the power that the limits allow never rises.
    """
    burst_w = _burst_w(device, points)
    full = rate_within(points, burst_w) * (1.0 - 1e-6)
    is_kept = rate_within(points, _final_w(device, points, burst_w)) >= full
    begin = np.where(np.isinf(throttle_s), 0.0, throttle_s)
    low, high = begin, begin + _FOLLOWED * _slowest_s(device)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_late = _follow(device, points, burst, middle[None, :]).tok_s[0] < full
        low, high = np.where(is_late, low, middle), np.where(is_late, middle, high)
    return np.where(is_kept, np.inf, high)


def _slowest_s(device: Device) -> Array:
    """Time constant of the case, s; 1 where there is none."""
    path = device.thermal
    if path is None:
        return np.ones(1)
    return np.atleast_1d(
        path.case_j_per_k * (path.case_k_per_w + np.asarray(path.package_k_per_w))
    )


def _limits(device: Device, burst: Burst | None, burst_w: Array) -> tuple[Array, Array]:
    """Time to the first limit, and which it is."""
    if burst is None:
        is_over = burst_w > device.sustained_w
        return np.where(is_over, 0.0, np.inf), np.where(is_over, 3.0, 0.0)
    first = np.minimum(burst.skin_s, burst.package_s)
    which = np.where(burst.skin_s <= burst.package_s, 1.0, 2.0)
    return first, np.where(np.isinf(first), 0.0, which)


def _final_w(device: Device, points: OperatingPoints, burst_w: Array) -> Array:
    """Power of the chip after a long time, W."""
    if device.thermal is None:
        most = np.asarray(device.sustained_w)
    else:
        most = np.minimum(*steady_w(device.thermal, device.rest_w)) * device.regulator
    least = np.minimum(_least_w(points), burst_w)
    return np.asarray(np.clip(most, least, burst_w))


def _final_degc(device: Device, final_w: Array) -> tuple[Array, Array]:
    if device.thermal is None:
        nothing = np.full(final_w.shape, np.nan)
        return nothing, nothing
    heat = steady(device.thermal, final_w / device.regulator, device.rest_w)
    return skin_degc(device.thermal, heat), heat.package_degc


def _tokens(
    device: Device, points: OperatingPoints, burst: Burst | None, device_w: Array
) -> tuple[Array, Array, Array]:
    """Tokens and seconds per charge, and percent of it per 1,000 tokens."""
    rate = rate_within(points, _final_w(device, points, _burst_w(device, points)))
    if device.battery is None:
        nothing = np.full(rate.shape, np.nan)
        return nothing, nothing, nothing
    slowest = np.broadcast_to(_slowest_s(device), rate.shape)
    steps = np.concatenate([[0.0], np.geomspace(_FOLLOWED * 1e-6, _FOLLOWED, _STEPS)])
    run = _follow(device, points, burst, steps[:, None] * slowest)
    power = device.device_w(run.chip_w)
    tokens, seconds = tokens_per_charge(device.battery, run.seconds, power, run.tok_s)
    return tokens, seconds, percent_per_1000(device.battery, device_w, rate)
