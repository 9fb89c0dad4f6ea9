"""Reads a file of single kernels: one row per shape, faults with their place."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dse.dtype import parse_format
from dse.errors import Fault, SpecError, UnitError

__all__ = ["Kernel", "is_kernels", "read_kernels"]

_HEADER = ("chip", "kind", "precision", "time_ms")
# Columns of sizes that each kind needs.
_SIZES = {
    "gemm": ("m", "n", "k"),
    "attention": ("seq_q", "seq_kv", "heads_q", "heads_kv", "head_dim"),
    "layernorm": ("m", "n"),
}
_MAX_BYTES = 64 * 2**20
_MAX_SIZE = 2.0**31


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel; sizes that its kind lacks are 0, quantities that were not measured None.

    Parameters
    ----------
    chip, kind, precision : str
        Chip as the file names it; gemm, attention or layernorm; type of all operands.
    m, n, k : float
        GEMM (m x k)(k x n); layer normalisation of m rows of n.
    queries, keys, heads, kv_heads, head_dim : float
        Attention: lengths, tokens; heads of queries and of keys; width of a head.
    causal : bool
        Whether a query sees only keys before it.
    seconds : float or None
        Measured time, s.
    gpu_w, mem_w : float or None
        Measured power of the compute and the memory rail, W.
    line : int
        Its line in the file.
    """

    chip: str
    kind: str
    precision: str
    m: float = 0.0
    n: float = 0.0
    k: float = 0.0
    queries: float = 0.0
    keys: float = 0.0
    heads: float = 0.0
    kv_heads: float = 0.0
    head_dim: float = 0.0
    causal: bool = False
    seconds: float | None = None
    gpu_w: float | None = None
    mem_w: float | None = None
    line: int = 0


def is_kernels(header: Sequence[str]) -> bool:
    """Whether the column names are those of a file of kernels."""
    return set(_HEADER) <= {name.strip() for name in header}


def read_kernels(path: Path) -> tuple[Kernel, ...]:
    """Read a CSV of kernels.

    Columns are found by name and unknown ones ignored.

    Raises
    ------
    SpecError
        With every fault, at its line; the column of a place is the field's number in the row.
    """
    shown = str(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SpecError((Fault(shown, 0, 0, "", "must be smaller than 64 MiB", "size"),))
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except OSError as error:
        raise SpecError((Fault(shown, 0, 0, "", f"{error.strerror}", "file"),)) from None
    except UnicodeDecodeError:
        raise SpecError((Fault(shown, 0, 0, "", "must be UTF-8 text", "encoding"),)) from None
    reader = csv.DictReader(lines)
    faults: list[Fault] = []
    try:
        if not is_kernels(reader.fieldnames or ()):
            rule = f"must have the columns {', '.join(_HEADER)}"
            raise SpecError((Fault(shown, 1, 1, "", rule, "missing"),))
        kernels = [_Reader(cells, shown, reader.line_num, faults).kernel() for cells in reader]
    except csv.Error as error:
        raise SpecError((Fault(shown, reader.line_num, 1, "", str(error), "csv"),)) from None
    if faults:
        raise SpecError(tuple(faults))
    return tuple(kernels)


class _Reader:
    """One row; its faults go to the file's list."""

    def __init__(
        self, cells: Mapping[str, str | None], file: str, line: int, faults: list[Fault]
    ) -> None:
        self.cells, self.file, self.line, self.faults = cells, file, line, faults

    def kernel(self) -> Kernel:
        """Read the whole row."""
        kind = self._text("kind")
        if kind not in _SIZES:
            self._fault("kind", f'must be one of {", ".join(_SIZES)}, but got "{kind}"', "choice")
        size = {column: self._number(column) or 0.0 for column in _SIZES.get(kind, ())}
        for column, value in size.items():
            if not (1.0 <= value <= _MAX_SIZE and value.is_integer()):
                self._fault(column, f"must be a whole number >= 1 in a {kind} row", "range")
        time = self._number("time_ms")
        return Kernel(
            chip=self._text("chip"),
            kind=kind,
            precision=self._precision(),
            m=size.get("m", 0.0),
            n=size.get("n", 0.0),
            k=size.get("k", 0.0),
            queries=size.get("seq_q", 0.0),
            keys=size.get("seq_kv", 0.0),
            heads=size.get("heads_q", 0.0),
            kv_heads=size.get("heads_kv", 0.0),
            head_dim=size.get("head_dim", 0.0),
            causal=self._text("causal") in ("1", "true"),
            seconds=None if time is None else time * 1e-3,
            gpu_w=self._number("power_gpu_w"),
            mem_w=self._number("power_mem_w"),
            line=self.line,
        )

    def _precision(self) -> str:
        text = self._text("precision")
        try:
            return parse_format(text).name
        except UnitError as error:
            self._fault("precision", str(error), error.slug)
            return text

    def _text(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def _number(self, column: str) -> float | None:
        text = self._text(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value <= 0.0:
            rule = f'must be a finite number > 0, or empty where unknown, but got "{text}"'
            self._fault(column, rule, "range")
            return None
        return value

    def _fault(self, column: str, message: str, slug: str) -> None:
        names = list(self.cells)
        place = names.index(column) + 1 if column in names else 1
        self.faults.append(Fault(self.file, self.line, place, column, message, slug))
