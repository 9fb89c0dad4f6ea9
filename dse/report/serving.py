"""How a request is served, in words and as an object; silent about what nobody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dse.report.quantity import format_unit
from dse.report.schema_parts import COUNT, REAL, TEXT, Schema

if TYPE_CHECKING:
    from dse.workload import Scenario

__all__ = ["SERVING_SCHEMA", "resident_text", "serving_object", "serving_text"]

SERVING_SCHEMA: Schema = {
    "cached_prompt_tokens": COUNT,
    "prefill_chunk_tokens": COUNT,
    "beams": COUNT,
    "draft": TEXT,
    "draft_tokens": COUNT,
    "acceptance": REAL,
    "offload": {"enum": ["weights", "experts", "kv"]},
    "load_ahead": {"const": False},
    "active_fraction": REAL,
    "popularity_skew": REAL,
}
"""Keys of a scenario's object that stand there only where they were asked for."""


def serving_object(scenario: Scenario) -> dict[str, Any]:
    """Fields that differ from a plain request, by their names; the draft by its own.

    Examples
    --------
    >>> from dse.workload import Scenario
    >>> serving_object(Scenario()), serving_object(Scenario(beams=4))
    ({}, {'beams': 4})
    """
    plain = type(scenario)()
    found = {name: getattr(scenario, name) for name in SERVING_SCHEMA}
    if scenario.draft is None:
        found["draft_tokens"], found["acceptance"] = plain.draft_tokens, None
    else:
        found["draft"] = scenario.draft.name
    asked = {name: value for name, value in found.items() if value != getattr(plain, name)}
    return asked | ({"draft_tokens": scenario.draft_tokens} if scenario.draft else {})


def serving_text(scenario: Scenario) -> tuple[str, ...]:
    """Say what differs from a plain request.

    Examples
    --------
    >>> from dse.workload import Scenario
    >>> serving_text(Scenario(beams=4, offload="kv"))
    ('beams 4', 'offload kv')
    """
    return tuple(
        _words(name, value, scenario)
        for name, value in serving_object(scenario).items()
        if name not in ("draft_tokens", "acceptance")
    )


def _words(name: str, value: Any, scenario: Scenario) -> str:
    if name == "load_ahead":
        return "no load ahead"
    text = f"{value:g}" if isinstance(value, float) else f"{value}"
    if name == "draft":
        text += f" x {scenario.draft_tokens}, acceptance {scenario.acceptance:g}"
    return f"{name.removesuffix('_tokens').replace('_', ' ')} {text}"


def resident_text(scenario: Scenario, share: float | None) -> str:
    """Say how much of what may stay on flash is resident; empty where nothing may."""
    if share is None:
        return ""
    what = "keys and values" if scenario.offload == "kv" else scenario.offload
    if scenario.offload == "weights" and scenario.active_fraction < 1.0:
        what = "feed-forward weights"
    return f"; beside it {format_unit(share, '%')} of the {what} are resident"
