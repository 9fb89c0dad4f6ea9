"""Which operand types a matrix engine multiplies, at what rate and energy, and what it widens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dse.chip import MatrixEngine, Rate
from dse.cost.batch import Array
from dse.dtype import DType
from dse.technology import Silicon
from dse.workload import Precision

__all__ = ["PairTables", "holds", "mac_energy_j", "missing_pairs", "pair_tables", "rounds"]

# Significand widths, implicit bit counted (IEEE 754, and OCP FP8 E4M3 and FP4 E2M1).
_SIGNIFICAND_BITS = {DType.FP4: 2, DType.FP8: 4, DType.BF16: 8, DType.FP16: 11, DType.FP32: 24}


def holds(wide: DType, narrow: DType) -> bool:
    """Whether every value of `narrow` is exact in `wide`, up to a scale factor.

    Examples
    --------
    >>> holds(DType.FP16, DType.INT8), holds(DType.INT8, DType.FP8), holds(DType.FP16, DType.BF16)
    (True, False, False)
    """
    if wide is narrow:
        return True
    if not narrow.is_float:
        limit = _SIGNIFICAND_BITS[wide] if wide.is_float else wide.bits
        return narrow.bits <= limit
    if not wide.is_float or wide.bits <= narrow.bits:
        return False
    return wide is not DType.BF16 or narrow is not DType.FP16


def rounds(wide: DType, narrow: DType) -> bool:
    """Whether software runs `narrow` in `wide` all the same, at a loss of digits or range.

    A 16-bit or wider float stands in for any type no wider than itself: FP16 models run in BF16
    where an engine has nothing else, and 16-bit integers in FP16.

    Examples
    --------
    >>> rounds(DType.BF16, DType.FP16), rounds(DType.FP16, DType.FP32)
    (True, False)
    """
    return wide.is_float and wide.bits >= 16 and narrow.bits <= wide.bits


def mac_energy_j(weights: DType, activations: DType, silicon: Silicon) -> float:
    """Energy of one multiply-accumulate of a pair of types at the reference node, J.

    Equal types read the table. Integers of different widths interpolate on the product of the
    widths, E = E0 + E1 w a, through the table's INT4 and INT8 points, since a multiplier's array
    grows with w x a while its accumulator does not. A pair with a float costs what a
    multiply-accumulate of the widest float costs.

    References
    ----------
    Horowitz, ISSCC 2014, figure 1.1.9 (energy of integer and float operations by width).
    """
    table = silicon.mac_energy_j
    if weights is activations:
        return table[weights]
    floats = [dtype for dtype in (weights, activations) if dtype.is_float]
    if floats:
        return table[max(floats, key=lambda dtype: dtype.bits)]
    low, high = table[DType.INT4], table[DType.INT8]
    slope = (high - low) / (64.0 - 16.0)
    return low + slope * (weights.bits * activations.bits - 16.0)


@dataclass(frozen=True, slots=True)
class PairTables:
    """Per pair of stored types, indexed by `[weights code, activations code]`; shape (d, d).

    Parameters
    ----------
    cycles_per_mac : Array
        Inverse rate of the fastest native pair that holds both; infinite if there is none.
    mac_j : Array
        Energy of its multiply-accumulate at the reference node, J; NaN if there is none.
    is_converted : Array
        1 where the weights must be widened first, else 0.
    """

    cycles_per_mac: Array
    mac_j: Array
    is_converted: Array


def pair_tables(engine: MatrixEngine, silicon: Silicon) -> PairTables:
    """Resolve every pair of types on an engine: the native pair of the highest rate that fits.

    A pair that the engine does not take as stored is widened on the vector engine. A pair that
    holds both types exactly goes before one that rounds them; then the highest rate wins, then
    the pair that needs no widening, then the one of least energy.
    """
    energies = tuple(
        mac_energy_j(rate.weights, rate.activations, silicon) for rate in engine.rates
    )
    return _resolve(engine.rates, energies)


@lru_cache(maxsize=256)
def _resolve(rates: tuple[Rate, ...], energies: tuple[float, ...]) -> PairTables:
    size = len(DType)
    cycles = np.full((size, size), np.inf)
    energy = np.full((size, size), np.nan)
    converted = np.ones((size, size))
    for weights in DType:
        for activations in DType:
            best = min(
                (
                    (is_rounded, 1.0 / rate.ratio, rate.weights is not weights, mac_j)
                    for is_rounded, fits in enumerate((holds, rounds))
                    for rate, mac_j in zip(rates, energies, strict=True)
                    if all(
                        holds(wide, narrow) or fits(wide, narrow)
                        for wide, narrow in (
                            (rate.weights, weights),
                            (rate.activations, activations),
                        )
                    )
                ),
                default=None,
            )
            if best is not None:
                _, cycles[weights, activations], is_converted, mac = best
                converted[weights, activations] = float(is_converted)
                energy[weights, activations] = mac
    return PairTables(cycles, energy, converted)


def missing_pairs(engine: MatrixEngine, precision: Precision) -> tuple[tuple[DType, DType], ...]:
    """Pairs of stored and activation types that an engine cannot multiply, even by widening.

    Products of these run on the vector lanes.

    Parameters
    ----------
    engine : MatrixEngine
        One engine.
    precision : Precision
        Formats of one scenario.
    """
    cycles = _resolve(engine.rates, (0.0,) * len(engine.rates)).cycles_per_mac
    activations = DType(precision.activations.code)
    stored = {DType(f.code) for f in (precision.weights, precision.head, precision.kv)}
    pairs = ((dtype, activations) for dtype in sorted(stored))
    return tuple(pair for pair in pairs if np.isinf(cycles[pair]))
