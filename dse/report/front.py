"""A run's front: read back, with its knee, as a view for pictures, a table and a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.cost.metric import BOUNDS, metric
from dse.pareto import knee, thin
from dse.report.documents import metrics_object
from dse.report.quantity import format_metric
from dse.report.tables import Column, Table
from dse.report.use_cases import use_cases_of
from dse.report.view import ChipPoint, FrontView
from dse.space import Target
from dse.store import FRONT, RESULTS

if TYPE_CHECKING:
    from dse.store import Column as StoredColumn
    from dse.store import Run
    from dse.store import Table as StoredTable

__all__ = [
    "FrontRow",
    "front_rows",
    "front_table",
    "front_view",
    "pareto_document",
    "targets_of",
    "thinned_rows",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def targets_of(run: Run) -> tuple[Target, ...]:
    """Targets that the run's manifest states."""
    return tuple(Target(**entry) for entry in run.manifest.space["targets"])


def front_view(run: Run, subtitle: str, chips: tuple[ChipPoint, ...] = ()) -> FrontView:
    """Make the view of a run: all designs that were kept, the front among them.

    Parameters
    ----------
    run : Run
        Read with `dse.store.load_run`.
    subtitle : str
        Line under the titles.
    chips : tuple of ChipPoint
        Real chips to compare with.

    Raises
    ------
    StoreError
        If the run has no front yet.
    """
    front = _front(run)
    objectives = tuple(run.manifest.space["objectives"])
    table = _with_front(run.tables.get(RESULTS), front)
    columns = _metric_columns(run, table)
    on_front = np.isin(table["design"], front["design"])
    return FrontView(
        title=run.manifest.space["title"],
        subtitle=subtitle,
        columns=columns,
        feasible=table["feasible"].astype(bool),
        front=on_front,
        knee=_knee(columns, on_front, objectives),
        objectives=objectives,
        targets=targets_of(run),
        chips=chips,
        designs=table["design"],
    )


def _front(run: Run) -> StoredTable:
    return run.table(FRONT)


def _with_front(results: StoredTable | None, front: StoredTable) -> StoredTable:
    """Join the kept designs and the front; a run may keep a sample of its designs only."""
    if results is None:
        return front
    missing = ~np.isin(front["design"], results["design"])
    return {name: np.concatenate([results[name], front[name][missing]]) for name in front}


def _metric_columns(run: Run, table: StoredTable) -> dict[str, Array]:
    """Metrics of a table: those that the run wrote, which may be fewer than there are today."""
    names = [column.name for column in run.manifest.columns if column.role == "metric"]
    return {name: _numbers(table[name]) for name in names}


def _numbers(values: npt.NDArray[Any]) -> Array:
    """Turn a bound's name back into its index; everything else is a number."""
    if values.dtype.kind != "U":
        return values.astype(np.float64)
    return np.array([BOUNDS.index(text) for text in values.tolist()], dtype=np.float64)


def _minimised(columns: Mapping[str, Array], objectives: Sequence[str]) -> Array:
    """Objectives as columns (n, k) in which less is better."""
    senses = [-1.0 if metric(name).sense > 0 else 1.0 for name in objectives]
    return np.column_stack(
        [sense * columns[name] for sense, name in zip(senses, objectives, strict=True)]
    )


def _knee(columns: Mapping[str, Array], on_front: Mask, objectives: Sequence[str]) -> int | None:
    """Place of the knee among all rows; None if the front is empty."""
    members = np.flatnonzero(on_front)
    if not members.size:
        return None
    return int(members[knee(_minimised(columns, objectives)[members])])


@dataclass(frozen=True, slots=True)
class FrontRow:
    """One design of a front.

    Parameters
    ----------
    design : int
        Its number in the space.
    axes : mapping of str to str
        What was chosen on each axis, as the space file writes it.
    metrics : mapping of str to float
        All metrics, SI.
    is_knee : bool
        Whether it is the knee.
    """

    design: int
    axes: Mapping[str, str]
    metrics: Mapping[str, float]
    is_knee: bool


def front_rows(run: Run) -> tuple[FrontRow, ...]:
    """Rows of the front, best in the first objective first; `StoreError` if there is none yet."""
    front = _front(run)
    objectives = tuple(run.manifest.space["objectives"])
    columns = _metric_columns(run, front)
    number = len(front["design"])
    best = _knee(columns, np.ones(number, dtype=bool), objectives)
    axes = [column for column in run.manifest.columns if column.role in ("axis", "tied")]
    order = np.lexsort(_minimised(columns, objectives).T[::-1]) if number else range(0)
    return tuple(
        FrontRow(
            design=int(front["design"][i]),
            axes={column.name: _choice(column, front[column.name][i]) for column in axes},
            metrics={name: float(values[i]) for name, values in columns.items()},
            is_knee=int(i) == best,
        )
        for i in order
    )


