"""What the ranges of estimated numbers leave of a prediction: bounds, percentiles and causes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dse.advise.draws import Machine, draw_factors, each_alone
from dse.advise.extremes import bounds, extreme_coefficients
from dse.chip import Chip
from dse.cost import ChipBatch, Stack, evaluate_batch, evaluate_pipeline
from dse.spec.ranges import Range
from dse.technology import Silicon
from dse.workload import Model, Network, Scenario, unroll, unroll_network

__all__ = ["PERCENTILES", "Cause", "Spread", "find_uncertainty"]

Array = npt.NDArray[np.float64]
Subject: TypeAlias = tuple[Chip, Model | Network, Scenario, str | None, Stack | None]

PERCENTILES = (5.0, 50.0, 95.0)
# Metrics that are shown: none improves when a coefficient gets worse, but the powers.
_SHOWN = (
    *("ttft_s", "tpot_s", "prefill_tok_s", "decode_tok_s", "e2e_latency_s", "image_s"),
    *("prefill_energy_j", "energy_per_token_j", "e2e_energy_j", "image_energy_j"),
    *("npu_area_mm2", "area_mm2", "cost_usd"),
    *("prefill_power_w", "decode_power_w", "image_power_w"),
)
_ROUNDING = 1e-12
# Causes that are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """What one number does to a metric: the metric with the number at either end of its range.

    Parameters
    ----------
    number : Range
        The number.
    low, high : float
        The metric.
    """

    number: Range
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
    The bounds are those of `extreme_coefficients`, the draws those of `draw_factors`.
    """
    chip, model, scenario, unit, stack = subject
    asked = model.asked(scenario) if isinstance(model, Network) else scenario
    machine = Machine(chip, asked.precision, silicon, unit, stack)
    alone = each_alone(ranges)
    factors = np.concatenate([alone, draw_factors(ranges, draws, seed)])
    found = _metrics(subject, machine.scaled(ranges, factors))
    columns = {name: np.broadcast_to(values, len(factors)) for name, values in found.items()}
    ends = _metrics(subject, extreme_coefficients(machine, ranges))
    spreads = tuple(
        _spread(name, columns[name], bounds(name, ends), ranges)
        for name in _SHOWN
        if name in columns
    )
    return spreads, {name: values[len(alone) :] for name, values in columns.items()}


def _spread(
    name: str, values: Array, ends: tuple[Array, Array], ranges: Sequence[Range]
) -> Spread:
    """What the values of a metric say: as stated, with each number at its ends, and drawn."""
    size, (least, most) = len(ranges), ends
    low, high, drawn = np.split(values[1:], [size, 2 * size])
    causes = [Cause(r, float(a), float(b)) for r, a, b in zip(ranges, low, high, strict=True)]
    felt = sorted((c for c in causes if c.weight > _ROUNDING), key=lambda c: -c.weight)
    percentiles = tuple(float(value) for value in np.percentile(drawn, PERCENTILES))
    named = tuple(felt[:_NAMED])
    return Spread(name, float(values[0]), float(least), float(most), percentiles, named)


def _metrics(subject: Subject, batch: ChipBatch) -> dict[str, Array]:
    _, model, scenario, *_ = subject
    if isinstance(model, Network):
        return dict(evaluate_pipeline(batch, unroll_network(model, scenario)).columns)
    return dict(evaluate_batch(batch, unroll(model, scenario)).columns)
