"""The steps that bring a model onto a chip as a document, and the schema that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dse.report.documents import bounds_object, finite, metrics_object, scenario_object
from dse.report.schema_parts import COUNT, NUMBER, REAL, STACK, TEXT, Schema, many, record, table
from dse.report.steps import STEP_COSTS, StepsView, tightest

if TYPE_CHECKING:
    from dse.advise import StepSet, Taken

__all__ = ["steps_document", "steps_schema"]


def steps_document(view: StepsView) -> dict[str, Any]:
    """``dse.steps/1``: the start, the steps in their order, and what was tried."""
    result, space = view.result, view.space
    target, spare = tightest(view)
    return {
        "schema": "dse.steps/1",
        "catalogue": space.catalogue.name,
        "chip": space.chip.name,
        "changes": dict(view.changes),
        "model": view.model,
        "unit": space.unit,
        "stack": view.stack,
        "scenario": scenario_object(space.scenario),
        "targets": [
            {"metric": t.metric, "limit": t.limit, "sense": "<=" if t.sense < 0 else ">="}
            for t in view.targets
        ],
        "met": result.is_met,
        "start": _state(result.start.metrics),
        "steps": [_step_object(taken) for taken in result.taken],
        "perplexity_is_measured": result.found.is_measured,
        "tightest": {"metric": target.metric, "spare": finite(spare)},
        "others": [_set_object(other) for other in result.others],
        "sets_tried": result.tried,
        "longest_tried": result.most,
        "equals": result.equals,
        "reach": [
            {"metric": entry.target.metric, "met": entry.met, "best": finite(entry.best)}
            | {"met_all_else": entry.missed_alone, "then": finite(entry.best_with_others)}
            for entry in result.reach
        ],
        "left_out": [{"step": step.name, "reason": reason} for step, reason in space.left_out],
    }


def _state(metrics: Mapping[str, float]) -> dict[str, Any]:
    return {"metrics": metrics_object(metrics), "bounds": bounds_object(metrics)}


def _step_object(taken: Taken) -> dict[str, Any]:
    before, after = taken.before, taken.after
    costs = {name: after[name] - before[name] for name in STEP_COSTS}
    return {
        "step": taken.step.name,
        "title": taken.step.title,
        **_state(after),
        "gain_doublings": finite(taken.gain),
        "costs": {name: finite(value) for name, value in costs.items()}
        | {"perplexity": finite(after["perplexity_ratio"] / before["perplexity_ratio"])},
        "perplexity_is_measured": taken.is_measured,
        "meets": [target.metric for target in taken.met],
        "undoes": [target.metric for target in taken.lost],
    }


def _set_object(found: StepSet) -> dict[str, Any]:
    return {
        "steps": {c.step.name: c.times for c in found.choices if c.step is not None},
        "metrics": metrics_object(found.metrics),
    }


def steps_schema(scenario: Schema, metrics: Schema, bounds: Schema) -> Schema:
    """Describe ``dse.steps/1`` with what describes its scenario, metrics and bounds."""
    state = {"metrics": metrics, "bounds": bounds}
    measured: Schema = {"type": "boolean"}
    step = {"step": TEXT, "title": TEXT, **state, "gain_doublings": NUMBER}
    step |= {"costs": record(dict.fromkeys((*STEP_COSTS, "perplexity"), NUMBER))}
    step |= {"perplexity_is_measured": measured, "meets": many(TEXT), "undoes": many(TEXT)}
    reach = {"metric": TEXT, "met": COUNT, "best": NUMBER, "met_all_else": COUNT, "then": NUMBER}
    target = {"metric": TEXT, "limit": REAL, "sense": {"enum": ["<=", ">="]}}
    return record(
        {
            **dict.fromkeys(("catalogue", "chip", "model", "unit"), TEXT),
            "changes": table(TEXT),
            "stack": STACK,
            "scenario": scenario,
            "targets": many(record(target)),
            "met": {"type": "boolean"},
            "start": record(state),
            "steps": many(record(step)),
            "perplexity_is_measured": measured,
            "tightest": record({"metric": TEXT, "spare": NUMBER}),
            "others": many(record({"steps": table(COUNT), "metrics": metrics})),
            **dict.fromkeys(("sets_tried", "longest_tried", "equals"), COUNT),
            "reach": many(record(reach)),
            "left_out": many(record({"step": TEXT, "reason": TEXT})),
        }
    )
