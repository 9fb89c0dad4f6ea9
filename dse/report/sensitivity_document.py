"""What matters in a design space as a document, and the schema that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite
from dse.report.schema_parts import COUNT, NUMBER, TEXT, USE_CASES, Schema, many, record, table
from dse.report.sensitivity import SensitivityView, sentence
from dse.store import use_cases_object

if TYPE_CHECKING:
    from dse.advise import Move

__all__ = ["sensitivity_document", "sensitivity_schema"]


def sensitivity_document(view: SensitivityView) -> dict[str, Any]:
    """``dse.sensitivity/1``: indices over the space, slopes and steps at a design."""
    space, result = view.space, view.result
    return {
        "schema": "dse.sensitivity/1",
        "space": space.name,
        "models": [model.name for model in space.models],
        "scenario": space.asks,
        "use_cases": use_cases_object(space),
        "seed": view.seed,
        "evaluations": result.indices.evaluations,
        "objectives": list(space.objectives),
        "indices": _indices(view),
        "design": {
            "at": view.at,
            "design": int(space.encode(result.design[None])[0]),
            "axes": space.texts(result.design),
            "met": result.is_feasible,
            "metrics": _numbers(result.metrics, view),
        },
        "elasticities": [
            {
                "axis": slope.axis,
                "of": "step" if slope.is_step else "derivative",
                "metrics": _numbers(slope.elasticities, view),
            }
            for slope in result.slopes
        ],
        "steps": [_step(view, move) for move in result.moves],
    }


def _numbers(values: Mapping[str, float], view: SensitivityView) -> dict[str, float | None]:
    return {name: finite(values[name]) for name in view.metrics}


def _indices(view: SensitivityView) -> list[dict[str, Any]]:
    found = view.result.indices
    parts = {
        "first": found.first,
        "first_low": found.first_interval[0],
        "first_high": found.first_interval[1],
        "total": found.total,
        "total_low": found.total_interval[0],
        "total_high": found.total_interval[1],
    }
    return [
        {"objective": name, "axis": axis.path}
        | {part: finite(float(values[row, column])) for part, values in parts.items()}
        for column, name in enumerate(view.space.objectives)
        for row, axis in enumerate(view.space.axes)
    ]


def _step(view: SensitivityView, move: Move) -> dict[str, Any]:
    return {
        "axis": move.axis.path,
        "from": move.axis.texts[move.start],
        "to": move.axis.texts[move.end],
        "metrics": _numbers(move.metrics, view),
        "misses": list(move.missed),
        "sentence": sentence(view, move),
    }


def sensitivity_schema() -> Schema:
    """Describe ``dse.sensitivity/1``."""
    ends = ("first", "first_low", "first_high", "total", "total_low", "total_high")
    index = {"objective": TEXT, "axis": TEXT} | dict.fromkeys(ends, NUMBER)
    metrics = table(NUMBER)
    design = {"at": TEXT, "design": COUNT, "axes": table(TEXT), "met": {"type": "boolean"}}
    slope = {"axis": TEXT, "of": {"enum": ["derivative", "step"]}, "metrics": metrics}
    step = dict.fromkeys(("axis", "from", "to", "sentence"), TEXT)
    return record(
        {
            "space": TEXT,
            "models": many(TEXT),
            "scenario": TEXT,
            "use_cases": USE_CASES,
            "seed": COUNT,
            "evaluations": COUNT,
            "objectives": many(TEXT),
            "indices": many(record(index)),
            "design": record({**design, "metrics": metrics}),
            "elasticities": many(record(slope)),
            "steps": many(record({**step, "metrics": metrics, "misses": many(TEXT)})),
        }
    )
