"""What logic, SRAM, wires, wafers and packages cost at the reference node (N4 class)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.dtype import DType
from dse.technology.node import Node

__all__ = ["Silicon", "SramLaw"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SramLaw:
    """Energy of one SRAM byte against the capacity of its macro: two power laws and a floor.

    Parameters
    ----------
    knee_bytes : float
        Capacity where the small-array law hands over to the large-array law, B.
    knee_j_per_byte : float
        Read energy at the knee, J/B.
    exponent_above, exponent_below : float
        Power of capacity above and below the knee.
    floor_j_per_byte : float
        Energy of the smallest arrays, J/B.
    write_factor : float
        Energy of a write over that of a read.
    """

    knee_bytes: float
    knee_j_per_byte: float
    exponent_above: float
    exponent_below: float
    floor_j_per_byte: float
    write_factor: float

    def read_j_per_byte(self, capacity_bytes: npt.ArrayLike) -> Array:
        """Read energy of an array of the given capacity.

        E(C) = max(E_floor, E_knee (C / C_knee)^p),  p = p_above if C >= C_knee else p_below   (1)

        Parameters
        ----------
        capacity_bytes : array_like
            Capacity of one array, B, any shape, >= 0.

        Returns
        -------
        ndarray
            J/B at the reference node, same shape.

        References
        ----------
        (1) Power-law fit to N7 points of Jouppi et al., ISCA 2021, table 2 (1 MB) and of the
        published TPUv4i model (4 and 128 MB), scaled to N4; CACTI 7 at 22 nm shows the same
        exponent of 0.55 to 0.60.

        Examples
        --------
        >>> law = SramLaw(4 * 2**20, 1.6e-12, 0.58, 0.10, 0.6e-12, 1.2)
        >>> float(law.read_j_per_byte(4 * 2**20)) * 1e12
        1.6
        """
        ratio = np.asarray(capacity_bytes, dtype=np.float64) / self.knee_bytes
        exponent = np.where(ratio >= 1.0, self.exponent_above, self.exponent_below)
        return np.maximum(self.floor_j_per_byte, self.knee_j_per_byte * ratio**exponent)


@dataclass(frozen=True, slots=True)
class Silicon:
    """Constants of the reference node, as read from ``hw_configs/technology/silicon.yaml``.

    Parameters
    ----------
    mac_energy_j : mapping of DType to float
        One multiply-accumulate in an array, operand and accumulator registers included, J.
    mac_area_mm2 : mapping of DType to float
        One multiply-accumulate cell with its registers, mm2.
    lane_energy_j : float
        One vector-lane operation (an FMA with its register traffic), J.
    lane_area_mm2 : float
        One vector lane, mm2.
    sram : SramLaw
        Energy of SRAM.
    scratchpad_mm2_per_byte, cache_mm2_per_byte : float
        Achieved area of local SRAM, and of a cache with tags, mm2/B.
    wire_j_per_bit_mm : float
        On-chip wire, J per bit and mm.
    overhead_fraction : float
        Control, interconnect and clocking over the engines' own area; ratio.
    die_logic_share, die_sram_share : float
        Shares of logic and SRAM in die area that no part describes, at the reference node; the
        rest is analogue and does not shrink.
    wafer_diameter_mm : float
        Wafer diameter, mm.
    yield_alpha : float
        Clustering parameter of the negative-binomial yield.
    package_usd, pin_usd, pins_per_dram_bit : float
        Base price of a package, USD; price of a pin, USD; pins per bit of DRAM bus.
    """

    mac_energy_j: Mapping[DType, float]
    mac_area_mm2: Mapping[DType, float]
    lane_energy_j: float
    lane_area_mm2: float
    sram: SramLaw
    scratchpad_mm2_per_byte: float
    cache_mm2_per_byte: float
    wire_j_per_bit_mm: float
    overhead_fraction: float
    die_logic_share: float
    die_sram_share: float
    wafer_diameter_mm: float
    yield_alpha: float
    package_usd: float
    pin_usd: float
    pins_per_dram_bit: float

    def other_area_factor(self, node: Node) -> float:
        """Area of undescribed blocks on a node over their area on the reference node.

        s_logic node_logic + s_sram node_sram + (1 - s_logic - s_sram)

        A mix of half logic, 30 % SRAM and 20 % analogue is the one with which foundries state
        the density of a whole chip: it turns N3E's 1.6-fold logic into a 1.3-fold chip.
        """
        shrinking = self.die_logic_share * node.logic_area + self.die_sram_share * node.sram_area
        return shrinking + (1.0 - self.die_logic_share - self.die_sram_share)
