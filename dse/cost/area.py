"""Die area and its parts, and the die edge that the DRAM interface takes."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from dse.chip import Chip, ComputeUnit
from dse.cost.batch import Array
from dse.dtype import DType
from dse.technology import Silicon

__all__ = ["AreaParts", "area_parts", "edge_fraction", "open_die"]


@dataclass(frozen=True, slots=True)
class AreaParts:
    """Areas in mm2, each of shape (n,) or broadcastable to it.

    Parameters
    ----------
    logic : Array
        Matrix cells and vector lanes of the unit, with their overhead.
    sram : Array
        Local SRAM of the unit.
    cache : Array
        Shared cache.
    interface : Array
        DRAM PHY and controller.
    other_units : Array
        The chip's other described units.
    other : Array
        What the description leaves out.
    """

    logic: Array
    sram: Array
    cache: Array
    interface: Array
    other_units: Array
    other: Array

    @property
    def unit(self) -> Array:
        """The unit that runs the model, mm2."""
        return self.logic + self.sram

    @property
    def total(self) -> Array:
        """Sum of the parts, mm2."""
        return self.unit + self.cache + self.interface + self.other_units + self.other


def _cell_mm2(unit: ComputeUnit, silicon: Silicon) -> Array:
    """Area of one matrix cell: the dearest, over its native pairs, of rate x area of the type.

    A pair at half rate shares two cells between one product, so it needs half a cell of its wider
    type each; the cell is as large as its most demanding pair.
    """

    def need(weights: DType, activations: DType, ratio: float) -> Array:
        table = silicon.mac_area_mm2
        return np.asarray(ratio * np.maximum(table[weights], table[activations]))

    needs = (need(r.weights, r.activations, r.ratio) for r in unit.matrix.rates)
    return functools.reduce(np.maximum, needs)


def _unit_mm2(unit: ComputeUnit, chip: Chip, silicon: Silicon) -> tuple[Array, Array]:
    cells = unit.count * unit.matrix.rows * unit.matrix.cols * unit.matrix.depth
    lanes = unit.count * unit.vector.lanes
    engines = cells * _cell_mm2(unit, silicon) + lanes * silicon.lane_area_mm2
    logic = engines * chip.node.logic_area * (1.0 + silicon.overhead_fraction)
    banks = silicon.bank.area_factor(unit.sram.capacity_bytes, unit.sram.bytes_per_cycle)
    sram = unit.count * unit.sram.capacity_bytes * silicon.scratchpad_mm2_per_byte * banks
    return np.asarray(logic), np.asarray(sram * chip.node.sram_area)


def area_parts(chip: Chip, unit: ComputeUnit, silicon: Silicon) -> AreaParts:
    """Area of every described part.

    logic = node_logic (1 + overhead) count (cells A_mac + lanes A_lane)                      (1)
    sram  = node_sram count capacity A_scratchpad x bank factor;  cache with tags             (2)
    interface = bus width x A_phy: analogue, does not shrink with the node                    (3)

    Parameters
    ----------
    chip : Chip
        One chip, or n of them.
    unit : ComputeUnit
        The unit that runs the model.
    silicon : Silicon
        Reference areas.

    Returns
    -------
    AreaParts
        mm2.
    """
    logic, sram = _unit_mm2(unit, chip, silicon)
    others = [sum(_unit_mm2(u, chip, silicon)) for u in chip.units if u.name != unit.name]
    cache = chip.cache.capacity_bytes * silicon.cache_mm2_per_byte * chip.node.sram_area
    interface = chip.dram.bus_width_bits * chip.dram.type.phy_area_mm2_per_bit
    return AreaParts(
        logic=logic,
        sram=sram,
        cache=np.asarray(cache),
        interface=np.asarray(interface),
        other_units=np.asarray(sum(others)) if others else np.zeros(1),
        other=np.asarray(chip.area.other_mm2 * silicon.other_area_factor(chip.node)),
    )


def open_die(chip: Chip, unit: ComputeUnit, silicon: Silicon) -> Chip:
    """Replace a published die area by parts, so that a changed part changes the die.

    What the parts do not explain becomes `other`; a model larger than the published die leaves
    `other` as it was.
    """
    if chip.area.die_mm2 is None:
        return chip
    parts = area_parts(chip, unit, silicon)
    rest = (chip.area.die_mm2 - parts.total + parts.other) / silicon.other_area_factor(chip.node)
    other = float(np.max(np.maximum(rest, chip.area.other_mm2)))
    return dataclasses.replace(
        chip, area=dataclasses.replace(chip.area, other_mm2=other, die_mm2=None)
    )


def edge_fraction(chip: Chip, area_mm2: Array) -> Array:
    """Share of a square die's perimeter that the DRAM PHY occupies: above 1 it cannot be built."""
    edge = chip.dram.bus_width_bits * chip.dram.type.edge_mm_per_bit
    share: Array = edge / (4.0 * np.sqrt(area_mm2))
    return share
