"""Effective bits per weight of the number formats that publications name."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dse.errors import Fault, SpecError

__all__ = ["effective_bits", "read_formats"]


@lru_cache(maxsize=4)
def read_formats(path: Path) -> Mapping[str, float]:
    """Read the table of formats: bits per weight, scales and mixed layers counted, by name.

    Parameters
    ----------
    path : Path
        CSV with the columns format, bits, confidence and source.

    Raises
    ------
    SpecError
        If bits are no number.
    """
    table: dict[str, float] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                table[row["format"].upper()] = float(row["bits"])
            except (KeyError, TypeError, ValueError):
                fault = Fault(str(path), line, 2, "bits", "must be a number", "type")
                raise SpecError((fault,)) from None
    return table


def effective_bits(text: str, table: Mapping[str, float]) -> float | None:
    """Bits of a format whose name is the first word of a text; None for one not in the table.

    Examples
    --------
    >>> effective_bits("Q4_0 (assumed)", {"Q4_0": 4.5})
    4.5
    """
    words = text.upper().split()
    return table.get(words[0]) if words else None
