"""Reads a file of published measurements: one row per number, faults with their place."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dse.errors import Fault, SpecError

__all__ = ["ENERGY", "METRICS", "Measurement", "read_measurements"]

ENERGY = ("energy_j_per_token", "power_w")

METRICS = (
    "decode_tok_s",
    "prefill_tok_s",
    "ttft_s",
    *ENERGY,
    "image_s",
    "gemm_tflops",
)
_REQUIRED = ("id", "chip", "unit", "model", "engine", "metric", "value")
_UNITS = ("cpu", "gpu", "npu", "mixed")
_MAX_BYTES = 64 * 2**20
# More than any quantity of a row comes to, in its own unit.
_MOST = 1e12


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of a measurements file; None where the file says nothing.

    Parameters
    ----------
    id, chip, chip_class, unit, memory_type, model, engine, weight_format, tier, notes : str
        As in the file.
    bus_bits : float or None
        Width of the memory bus, bit.
    peak_bytes_per_s, peak_ops_per_s : float or None
        Peak DRAM bandwidth, B/s, and peak rate at `peak_precision`, op/s.
    peak_precision : str
        What the peak rate counts, such as ``INT8 sparse``.
    weight_bits, activation_bits, kv_bits : float or None
        Bits per element, group scales counted.
    batch : str
        Sequences run together; a word, such as ``max``, where they changed.
    prompt_tokens, gen_tokens : float or None
        Context before the first generated token, and tokens generated.
    metric : str
        One of `METRICS`.
    value : float
        In the metric's unit.
    is_clean : bool
        Whether the file's own rule counts it among the comparable rows.
    source : str
        Title of its source.
    line : int
        Its line in the file.
    """

    id: str
    chip: str
    chip_class: str
    unit: str
    memory_type: str
    bus_bits: float | None
    peak_bytes_per_s: float | None
    peak_ops_per_s: float | None
    peak_precision: str
    model: str
    engine: str
    weight_format: str
    weight_bits: float | None
    activation_bits: float | None
    kv_bits: float | None
    batch: str
    prompt_tokens: float | None
    gen_tokens: float | None
    metric: str
    value: float
    is_clean: bool
    tier: str
    source: str
    notes: str
    line: int

    @property
    def words(self) -> str:
        """What the row says of itself: the title of its source, and its notes."""
        return f"{self.source}; {self.notes}"

    @property
    def sequences(self) -> float | None:
        """Sequences run together, 1 or more; None where the batch is no number."""
        try:
            count = float(self.batch)
        except ValueError:
            return None
        return count if 1.0 <= count <= _MOST else None


class _Row:
    """One line of the file, its faults collected as its cells are read."""

    def __init__(self, cells: dict[str, str], file: str, line: int) -> None:
        self.cells, self.file, self.line = cells, file, line
        self.faults: list[Fault] = []

    def text(self, column: str) -> str:
        """Text of a cell, empty where the file has no such column."""
        text = (self.cells.get(column) or "").strip()
        if column in _REQUIRED and not text:
            self.fault(column, "must not be empty", "missing")
        return text

    def number(self, column: str, scale: float = 1.0) -> float | None:
        """Read a cell as a number >= 0, or None where it is empty."""
        text = self.text(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0.0:
            self.fault(column, f'must be a finite number >= 0, but got "{text}"', "type")
            return None
        if value > _MOST:
            self.fault(column, f'must be at most {_MOST:g}, but got "{text}"', "range")
            return None
        return value * scale

    def positive(self, column: str, scale: float = 1.0) -> float | None:
        """Read a cell of what cannot be 0: there it says, as an empty one, that nobody knows."""
        return self.number(column, scale) or None

    def choice(self, column: str, allowed: tuple[str, ...]) -> str:
        """Read a cell that holds one of a few words."""
        text = self.text(column)
        if text and text not in allowed:
            rule = f'must be one of {", ".join(allowed)}, but got "{text}"'
            self.fault(column, rule, "choice")
        return text

    def fault(self, column: str, message: str, slug: str) -> None:
        """Note a fault at a column."""
        place = list(self.cells).index(column) + 1 if column in self.cells else 0
        self.faults.append(Fault(self.file, self.line, place, column, message, slug))


def read_measurements(path: Path) -> tuple[Measurement, ...]:
    """Read a CSV of measurements.

    Columns are found by name and unknown ones ignored. A file without a ``clean`` column counts
    all its rows as clean.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of Measurement
        In the file's order.

    Raises
    ------
    SpecError
        With every fault, at its line; the column of a place is the field's number in the row.
    """
    shown = str(path)
    lines = _lines(path, shown)
    reader = csv.DictReader(lines)
    try:
        missing = [name for name in _REQUIRED if name not in (reader.fieldnames or ())]
        if missing:
            message = f"must have the columns {', '.join(missing)}"
            raise SpecError((Fault(shown, 1, 1, "", message, "missing"),))
        rows = [_Row(cells, shown, reader.line_num) for cells in reader]
    except csv.Error as error:
        raise SpecError((Fault(shown, reader.line_num, 1, "", str(error), "csv"),)) from None
    found = [_measurement(row) for row in rows]
    faults = (*(fault for row in rows for fault in row.faults), *_duplicates(rows))
    if faults:
        raise SpecError(faults)
    return tuple(found)


def _lines(path: Path, shown: str) -> list[str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SpecError((Fault(shown, 0, 0, "", "must be smaller than 64 MiB", "size"),))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError((Fault(shown, 0, 0, "", f"{error.strerror}", "file"),)) from None
    except UnicodeDecodeError:
        raise SpecError((Fault(shown, 0, 0, "", "must be UTF-8 text", "encoding"),)) from None
    return text.splitlines(keepends=True)


def _duplicates(rows: list[_Row]) -> Iterator[Fault]:
    seen: set[str] = set()
    for row in rows:
        key = row.cells.get("id") or ""
        if key in seen:
            yield Fault(
                row.file, row.line, 1, "id", f'must be unique, but got "{key}"', "duplicate"
            )
        seen.add(key)


def _measurement(row: _Row) -> Measurement:
    value = row.number("value")
    if value == 0.0:
        row.fault("value", "must be > 0", "range")
    return Measurement(
        id=row.text("id"),
        chip=row.text("chip"),
        chip_class=row.text("class"),
        unit=row.choice("unit", _UNITS),
        memory_type=row.text("memory_type"),
        bus_bits=row.positive("memory_bus_bits"),
        peak_bytes_per_s=row.positive("peak_bw_gbs", 1e9),
        peak_ops_per_s=row.positive("peak_tops", 1e12),
        peak_precision=row.text("peak_tops_precision"),
        model=row.text("model"),
        engine=row.text("engine"),
        weight_format=row.text("weight_format"),
        weight_bits=row.positive("weight_bits_per_param"),
        activation_bits=row.positive("activation_bits"),
        kv_bits=row.positive("kv_bits"),
        batch=row.text("batch") or "1",
        prompt_tokens=row.number("prompt_tokens"),
        gen_tokens=row.number("gen_tokens"),
        metric=row.choice("metric", METRICS),
        value=value or math.nan,
        is_clean="clean" not in row.cells or row.text("clean") == "1",
        tier=row.text("tier"),
        source=row.text("source_title"),
        notes=row.text("notes"),
        line=row.line,
    )
