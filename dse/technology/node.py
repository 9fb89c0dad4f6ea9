"""A process node: its logic and SRAM against the reference node, and what a wafer costs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One process node, relative to the reference node of `Silicon` (N4 class).

    Every number may be an array of shape (n,) when a search varies the node.

    Parameters
    ----------
    name : str
        Name in ``hw_configs/technology/nodes.yaml``.
    logic_energy, logic_area : float
        Dynamic energy and area of logic over those at the reference node; ratios.
    sram_energy, sram_area : float
        The same for SRAM, which scales more slowly.
    logic_leakage_w_per_mm2 : float
        Leakage of active logic, W per mm2 of that node's own silicon.
    sram_leakage_w_per_byte : float
        Leakage of active SRAM, W/B.
    wafer_usd : float
        Price of one 300 mm wafer, USD.
    defects_per_mm2 : float
        Defect density D0, 1/mm2.
    """

    name: str
    logic_energy: float
    logic_area: float
    sram_energy: float
    sram_area: float
    logic_leakage_w_per_mm2: float
    sram_leakage_w_per_byte: float
    wafer_usd: float
    defects_per_mm2: float
