"""Uncertain numbers for people: which number, how far it may be off, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dse.report.schema_parts import REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.spec.ranges import Range

__all__ = [
    "RULES",
    "estimate_title",
    "number_object",
    "number_schema",
    "numbers_table",
    "range_text",
]

# What has a range, and what has none, in one sentence.
RULES = (
    "ranges by confidence: hw_configs/technology/ranges.yaml; what a chip's file measured or "
    "estimates has one too; its clocks, widths, rates, capacities and engines, the model, and the "
    "way it is evaluated are taken as exact"
)
# Longer sources are cut in the table; `--json` has them whole.
_MAX_SOURCE = 60


def estimate_title(names: Sequence[str]) -> str:
    """Name numbers that are one estimate: the same field of several nodes or DRAM types.

    Examples
    --------
    >>> estimate_title(["nodes.n3e.wafer_price", "nodes.n3p.wafer_price"])
    'nodes.{n3e,n3p}.wafer_price'
    >>> estimate_title(["silicon.mac_area"])
    'silicon.mac_area'
    """
    if len(names) == 1:
        return names[0]
    files, keys, fields = zip(*(name.split(".", 2) for name in names), strict=True)
    return f"{files[0]}.{{{','.join(keys)}}}.{fields[0]}"


def range_text(number: Range) -> str:
    """Write a range as shares of the number.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> range_text(SimpleNamespace(low=0.8, high=1.2))
    '±20 %'
    >>> range_text(SimpleNamespace(low=0.5, high=1.25))
    '-50..+25 %'
    """
    low, high = 100.0 * (number.low - 1.0), 100.0 * (number.high - 1.0)
    if abs(low + high) < 1e-6:
        return f"±{high:.3g} %"
    return f"{low:+.3g}..{high:+.3g} %"


def numbers_table(ranges: Iterable[Range]) -> Table:
    """Each number once: as stated, its range and grade, where it stands and came from."""
    once = {number.name: number for number in ranges}
    rows = tuple(
        (n.name, n.text, range_text(n), n.confidence, n.place, _cut(n.source))
        for n in once.values()
    )
    columns = (
        *(Column("number"), Column("stated", is_number=True), Column("range", is_number=True)),
        *(Column("grade"), Column("where", may_fold=True), Column("source", may_fold=True)),
    )
    title = "the numbers named above"
    notes = ("grades: A datasheet or measured, B estimate read, C recalled or inferred", RULES)
    return Table(columns, rows, title=title, notes=notes)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SOURCE else f"{text[: _MAX_SOURCE - 3]}..."


def number_object(number: Range) -> dict[str, Any]:
    """Give a number as an entry of a document."""
    return {
        "number": number.name,
        "stated": number.text,
        "range": [number.low, number.high],
        "confidence": number.confidence,
        "source": number.source,
        "place": number.place,
    }


def number_schema() -> Schema:
    """Describe `number_object`; the range as factors of the number."""
    texts = dict.fromkeys(("number", "stated", "confidence", "source", "place"), TEXT)
    return record(texts | {"range": many(REAL)})
