"""What a chip and its memory cost to buy in volume."""

from __future__ import annotations

import math

import numpy as np

from dse.chip import Chip
from dse.cost.batch import Array
from dse.technology import Silicon

__all__ = ["chip_usd", "die_usd", "dies_per_wafer", "yield_fraction"]


def dies_per_wafer(area_mm2: Array, diameter_mm: float) -> Array:
    """Whole dies on a round wafer.

    N = pi (d/2)^2 / A - pi d / sqrt(2 A)                                                     (1)

    References
    ----------
    (1) de Vries, IEEE Trans. Semiconductor Manufacturing 18(1), 2005, equation 2.

    Examples
    --------
    >>> float(dies_per_wafer(np.array(120.0), 300.0))
    528.2...
    """
    area = np.asarray(area_mm2, dtype=np.float64)
    dies = math.pi * (diameter_mm / 2.0) ** 2 / area - math.pi * diameter_mm / np.sqrt(2.0 * area)
    result: Array = np.maximum(dies, 1e-9)
    return result


def yield_fraction(area_mm2: Array, defects_per_mm2: Array | float, alpha: float) -> Array:
    """Negative-binomial yield, (1 + A D0 / alpha)^-alpha.

    References
    ----------
    Stapper, IBM J. Res. Dev. 27(6), 1983.
    """
    result: Array = (1.0 + np.asarray(area_mm2) * defects_per_mm2 / alpha) ** -alpha
    return result


def die_usd(chip: Chip, area_mm2: Array, silicon: Silicon) -> Array:
    """Price of one good die: wafer price over good dies per wafer, USD."""
    dies = dies_per_wafer(area_mm2, silicon.wafer_diameter_mm)
    good = dies * yield_fraction(area_mm2, chip.node.defects_per_mm2, silicon.yield_alpha)
    result: Array = chip.node.wafer_usd / good
    return result


def chip_usd(chip: Chip, area_mm2: Array, silicon: Silicon) -> Array:
    """Die, package with its pins, and DRAM, USD; test, margin and royalties are left out."""
    pins = chip.dram.bus_width_bits * silicon.pins_per_dram_bit * silicon.pin_usd
    dram = chip.dram.capacity_bytes * chip.dram.type.usd_per_byte
    total: Array = die_usd(chip, area_mm2, silicon) + silicon.package_usd + pins + dram
    return total
