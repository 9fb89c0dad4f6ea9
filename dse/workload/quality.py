"""`Quality`: what was measured of a model under quantisation, and its perplexity in any format.

Two curves per method, each the ratio of the perplexity to that with 16 bits: over the bits of the
weights, and over the bits of the keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.dtype import DType, Format
from dse.errors import UnitError
from dse.workload.curve import BEST, PLAIN, REFERENCE_BITS, Curve, curve_of
from dse.workload.scenario import Precision

__all__ = [
    "METHODS",
    "Measured",
    "Quality",
    "activation_bits",
    "is_grouped",
    "parse_method",
    "quality_of",
    "stored_bits",
]

Array = npt.NDArray[np.float64]

# Methods, and whether they round after training into plain grids with group scales. `best` is
# the least of those: training again, or books of vectors, ask for more than a format.
METHODS: dict[str, bool] = {
    PLAIN: True,
    "k-quant": True,
    "imatrix": True,
    "i-quant": False,
    "gptq": True,
    "awq": True,
    "omniquant": True,
    "autoround": True,
    "smoothquant": True,
    "quarot": True,
    "spinquant": True,
    "hadamard": True,
    "kivi": True,
    "llm-qat": False,
    "aqlm": False,
    "quip-sharp": False,
}
# Share of a perplexity: a loss that matters, and that a step as large would hide.
_COARSE = 0.01
_FLOATS = [int(dtype) for dtype in DType if dtype.is_float]
_WIDTHS = np.array([dtype.bits for dtype in DType], dtype=np.float64)


def parse_method(text: str) -> str:
    """Read the name of a method, or ``best``.

    Raises
    ------
    UnitError
        If there is none of this name.
    """
    name = text.strip().lower()
    if name != BEST and name not in METHODS:
        known = ", ".join((BEST, *METHODS))
        raise UnitError(f'must be a method of quantisation ({known}), but got "{text}"', "method")
    return name


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a quantised model.

    Parameters
    ----------
    name, method : str
        As the source calls it, and key of `METHODS`.
    weight_bits, activation_bits, kv_bits : float
        Effective bits per weight, bits per activation, bits per key or value.
    metric : str
        What was measured, with its context.
    is_perplexity : bool
        Or else a score of tasks, of which more is better.
    value, reference : float
        The measurement, and that of the same model without this quantisation.
    source, confidence : str
        Who vouches for it, and how far (A, B or C).
    step : float
        Last digit that the source prints; 0 where it prints many.
    is_grouped : bool
        Whether the scales of the weights go by groups, not by whole channels.
    of_kv_alone : bool
        Whether the reference has the same weights, so that only the keys and values differ.
    """

    name: str
    method: str
    weight_bits: float
    activation_bits: float
    kv_bits: float
    metric: str
    is_perplexity: bool
    value: float
    reference: float
    source: str
    confidence: str
    step: float = 0.0
    is_grouped: bool = True
    of_kv_alone: bool = False

    @property
    def ratio(self) -> float:
        """The measurement over its reference."""
        return self.value / self.reference

    @property
    def is_coarse(self) -> bool:
        """Whether the rounding of value and reference leaves more than a percent open."""
        return self.step > _COARSE * self.reference


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of one model.

    Parameters
    ----------
    of : str
        Model that was measured; empty where none was.
    why : str
        Why its rows may stand for another model; empty where they are its own.
    rows : tuple of Measured
        All measurements.
    weights, kv : tuple of Curve
        Ratio of the perplexity over the bits of the weights, with keys and values in 16 bits; and
        over those of the keys and values, with all else as it is.
    """

    of: str = ""
    why: str = ""
    rows: tuple[Measured, ...] = ()
    weights: tuple[Curve, ...] = ()
    kv: tuple[Curve, ...] = ()

    def perplexity_ratio(self, precision: Precision) -> Array:
        """Perplexity over that of the model in 16 bits; NaN where it was not measured.

            r = r_weights(bits) r_kv(bits)                                                    (1)

        Small independent errors add up in the loss, that is, in log r (the expansion to second
        order of Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization",
        ICML 2020, section 3); what was measured together is that measurement. A format without
        groups has the curve of whole channels where there is one at its bits.

        Parameters
        ----------
        precision : Precision
            Formats, whose leaves may be arrays of shape (n,), and the method.

        Returns
        -------
        ndarray
            Shape () or (n,).
        """
        activations = activation_bits(precision.activations)
        weights, kv = stored_bits(precision.weights), stored_bits(precision.kv)
        curves = self.weight_curves(precision.quantisation)
        by_group = _least([c for c in curves if c.is_grouped], activations, weights)
        by_channel = _least([c for c in curves if not c.is_grouped], activations, weights)
        is_own = ~np.isnan(by_channel) & ~is_grouped(precision.weights)
        of_weights = np.where(is_own, by_channel, by_group)
        of_kv = _least(self.kv_curves(precision.quantisation), activations, kv)
        is_whole = (weights >= REFERENCE_BITS) & (activations >= REFERENCE_BITS)
        product: Array = np.where(is_whole, 1.0, of_weights) * np.where(
            kv >= REFERENCE_BITS, 1.0, of_kv
        )
        return product

    def weight_curves(self, method: str) -> tuple[Curve, ...]:
        """Curves of a method over the bits of the weights; of all that count for ``best``.

        Of the coarse ones ``best`` takes none where finer were measured: it would prefer what
        was rounded down.
        """
        return _of_method(self.weights, method)

    def kv_curves(self, method: str) -> tuple[Curve, ...]:
        """Curves of a method over the bits of keys and values.

        Methods that treat weights alone leave the cache to plain rounding.
        """
        return _of_method(self.kv, method) or _of_method(self.kv, PLAIN)


def quality_of(rows: Sequence[Measured], of: str, why: str = "") -> Quality:
    """Draw the curves through what was measured of a model.

    Parameters
    ----------
    rows : sequence of Measured
        Measurements; scores of tasks are kept, and are on no curve.
    of, why : str
        As in `Quality`.
    """
    weights: _Points = {}
    caches: _Points = {}
    for place, row in enumerate(rows):
        if not row.is_perplexity:
            continue
        key = (row.method, row.activation_bits, row.is_grouped, row.is_coarse)
        if row.kv_bits < REFERENCE_BITS:
            ratio = _kv_ratio(row, rows)
            if ratio is not None:
                caches.setdefault((*key[:2], True, key[3]), []).append((row.kv_bits, ratio, place))
        elif row.weight_bits < REFERENCE_BITS:
            weights.setdefault(key, []).append((row.weight_bits, row.ratio, place))
    return Quality(of, why, tuple(rows), _curves(weights), _curves(caches))


# Points by method, bits of the activations, whether they are grouped, and coarse.
_Points = dict[tuple[str, float, bool, bool], list[tuple[float, float, int]]]


def _curves(points: _Points) -> tuple[Curve, ...]:
    return tuple(
        curve_of(method, width, found, is_grouped=grouped, is_coarse=coarse)
        for (method, width, grouped, coarse), found in points.items()
    )


def _kv_ratio(row: Measured, rows: Sequence[Measured]) -> float | None:
    """What narrow keys and values alone did; None where nothing says so."""
    if row.of_kv_alone or min(row.weight_bits, row.activation_bits) >= REFERENCE_BITS:
        return row.ratio
    for other in rows:
        same = (
            (other.metric, other.source, other.method) == (row.metric, row.source, row.method)
            and other.weight_bits == row.weight_bits
            and other.activation_bits == row.activation_bits
        )
        if same and other.kv_bits >= REFERENCE_BITS:
            return row.value / other.value
    return None


def _of_method(curves: tuple[Curve, ...], method: str) -> tuple[Curve, ...]:
    if method != BEST:
        return tuple(curve for curve in curves if curve.method == method)
    able = [curve for curve in curves if METHODS[curve.method]]
    finely = {(c.activation_bits, c.is_grouped) for c in able if not c.is_coarse}
    return tuple(
        c for c in able if not c.is_coarse or (c.activation_bits, c.is_grouped) not in finely
    )


def _least(curves: Sequence[Curve], activations: Array, bits: Array) -> Array:
    """Least ratio of the curves that were measured with these activations and span these bits.

    Where one curve ends and another goes on, the first still bounds the least; below all of them
    and above all of them nothing is known.
    """
    least = np.full(np.broadcast_shapes(np.shape(activations), np.shape(bits)), np.nan)
    for width in sorted({curve.activation_bits for curve in curves}):
        same = [curve for curve in curves if curve.activation_bits == width]
        top = max(curve.bits[-1] for curve in same)
        found = np.fmin.reduce([curve.bound(bits) for curve in same])
        least = np.where((activations == width) & (bits <= top), found, least)
    return least


def activation_bits(stored: Format) -> Array:
    """Bits of the activations, at most 16; NaN for floats that are narrower."""
    return _integers(stored.code, _WIDTHS[np.asarray(stored.code)])


def stored_bits(stored: Format) -> Array:
    """Effective bits of weights, keys or values, at most 16; NaN for floats that are narrower."""
    return _integers(stored.code, stored.bits)


def is_grouped(stored: Format) -> npt.NDArray[np.bool_]:
    """Whether weights have scales by groups: more bits than their elements."""
    grouped: npt.NDArray[np.bool_] = np.asarray(stored.bits) > _WIDTHS[np.asarray(stored.code)]
    return grouped


def _integers(code: npt.ArrayLike, bits: npt.ArrayLike) -> Array:
    wide = np.minimum(np.asarray(bits, dtype=np.float64), REFERENCE_BITS)
    narrow_float = np.isin(code, _FLOATS) & (wide < REFERENCE_BITS)
    return np.where(narrow_float, np.nan, wide)
