"""A run's tables as text, as a document with units, and as Parquet."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import MissingPackageError, StoreError
from dse.store.files import atomic_path
from dse.store.table import TableWriter

if TYPE_CHECKING:
    from dse.store import Run

__all__ = ["csv_text", "export_document", "table_document", "write_parquet"]


def csv_text(run: Run, name: str) -> str:
    """Write a table as CSV, as the run folder holds it."""
    text = io.StringIO()
    TableWriter(text, run.manifest.columns).write(run.table(name))
    return text.getvalue()


def export_document(
    run: Run, name: str, form: str, count: int, more: Mapping[str, Any]
) -> dict[str, Any]:
    """``dse.export/1``: what was exported, and ``more``: the file, or the rows themselves."""
    return {
        "schema": "dse.export/1",
        "run": str(run.path),
        "space": run.manifest.space["name"],
        "table": name,
        "format": form,
        "count": count,
        **more,
    }


def table_document(run: Run, name: str) -> dict[str, Any]:
    """``dse.export/1`` with every column's unit and meaning, and the rows; null for no number."""
    table = run.table(name)
    cells = [table[column.name].tolist() for column in run.manifest.columns]
    rows = [[_plain(cell) for cell in row] for row in zip(*cells, strict=True)]
    more = {"columns": _columns(run), "rows": rows}
    return export_document(run, name, "json", len(rows), more)


def _columns(run: Run) -> list[dict[str, Any]]:
    entries = [column.to_json() for column in run.manifest.columns]
    return [{key: entry[key] for key in entry if key != "values"} for entry in entries]


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def write_parquet(run: Run, name: str, path: Path) -> int:
    """Write a table as a Parquet file; units and meanings are in its metadata, as ``dse``.

    What is not a number is null.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    MissingPackageError
        If duckdb is not installed.
    StoreError
        If the table or the folder of the file is missing, or it cannot be written.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise MissingPackageError("Parquet", "duckdb", "parquet") from error
    table = run.table(name)
    held = {key: _objects(values) for key, values in table.items()}
    notes = _quoted(json.dumps({"columns": _columns(run)}, ensure_ascii=False))
    with atomic_path(path) as place, duckdb.connect() as connection:
        connection.register("held", held)
        # No parameter may stand in this statement, hence the quotes.
        target = f"{_quoted(str(place))} (FORMAT parquet, KV_METADATA {{dse: {notes}}})"
        try:
            connection.execute(f"COPY (SELECT * FROM held) TO {target}")  # noqa: S608 - quoted
        except duckdb.IOException as error:
            raise StoreError(f"{path}: cannot write: {_reason(error)}") from error
    return len(table["design"])


def _reason(error: Exception) -> str:
    """What the system said, of what DuckDB says, which may be a line with JSON at its end."""
    line = str(error).splitlines()[0]
    _, brace, rest = line.partition("{")
    with suppress(ValueError, AttributeError):
        line = json.loads(brace + rest).get("exception_message", line)
    return line.rsplit(": ", 1)[-1]


def _objects(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Texts as objects, the only ones that duckdb takes."""
    return values.astype(object) if values.dtype.kind == "U" else values


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
