"""JSON Schemas of an evaluation: metrics, bounds, the scenario, operators."""

from __future__ import annotations

from dse.cost.metric import BOUNDS, IMAGE_METRICS, QUALITY_METRICS, TEXT_METRICS, Metric
from dse.report.placement import placement_schema
from dse.report.quality import quality_of_one_schema
from dse.report.schema_parts import (
    COUNT,
    NUMBER,
    REAL,
    STACK,
    TEXT,
    Schema,
    either,
    many,
    record,
    table,
)
from dse.report.serving import SERVING_SCHEMA
from dse.report.sustained import sustained_schema
from dse.report.uncertainty import uncertainty_schema

__all__ = [
    "bounds_schema",
    "compare_schema",
    "evaluate_schema",
    "metrics_schema",
    "scenario_schema",
]


def metrics_schema(metrics: tuple[Metric, ...] = TEXT_METRICS) -> Schema:
    """All metrics but the bounds, each with its unit and meaning."""
    return record(
        {
            entry.name: NUMBER | {"description": f"{entry.meaning} Unit: {entry.unit or 'none'}."}
            for entry in metrics
            if not entry.name.endswith("_bound")
        },
        optional=tuple(entry.name for entry in QUALITY_METRICS),
    )


def bounds_schema() -> Schema:
    """What each phase waits for."""
    phases = (("prefill", "decode"), ("image",))
    return either(*(record({key: {"enum": list(BOUNDS)} for key in each}) for each in phases))


def scenario_schema() -> Schema:
    """What was asked, of a language model or of a network of layers."""
    head = {"name": TEXT, "batch_size": COUNT, "fusion": {"enum": ["full", "none"]}}
    lengths = dict.fromkeys(("prompt_tokens", "output_tokens"), COUNT)
    stored = dict.fromkeys(("weights", "head", "embedding", "activations", "kv"), TEXT)
    stored["quantisation"] = TEXT
    steps = dict.fromkeys(("steps", "guidance"), COUNT)
    formats = dict.fromkeys(("weights", "activations"), TEXT)
    served = {**head, **lengths, **stored, **SERVING_SCHEMA}
    return either(
        record(served, optional=tuple(SERVING_SCHEMA)), record({**head, **steps, **formats})
    )


def _operator() -> Schema:
    names = ("launches", "seconds", "energy_j", "ops", "sram_bytes", "cache_bytes", "dram_bytes")
    return record(
        {
            "phase": {"type": "string", "description": "prefill, decode, or a stage."},
            "name": TEXT,
            **dict.fromkeys((*names, "utilisation"), REAL),
            "busy_s": record(dict.fromkeys(BOUNDS, REAL)),
            "bound": {"enum": list(BOUNDS)},
            "shares": table(REAL),
        },
        optional=("shares",),
    )


def evaluate_schema() -> Schema:
    """``dse.evaluate/1``: one chip on one model."""
    provenance = record(
        {"of": TEXT, "path": TEXT, "value": TEXT, "confidence": TEXT, "source": TEXT}
        | {"file": TEXT, "line": COUNT}
    )
    of_stage = dict.fromkeys(("seconds", "energy_j"), REAL)
    return record(
        {
            "chip": TEXT,
            "changes": table(TEXT),
            "model": TEXT,
            "unit": TEXT,
            "stack": STACK,
            "scenario": scenario_schema(),
            "metrics": either(metrics_schema(), metrics_schema(IMAGE_METRICS)),
            "bounds": bounds_schema(),
            "is_partial_die": {"type": "boolean"},
            "resident_fraction": REAL,
            "stages": many(record({"name": TEXT, "runs": COUNT} | of_stage)),
            "operators": many(_operator()),
            "placements": placement_schema(),
            "quality": quality_of_one_schema(),
            "provenance": many(provenance),
            "sustained": sustained_schema(),
            "uncertainty": uncertainty_schema(),
        },
        optional=(
            "resident_fraction",
            "stages",
            "operators",
            "placements",
            "quality",
            "provenance",
            "sustained",
            "uncertainty",
        ),
    )


def compare_schema() -> Schema:
    """``dse.compare/1``: several chips on one model."""
    metrics = either(metrics_schema(), metrics_schema(IMAGE_METRICS))
    chip = {
        "chip": TEXT,
        "unit": TEXT,
        "stack": STACK,
        "metrics": metrics,
        "bounds": bounds_schema(),
    }
    chip["is_partial_die"] = {"type": "boolean"}
    return record({"model": TEXT, "scenario": scenario_schema(), "chips": many(record(chip))})
