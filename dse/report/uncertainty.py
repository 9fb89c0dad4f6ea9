"""What is uncertain about an evaluation: a table, an object, and its schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.numbers import number_object, number_schema, numbers_table
from dse.report.quantity import format_metric
from dse.report.schema_parts import COUNT, NUMBER, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.advise import Cause, Spread

__all__ = ["uncertainty_object", "uncertainty_schema", "uncertainty_tables"]

# Effects below this are not named (natural logarithm of the ratio of both ends).
_NOTICED = 5e-3


def uncertainty_tables(spreads: Sequence[Spread], draws: int) -> list[Table]:
    """Bounds, percentiles and causes of each metric, then the numbers that cause them."""
    rows = tuple(
        (
            spread.name,
            format_metric(spread.name, spread.value),
            *(format_metric(spread.name, value) for value in (spread.low, spread.high)),
            *(format_metric(spread.name, value) for value in spread.percentiles),
            ", ".join(_cause(cause, spread) for cause in _noticed(spread)) or "-",
        )
        for spread in spreads
    )
    numbers = ("as stated", "least", "most", "5 %", "50 %", "95 %")
    columns = (
        Column("metric"),
        *(Column(title, is_number=True) for title in numbers),
        Column("mostly from (each alone, low to high end)", may_fold=True),
    )
    notes = (
        "least, most: no numbers within their ranges lead beyond",
        f"percentiles of {draws} draws: numbers independent, each uniform over its range",
    )
    table = Table(columns, rows, title="uncertainty of the numbers behind it", notes=notes)
    named = [cause.number for spread in spreads for cause in _noticed(spread)]
    return [table, numbers_table(named)] if named else [table]


def _noticed(spread: Spread) -> list[Cause]:
    return [cause for cause in spread.causes if cause.weight > _NOTICED]


def _cause(cause: Cause, spread: Spread) -> str:
    low, high = (100.0 * (end / spread.value - 1.0) for end in (cause.low, cause.high))
    return f"{cause.number.name} {low:+.3g}..{high:+.3g} %"


def uncertainty_object(spreads: Sequence[Spread], draws: int, seed: int) -> dict[str, Any]:
    """The same as an object of ``dse.evaluate/1``."""
    metrics = [
        {
            "metric": spread.name,
            "value": spread.value,
            "least": spread.low,
            "most": spread.high,
            **dict(zip(("p5", "p50", "p95"), spread.percentiles, strict=True)),
            "causes": [
                number_object(c.number) | {"low": c.low, "high": c.high} for c in spread.causes
            ],
        }
        for spread in spreads
    ]
    return {"draws": draws, "seed": seed, "metrics": metrics}


def uncertainty_schema() -> Schema:
    """Describe ``uncertainty`` of ``dse.evaluate/1``."""
    number = number_schema()["properties"]
    cause = record(number | {"low": NUMBER, "high": NUMBER})
    numbers = ("value", "least", "most", "p5", "p50", "p95")
    metric = {"metric": TEXT} | dict.fromkeys(numbers, NUMBER) | {"causes": many(cause)}
    return record({"draws": COUNT, "seed": COUNT, "metrics": many(record(metric))})
