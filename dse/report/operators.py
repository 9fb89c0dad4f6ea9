"""Operators of one evaluation as tables, one per phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dse.cost.metric import BOUNDS
from dse.report.placement import shares_text
from dse.report.quantity import format_unit
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.cost import OperatorRow

__all__ = ["explain_tables"]

_PHASES = {"prefill": "Prefill", "decode": "One decode step (mean over the output)"}


def explain_tables(rows: Sequence[OperatorRow]) -> list[Table]:
    """One table per phase, in the order they run."""
    return [_phase_table(rows, phase) for phase in dict.fromkeys(row.phase for row in rows)]


def _phase_table(rows: Sequence[OperatorRow], phase: str) -> Table:
    """Operators of one phase, in the order they run, with their share of its time."""
    chosen = [row for row in rows if row.phase == phase]
    total = sum(row.seconds for row in chosen)
    is_team = any(row.shares for row in chosen)
    lines = tuple(
        (
            row.name,
            f"{row.launches:g}",
            format_unit(row.seconds, "s"),
            format_unit(row.seconds / total, "%"),
            BOUNDS[row.bound],
            format_unit(row.utilisation, "%"),
            format_unit(row.ops, "op"),
            format_unit(row.sram_bytes, "B"),
            format_unit(row.dram_bytes, "B"),
            format_unit(row.energy_j, "J"),
            *((shares_text(dict(row.shares)) if row.shares else "",) if is_team else ()),
        )
        for row in chosen
    )
    heads = ("launches", "time", "share", "waits for", "of peak", "operations", "SRAM", "DRAM")
    columns = [Column(title, is_number=title != "waits for") for title in (*heads, "energy")]
    columns += [Column("runs on")] if is_team else []
    title = _PHASES.get(phase, phase.replace("_", " ").capitalize())
    return Table((Column("operator"), *columns), lines, title=title)
