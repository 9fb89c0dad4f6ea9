"""How time and memory of a grid grow with its size: a table, a document, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.accuracy import markdown
from dse.report.machine import load_text, machine_text
from dse.report.quantity import format_unit, significant
from dse.report.schema_parts import COUNT, REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.space import Space
    from dse.sweep.scaling import ScalingRow

__all__ = ["scaling_document", "scaling_page", "scaling_schema", "scaling_table"]

_INTRODUCTION = """\
# How grids grow

This page is written by `dse bench scaling --docs docs/scaling.md`; do not edit it.

`dse sweep SPACE --grid` evaluates every design of a space and keeps the exact front, the counts of
every target and, if wished, a sample of all designs; it never holds the table of all designs.
Below, the axes of one space are cut short or made finer until it has about so many designs, and
each size is swept in a process of its own. **Time** is that of the sweep; **core time** adds up
the cores that worked on it, which on a machine that others use is the better measure. **Memory**
is the most that the process held, the interpreter and NumPy included.

Up to about a million designs the time is that of a few blocks with their many starts, and of the
designs of the front, which are evaluated once more with all metrics.
"""


def scaling_table(rows: Sequence[ScalingRow]) -> Table:
    """A row per size."""
    names = ("Designs", "Time", "Core time", "Designs/s", "Core time per design", "Memory")
    columns = tuple(Column(name, is_number=True) for name in names)
    lines = tuple(
        (
            f"{row.designs:,}",
            format_unit(row.seconds, "s"),
            format_unit(row.core_seconds, "s"),
            f"{significant(row.designs / row.seconds / 1e6, 3)} M",
            format_unit(row.core_seconds / row.designs, "s"),
            format_unit(row.peak_rss_bytes, "B"),
        )
        for row in rows
    )
    return Table(columns, lines, title="Grids by size")


def scaling_document(space: Space, rows: Sequence[ScalingRow]) -> dict[str, Any]:
    """``dse.scaling/1``."""
    names = ("designs", "seconds", "core_seconds", "peak_rss_bytes")
    return {
        "schema": "dse.scaling/1",
        "space": space.name,
        "models": [model.name for model in space.models],
        "grids": [{name: getattr(row, name) for name in names} for row in rows],
    }


def scaling_schema() -> Schema:
    """Describe `scaling_document`."""
    grid = {"designs": COUNT, "seconds": REAL, "core_seconds": REAL, "peak_rss_bytes": REAL}
    return record({"space": TEXT, "models": many(TEXT), "grids": many(record(grid))})


def scaling_page(space: Space, rows: Sequence[ScalingRow], load: float) -> str:
    """Write the whole page.

    Parameters
    ----------
    space : Space
        The space that was cut short or made finer.
    rows : sequence of ScalingRow
        What was measured.
    load : float
        Processes that wanted a core just before; NaN where the system does not say.
    """
    models = ", ".join(model.title for model in space.models)
    return "\n".join(
        [
            _INTRODUCTION,
            markdown(scaling_table(rows)),
            f"Space `{space.name}` with {models}, {len(space.objectives)} objectives and "
            f"{len(space.targets)} targets. Taken on {machine_text()}{load_text(load)}.\n",
        ]
    )
