"""A front under uncertain numbers as data: an object with its schema, and a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.cost.metric import metric
from dse.report.documents import finite
from dse.report.numbers import number_object, number_schema
from dse.report.robust import RobustView
from dse.report.schema_parts import COUNT, NUMBER, REAL, TEXT, Schema, many, record, table
from dse.store import Column
from dse.store.table import open_table

if TYPE_CHECKING:
    from dse.advise import Driver

__all__ = ["robust_object", "robust_schema", "write_robust_csv"]

_ENDS = ("least", "p5", "p50", "p95", "most")
_SHARES = {
    "on_front": "Share of the draws in which it meets all requirements, undominated by any "
    "design that does.",
    "meets_all": "Share of the draws in which it meets all requirements.",
}


def robust_object(view: RobustView) -> dict[str, Any]:
    """``uncertainty`` of ``dse.pareto/1``: designs of the front first, then those beside it."""
    result = view.result
    return {
        "draws": result.draws,
        "seed": result.seed,
        "screened": result.screened,
        "designs": [_design(view, place) for place in range(len(view.designs))],
        "drivers": [
            _driver(name, driver) for name, each in result.drivers.items() for driver in each
        ],
    }


def _design(view: RobustView, place: int) -> dict[str, Any]:
    result = view.result
    is_front = bool(result.is_front[place])
    return {
        "design": int(view.designs[place]),
        "axes": view.space.texts(result.index[place]),
        "front": is_front,
        "misses": view.missed(place),
        "on_front": float(result.on_front[place]),
        "meets_all": float(result.feasible[place]),
        "undominated": float(result.undominated[place]) if is_front else None,
        "objectives": {
            name: {"value": finite(float(result.values[name][place]))}
            | {end: finite(value) for end, value in _ends(view, name, place).items()}
            for name in view.space.objectives
        },
    }


def _ends(view: RobustView, name: str, place: int) -> dict[str, float]:
    result = view.result
    middle = result.percentiles[name][place].tolist()
    ends = (float(result.low[name][place]), *middle, float(result.high[name][place]))
    return dict(zip(_ENDS, ends, strict=True))


def _driver(name: str, driver: Driver) -> dict[str, Any]:
    numbers = [number_object(number) for number in driver.ranges]
    return {"objective": name, "numbers": numbers, "low": driver.low, "high": driver.high}


def robust_schema() -> Schema:
    """Describe `robust_object`; low and high of a driver as factors of the objective."""
    ends = record(dict.fromkeys(("value", *_ENDS), NUMBER))
    design = {"design": COUNT, "axes": table(TEXT), "front": {"type": "boolean"}}
    design |= {"misses": many(TEXT)}
    design |= dict.fromkeys(_SHARES, REAL) | {"undominated": NUMBER, "objectives": table(ends)}
    driver = {"objective": TEXT, "numbers": many(number_schema()), "low": REAL, "high": REAL}
    counts = dict.fromkeys(("draws", "seed", "screened"), COUNT)
    return record(counts | {"designs": many(record(design)), "drivers": many(record(driver))})


def write_robust_csv(view: RobustView, path: Path) -> None:
    """Write one row per design: shares, and every objective with its ends."""
    result = view.result
    columns = [
        Column("design", "int", "", "design", 0, "Number of the design."),
        Column("front", "int", "", "status", 1, "1 where it is on the front as stated."),
        *(Column(name, "float", "", "status", 1, text) for name, text in _SHARES.items()),
    ]
    cells: dict[str, npt.NDArray[Any]] = {
        "design": view.designs,
        "front": result.is_front.astype(np.int64),
    }
    cells |= {"on_front": result.on_front, "meets_all": result.feasible}
    for name in view.space.objectives:
        entry, values = metric(name), result.values[name]
        middle = result.percentiles[name].T
        parts = (values, result.low[name], *middle, result.high[name])
        for end, part in zip(("", *_ENDS), parts, strict=True):
            title = f"{name}.{end}" if end else name
            columns.append(
                Column(title, "float", entry.unit, "metric", entry.sense, entry.meaning)
            )
            cells[title] = part
    with open_table(path, columns) as writer:
        writer.write(cells)
