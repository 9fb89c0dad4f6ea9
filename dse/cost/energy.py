"""Energy per event, and power by the clock: from design choices to coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from dse.chip import Chip, ComputeUnit
from dse.cost.area import AreaParts
from dse.cost.batch import Array
from dse.technology import ActiveEnergy, Silicon

__all__ = ["common_w", "energy_coefficients", "lane_energy_j"]

_NOTHING = ActiveEnergy(0.0, 0.0)
# Mean distance of two points of a square along its sides, over the side.
_MEAN_WAY = 2.0 / 3.0
# Segments whose clocks stop between kernels: what runs from a battery races to idle.
_GATED = ("phone", "laptop")


def lane_energy_j(unit: ComputeUnit, silicon: Silicon) -> float:
    """One lane operation with its issue, at the reference node and voltage, J."""
    return silicon.lane_energy_j + silicon.active.get(unit.kind, _NOTHING).issue_j


def energy_coefficients(
    chip: Chip,
    unit: ComputeUnit,
    silicon: Silicon,
    areas: tuple[AreaParts, Array],
    volts: Array,
) -> dict[str, Any]:
    """Energy per event, static power, and the power of a running unit.

    A byte between SRAM and engines pays the array's access and a wire half as long as the side
    of one core's engines; a byte from the cache, its access and, on a GPU, whose cores lie all
    over the die, the mean way across it. The unit is one voltage domain: its dynamic energy
    follows V^2 and its leakage a higher power, V from the clock; cache, network, DRAM and the
    rest keep their own supply. Clocks of what runs from a battery stop between kernels (e_idle
    is 0 there).

        P_active = count (lanes e_lane + cells e_cell) f x node_logic V^2                     (1)
        P_static = leakage + DRAM background + idle + count lanes e_idle f x node_logic V^2   (2)

    Parameters
    ----------
    chip, unit, silicon
        As for `dse.cost.derive`.
    areas : tuple
        Parts of the die, and the whole of it, mm2.
    volts : Array
        Voltage of the unit over the reference.

    References
    ----------
    (1, 2) Constant, static and idle-core power beside that of operations: Kandiah et al.,
    "AccelWattch: a power modeling framework for modern GPUs", MICRO 2021.
    """
    node, (parts, area) = chip.node, areas
    logic = node.logic_energy * volts**2
    wire = silicon.wire_j_per_bit_mm * 8.0
    side_mm = np.sqrt(parts.logic / unit.count)
    near = wire * 0.5 * side_mm * logic
    read = silicon.sram.read_j_per_byte(unit.sram.capacity_bytes) * node.sram_energy * volts**2
    cached = silicon.sram.read_j_per_byte(chip.cache.capacity_bytes) * node.sram_energy
    if unit.kind == "gpu":  # elsewhere the fabric in the energy of a DRAM byte is the way
        cached = cached + wire * _MEAN_WAY * np.sqrt(area) * node.logic_energy
    has_cache = np.asarray(chip.cache.capacity_bytes) > 0.0
    law = silicon.active.get(unit.kind, _NOTHING)
    hertz = unit.count * unit.clock_hz * logic
    cells = unit.matrix.rows * unit.matrix.cols * unit.matrix.depth
    waiting_j = 0.0 if chip.segment in _GATED else law.idle_j
    idle = unit.vector.lanes * waiting_j * hertz
    return {
        "lane_j": _array(lane_energy_j(unit, silicon) * logic),
        "sram_read_j": _array(read + near),
        "sram_write_j": _array(read * silicon.sram.write_factor + near),
        "cache_j": _array(np.where(has_cache, cached, 0.0)),
        "dram_j": _array(8.0 * chip.dram.type.energy_j_per_bit),
        "static_w": _array(_static_w(chip, unit, silicon, parts, volts) + idle),
        "active_w": _array((unit.vector.lanes * law.lane_j + cells * law.cell_j) * hertz),
    }


def _static_w(
    chip: Chip, unit: ComputeUnit, silicon: Silicon, parts: AreaParts, volts: Array
) -> Array:
    """Leakage of unit and cache, DRAM background, and the idle power of all the rest, W."""
    node = chip.node
    own = parts.logic * node.logic_leakage_w_per_mm2
    own = own + unit.sram.capacity_bytes * unit.count * node.sram_leakage_w_per_byte
    return np.asarray(own * volts**silicon.voltage.leakage_exponent + common_w(chip))


def common_w(chip: Chip) -> Array:
    """Leakage of the cache, DRAM background, and idle power: whichever unit runs, W."""
    cache = chip.cache.capacity_bytes * chip.node.sram_leakage_w_per_byte
    background = chip.dram.capacity_bytes * chip.dram.type.background_w_per_byte
    return np.asarray(cache + background + chip.power.idle_w)


def _array(value: Any) -> Array:
    return np.atleast_1d(np.asarray(value, dtype=np.float64))
