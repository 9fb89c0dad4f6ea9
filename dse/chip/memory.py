"""The levels outside a compute unit: shared cache, DRAM and storage."""

from __future__ import annotations

from dataclasses import dataclass

from dse.technology import DramType

__all__ = ["Cache", "Dram", "Storage"]


@dataclass(frozen=True, slots=True)
class Cache:
    """The cache that all units share (system-level cache, or a GPU's L2).

    Parameters
    ----------
    capacity_bytes : float
        Capacity, B; 0 where there is none.
    bandwidth_bytes_per_s : float
        Bandwidth towards the units, B/s.
    """

    capacity_bytes: float
    bandwidth_bytes_per_s: float


@dataclass(frozen=True, slots=True)
class Dram:
    """Main memory: a type, a bus and a capacity.

    Parameters
    ----------
    type : DramType
        Technology of the devices, with any override of the chip file applied.
    bus_width_bits : float
        Width of the whole bus, bit.
    data_rate_per_s : float
        Transfers per second and pin, 1/s.
    capacity_bytes : float
        Capacity, B.
    max_outstanding_bytes : float
        Bytes in flight that the chip can sustain (Little's law); infinite where unknown.
    """

    type: DramType
    bus_width_bits: float
    data_rate_per_s: float
    capacity_bytes: float
    max_outstanding_bytes: float = float("inf")


@dataclass(frozen=True, slots=True)
class Storage:
    """Flash storage that weights load from.

    Parameters
    ----------
    read_bytes_per_s : float
        Sequential read bandwidth, B/s.
    energy_j_per_bit : float
        Energy of a read, J/bit.
    random_read_bytes_per_s : float or None
        Bandwidth of small reads all over the device, B/s; None where it is not known, and then
        taken as the sequential one.
    """

    read_bytes_per_s: float
    energy_j_per_bit: float
    random_read_bytes_per_s: float | None = None
