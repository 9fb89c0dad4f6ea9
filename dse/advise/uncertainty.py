"""What the ranges of technology numbers leave of a prediction: bounds, percentiles and causes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import ChipBatch, Stack, derive, evaluate_batch, evaluate_pipeline
from dse.spec.ranges import Range
from dse.technology import Silicon
from dse.workload import Model, Network, Scenario, unroll, unroll_network

__all__ = ["PERCENTILES", "Cause", "Spread", "find_uncertainty"]

Array = npt.NDArray[np.float64]
Subject: TypeAlias = tuple[Chip, Model | Network, Scenario, str | None, Stack | None]

PERCENTILES = (5.0, 50.0, 95.0)
# Metrics that never improve when a coefficient gets worse.
_MONOTONE = (
    *("ttft_s", "tpot_s", "prefill_tok_s", "decode_tok_s", "e2e_latency_s", "image_s"),
    *("prefill_energy_j", "energy_per_token_j", "e2e_energy_j", "image_energy_j"),
    *("npu_area_mm2", "area_mm2", "cost_usd"),
)
# Powers are energies over times, which get better together.
_POWERS = {
    "prefill_power_w": "ttft_s",
    "decode_power_w": "tpot_s",
    "image_power_w": "image_s",
}
# Coefficients without a sense of their own that the kernel takes as inverse bandwidths.
_SENSES = {"dram_streamed_s_per_byte": -1, "dram_limit_s_per_byte": -1}
# Corners of the ranges from which each number is moved to see which way a coefficient goes.
_CORNERS = 48
_ROUNDING = 1e-12
# Causes that are named.
_NAMED = 3
# Divided, so that its range is that of the voltages over it.
_INVERSE = "silicon.voltage.reference_v"


@dataclass(frozen=True, slots=True)
class Cause:
    """What one number does to a metric: the metric with the number at either end of its range."""

    name: str
    low: float
    high: float

    @property
    def weight(self) -> float:
        """Logarithm of the ratio of both, without its sign."""
        return abs(math.log(self.high / self.low)) if min(self.low, self.high) > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of one metric.

    Parameters
    ----------
    name : str
        Metric.
    value : float
        At the numbers as stated.
    low, high : float
        Bounds: no choice of numbers within their ranges goes beyond.
    percentiles : tuple of float
        At `PERCENTILES` of the draws.
    causes : tuple of Cause
        The numbers that move it most, each alone, the most important one first.
    """

    name: str
    value: float
    low: float
    high: float
    percentiles: tuple[float, ...]
    causes: tuple[Cause, ...]


def find_uncertainty(
    subject: Subject,
    silicon: Silicon,
    ranges: Sequence[Range],
    *,
    draws: int = 1024,
    seed: int = 0,
) -> tuple[tuple[Spread, ...], dict[str, Array]]:
    """Bounds, percentiles and main causes of each metric of one chip.

    Parameters
    ----------
    subject : tuple
        Chip, model, scenario, unit (one of them) and stack, as for `dse.cost.evaluate`.
    silicon : Silicon
        Constants of the reference node.
    ranges : sequence of Range
        Of the numbers that are uncertain; independent, each uniform within its range.
    draws, seed : int
        Of the Monte Carlo.

    Returns
    -------
    tuple of Spread
        By metric.
    dict of str to ndarray
        Metrics of the draws.

    Notes
    -----
    A coefficient is monotone in each number while the others stand still, and the metrics are
    monotone in each coefficient: the worst of a metric is at most the metric of the worst
    coefficients, each at the corner of the ranges that is worst for it. One evaluation of these
    bounds everything; it is reached where no number helps one coefficient and harms another.
    """
    size, (low, high) = len(ranges), _reach(ranges)
    alone = np.ones((2, size, size))
    alone[0, np.arange(size), np.arange(size)] = low
    alone[1, np.arange(size), np.arange(size)] = high
    drawn = np.random.default_rng(seed).uniform(low, high, (draws, size))
    factors = np.concatenate([np.ones((1, size)), *alone, drawn])
    found = _metrics(subject, _derive(subject, silicon, ranges, factors))
    columns = {name: np.broadcast_to(values, len(factors)) for name, values in found.items()}
    ends = _metrics(subject, _ends(subject, silicon, ranges))
    spreads = tuple(
        _spread(name, columns[name], _bounds(name, ends), ranges)
        for name in (*_MONOTONE, *_POWERS)
        if name in columns
    )
    return spreads, {name: values[1 + 2 * size :] for name, values in columns.items()}


