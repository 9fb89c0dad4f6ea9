"""JSON Schemas of what ``--json`` prints, one per document and version."""

from __future__ import annotations

from typing import Any

from dse.cost.metric import BOUNDS, METRICS

__all__ = ["DOCUMENTS", "document_schema"]

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_REAL: Schema = {"type": "number"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": ["number", "null"], "description": "SI; null where not finite."}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """Describe an object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _metrics() -> Schema:
    """All metrics but the bounds, each with its unit and meaning."""
    return _object(
        {
            entry.name: _NUMBER | {"description": f"{entry.meaning} Unit: {entry.unit or 'none'}."}
            for entry in METRICS
            if not entry.name.endswith("_bound")
        }
    )


def _bounds() -> Schema:
    return _object({phase: {"enum": list(BOUNDS)} for phase in ("prefill", "decode")})


def _scenario() -> Schema:
    counts = dict.fromkeys(("prompt_tokens", "output_tokens", "batch_size"), _COUNT)
    formats = dict.fromkeys(("weights", "head", "embedding", "activations", "kv"), _TEXT)
    return _object({"name": _TEXT, **counts, "fusion": {"enum": ["full", "none"]}, **formats})


def _operator() -> Schema:
    names = ("launches", "seconds", "energy_j", "ops", "sram_bytes", "cache_bytes", "dram_bytes")
    return _object(
        {
            "phase": {"enum": ["prefill", "decode"]},
            "name": _TEXT,
            **dict.fromkeys((*names, "utilisation"), _REAL),
            "busy_s": _object(dict.fromkeys(BOUNDS, _REAL)),
            "bound": {"enum": list(BOUNDS)},
        }
    )


def _evaluate() -> Schema:
    provenance = _object(
        {"of": _TEXT, "path": _TEXT, "value": _TEXT, "confidence": _TEXT, "source": _TEXT}
        | {"file": _TEXT, "line": _COUNT}
    )
    return _object(
        {
            "chip": _TEXT,
            "changes": _map(_TEXT),
            "model": _TEXT,
            "unit": _TEXT,
            "scenario": _scenario(),
            "metrics": _metrics(),
            "bounds": _bounds(),
            "is_partial_die": {"type": "boolean"},
            "operators": _list(_operator()),
            "provenance": _list(provenance),
        },
        optional=("operators", "provenance"),
    )


def _compare() -> Schema:
    chip = {"chip": _TEXT, "unit": _TEXT, "metrics": _metrics(), "bounds": _bounds()}
    chip["is_partial_die"] = {"type": "boolean"}
    return _object({"model": _TEXT, "scenario": _scenario(), "chips": _list(_object(chip))})


def _target() -> Schema:
    return _object({"metric": _TEXT, "limit": _REAL, "sense": {"enum": ["<=", ">="]}})


def _design() -> Schema:
    return _object({"design": _COUNT, "axes": _map(_TEXT), "metrics": _metrics()})


def _pareto() -> Schema:
    return _object(
        {
            "run": _TEXT,
            "space": _TEXT,
            "models": _list(_TEXT),
            "scenario": _TEXT,
            "complete": {"type": "boolean"},
            "objectives": _list(_TEXT),
            "targets": _list(_target()),
            "knee": {"type": ["integer", "null"], "description": "Number of the design."},
            "front": _list(_design()),
            "chips": _list(_object({"chip": _TEXT, "metrics": _metrics()})),
            "files": _list(_TEXT),
        }
    )


def _findings() -> Schema:
    miss = {"metric": _TEXT, "limit": _REAL, "value": _NUMBER, "violation": _NUMBER}
    misses = _list(_object(miss))
    nearest = {"design": _COUNT, "axes": _map(_TEXT), "misses": misses}
    widening = {"axis": _TEXT, "side": {"enum": ["below", "above"]}, "end": _TEXT}
    diagnosis = _object(
        {
            "certain": {"type": "boolean"},
            "binding": {"type": ["string", "null"]},
            "opens": _COUNT,
            "nearest": _object(nearest),
            "widen": _list(_object({**widening, "predicted": _NUMBER, "costs": misses})),
        }
    )
    counts = dict.fromkeys(("designs_in_space", "evaluated", "feasible", "front"), _COUNT)
    return _object(
        {
            "run": _TEXT,
            "space": _TEXT,
            **counts,
            "settings": {"type": "object"},
            "knee": {"anyOf": [_design(), {"type": "null"}]},
            "diagnosis": {"anyOf": [diagnosis, {"type": "null"}]},
        }
    )


def _estimate() -> Schema:
    return _object(
        {
            "space": _TEXT,
            "designs_in_space": _COUNT,
            "designs": _COUNT,
            "exhaustive": {"type": "boolean"},
            "seconds": _REAL,
            "stored_bytes": _REAL,
        }
    )


def _require() -> Schema:
    interface = {
        "dram": _TEXT,
        "bus_bits_per_s": _REAL,
        "bus_width_bits": _REAL,
        "energy_per_token_j": _REAL,
        "within_power": {"type": ["boolean", "null"]},
    }
    rates = ("bandwidth_bytes_per_s", "ops_per_s")
    amounts = ("ttft_s", "tpot_s", "sram_bytes", "capacity_bytes", "decode_bytes", "prefill_bytes")
    floors = (*rates, *amounts, "energy_per_token_j", "power_w")
    need = dict.fromkeys(floors, _REAL) | {"bandwidth_by": _TEXT, "ops_by": _TEXT}
    need |= {"interfaces": _list(_object(interface))}
    chip = {"chip": _TEXT, "segment": _TEXT, "has_all": {"type": "boolean"}}
    chip |= dict.fromkeys(("bandwidth", "ops", "sram", "capacity"), _NUMBER)
    return _object(
        {
            "model": _TEXT,
            "scenario": _scenario(),
            "requirement": _object(need),
            "chips": _list(_object(chip)),
        }
    )


def _specs() -> Schema:
    row = {"type": "object", "properties": {"name": _TEXT}, "required": ["name"]}
    return _object({"specs": _list(row)})


def _spec() -> Schema:
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    field = {"path": _TEXT, "value": value}
    field |= dict.fromkeys(("text", "confidence", "source"), _TEXT)
    return _object({"kind": _TEXT, "name": _TEXT, "file": _TEXT, "fields": _list(_object(field))})


def _check() -> Schema:
    return _object({"files": _list(_TEXT)})


def _import() -> Schema:
    return _object({"name": _TEXT, "file": _TEXT})


def _validate() -> Schema:
    summaries = {"type": "object"}
    row = dict.fromkeys(("id", "chip", "class", "stack", "model", "metric"), _TEXT)
    row |= {"predicted": _NUMBER, "measured": _NUMBER, "error": _NUMBER}
    return _object(
        {
            "left_out": {"type": "boolean"},
            **dict.fromkeys(("summary", "by_class", "by_stack", "by_metric"), summaries),
            "excluded": {"type": "object"},
            "rows": _list(_object(row)),
            "unpredictable": _list(_object({"id": _TEXT, "reason": _TEXT})),
        }
    )


def _kernels() -> Schema:
    groups = ("summary", "by_kind", "fitted", "unpredictable")
    row = {"line": _COUNT, "chip": _TEXT, "kernel": _TEXT, "held_out": {"type": "boolean"}}
    numbers = ("predicted_s", "measured_s", "predicted_gpu_j", "predicted_mem_j")
    errors = ("time_error", "energy_error", "power_error")
    row |= dict.fromkeys((*numbers, *errors), _NUMBER)
    whole: Schema = {name: {"type": "object"} for name in groups}
    return _object(whole | {"rows": _list(_object(row))})


def _calibrate() -> Schema:
    return _object(
        {
            "stack": _TEXT,
            "rows": _COUNT,
            "chips": _COUNT,
            "parameters": {"type": "object"},
            "fit_median_abs_error": _NUMBER,
            "left_out_median_abs_error": {"type": "object"},
        }
    )


def _error() -> Schema:
    fault = {"file": _TEXT, "line": _COUNT, "column": _COUNT}
    fault |= dict.fromkeys(("path", "slug", "message"), _TEXT)
    return _object({"exit_code": _COUNT, "errors": _list(_object(fault))})


DOCUMENTS = {
    "evaluate": _evaluate,
    "compare": _compare,
    "pareto": _pareto,
    "sweep": _findings,
    "search": _findings,
    "estimate": _estimate,
    "require": _require,
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
    head = {"$schema": _DIALECT, "title": version}
    return {**head, **body, "properties": properties, "required": required}
