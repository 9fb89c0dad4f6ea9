"""Result tables: the registry of columns, and CSV that is the same byte for byte on repeat."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from dse.errors import CorruptRunError
from dse.store.files import atomic_text, report_os_errors

__all__ = ["UNLIMITED", "Column", "Table", "TableWriter", "open_table", "read_table"]

Table = dict[str, npt.NDArray[Any]]

# A spreadsheet takes a cell that begins so for a formula; the apostrophe marks it as text.
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
# What stands for an infinite number in JSON.
UNLIMITED = "inf"
_SPECIAL = re.compile('[",\r\n]')


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result table.

    Parameters
    ----------
    name : str
        Header: the path of an axis, or the name of a metric.
    kind : str
        ``float``, ``int`` or ``text``.
    unit : str
        Unit of the numbers; empty for pure numbers and texts.
    role : str
        ``design`` (identity), ``axis``, ``tied`` (to an axis), ``status`` or ``metric``.
    sense : int
        -1 where less is better, +1 where more is better, 0 where neither.
    meaning : str
        One sentence.
    values : mapping of str to float or str
        For an axis, or what is tied to one: every choice as its file writes it, and what the cells
        hold for it.
    """

    name: str
    kind: str
    unit: str
    role: str
    sense: int
    meaning: str
    values: Mapping[str, float | str] | None = None

    @property
    def is_axis(self) -> bool:
        """Whether it is of an axis; older runs had no role for what is tied to one."""
        return self.role == "axis" and not self.meaning.startswith("Follows ")

    def to_json(self) -> dict[str, Any]:
        """Give the column as it stands in a manifest."""
        entry = {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "role": self.role,
            "sense": self.sense,
            "meaning": self.meaning,
        }
        if self.values is None:
            return entry
        # JSON has no infinity, which is what a choice without a limit holds.
        values = {
            text: UNLIMITED if cell == math.inf else cell for text, cell in self.values.items()
        }
        return entry | {"values": values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """Read a column back."""
        values = data.get("values")
        if values is not None and data["kind"] != "text":
            values = {text: math.inf if v == UNLIMITED else v for text, v in values.items()}
        return cls(**{**data, "values": values})


class TableWriter:
    """Writes blocks of rows of one CSV file; made by `open_table`."""

    def __init__(self, stream: IO[str], columns: Sequence[Column]) -> None:
        self._stream = stream
        self._columns = columns
        stream.write(",".join(_quoted(column.name) for column in columns) + "\n")

    def write(self, table: Mapping[str, npt.NDArray[Any]]) -> None:
        """Append the rows of a table, in its order.

        Parameters
        ----------
        table : mapping of str to ndarray
            One array of shape (n,) per column.
        """
        cells = [_cells(table[column.name], column.kind) for column in self._columns]
        self._stream.writelines(f"{','.join(row)}\n" for row in zip(*cells, strict=True))


@contextmanager
def open_table(path: Path, columns: Sequence[Column]) -> Iterator[TableWriter]:
    """Open a CSV file that appears under its name when all of it is written.

    Numbers are the shortest text that reads back to the same float; a text that a spreadsheet
    would take for a formula gets a leading apostrophe.
    """
    with atomic_text(path) as stream:
        yield TableWriter(stream, columns)


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """Read a CSV file that `open_table` wrote.

    Raises
    ------
    CorruptRunError
        If its header is not that of the columns, or a row cannot be read.
    """
    header = [_guard(column.name) for column in columns]
    with report_os_errors(path, "read"), path.open(encoding="utf-8", newline="") as stream:
        try:
            rows = list(csv.reader(stream, strict=True))
        except (csv.Error, UnicodeDecodeError) as error:
            raise CorruptRunError(f"{path}: not valid CSV: {error}") from error
    if not rows or rows[0] != header:
        raise CorruptRunError(f"{path}:1: the header does not list the columns of the manifest")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise CorruptRunError(f"{path}:{number}: {len(row)} cells under {len(header)} headers")
    by_column = list(zip(*rows[1:], strict=True)) or [()] * len(header)
    return {
        column.name: _parsed(cells, column, path)
        for column, cells in zip(columns, by_column, strict=True)
    }


def _cells(values: npt.NDArray[Any], kind: str) -> list[str]:
    entries = values.tolist()
    if kind == "float":
        return [repr(float(entry)) for entry in entries]
    if kind == "int":
        return [str(int(entry)) for entry in entries]
    return [_quoted(str(entry)) for entry in entries]


def _quoted(text: str) -> str:
    """Write a text as a cell (RFC 4180); the csv module would leave a lone CR bare."""
    cell = _guard(text)
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(cell) else cell


def _guard(text: str) -> str:
    return f"'{text}" if text.startswith(_GUARDED) else text


def _unguard(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_GUARDED) else text


def _parsed(cells: Sequence[str], column: Column, path: Path) -> npt.NDArray[Any]:
    if column.kind == "text":
        return np.array([_unguard(cell) for cell in cells], dtype=np.str_)
    convert, dtype = (float, np.float64) if column.kind == "float" else (int, np.int64)
    try:
        return np.array([convert(cell) for cell in cells], dtype=dtype)
    except (ValueError, OverflowError) as error:
        raise CorruptRunError(f"{path}: column {column.name}: {error}") from error
