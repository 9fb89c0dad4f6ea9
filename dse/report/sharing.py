"""A request on a unit that others use too: alone, under fair slices, under priority."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.documents import finite, scenario_object
from dse.report.evaluation import scenario_text
from dse.report.quantity import format_unit, significant
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.device import Served, Service, Sharing
    from dse.workload import Scenario

__all__ = ["SharedRun", "runtime_document", "runtime_table"]


@dataclass(frozen=True, slots=True)
class SharedRun:
    """What was shared, by what, and how it went.

    Parameters
    ----------
    chip, chip_title, model, model_title, unit : str
        Keys in the library and names for people; the unit that was shared.
    stack : str or None
        Software stack, if one was named.
    scenario : Scenario
        The request.
    sharing : Sharing
        What competed.
    alone : Service
        The request on a unit of its own.
    served : mapping of str to Served
        The request under each policy.
    """

    chip: str
    chip_title: str
    model: str
    model_title: str
    unit: str
    stack: str | None
    scenario: Scenario
    sharing: Sharing
    alone: Service
    served: Mapping[str, Served]


def runtime_table(run: SharedRun) -> Table:
    """The request alone and under each policy, side by side."""
    alone, served = run.alone, list(run.served.values())
    rows = [
        ("Time to first token", *_row("s", [alone.ttft_s, *(s.ttft_s for s in served)])),
        ("  of it before it begins", *_row("s", [0.0, *(s.share.delay_s for s in served)])),
        ("Time per output token", *_row("s", [alone.tpot_s, *(s.tpot_s for s in served)])),
        ("Decode rate", *_rates(alone, served)),
        ("Request latency", *_row("s", [alone.latency_s, *(s.latency_s for s in served)])),
        ("Times as long", "1.00", *_row("", [s.share.stretch for s in served])),
        ("Request energy", *_row("J", [alone.energy_j, *(s.energy_j for s in served)])),
        ("Lost to switches", *_row("J", [0.0, *(s.switch_j for s in served)])),
        ("Switches per second", "0", *(f"{_one(s.share.switches_per_s):.0f}" for s in served)),
        ("Left to the background", *_row("%", [np.nan, *(s.share.background for s in served)])),
    ]
    columns = [Column(title, is_number=True) for title in ("alone", *run.served)]
    stack = f", stack {run.stack}" if run.stack else ""
    title = f"{run.model_title} on {run.chip_title} ({run.unit}{stack})"
    head = f"{title}\n{scenario_text(run.scenario)}\n{_competition(run)}"
    notes = ("means of a request that is long against a slice and a background task",)
    return Table((Column(""), *columns), tuple(rows), head, notes)


def _competition(run: SharedRun) -> str:
    sharing = run.sharing
    threads = sharing.threads
    crowd = "a stream of tasks" if threads is None else f"{threads} thread{'s' * (threads > 1)}"
    return (
        f"background {format_unit(_one(sharing.load), '%')} by {crowd}, "
        f"tasks of {format_unit(_one(sharing.task_s), 's')}, "
        f"slices of {format_unit(_one(sharing.slice_s), 's')}, "
        f"switches of {format_unit(_one(sharing.switch_s), 's')}"
    )


def _row(unit: str, values: list[Any]) -> tuple[str, ...]:
    return tuple(format_unit(_one(value), unit) for value in values)


def _rates(alone: Service, served: list[Served]) -> tuple[str, ...]:
    times = [_one(alone.tpot_s), *(_one(s.tpot_s) for s in served)]
    return tuple(f"{significant(1.0 / time, 3)} tok/s" for time in times)


def _one(value: Any) -> float:
    return float(np.ravel(np.asarray(value))[0])


def runtime_document(run: SharedRun) -> dict[str, Any]:
    """``dse.runtime/1``."""
    sharing, alone = run.sharing, run.alone
    return {
        "schema": "dse.runtime/1",
        "chip": run.chip,
        "model": run.model,
        "unit": run.unit,
        "stack": run.stack,
        "scenario": scenario_object(run.scenario),
        "background": {"load": _one(sharing.load), "threads": sharing.threads}
        | {name: _one(getattr(sharing, name)) for name in ("task_s", "slice_s", "switch_s")},
        "alone": {
            name: _one(getattr(alone, name))
            for name in ("ttft_s", "tpot_s", "latency_s", "energy_j")
        },
        "policies": [{"policy": name, **_served(each)} for name, each in run.served.items()],
    }


def _served(served: Served) -> dict[str, float | None]:
    own = ("ttft_s", "tpot_s", "latency_s", "energy_j", "switch_j")
    shared = ("stretch", "delay_s", "switches_per_s", "background")
    values = {name: getattr(served, name) for name in own}
    values |= {name: getattr(served.share, name) for name in shared}
    return {name: finite(_one(value)) for name, value in values.items()}
