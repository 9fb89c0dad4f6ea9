"""Which operand types a matrix engine multiplies, at what rate and energy, and what it widens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dse.chip import MatrixEngine, Rate
from dse.cost.batch import Array
from dse.dtype import DType
from dse.technology import Silicon

__all__ = ["PairTables", "holds", "mac_energy_j", "pair_tables"]

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

    A pair that the engine does not take as stored is widened on the vector engine. Among equal
    rates the pair that needs no widening wins, then the one of least energy.
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
                    (1.0 / rate.ratio, rate.weights is not weights, mac_j)
                    for rate, mac_j in zip(rates, energies, strict=True)
                    if holds(rate.weights, weights) and holds(rate.activations, activations)
                ),
                default=None,
            )
            if best is not None:
                cycles[weights, activations] = best[0]
                converted[weights, activations] = float(best[1])
                energy[weights, activations] = best[2]
    return PairTables(cycles, energy, converted)