def _spread(
    name: str, values: Array, bounds: tuple[float, float], ranges: Sequence[Range]
) -> Spread:
    """What the values of a metric say: as stated, with each number at its ends, and drawn."""
    size = len(ranges)
    low, high, drawn = np.split(values[1:], [size, 2 * size])
    causes = [Cause(r.name, float(a), float(b)) for r, a, b in zip(ranges, low, high, strict=True)]
    felt = sorted((c for c in causes if c.weight > _ROUNDING), key=lambda c: -c.weight)
    percentiles = tuple(float(value) for value in np.percentile(drawn, PERCENTILES))
    return Spread(name, float(values[0]), *bounds, percentiles, tuple(felt[:_NAMED]))


def _bounds(name: str, ends: Mapping[str, Array]) -> tuple[float, float]:
    """Least and largest value of a metric from those of the best and the worst coefficients.

    P_low = P_best t_best / t_worst, P_high = P_worst t_worst / t_best                        (1)
    """
    best, worst = (float(value) for value in np.broadcast_to(ends[name], 2))
    if name in _POWERS:
        quick, slow = (float(value) for value in np.broadcast_to(ends[_POWERS[name]], 2))
        best, worst = best * quick / slow, worst * slow / quick
    return min(best, worst), max(best, worst)


def _derive(
    subject: Subject, silicon: Silicon, ranges: Sequence[Range], factors: Array
) -> ChipBatch:
    """Coefficients with the numbers scaled by factors, shape (n, numbers)."""
    chip, model, scenario, unit, stack = subject
    roots: dict[str, Any] = {"chip": chip, "silicon": silicon}
    mac = np.ones(len(factors))
    for number, column in zip(ranges, factors.T, strict=True):
        path = number.leaf.removeprefix("silicon.")
        root = "chip" if path == number.leaf else "silicon"
        if path == "mac_energy_j":
            mac = column
            continue
        factor = 1.0 / column if number.leaf == _INVERSE else column
        roots[root] = _scaled(roots[root], path.split("."), factor)
    asked = model.asked(scenario) if isinstance(model, Network) else scenario
    batch = derive(roots["chip"], asked.precision, roots["silicon"], unit, stack)
    # By hand, for pairs of types are resolved, and kept, by the energies as they are written.
    plain = derive(roots["chip"], asked.precision, _without_macs(roots["silicon"]), unit, stack)
    operands = tuple(
        dataclasses.replace(one, mac_j=none.mac_j + (one.mac_j - none.mac_j) * mac)
        for one, none in zip(batch.operands, plain.operands, strict=True)
    )
    return dataclasses.replace(batch, operands=operands)


def _without_macs(silicon: Silicon) -> Silicon:
    """Silicon whose matrix engines take no energy, so that what the lanes take stands alone."""
    return dataclasses.replace(silicon, mac_energy_j=dict.fromkeys(silicon.mac_energy_j, 0.0))


def _scaled(owner: Any, path: list[str], factor: Array) -> Any:
    """Copy with the number at a path scaled; of a table, all of its numbers."""
    if not path:
        if isinstance(owner, Mapping):
            return {key: value * factor for key, value in owner.items()}
        return owner * factor
    head, *rest = path
    if isinstance(owner, Mapping):
        return {k: _scaled(v, rest, factor) if k == head else v for k, v in owner.items()}
    return dataclasses.replace(owner, **{head: _scaled(getattr(owner, head), rest, factor)})


