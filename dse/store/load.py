"""Reading a run folder, which may be in use: its files are whole at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.cost import BOUNDS
from dse.errors import CorruptRunError, StoreError
from dse.store.files import read_json
from dse.store.manifest import Manifest
from dse.store.table import Table, read_table

__all__ = [
    "BOXES",
    "FRONT",
    "JOURNAL",
    "MANIFEST",
    "RESULTS",
    "SUMMARY",
    "Run",
    "is_whole",
    "load_manifest",
    "load_run",
    "missing_files",
    "read_summary",
]

MANIFEST = "manifest.json"
SUMMARY = "summary.json"
JOURNAL = "journal.jsonl"
BOXES = "boxes.npz"
FRONT = "front"
RESULTS = "results"


@dataclass(frozen=True, slots=True)
class Run:
    """A run read back from its folder.

    Parameters
    ----------
    path : Path
        The folder.
    manifest : Manifest
        What the run was.
    summary : mapping
        What it found, in short; empty while it is under way.
    tables : mapping of str to Table
        ``front`` and ``results``, each with one array of shape (n,) per column.
    """

    path: Path
    manifest: Manifest
    summary: Mapping[str, Any]
    tables: Mapping[str, Table]

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end."""
        return self.manifest.ended is not None

    def table(self, name: str) -> Table:
        """One of the tables; `StoreError` if it was not written yet, or is lost."""
        if name not in self.tables:
            fault = f"{name}.csv is missing: `dse resume` makes it anew"
            if not self.is_complete:
                fault = f"has no {name}.csv, the run is not finished: `dse resume` goes on"
            raise StoreError(f"{self.path}: {fault}")
        return self.tables[name]


def load_run(path: str | Path, tables: Sequence[str] = (FRONT, RESULTS)) -> Run:
    """Read a run folder; it may be in use, for its files are whole at any time.

    Parameters
    ----------
    path : str or Path
        The folder.
    tables : sequence of str
        Tables to read; those not yet written are left out.

    Raises
    ------
    StoreError
        If there is no run in the folder.
    CorruptRunError
        If a file of it is damaged.
    VersionMismatchError
        If a newer version of dse wrote it.
    """
    folder = Path(path)
    manifest = load_manifest(folder)
    summary = read_summary(folder)
    files = {name: folder / f"{name}.csv" for name in tables}
    read = {n: _designs(f, manifest) for n, f in files.items() if f.exists()}
    if FRONT in read and manifest.ended is not None:
        _check_front(files[FRONT], read[FRONT], summary)
    return Run(folder, manifest, summary, read)


def _designs(file: Path, manifest: Manifest) -> Table:
    """Read a table of designs, all of which must be of the space, with what the space says."""
    table = read_table(file, manifest.columns)
    numbers, size = table["design"], manifest.space["size"]
    wrong = numbers[(numbers < 0) | (numbers >= size)]
    if len(wrong):
        raise CorruptRunError(f"{file}: column design: {wrong[0]} is none of {size} designs")
    axes = [column for column in manifest.columns if column.is_axis]
    places = np.unravel_index(numbers, [len(axis.values or ()) for axis in axes])
    for axis, place in zip(axes, places, strict=True):
        _check_cells(file, axis.name, table, np.array(list((axis.values or {}).values()))[place])
    for column in manifest.columns:
        if column.role == "metric" and column.kind == "text":
            cells = table[column.name]
            _check_cells(file, column.name, table, np.where(np.isin(cells, BOUNDS), cells, "?"))
    return table


def _check_cells(file: Path, name: str, table: Table, expected: npt.NDArray[Any]) -> None:
    """Refuse cells that are not what the design's number says."""
    wrong = np.flatnonzero(table[name] != expected)
    if len(wrong):
        row = wrong[0]
        raise CorruptRunError(
            f"{file}:{row + 2}: column {name}: {table[name][row]} is not what design "
            f"{table['design'][row]} has"
        )


def _check_front(file: Path, table: Table, summary: Mapping[str, Any]) -> None:
    """Refuse a front of a complete run that is not all there, or holds a design twice."""
    rows, distinct = len(table["design"]), len(np.unique(table["design"]))
    if rows != distinct:
        raise CorruptRunError(f"{file}: holds {rows - distinct} designs twice")
    if summary and rows != summary["front"]:
        raise CorruptRunError(f"{file}: holds {rows} of {summary['front']} designs")


def read_summary(folder: Path) -> Mapping[str, Any]:
    """What a run found, in short; empty while it is under way.

    Raises
    ------
    StoreError
        If it cannot be read.
    CorruptRunError
        If it is no summary.
    """
    from dse.store.shapes import check_summary

    place = folder / SUMMARY
    if not place.exists():
        return {}
    summary: Mapping[str, Any] = read_json(place)
    check_summary(summary, str(place))
    return summary


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run folder; raises as `load_run` does."""
    place = folder / MANIFEST
    if not place.is_file():
        raise StoreError(f"{folder}: no run here: it has no {MANIFEST}")
    manifest = Manifest.from_json(read_json(place), str(place))
    _check_size(manifest, place)
    return manifest


def _check_size(manifest: Manifest, place: Path) -> None:
    """Refuse a number of designs that is not that of the choices, by which designs are known."""
    size = manifest.space["size"]
    span = math.prod(len(column.values or ()) for column in manifest.columns if column.is_axis)
    if span != size:
        raise CorruptRunError(
            f"{place}: not a run manifest: space.size: is {size}, but its columns span {span}"
        )


def is_whole(path: Path, manifest: Manifest) -> bool:
    """Whether a run came to its end, and all that it wrote is still there."""
    return manifest.ended is not None and not missing_files(path)


def missing_files(path: Path) -> tuple[str, ...]:
    """Names of the files of a complete run that are not there."""
    names = (SUMMARY, f"{FRONT}.csv", f"{RESULTS}.csv")
    return tuple(name for name in names if not (path / name).is_file())