def _choice(column: StoredColumn, cell: Any) -> str:
    """Find the text of a choice from what its cell holds."""
    value = cell.item() if isinstance(cell, np.generic) else cell
    for text, held in (column.values or {}).items():
        if held == value:
            return text
    return str(value)


def thinned_rows(
    rows: Sequence[FrontRow], objectives: Sequence[str], keep: int
) -> tuple[FrontRow, ...]:
    """At most `keep` rows that still span the front, the knee among them."""
    if len(rows) <= keep:
        return tuple(rows)
    columns = {name: np.array([row.metrics[name] for row in rows]) for name in objectives}
    values = _minimised(columns, objectives)
    kept = set(thin(values, keep).tolist())
    if not any(rows[i].is_knee for i in kept):
        kept = set(thin(values, keep - 1).tolist())
    return tuple(row for i, row in enumerate(rows) if i in kept or row.is_knee)


def front_table(rows: Sequence[FrontRow], total: int, view: FrontView) -> Table:
    """Front as a table: objectives first, then targeted metrics, then what was chosen.

    Axes on which all rows agree are told once, below the table.

    Parameters
    ----------
    rows : sequence of FrontRow
        At least one.
    total : int
        Size of the whole front.
    view : FrontView
        For title, objectives and targets.
    """
    names = list(dict.fromkeys([*view.objectives, *(t.metric for t in view.targets)]))
    fixed = {path: text for path, text in rows[0].axes.items() if _is_same(rows, path)}
    varied = [path for path in rows[0].axes if path not in fixed]
    lines = tuple(
        (
            "*" if row.is_knee else "",
            str(row.design),
            *(format_metric(name, row.metrics[name]) for name in names),
            *(row.axes[path] for path in varied),
        )
        for row in rows
    )
    numbers = [Column(name, is_number=True) for name in ("design", *names)]
    return Table(
        columns=(Column(""), *numbers, *(Column(_short(path)) for path in varied)),
        rows=lines,
        title=f"{view.title}: {total} design{'s' if total != 1 else ''} on the front",
        notes=_notes(rows, total, fixed),
        strong=frozenset((i, j) for i, row in enumerate(rows) if row.is_knee for j in range(2)),
        lead=2,
    )


def _is_same(rows: Sequence[FrontRow], path: str) -> bool:
    return len({row.axes[path] for row in rows}) == 1


def _notes(rows: Sequence[FrontRow], total: int, fixed: Mapping[str, str]) -> tuple[str, ...]:
    notes = ["* knee of the front"]
    if len(rows) < total:
        notes.append(f"{len(rows)} of {total} designs shown; --json gives them all")
    if fixed:
        same = ", ".join(f"{_short(path)} = {text}" for path, text in fixed.items())
        notes.append(f"the same in all: {same}")
    return tuple(notes)


def _short(path: str) -> str:
    """Drop the first word of an axis path where the rest says enough.

    Examples
    --------
    >>> _short("chip.units.npu.matrix.rows"), _short("scenario.weights"), _short("chip.node")
    ('npu.matrix.rows', 'weights', 'node')
    """
    for prefix in ("chip.units.", "chip.", "scenario."):
        if path.startswith(prefix):
            return path.removeprefix(prefix)
    return path


def pareto_document(
    run: Run, rows: Sequence[FrontRow], view: FrontView, files: Sequence[str]
) -> dict[str, Any]:
    """``dse.pareto/1``: the front of a run, and the real chips it was compared with."""
    best = next((row.design for row in rows if row.is_knee), None)
    return {
        "schema": "dse.pareto/1",
        "run": str(run.path),
        "space": run.manifest.space["name"],
        "models": list(run.manifest.space["models"]),
        "scenario": run.manifest.space["scenario"],
        "use_cases": use_cases_of(run.manifest.space),
        "complete": run.is_complete,
        "objectives": list(view.objectives),
        "targets": [
            {"metric": t.metric, "limit": t.limit, "sense": "<=" if t.sense < 0 else ">="}
            for t in view.targets
        ],
        "knee": best,
        "front": [
            {"design": row.design, "axes": dict(row.axes), "metrics": metrics_object(row.metrics)}
            for row in rows
        ],
        "chips": [
            {"chip": chip.name, "metrics": metrics_object(chip.values)} for chip in view.chips
        ],
        "files": list(files),
    }
