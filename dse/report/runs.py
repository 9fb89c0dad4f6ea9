"""Run folders and their exports, as a table and as documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.quantity import format_unit
from dse.report.schema_parts import COUNT, REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table
from dse.store.listing import STATES

if TYPE_CHECKING:
    from dse.store import RunState

__all__ = ["export_schema", "runs_document", "runs_schema", "runs_table"]


def runs_table(states: Sequence[RunState]) -> Table:
    """Run folders as rows, in their order; what is wrong with one stands below."""
    return Table(
        columns=(
            Column("run"),
            Column("state"),
            Column("kind"),
            Column("space"),
            *(Column(name, is_number=True) for name in ("evaluated", "front", "size")),
            Column("started"),
        ),
        rows=tuple(
            (
                str(state.path),
                state.state,
                state.kind or "-",
                state.space or "-",
                _designs(state),
                "-" if state.front is None else str(state.front),
                format_unit(float(state.size_bytes), "B"),
                _started(state),
            )
            for state in states
        ),
        title=f"{len(states)} run{'s' if len(states) != 1 else ''}",
        notes=tuple(state.reason for state in states if state.reason),
    )


def _designs(state: RunState) -> str:
    if state.evaluated is None:
        return "-"
    is_part = state.total is not None and state.state != "complete"
    return str(state.evaluated) + (f"/{state.total}" if is_part else "")


def _started(state: RunState) -> str:
    return (state.started or "-")[:19].replace("T", " ")


def runs_document(states: Sequence[RunState]) -> dict[str, Any]:
    """``dse.runs/1``: run folders."""
    return {
        "schema": "dse.runs/1",
        "runs": [
            {
                "run": str(state.path),
                "state": state.state,
                "reason": state.reason,
                "kind": state.kind,
                "space": state.space,
                "evaluated": state.evaluated,
                "total": state.total,
                "front": state.front,
                "started": state.started,
                "size_bytes": state.size_bytes,
            }
            for state in states
        ],
    }


def runs_schema() -> Schema:
    """JSON Schema of ``dse.runs/1``."""
    count = {"type": ["integer", "null"], "minimum": 0}
    row = {
        "run": TEXT,
        "state": {"enum": list(STATES)},
        "reason": TEXT,
        "kind": {"enum": ["sweep", "search", "certify", ""]},
        "space": TEXT,
        **dict.fromkeys(("evaluated", "total", "front"), count),
        "started": {"type": ["string", "null"]},
        "size_bytes": COUNT,
    }
    return record({"runs": many(record(row))})


def export_schema() -> Schema:
    """JSON Schema of ``dse.export/1``: what `dse export` wrote, or, with ``rows``, that itself."""
    column = {
        "name": TEXT,
        "kind": {"enum": ["float", "int", "text"]},
        "unit": TEXT,
        "role": {"enum": ["design", "axis", "tied", "status", "metric"]},
        "sense": {"enum": [-1, 0, 1]},
        "meaning": TEXT,
    }
    return record(
        {
            "run": TEXT,
            "space": TEXT,
            "table": {"enum": ["front", "results", "trials"]},
            "format": {"enum": ["csv", "json", "parquet", "optuna-sqlite"]},
            "file": TEXT,
            "count": COUNT,
            "seconds": REAL,
            "columns": many(record(column)),
            "rows": {"type": "array", "items": {"type": "array"}},
        },
        optional=("file", "seconds", "columns", "rows"),
    )
