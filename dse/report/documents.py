"""Results as versioned JSON documents: what ``--json`` prints; described by `schemas`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dse.cost.metric import BOUNDS
from dse.report.placement import placement_object
from dse.report.quality import quality_object
from dse.report.serving import serving_object

if TYPE_CHECKING:
    from dse.cost import OperatorRow
    from dse.errors import Fault
    from dse.report.assumptions import Assumption
    from dse.report.evaluation import Evaluation
    from dse.report.sustained import SustainedView
    from dse.workload import Scenario

__all__ = [
    "bounds_object",
    "compare_document",
    "error_document",
    "evaluate_document",
    "finite",
    "metrics_object",
    "scenario_object",
]

Document = dict[str, Any]


def finite(value: float) -> float | None:
    """Return the value, or None where JSON has no word for it (infinite, not a number).

    Examples
    --------
    >>> finite(2.0), finite(float("inf"))
    (2.0, None)
    """
    return value if math.isfinite(value) else None


def metrics_object(metrics: Mapping[str, float]) -> Document:
    """All metrics but the bounds, SI; null where a value is not finite."""
    return {name: finite(value) for name, value in metrics.items() if not name.endswith("_bound")}


def bounds_object(metrics: Mapping[str, float]) -> Document:
    """What each phase waits for, in words: prefill and decode, or an image."""
    return {
        name.removesuffix("_bound"): BOUNDS[int(value)]
        for name, value in metrics.items()
        if name.endswith("_bound")
    }


def scenario_object(scenario: Scenario) -> Document:
    """Lengths (or steps), batch and formats of a scenario, formats by their names."""
    formats = scenario.precision
    if scenario.steps is not None:
        return {
            "name": scenario.name,
            "steps": scenario.steps,
            "guidance": scenario.guidance,
            "batch_size": scenario.batch_size,
            "fusion": scenario.fusion,
            "weights": formats.weights.name,
            "activations": formats.activations.name,
        }
    return {
        "name": scenario.name,
        "prompt_tokens": scenario.prompt_tokens,
        "output_tokens": scenario.output_tokens,
        "batch_size": scenario.batch_size,
        "fusion": scenario.fusion,
        "weights": formats.weights.name,
        "head": formats.head.name,
        "embedding": formats.embedding.name,
        "activations": formats.activations.name,
        "kv": formats.kv.name,
        "quantisation": formats.quantisation,
        **serving_object(scenario),
    }


def evaluate_document(
    result: Evaluation,
    scenario: Scenario,
    changes: Mapping[str, str],
    operators: Sequence[OperatorRow] | None = None,
    weak: Sequence[Assumption] | None = None,
    sustained: SustainedView | None = None,
) -> Document:
    """``dse.evaluate/1``: one chip on one model.

    Parameters
    ----------
    result : Evaluation
        The metrics and of what.
    scenario : Scenario
        The request.
    changes : mapping of str to str
        Fields of the chip that were replaced, as the user wrote them.
    operators : sequence of OperatorRow, optional
        Rows of ``--explain``.
    weak : sequence of Assumption, optional
        Rows of ``--provenance``.
    sustained : SustainedView, optional
        What ``--sustained`` found.
    """
    document: Document = {
        "schema": "dse.evaluate/1",
        "chip": result.chip,
        "changes": dict(changes),
        "model": result.model,
        "unit": result.unit,
        "stack": result.stack,
        "scenario": scenario_object(scenario),
        "metrics": metrics_object(result.metrics),
        "bounds": bounds_object(result.metrics),
        "is_partial_die": result.is_partial_die,
    }
    if result.resident is not None:
        document["resident_fraction"] = result.resident
    if result.stages:
        document["stages"] = [asdict(stage) for stage in result.stages]
    if result.placements:
        document["placements"] = placement_object(result.placements)
    if result.quality is not None:
        document["quality"] = quality_object(result.quality)
    if operators is not None:
        document["operators"] = [_operator_object(row) for row in operators]
    if weak is not None:
        document["provenance"] = [asdict(row) for row in weak]
    if sustained is not None:
        from dse.report.sustained import sustained_object

        document["sustained"] = sustained_object(sustained)
    return document


def _operator_object(row: OperatorRow) -> Document:
    busy = dict(zip(BOUNDS, row.busy_s, strict=True))
    document = asdict(row) | {"bound": BOUNDS[row.bound], "busy_s": busy}
    if row.shares:
        return document | {"shares": dict(row.shares)}
    del document["shares"]
    return document


def compare_document(results: Sequence[Evaluation], scenario: Scenario) -> Document:
    """``dse.compare/1``: several chips on one model."""
    return {
        "schema": "dse.compare/1",
        "model": results[0].model,
        "scenario": scenario_object(scenario),
        "chips": [
            {
                "chip": result.chip,
                "unit": result.unit,
                "stack": result.stack,
                "metrics": metrics_object(result.metrics),
                "bounds": bounds_object(result.metrics),
                "is_partial_die": result.is_partial_die,
            }
            for result in results
        ],
    }


def error_document(faults: Sequence[Fault], exit_code: int) -> Document:
    """``dse.error/1``: what went wrong, fault by fault."""
    return {
        "schema": "dse.error/1",
        "exit_code": exit_code,
        "errors": [asdict(fault) for fault in faults],
    }
