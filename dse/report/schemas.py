"""JSON Schemas of what ``--json`` prints, one per document and version."""

from __future__ import annotations

from dse.report.certificate import certificate_schema
from dse.report.claims import claims_schema
from dse.report.evaluation_schemas import (
    bounds_schema,
    compare_schema,
    evaluate_schema,
    metrics_schema,
    scenario_schema,
)
from dse.report.link_schemas import cloud_schema, runtime_schema, split_schema
from dse.report.progress import progress_schema
from dse.report.proofs import proofs_schema
from dse.report.quality import quality_schema
from dse.report.robust_document import robust_schema
from dse.report.runs import export_schema, runs_schema
from dse.report.scaling import scaling_schema
from dse.report.schema_parts import (
    COUNT,
    DIALECT,
    NUMBER,
    REAL,
    TEXT,
    USE_CASES,
    Schema,
    many,
    record,
    table,
)
from dse.report.search_bench import search_bench_schema
from dse.report.sensitivity_document import sensitivity_schema
from dse.report.steps_document import steps_schema
from dse.report.traffic import traffic_schema

__all__ = ["DOCUMENTS", "document_schema"]


def _target() -> Schema:
    return record({"metric": TEXT, "limit": REAL, "sense": {"enum": ["<=", ">="]}})


def _design() -> Schema:
    return record({"design": COUNT, "axes": table(TEXT), "metrics": metrics_schema()})


def _pareto() -> Schema:
    return record(
        {
            "run": TEXT,
            "space": TEXT,
            "models": many(TEXT),
            "scenario": TEXT,
            "use_cases": USE_CASES,
            "complete": {"type": "boolean"},
            "objectives": many(TEXT),
            "targets": many(_target()),
            "knee": {"type": ["integer", "null"], "description": "Number of the design."},
            "front": many(_design()),
            "chips": many(record({"chip": TEXT, "metrics": metrics_schema()})),
            "files": many(TEXT),
            "uncertainty": robust_schema(),
        },
        optional=("uncertainty",),
    )


def _findings() -> Schema:
    miss = {"metric": TEXT, "limit": REAL, "value": NUMBER, "violation": NUMBER}
    misses = many(record(miss))
    nearest = {"design": COUNT, "axes": table(TEXT), "misses": misses}
    widening = {"axis": TEXT, "side": {"enum": ["below", "above"]}, "end": TEXT}
    diagnosis = record(
        {
            "certain": {"type": "boolean"},
            "binding": {"type": ["string", "null"]},
            "opens": COUNT,
            "nearest": record(nearest),
            "widen": many(record({**widening, "predicted": NUMBER, "costs": misses})),
        }
    )
    counts = dict.fromkeys(("designs_in_space", "evaluated", "feasible", "front"), COUNT)
    return record(
        {
            "run": TEXT,
            "space": TEXT,
            **counts,
            "settings": {"type": "object"},
            "knee": {"anyOf": [_design(), {"type": "null"}]},
            "diagnosis": {"anyOf": [diagnosis, {"type": "null"}]},
            "certificate": certificate_schema(),
        },
        optional=("certificate",),
    )


def _estimate() -> Schema:
    return record(
        {
            "space": TEXT,
            "designs_in_space": COUNT,
            "designs": COUNT,
            "exhaustive": {"type": "boolean"},
            "seconds": REAL,
            "stored_bytes": REAL,
        }
    )


def _require() -> Schema:
    interface = {
        "dram": TEXT,
        "bus_bits_per_s": REAL,
        "bus_width_bits": REAL,
        "energy_per_token_j": REAL,
        "within_power": {"type": ["boolean", "null"]},
    }
    rates = ("bandwidth_bytes_per_s", "ops_per_s")
    amounts = ("ttft_s", "tpot_s", "sram_bytes", "capacity_bytes", "decode_bytes", "prefill_bytes")
    floors = (*rates, *amounts, "energy_per_token_j", "power_w")
    need = dict.fromkeys(floors, REAL) | {"bandwidth_by": TEXT, "ops_by": TEXT}
    need |= {"interfaces": many(record(interface))}
    chip = {"chip": TEXT, "segment": TEXT, "has_all": {"type": "boolean"}}
    chip |= dict.fromkeys(("bandwidth", "ops", "sram", "capacity"), NUMBER)
    return record(
        {
            "model": TEXT,
            "scenario": scenario_schema(),
            "requirement": record(need),
            "chips": many(record(chip)),
        }
    )