def _metrics(subject: Subject, batch: ChipBatch) -> dict[str, Array]:
    _, model, scenario, *_ = subject
    if isinstance(model, Network):
        return dict(evaluate_pipeline(batch, unroll_network(model, scenario)).columns)
    return dict(evaluate_batch(batch, unroll(model, scenario)).columns)


def _ends(subject: Subject, silicon: Silicon, ranges: Sequence[Range]) -> ChipBatch:
    """Best and worst coefficients that the ranges allow: a batch of two."""
    low, high = _reach(ranges)
    nominal = _derive(subject, silicon, ranges, np.ones((1, len(ranges))))
    senses = _senses(nominal)
    rows = _extreme_corners(subject, silicon, ranges, tuple(senses))
    batch = _derive(subject, silicon, ranges, np.where(rows, high, low))
    extremes = {}
    for path, sense in senses.items():
        values = _value(batch, path)
        least, most = float(np.min(values)), float(np.max(values))
        extremes[path] = np.array([most, least] if sense > 0 else [least, most])
    return _with(nominal, extremes)


def _reach(ranges: Sequence[Range]) -> tuple[Array, Array]:
    low, high = (np.array([getattr(r, end) for r in ranges]) for end in ("low", "high"))
    return low, high


def _extreme_corners(
    subject: Subject, silicon: Silicon, ranges: Sequence[Range], paths: Sequence[str]
) -> npt.NDArray[np.bool_]:
    """Corners of the ranges, rows of True for the high end, with both extremes of every path.

    Each number is moved from end to end at many corners; where a coefficient goes up at some and
    down at others, both ends are tried with all others'.
    """
    size = len(ranges)
    low, high = _reach(ranges)
    rng = np.random.default_rng(0)
    base = np.repeat(rng.integers(0, 2, (_CORNERS, 1, size)), size, axis=1).astype(np.bool_)
    both = np.stack([base, base])
    both[0, :, np.arange(size), np.arange(size)] = False
    both[1, :, np.arange(size), np.arange(size)] = True
    factors = np.where(both.reshape(-1, size), high, low)
    batch = _derive(subject, silicon, ranges, factors)
    rows: list[tuple[bool, ...]] = []
    for path in paths:
        values = np.broadcast_to(_value(batch, path), len(factors)).reshape(2, _CORNERS, size)
        steps, slack = values[1] - values[0], _ROUNDING * np.abs(values[0])
        rises, falls = (steps > slack).any(axis=0), (steps < -slack).any(axis=0)
        mixed = np.flatnonzero(rises & falls)
        for choice in itertools.product((False, True), repeat=len(mixed)):
            for corner in (rises.copy(), falls.copy()):
                corner[mixed] = choice
                rows.append(tuple(corner))
    return np.array(sorted(set(rows)), dtype=np.bool_)


def _senses(batch: ChipBatch) -> dict[str, int]:
    """Sense of every coefficient that has one, by its path."""
    own = {
        field.name: _SENSES.get(field.name, field.metadata["sense"])
        for field in dataclasses.fields(batch)
        if "sense" in field.metadata
    }
    own |= {
        f"{place}.{field.name}": field.metadata["sense"]
        for place, operand in enumerate(batch.operands)
        for field in dataclasses.fields(operand)
    }
    return {path: sense for path, sense in own.items() if sense}


def _value(batch: ChipBatch, path: str) -> Array:
    place, _, name = path.rpartition(".")
    owner: Any = batch.operands[int(place)] if place else batch
    value: Array = getattr(owner, name)
    return value


def _with(batch: ChipBatch, values: Mapping[str, Array]) -> ChipBatch:
    """Batch with these values in the place of its own."""
    operands = list(batch.operands)
    own = {}
    for path, value in values.items():
        place, _, name = path.rpartition(".")
        if place:
            changed: Any = {name: value}
            operands[int(place)] = dataclasses.replace(operands[int(place)], **changed)
        else:
            own[name] = value
    return dataclasses.replace(batch, operands=tuple(operands), **own)  # type: ignore[arg-type]
