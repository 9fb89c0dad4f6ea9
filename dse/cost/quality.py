"""The quality of a model in the scenario's formats: one column, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dse.cost.metric import METRICS, TEXT_METRICS, Metric
from dse.cost.results import Results
from dse.workload import (
    REFERENCE_BITS,
    Curve,
    Measured,
    Model,
    Network,
    Precision,
    Quality,
    activation_bits,
    is_grouped,
    stored_bits,
)

__all__ = ["QUALITY_KINDS", "QualityReport", "metrics_of", "quality_report", "with_quality"]

# What a ratio is: the reference itself, a row of the source, a product of two effects that were
# measured apart, between two rows, a row with fewer bits, or nothing.
QUALITY_KINDS = (
    "reference",
    "measured",
    "combined",
    "interpolated",
    "bounded",
    "not measured",
)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What one perplexity ratio rests on.

    Parameters
    ----------
    ratio : float
        Perplexity over that in 16 bits; NaN where it was not measured.
    kind : str
        One of `QUALITY_KINDS`.
    of, why : str
        Model that was measured, and why it may stand for this one; empty where it is this one.
    rows : tuple of Measured
        The measurements behind it, those of the weights first.
    """

    ratio: float
    kind: str
    of: str = ""
    why: str = ""
    rows: tuple[Measured, ...] = ()


def metrics_of(models: Iterable[Model]) -> tuple[Metric, ...]:
    """Metrics that models have: also those of quality where one of them was looked up."""
    return TEXT_METRICS if any(model.quality is not None for model in models) else METRICS


def with_quality(results: Results, model: Model, precision: Precision) -> Results:
    """Add the column of the quality to the metrics, where the model's was looked up."""
    if model.quality is None:
        return results
    ratio = model.quality.perplexity_ratio(precision)
    shape = np.broadcast_shapes(ratio.shape, *(np.shape(v) for v in results.columns.values()))
    column = np.ascontiguousarray(np.broadcast_to(ratio, shape))
    return Results({**results.columns, "perplexity_ratio": column})


def quality_report(model: Model | Network, precision: Precision) -> QualityReport | None:
    """Say what the quality of one scenario rests on.

    Parameters
    ----------
    model : Model or Network
        The model.
    precision : Precision
        Formats of one design.

    Returns
    -------
    QualityReport or None
        None for a network of layers, and where the quality was not looked up.
    """
    if isinstance(model, Network) or model.quality is None:
        return None
    quality = model.quality
    ratio = float(quality.perplexity_ratio(precision))
    if math.isnan(ratio):
        return QualityReport(ratio, "not measured", quality.of, quality.why)
    factors = _factors(quality, precision)
    rows = tuple(quality.rows[place] for curve, bits in factors for place in curve.around(bits))
    together = _measured_together(rows, ratio)
    if together is not None:
        return QualityReport(ratio, "measured", quality.of, quality.why, (together,))
    kind = max((_kind(*each) for each in factors), key=QUALITY_KINDS.index, default="reference")
    if kind == "measured" and len(factors) > 1:
        kind = "combined"
    if kind == "reference":
        return QualityReport(ratio, kind)
    return QualityReport(ratio, kind, quality.of, quality.why, tuple(dict.fromkeys(rows)))


def _factors(quality: Quality, precision: Precision) -> list[tuple[Curve, float]]:
    """Curve and bits behind each factor that is not one by definition."""
    method, activations = precision.quantisation, float(activation_bits(precision.activations))
    weights, kv = float(stored_bits(precision.weights)), float(stored_bits(precision.kv))
    factors = []
    if min(weights, activations) < REFERENCE_BITS:
        same = _of_width(quality.weight_curves(method), activations)
        channels = [curve for curve in same if not curve.is_grouped]
        by_group = bool(is_grouped(precision.weights)) or not _reaches(channels, weights)
        among = [curve for curve in same if curve.is_grouped] if by_group else channels
        factors.append((_best(among, weights), weights))
    if kv < REFERENCE_BITS:
        factors.append((_best(_of_width(quality.kv_curves(method), activations), kv), kv))
    return factors


def _of_width(curves: Sequence[Curve], activations: float) -> list[Curve]:
    return [curve for curve in curves if curve.activation_bits == activations]


def _reaches(curves: Sequence[Curve], bits: float) -> bool:
    return any(c.bits[0] <= bits for c in curves) and any(bits <= c.bits[-1] for c in curves)


def _best(curves: Sequence[Curve], bits: float) -> Curve:
    return min(curves, key=lambda curve: _rank(curve, bits))


def _rank(curve: Curve, bits: float) -> float:
    ratio = float(curve.bound(bits))
    return math.inf if math.isnan(ratio) else ratio


def _kind(curve: Curve, bits: float) -> str:
    if bits > curve.bits[-1]:
        return "bounded"
    return "measured" if bits in curve.bits else "interpolated"


def _measured_together(rows: tuple[Measured, ...], ratio: float) -> Measured | None:
    """Row of weights, activations and cache together that the product of the factors is."""
    if len(rows) != 2 or rows[1].kv_bits >= REFERENCE_BITS:
        return None
    joint = rows[1]
    of_same = joint.method == rows[0].method and joint.weight_bits == rows[0].weight_bits
    return joint if of_same and math.isclose(joint.ratio, ratio, rel_tol=1e-9) else None