def _specs() -> Schema:
    row = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    return record({"specs": many(row)})


def _spec() -> Schema:
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    field = {"path": TEXT, "value": value}
    field |= dict.fromkeys(("text", "confidence", "source"), TEXT)
    return record({"kind": TEXT, "name": TEXT, "file": TEXT, "fields": many(record(field))})


def _check() -> Schema:
    return record({"files": many(TEXT)})


def _import() -> Schema:
    return record({"name": TEXT, "file": TEXT})


def _validate() -> Schema:
    summaries = {"type": "object"}
    row = dict.fromkeys(("id", "chip", "class", "stack", "model", "metric", "scope"), TEXT)
    row |= {"predicted": NUMBER, "measured": NUMBER, "error": NUMBER}
    return record(
        {
            "left_out": {"type": "boolean"},
            **dict.fromkeys(
                ("summary", "by_class", "by_stack", "by_metric", "by_scope"), summaries
            ),
            "excluded": {"type": "object"},
            "rows": many(record(row)),
            "unpredictable": many(record({"id": TEXT, "reason": TEXT})),
        }
    )


def _kernels() -> Schema:
    groups = ("summary", "by_kind", "fitted", "unpredictable")
    row = {"line": COUNT, "chip": TEXT, "kernel": TEXT, "held_out": {"type": "boolean"}}
    numbers = ("predicted_s", "measured_s", "predicted_gpu_j", "predicted_mem_j")
    errors = ("time_error", "energy_error", "power_error")
    row |= dict.fromkeys((*numbers, *errors), NUMBER)
    whole: Schema = {name: {"type": "object"} for name in groups}
    return record(whole | {"rows": many(record(row))})


def _calibrate() -> Schema:
    return record(
        {
            "stack": TEXT,
            "rows": COUNT,
            "chips": COUNT,
            "parameters": {"type": "object"},
            "fit_median_abs_error": NUMBER,
            "left_out_median_abs_error": {"type": "object"},
        }
    )


def _error() -> Schema:
    fault = {"file": TEXT, "line": COUNT, "column": COUNT}
    fault |= dict.fromkeys(("path", "slug", "message"), TEXT)
    return record({"exit_code": COUNT, "errors": many(record(fault))})


DOCUMENTS = {
    "evaluate": evaluate_schema,
    "compare": compare_schema,
    "pareto": _pareto,
    "sweep": _findings,
    "search": _findings,
    "estimate": _estimate,
    "progress": progress_schema,
    "runs": runs_schema,
    "export": export_schema,
    "quality": quality_schema,
    "traffic": traffic_schema,
    "require": _require,
    "runtime": lambda: runtime_schema(scenario_schema()),
    "split": lambda: split_schema(scenario_schema()),
    "cloud": lambda: cloud_schema(scenario_schema()),
    "steps": lambda: steps_schema(scenario_schema(), metrics_schema(), bounds_schema()),
    "sensitivity": sensitivity_schema,
    "claims": claims_schema,
    "bench-search": search_bench_schema,
    "proofs": proofs_schema,
    "scaling": scaling_schema,
    "specs": _specs,
    "spec": _spec,
    "check": _check,
    "import": _import,
    "validate": _validate,
    "kernels": _kernels,
    "calibrate": _calibrate,
    "error": _error,
}


def document_schema(name: str) -> Schema:
    """JSON Schema of one document.

    Parameters
    ----------
    name : str
        Key of `DOCUMENTS`.

    Examples
    --------
    >>> document_schema("error")["properties"]["schema"]
    {'const': 'dse.error/1'}
    """
    body = DOCUMENTS[name]()
    version = f"dse.{name}/1"
    properties = {"schema": {"const": version}, **body["properties"]}
    required = ["schema", *body["required"]]
    head = {"$schema": DIALECT, "title": version}
    return {**head, **body, "properties": properties, "required": required}
