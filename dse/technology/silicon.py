"""What logic, SRAM, wires, wafers and packages cost at the reference node (N4 class)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dse.dtype import DType
from dse.technology.node import Node

__all__ = ["ActiveEnergy", "BankLaw", "Silicon", "SramLaw", "VoltageLaw"]

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
class VoltageLaw:
    """Supply voltage against clock, and what leaks at it.

    Parameters
    ----------
    reference_v : float
        Voltage at which the energies of `Silicon` hold, V.
    clock_fractions, volts : tuple of float
        Rising points of clock over the maximum clock, and the voltage each needs, V; flat below
        the first.
    leakage_exponent : float
        Power of voltage that leakage power follows.
    supply_v : mapping of str to float
        Usual voltage at the published clock by market segment, V; the reference elsewhere.
    """

    reference_v: float
    clock_fractions: tuple[float, ...]
    volts: tuple[float, ...]
    leakage_exponent: float
    supply_v: Mapping[str, float] = field(default_factory=dict)

    def ratio(
        self, clock_hz: npt.ArrayLike, max_clock_hz: npt.ArrayLike, segment: str = ""
    ) -> Array:
        """Voltage over the reference voltage.

        Where the maximum clock is unknown (infinite), that of the segment at its published clock.

        Dynamic energy follows its square, for it charges capacitance: E = C V^2.

        Examples
        --------
        >>> law = VoltageLaw(0.75, (0.4, 0.92, 1.0), (0.55, 0.75, 0.80), 3.0)
        >>> law.ratio([0.2e9, 0.92e9, 1e9, 1e9], [1e9, 1e9, 1e9, np.inf])
        array([0.733..., 1. , 1.066..., 1. ])
        """
        limit = np.asarray(max_clock_hz, dtype=np.float64)
        fraction = np.asarray(clock_hz, dtype=np.float64) / limit
        volts = np.interp(fraction, self.clock_fractions, self.volts)
        usual = self.supply_v.get(segment, self.reference_v) / self.reference_v
        return np.where(np.isinf(limit), usual, volts / self.reference_v)


@dataclass(frozen=True, slots=True)
class ActiveEnergy:
    """What a running unit burns beside its operations.

    Clock tree, instruction issue, schedulers, register files and on-chip network, in
    proportion to the size of the engines.

    Parameters
    ----------
    lane_j, cell_j : float
        Per cycle and vector lane, and per cycle and matrix cell, at the reference node, J.
    issue_j : float
        Issue and operand delivery of one lane operation on top of the operation itself, J.
    idle_j : float
        Per cycle and vector lane while the unit waits between kernels with its clocks up, J.
    """

    lane_j: float
    cell_j: float
    issue_j: float = 0.0
    idle_j: float = 0.0


@dataclass(frozen=True, slots=True)
class BankLaw:
    """Area of SRAM against the size of its banks: bandwidth comes from many small banks.

    Parameters
    ----------
    reference_bytes : float
        Bank for which the area per byte of `Silicon` holds, B.
    bytes_per_cycle : float
        Port of one bank, B per cycle.
    reference_efficiency, efficiency_per_doubling : float
        Share of a bank that is cells, at the reference size, and what each doubling adds to it.
    """

    reference_bytes: float
    bytes_per_cycle: float
    reference_efficiency: float
    efficiency_per_doubling: float

    def area_factor(self, capacity_bytes: npt.ArrayLike, bytes_per_cycle: npt.ArrayLike) -> Array:
        """Area over that of reference banks, when the bandwidth needs banks of another size.

        Between a quarter and all of a bank is cells, whatever its size.

        Examples
        --------
        >>> law = BankLaw(256 * 1024, 64.0, 0.63, 0.035)
        >>> law.area_factor(2**20, [256.0, 1024.0])
        array([1. , 1.125...])
        """
        banks = np.asarray(bytes_per_cycle, dtype=np.float64) / self.bytes_per_cycle
        size = np.asarray(capacity_bytes, dtype=np.float64) / banks / self.reference_bytes
        share = self.reference_efficiency + self.efficiency_per_doubling * np.log2(size)
        return np.asarray(self.reference_efficiency / np.clip(share, 0.25, 1.0))


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
    voltage : VoltageLaw
        Supply voltage against clock.
    bank : BankLaw
        Area of local SRAM against its bandwidth.
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
    active : mapping of str to ActiveEnergy
        By kind of unit; a kind that is not listed burns nothing beside its operations.
    sync_s : float
        One rendezvous of two units of a chip that share an operator or hand one over, s.
    """

    mac_energy_j: Mapping[DType, float]
    mac_area_mm2: Mapping[DType, float]
    lane_energy_j: float
    lane_area_mm2: float
    sram: SramLaw
    voltage: VoltageLaw
    bank: BankLaw
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
    active: Mapping[str, ActiveEnergy] = field(default_factory=dict)
    sync_s: float = 0.0

    def other_area_factor(self, node: Node) -> float:
        """Area of undescribed blocks on a node over their area on the reference node.

        s_logic node_logic + s_sram node_sram + (1 - s_logic - s_sram)

        A mix of half logic, 30 % SRAM and 20 % analogue is the one with which foundries state
        the density of a whole chip: it turns N3E's 1.6-fold logic into a 1.3-fold chip.
        """
        shrinking = self.die_logic_share * node.logic_area + self.die_sram_share * node.sram_area
        return shrinking + (1.0 - self.die_logic_share - self.die_sram_share)
