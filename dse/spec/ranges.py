"""How far each estimated number behind a chip may be from what its file states."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.spec.library import locate
from dse.spec.load import validate
from dse.spec.provenance import Provenance, provenance
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
# What a chip's own file estimates or measured. Clocks, widths, rates, capacities and the shapes
# of engines are what was built, or what a designer chooses: no range.
_OWN = {
    "dram.efficiency": "dram.type.efficiency",
    "dram.energy": "dram.type.energy_j_per_bit",
    "dram.max_outstanding": "dram.max_outstanding_bytes",
    "storage.read_bandwidth": "storage.read_bytes_per_s",
    "storage.random_read_bandwidth": "storage.random_read_bytes_per_s",
    "storage.energy": "storage.energy_j_per_bit",
    "power.idle": "power.idle_w",
    "area.other": "area.other_mm2",
    "area.die": "area.die_mm2",
    "system_reserved": "system_reserved_bytes",
}
_OWN_UNIT = {"dispatch": "dispatch_s", "max_dram_bandwidth": "max_dram_bytes_per_s"}


@dataclass(frozen=True, slots=True)
class Range:
    """Range of one number, or of a table whose entries move together.

    Parameters
    ----------
    name : str
        File and path, e.g. ``silicon.sram.knee_energy``; ``chip.`` for the chip's own file.
    leaf : str
        Field of a `Chip` (``node.``, ``dram.type.`` ...) or of the `Silicon` (``silicon.``).
    low, high : float
        Ends as factors of the number.
    confidence : str
        Its grade.
    text, source, place : str
        The number as written, where it came from, and its file and line.
    """

    name: str
    leaf: str
    low: float
    high: float
    confidence: str
    text: str = ""
    source: str = ""
    place: str = ""

    @property
    def estimate(self) -> str:
        """What it is off together with: the same field of another node from the same source.

        A foundry's claims are chained from node to node, so that one error is in all of them;
        numbers of different sources err on their own.
        """
        return f"{self.leaf} {self.source}" if self.source else self.name


def load_ranges(
    chip: Chip, ref: str | Path | None = None, chosen: Collection[str] = ()
) -> tuple[Range, ...]:
    """Ranges of every estimated number that the coefficients of a chip can depend on.

    The tables of multiply-accumulates move as a whole: most of their entries follow one rule.

    Parameters
    ----------
    chip : Chip
        The chip.
    ref : str or Path, optional
        Its file or its name in the library; without it, what the file says is taken as exact but
        for what it says of its DRAM, which keeps the grade of the DRAM type.
    chosen : collection of str
        Fields of the chip's file that somebody replaced, and so vouches for: no range.

    Raises
    ------
    SpecError
        With all faults of the files, located.
    """
    rules = validate(RangesFile, read_spec(locate("technology", "ranges")))
    own = {} if ref is None else {r.leaf: r for r in _own(chip, ref, rules)}
    exact = {leaf for path, leaf in _own_leaves(chip).items() if path in chosen}
    found = [r for r in _technology(chip, rules) if r.leaf not in own]
    return tuple(r for r in (*found, *own.values()) if r.leaf not in exact)


def _technology(chip: Chip, rules: RangesFile) -> Iterator[Range]:
    leaves = _technology_leaves(chip)
    for file in ("nodes", "dram", "silicon"):
        for entry in _numbers("technology", file):
            if (file, entry.path) in leaves:
                tail = entry.path.removeprefix("nodes.").removeprefix("types.")
                name = f"{file}.{tail}".removesuffix(".int8")
                yield from _range(chip, name, leaves[file, entry.path], entry, rules)


def _technology_leaves(chip: Chip) -> dict[tuple[str, str], str]:
    """Leaf of each number, by its file and its path there."""
    node, dram = f"nodes.{chip.node.name}.", f"types.{chip.dram.type.name}."
    leaves = {("nodes", node + key): f"node.{leaf}" for key, leaf in _NODE.items()}
    leaves |= {("dram", dram + key): f"dram.type.{leaf}" for key, leaf in _DRAM.items()}
    leaves |= {("silicon", key): f"silicon.{leaf}" for key, leaf in _SILICON.items()}
    for kind in {unit.kind for unit in chip.units}:
        paths = {f"active.{kind}.{key}": leaf for key, leaf in _ACTIVE.items()}
        leaves |= {("silicon", p): f"silicon.active.{kind}.{leaf}" for p, leaf in paths.items()}
    leaves |= {("silicon", "mac_area.int8"): "silicon.mac_area_mm2"}
    return leaves | {("silicon", "mac_energy.int8"): "silicon.mac_energy_j"}


def _own_leaves(chip: Chip) -> dict[str, str]:
    """Leaf of each number of a chip's file that may have a range, by its path there."""
    units = {
        f"units.{unit.name}.{key}": f"units.{unit.name}.{leaf}"
        for unit in chip.units
        for key, leaf in _OWN_UNIT.items()
    }
    return _OWN | units


def _own(chip: Chip, ref: str | Path, rules: RangesFile) -> Iterator[Range]:
    leaves = _own_leaves(chip)
    for entry in _numbers("chip", ref):
        if entry.path in leaves and _value(chip, leaves[entry.path]):
            yield from _range(chip, f"chip.{entry.path}", leaves[entry.path], entry, rules)


def _value(chip: Chip, leaf: str) -> Any:
    """Number of a chip at a path; None where the chip has none, as a search that opens its die."""
    owner: Any = chip
    for part in leaf.split("."):
        is_named = isinstance(owner, tuple)
        owner = next(o for o in owner if o.name == part) if is_named else getattr(owner, part)
        if owner is None:
            break
    return owner


def _numbers(kind: str, ref: str | Path) -> tuple[Provenance, ...]:
    return tuple(provenance(read_spec(locate(kind, ref)).tree))


def _range(
    chip: Chip, name: str, leaf: str, entry: Provenance, rules: RangesFile
) -> Iterator[Range]:
    """Range of one number, if it has any."""
    grade = entry.confidence or "C"
    share = _share(rules, entry.path, grade)
    if share:
        high = min(1.0 + share, _ceiling(chip, leaf))
        place = f"{entry.file}:{entry.line}"
        yield Range(name, leaf, 1.0 - share, high, grade, entry.text, entry.source, place)


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
