"""The best and the worst coefficients that the ranges of numbers allow, and bounds of metrics."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dse.advise.draws import Machine, reach
from dse.cost import ChipBatch, coefficient, senses, with_coefficients
from dse.spec.ranges import Range

__all__ = ["OVER_TIME", "bounds", "extreme_coefficients"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Powers are energies, and utilisations times at peak rates, over times: both get better together.
OVER_TIME = {
    "prefill_power_w": "ttft_s",
    "decode_power_w": "tpot_s",
    "image_power_w": "image_s",
    "prefill_utilisation": "ttft_s",
    "decode_dram_utilisation": "tpot_s",
    "image_utilisation": "image_s",
}
# Corners of the ranges from which each number is moved to see which way a coefficient goes.
_CORNERS = 48
_ROUNDING = 1e-12


def extreme_coefficients(
    machine: Machine, ranges: Sequence[Range], lead: tuple[int, ...] = ()
) -> ChipBatch:
    """Best and worst coefficients that the ranges allow.

    Parameters
    ----------
    machine : Machine
        One chip, or m chips.
    ranges : sequence of Range
        Of the numbers.
    lead : tuple of int
        () for one chip, (m,) for m whose leaves have the shape (m, 1).

    Returns
    -------
    ChipBatch
        Arrays that broadcast to (*lead, 2): the best, then the worst of each coefficient.

    Notes
    -----
    A coefficient is monotone in each number while the others stand still, and the metrics are
    monotone in each coefficient: the worst of a metric is at most the metric of the worst
    coefficients, each at the corner of the ranges that is worst for it. One evaluation of these
    bounds everything; it is reached where no number helps one coefficient and harms another.
    """
    low, high = reach(ranges)
    nominal = machine.scaled(ranges, np.ones((1, len(ranges))))
    moved = {path: sense for path, sense in senses(nominal).items() if sense}
    rows = _extreme_corners(machine, ranges, tuple(moved), lead)
    batch = machine.scaled(ranges, np.where(rows, high, low))
    extremes = {}
    for path, sense in moved.items():
        values = coefficient(batch, path)
        ends = np.stack([values.min(axis=-1), values.max(axis=-1)], axis=-1)
        extremes[path] = ends[..., ::-1] if sense > 0 else ends
    return with_coefficients(nominal, extremes)


def bounds(name: str, ends: Mapping[str, Array]) -> tuple[Array, Array]:
    """Least and largest value of a metric from those of the best and the worst coefficients.

    x_low = x_best t_best / t_worst, x_high = x_worst t_worst / t_best                        (1)

    for x of `OVER_TIME`, as x t is least at the best coefficients and largest at the worst.

    Parameters
    ----------
    name : str
        Metric.
    ends : mapping of str to ndarray
        Metrics of `extreme_coefficients`, shape (..., 2), and the time beside one of `OVER_TIME`.

    Returns
    -------
    tuple of ndarray
        Both of shape (...,).
    """
    best, worst = _pair(ends[name])
    if name in OVER_TIME:
        quick, slow = _pair(ends[OVER_TIME[name]])
        best, worst = best * quick / slow, worst * slow / quick
    return np.minimum(best, worst), np.maximum(best, worst)


def _pair(ends: Array) -> tuple[Array, Array]:
    return ends[..., 0], ends[..., -1]


def _extreme_corners(
    machine: Machine,
    ranges: Sequence[Range],
    paths: Sequence[str],
    lead: tuple[int, ...],
) -> Mask:
    """Corners of the ranges, rows of True for the high end, with both extremes of every path.

    Each number is moved from end to end at many corners; where a coefficient goes up at some and
    down at others, both ends are tried with all others'. Shape (*lead, rows, numbers).
    """
    size = len(ranges)
    if not size:
        return np.zeros((*lead, 1, 0), dtype=np.bool_)
    low, high = reach(ranges)
    rng = np.random.default_rng(0)
    base = np.repeat(rng.integers(0, 2, (_CORNERS, 1, size)), size, axis=1).astype(np.bool_)
    both = np.stack([base, base])
    both[0, :, np.arange(size), np.arange(size)] = False
    both[1, :, np.arange(size), np.arange(size)] = True
    batch = machine.scaled(ranges, np.where(both.reshape(-1, size), high, low))
    rows = [np.zeros((*lead, size), dtype=np.bool_)]
    for path in paths:
        values = coefficient(batch, path)
        if values.shape[-1] > 1:
            moved = np.broadcast_to(values, (*lead, 2 * _CORNERS * size))
            rows += _rows(moved.reshape(*lead, 2, _CORNERS, size))
    unique = np.unique(np.stack(rows), axis=0)
    return np.moveaxis(unique, 0, -2)


def _rows(values: Array) -> Iterator[Mask]:
    """Corners of both extremes of a coefficient from its values (*lead, 2, corners, numbers)."""
    low, high = values[..., 0, :, :], values[..., 1, :, :]
    steps, slack = high - low, _ROUNDING * np.abs(low)
    rises: Mask = np.any(steps > slack, axis=-2)
    falls: Mask = np.any(steps < -slack, axis=-2)
    both = (rises & falls).reshape(-1, rises.shape[-1])
    mixed = np.flatnonzero(both.any(axis=0))
    for choice in itertools.product((False, True), repeat=len(mixed)):
        for corner in (rises.copy(), falls.copy()):
            corner[..., mixed] = choice
            yield corner
