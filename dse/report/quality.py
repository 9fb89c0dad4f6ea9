"""What was measured of models under quantisation: one line, tables, and a document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dse.cost.quality import QUALITY_KINDS
from dse.report.schema_parts import REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.cost import QualityReport
    from dse.workload import Measured, Quality

__all__ = [
    "qualities_table",
    "quality_cells",
    "quality_document",
    "quality_object",
    "quality_of_one_schema",
    "quality_schema",
    "quality_table",
]

_WORDS = {
    "reference": "nothing is stored in fewer than 16 bits",
    "measured": "measured",
    "combined": "product of effects measured apart",
    "interpolated": "interpolated between measurements",
    "bounded": "at most, measured with fewer bits",
    "not measured": "not measured of this model in these formats",
}


def quality_cells(report: QualityReport) -> tuple[str, str]:
    """Loss for people, and what it rests on.

    Examples
    --------
    >>> from dse.cost import QualityReport
    >>> quality_cells(QualityReport(float("nan"), "not measured"))
    ('-', 'not measured of this model in these formats')
    """
    words = _WORDS[report.kind]
    if math.isnan(report.ratio):
        return "-", words
    change = f"{100.0 * (report.ratio - 1.0):+.1f} %"
    if not report.rows:
        return change, f"perplexity: {words}"
    names = " and ".join(dict.fromkeys(row.name for row in report.rows))
    whose = f" of {report.of}: {report.why}" if report.why else ""
    sources = "; ".join(dict.fromkeys(f"{row.source} [{row.confidence}]" for row in report.rows))
    return change, f"perplexity: {words} ({names}{whose}; {sources})"


def quality_object(report: QualityReport) -> dict[str, Any]:
    """The same for ``--json``; the ratio itself is among the metrics."""
    return {
        "kind": report.kind,
        "of": report.of,
        "why": report.why,
        "rows": [_row_object(row) for row in report.rows],
    }


def _row_object(row: Measured) -> dict[str, Any]:
    return asdict(row) | {"ratio": row.ratio}


def quality_document(model: str, quality: Quality) -> dict[str, Any]:
    """``dse.quality/1``: all that was measured of one model.

    Parameters
    ----------
    model : str
        The model that was asked for.
    quality : Quality
        What is known of it.
    """
    return {
        "schema": "dse.quality/1",
        "model": model,
        "of": quality.of,
        "why": quality.why,
        "rows": [_row_object(row) for row in quality.rows],
    }


def quality_table(title: str, quality: Quality) -> Table:
    """Every measurement of one model, by method and falling bits, with its source."""
    order = {method: i for i, method in enumerate(dict.fromkeys(r.method for r in quality.rows))}
    rows = sorted(
        quality.rows,
        key=lambda r: (not r.is_perplexity, order[r.method], -r.weight_bits, -r.kv_bits),
    )
    sources = {source: i + 1 for i, source in enumerate(dict.fromkeys(r.source for r in rows))}
    cells = tuple(
        (
            row.method,
            row.name,
            _bits(row.weight_bits),
            _bits(row.activation_bits),
            _bits(row.kv_bits),
            row.metric,
            f"{row.value:.5g}",
            f"{100.0 * (row.ratio - 1.0):+.2f} %",
            row.confidence,
            f"[{sources[row.source]}]",
        )
        for row in rows
    )
    whose = f": rows of {quality.of}, {quality.why}" if quality.why else ""
    return Table(
        (
            Column("method"),
            Column("as the source calls it"),
            *(Column(name, is_number=True) for name in ("weights", "acts", "KV")),
            Column("metric", may_fold=True),
            *(Column(name, is_number=True) for name in ("result", "change")),
            Column("confidence"),
            Column("source"),
        ),
        cells,
        title=f"{title}{whose}",
        notes=tuple(f"[{number}] {source}" for source, number in sources.items()),
    )


def _bits(bits: float) -> str:
    return f"{bits:.4g}"


def qualities_table(qualities: Mapping[str, Quality]) -> Table:
    """Models that something is known of, and by which methods."""
    rows = []
    for name, quality in sorted(qualities.items()):
        perplexities = [row for row in quality.rows if row.is_perplexity]
        narrow = [row.weight_bits for row in perplexities if row.weight_bits < 16.0]
        span = f"{min(narrow):.4g} to {max(narrow):.4g}" if narrow else "-"
        methods = ", ".join(dict.fromkeys(row.method for row in perplexities)) or "-"
        scores = len(quality.rows) - len(perplexities)
        of = f"{quality.of}, {quality.why}" if quality.why else ""
        rows.append((name, str(len(perplexities)), str(scores), span, methods, of))
    columns = (
        Column("model"),
        Column("perplexities", is_number=True),
        Column("scores", is_number=True),
        Column("bits per weight"),
        Column("methods of the perplexities", may_fold=True),
        Column("rows of", may_fold=True),
    )
    return Table(columns, tuple(rows))


def _measured() -> Schema:
    texts = dict.fromkeys(("name", "method", "metric", "source", "confidence"), TEXT)
    bits = ("weight_bits", "activation_bits", "kv_bits")
    numbers = dict.fromkeys((*bits, "value", "reference", "step", "ratio"), REAL)
    names = ("is_perplexity", "is_grouped", "of_kv_alone")
    flags = {name: {"type": "boolean"} for name in names}
    return many(record({**texts, **numbers, **flags}))


def quality_of_one_schema() -> Schema:
    """Describe `quality_object`."""
    return record(
        {"kind": {"enum": list(QUALITY_KINDS)}, "of": TEXT, "why": TEXT, "rows": _measured()}
    )


def quality_schema() -> Schema:
    """Describe `quality_document`."""
    return record({"model": TEXT, "of": TEXT, "why": TEXT, "rows": _measured()})
