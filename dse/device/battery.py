"""What a battery yields: tokens, hours, and the charge that a thousand tokens take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Battery", "percent_per_1000", "tokens_per_charge"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery.

    Parameters
    ----------
    energy_j : float
        Energy of a full charge that the device can use, J; a float or an array of shape (n,).
    """

    energy_j: float


def percent_per_1000(battery: Battery, device_w: npt.ArrayLike, tok_s: npt.ArrayLike) -> Array:
    """Percent of a charge that 1,000 tokens take at a steady power and rate.

    100 x 1000 P / (rate E); infinite where no token comes.

    Examples
    --------
    >>> round(float(percent_per_1000(Battery(19.4 * 3600.0), 7.0, 90.0)), 3)
    0.111
    """
    rate = np.asarray(tok_s, dtype=np.float64)
    share = 1e5 * np.asarray(device_w) / battery.energy_j
    per_token = share / np.where(rate > 0.0, rate, 1.0)
    return np.asarray(np.where(rate > 0.0, per_token, np.inf))


def tokens_per_charge(
    battery: Battery, seconds: Array, device_w: Array, tok_s: Array
) -> tuple[Array, Array]:
    """Tokens that a full charge pays for, and how long it lasts.

    The curves are integrated by the trapezium rule; after their end the last power and rate hold.

    Parameters
    ----------
    battery : Battery
        Its energy.
    seconds : Array
        Times, (m, n), rising from 0.
    device_w, tok_s : Array
        Power from the battery, W, and rate, 1/s, at these times; (m, n).

    Returns
    -------
    tuple of Array
        Tokens and seconds, (n,).
    """
    used, made = _integral(seconds, device_w), _integral(seconds, tok_s)
    whole = np.broadcast_to(np.asarray(battery.energy_j, dtype=np.float64), used.shape[1:])
    # Step within which the charge ends, or the last one, which goes on for ever.
    step = np.minimum(np.sum(used < whole, axis=0), len(used) - 1)
    column = np.arange(used.shape[1])
    before = np.maximum(step - 1, 0)
    is_within = used[step, column] >= whole
    spread = used[step, column] - used[before, column]
    share = (whole - used[before, column]) / np.where(spread > 0.0, spread, 1.0)
    last = (whole - used[-1]) / device_w[-1]
    inside = [
        at[before, column] + share * (at[step, column] - at[before, column])
        for at in (made, seconds)
    ]
    return (
        np.where(is_within, inside[0], made[-1] + last * tok_s[-1]),
        np.where(is_within, inside[1], seconds[-1] + last),
    )


def _integral(seconds: Array, values: Array) -> Array:
    """Running integral over the first axis, 0 at its start."""
    steps = 0.5 * (values[1:] + values[:-1]) * np.diff(seconds, axis=0)
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(steps, axis=0)])
