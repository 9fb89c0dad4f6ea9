"""How far each technology number behind a chip may be from what its file states."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dse.spec.library import locate
from dse.spec.load import validate
from dse.spec.provenance import provenance
from dse.spec.read import read_spec
from dse.spec.schema.ranges import RangesFile

if TYPE_CHECKING:
    from dse.chip import Chip

__all__ = ["Range", "load_ranges"]

# Leaves of the dataclasses, by where they stand in the files.
_NODE = {
    "logic_energy": "logic_energy",
    "logic_area": "logic_area",
    "sram_energy": "sram_energy",
    "sram_area": "sram_area",
    "logic_leakage": "logic_leakage_w_per_mm2",
    "sram_leakage": "sram_leakage_w_per_byte",
    "wafer_price": "wafer_usd",
    "defect_density": "defects_per_mm2",
}
_DRAM = {
    "efficiency": "efficiency",
    "latency": "latency_s",
    "energy": "energy_j_per_bit",
    "background": "background_w_per_byte",
    "price": "usd_per_byte",
    "phy_area": "phy_area_mm2_per_bit",
    "edge": "edge_mm_per_bit",
}
_SILICON = {
    "lane_energy": "lane_energy_j",
    "lane_area": "lane_area_mm2",
    "sram.knee": "sram.knee_bytes",
    "sram.knee_energy": "sram.knee_j_per_byte",
    "sram.exponent_above": "sram.exponent_above",
    "sram.exponent_below": "sram.exponent_below",
    "sram.floor_energy": "sram.floor_j_per_byte",
    "sram.write_factor": "sram.write_factor",
    "scratchpad_area": "scratchpad_mm2_per_byte",
    "cache_area": "cache_mm2_per_byte",
    "wire_energy": "wire_j_per_bit_mm",
    "voltage.reference": "voltage.reference_v",
    "voltage.leakage_exponent": "voltage.leakage_exponent",
    "bank.reference": "bank.reference_bytes",
    "bank.port": "bank.bytes_per_cycle",
    "bank.efficiency": "bank.reference_efficiency",
    "bank.efficiency_per_doubling": "bank.efficiency_per_doubling",
    "die_logic": "die_logic_share",
    "die_sram": "die_sram_share",
    "overhead": "overhead_fraction",
    "wafer_diameter": "wafer_diameter_mm",
    "yield_alpha": "yield_alpha",
    "package_price": "package_usd",
    "pin_price": "pin_usd",
    "pins_per_dram_bit": "pins_per_dram_bit",
}
_ACTIVE = {"lane": "lane_j", "cell": "cell_j", "issue": "issue_j", "idle": "idle_j"}


@dataclass(frozen=True, slots=True)
class Range:
    """Range of one technology number, or of a table whose entries move together.

    Parameters
    ----------
    name : str
        File and path, e.g. ``silicon.sram.knee_energy``.
    leaf : str
        Field of a `Chip` (``node.``, ``dram.type.``) or of the `Silicon` (``silicon.``).
    low, high : float
        Ends as factors of the number.
    confidence : str
        Its grade.
    """

    name: str
    leaf: str
    low: float
    high: float
    confidence: str


def load_ranges(chip: Chip) -> tuple[Range, ...]:
    """Ranges of every technology number that the coefficients of a chip can depend on.

    The tables of multiply-accumulates move as a whole: most of their entries follow one rule.
    What a chip's file says of its own DRAM keeps the grade of the DRAM type.

    Raises
    ------
    SpecError
        With all faults of the files, located.
    """
    rules = validate(RangesFile, read_spec(locate("technology", "ranges")))
    node, dram = f"nodes.{chip.node.name}.", f"types.{chip.dram.type.name}."
    leaves = {("nodes", node + key): f"node.{leaf}" for key, leaf in _NODE.items()}
    leaves |= {("dram", dram + key): f"dram.type.{leaf}" for key, leaf in _DRAM.items()}
    leaves |= {("silicon", key): f"silicon.{leaf}" for key, leaf in _SILICON.items()}
    for kind in {unit.kind for unit in chip.units}:
        paths = {f"active.{kind}.{key}": leaf for key, leaf in _ACTIVE.items()}
        leaves |= {("silicon", p): f"silicon.active.{kind}.{leaf}" for p, leaf in paths.items()}
    leaves |= {("silicon", "mac_area.int8"): "silicon.mac_area_mm2"}
    leaves |= {("silicon", "mac_energy.int8"): "silicon.mac_energy_j"}
    found = []
    for file in ("nodes", "dram", "silicon"):
        for entry in provenance(read_spec(locate("technology", file)).tree):
            leaf = leaves.get((file, entry.path))
            share = _share(rules, entry.path, entry.confidence or "C")
            if leaf is None or not share:
                continue
            tail = entry.path.removeprefix("nodes.").removeprefix("types.")
            name = f"{file}.{tail}".removesuffix(".int8")
            high = min(1.0 + share, _ceiling(chip, leaf))
            found.append(Range(name, leaf, 1.0 - share, high, entry.confidence or "C"))
    return tuple(found)


def _share(rules: RangesFile, path: str, confidence: str) -> float:
    for stated in rules.stated:
        if fnmatchcase(path, stated.path):
            return stated.range
    return float(getattr(rules.grades, confidence))


def _ceiling(chip: Chip, leaf: str) -> float:
    """Largest factor that a share of a whole allows."""
    if leaf == "dram.type.efficiency":
        return max(1.0, 1.0 / float(chip.dram.type.efficiency))
    return float("inf")
