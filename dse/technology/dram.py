"""A DRAM type: energy, latency, price and the area of its interface on the chip."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DramType"]


@dataclass(frozen=True, slots=True)
class DramType:
    """One DRAM type, as read from ``hw_configs/technology/dram.yaml``.

    Every number may be an array of shape (n,) when a search varies the type.

    Parameters
    ----------
    name : str
        Name in the technology file, e.g. ``lpddr5x``.
    payload_fraction : float
        Share of the raw bus bits that carry data; 1 except where the burst carries metadata
        (LPDDR6: 256 of 288 bits).
    efficiency : float
        Share of the payload bandwidth that streaming reads reach.
    latency_s : float
        Loaded latency of one access, s.
    energy_j_per_bit : float
        Device, PHY, controller and fabric together, J per bit moved.
    background_w_per_byte : float
        Standby and refresh power while active, W per byte of capacity.
    usd_per_byte : float
        Price of the devices, USD/B.
    phy_area_mm2_per_bit : float
        PHY and controller on the chip, mm2 per bit of bus width; does not shrink with the node.
    edge_mm_per_bit : float
        Die edge that the PHY occupies, mm per bit of bus width.
    max_data_rate_per_s : float
        Fastest grade on offer, 1/s and pin.
    channel_bits : float
        Width of one channel: a bus is a whole number of them, bit.
    """

    name: str
    payload_fraction: float
    efficiency: float
    latency_s: float
    energy_j_per_bit: float
    background_w_per_byte: float
    usd_per_byte: float
    phy_area_mm2_per_bit: float
    edge_mm_per_bit: float
    max_data_rate_per_s: float = float("inf")
    channel_bits: float = 1.0
