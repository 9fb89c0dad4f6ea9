"""What a model and its targets ask of any chip, and which real chips have it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite, scenario_object
from dse.report.evaluation import scenario_text
from dse.report.quantity import format_unit, significant
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.advise import ChipCheck, Requirement
    from dse.workload import Model, Scenario

__all__ = ["chips_table", "interfaces_table", "requirement_document", "requirement_table"]

_RATIOS = ("bandwidth", "ops", "sram", "capacity")


def requirement_table(need: Requirement, model: Model, scenario: Scenario) -> Table:
    """The floors that hold for every chip."""
    rows = (
        ("DRAM bandwidth", format_unit(need.bandwidth_bytes_per_s, "B/s"), need.bandwidth_by),
        ("Matrix rate", format_unit(need.ops_per_s, "op/s"), need.ops_by),
        ("On-chip memory", format_unit(need.sram_bytes, "B"), "for the prefill"),
        ("DRAM capacity", format_unit(need.capacity_bytes, "B"), "without the system's share"),
        ("Energy per token", format_unit(need.energy_per_token_j, "J"), "best DRAM and node"),
        ("Power", format_unit(need.power_w, "W"), "at that energy and rate"),
    )
    columns = (Column("at least"), Column("", is_number=True), Column("set by"))
    title = f"{model.title} asks of any chip\n{scenario_text(scenario)}"
    note = "floors: nothing is lost to utilisation or overlap; a real chip needs more"
    return Table(columns, rows, title=title, notes=(note,))


def interfaces_table(need: Requirement) -> Table:
    """What each DRAM type would need."""
    words = {None: "", True: "yes", False: "no"}
    rows = tuple(
        (
            entry.dram,
            f"{significant(entry.bus_bits_per_s / 1e9, 3)} Gbit/s",
            f"{entry.bus_width_bits:g} bit",
            format_unit(entry.energy_per_token_j, "J"),
            words[entry.within_power],
        )
        for entry in need.interfaces
    )
    columns = (
        Column("DRAM"),
        Column("bus rate", is_number=True),
        Column("width at least", is_number=True),
        Column("energy per token", is_number=True),
        Column("within power"),
    )
    return Table(columns, rows)


def chips_table(checks: Sequence[ChipCheck]) -> Table:
    """Real chips: what each has of what is needed."""
    rows = tuple(
        (
            check.name,
            check.segment,
            "yes" if check.has_all else "no",
            *(_times(getattr(check, name)) for name in _RATIOS),
        )
        for check in checks
    )
    columns = (
        Column("chip"),
        Column("segment"),
        Column("has all"),
        *(Column(name, is_number=True) for name in _RATIOS),
    )
    strong = frozenset((i, 2) for i, check in enumerate(checks) if check.has_all)
    title = "has over needs; below 1 the chip cannot meet the target"
    return Table(columns, rows, title=title, strong=strong)


def _times(ratio: float) -> str:
    return "-" if math.isinf(ratio) else significant(ratio, 3)


def requirement_document(
    need: Requirement, checks: Sequence[ChipCheck], model: Model, scenario: Scenario
) -> dict[str, Any]:
    """``dse.require/1``."""
    return {
        "schema": "dse.require/1",
        "model": model.name,
        "scenario": scenario_object(scenario),
        "requirement": asdict(need),
        "chips": [
            {"chip": check.name, "segment": check.segment, "has_all": check.has_all}
            | {name: finite(getattr(check, name)) for name in _RATIOS}
            for check in checks
        ],
    }
