"""A model cut over several chips: how much faster, at what energy, and what the link takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite, scenario_object
from dse.report.evaluation import scenario_text
from dse.report.quantity import format_unit, significant
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.device import Link, SplitCost
    from dse.workload import Scenario

__all__ = ["SplitRun", "split_document", "split_table"]


_TIMES = ("TTFT", "faster", "on link", "TPOT", "faster", "on link", "decode")
_TIME_KEYS = ("ttft_s", "tpot_s", "latency_s", "prefill_link_s", "step_link_s")
_KEYS = (*_TIME_KEYS, "energy_j", "link_j", "power_w", "memory_bytes", "fits")


@dataclass(frozen=True, slots=True)
class SplitRun:
    """What was cut, over what, and how it went.

    Parameters
    ----------
    chip, chip_title, model, model_title, unit : str
        Keys in the library and names for people.
    stack : str or None
        Software stack, if one was named.
    scenario : Scenario
        The request.
    link : Link
        Between the chips.
    costs : sequence of SplitCost
        One chip first, then more.
    """

    chip: str
    chip_title: str
    model: str
    model_title: str
    unit: str
    stack: str | None
    scenario: Scenario
    link: Link
    costs: Sequence[SplitCost]


def split_table(run: SplitRun) -> Table:
    """One row per number of chips."""
    heads = (*_TIMES, "energy", "on link", "memory each")
    columns = [Column(title, is_number=True) for title in heads]
    bandwidth = format_unit(float(run.link.bytes_per_s), "B/s")
    stack = f", stack {run.stack}" if run.stack else ""
    title = (
        f"{run.model_title} on chips of {run.chip_title} ({run.unit}{stack})\n"
        f"{scenario_text(run.scenario)}\n"
        f"{run.link.title}: {bandwidth} each way, {format_unit(float(run.link.latency_s), 's')}, "
        f"{significant(float(run.link.energy_j_per_bit) * 1e12, 3)} pJ/bit"
    )
    rows = tuple(_row(cost, run.costs[0], run.scenario.batch_size) for cost in run.costs)
    notes = ["energy of the whole request on all chips"]
    if not all(float(cost.fits[0]) for cost in run.costs):
        notes.append("! does not fit the DRAM of so many chips")
    return Table((Column("chips"), *columns, Column("")), rows, title, tuple(notes))


def _row(cost: SplitCost, one: SplitCost, batch: int) -> tuple[str, ...]:
    ttft, tpot = float(cost.ttft_s[0]), float(cost.tpot_s[0])
    return (
        str(cost.chips),
        format_unit(ttft, "s"),
        f"{significant(float(one.ttft_s[0]) / ttft, 3)}x",
        format_unit(float(cost.prefill_link_s[0]) / ttft, "%"),
        format_unit(tpot, "s"),
        f"{significant(float(one.tpot_s[0]) / tpot, 3)}x",
        format_unit(float(cost.step_link_s[0]) / tpot, "%"),
        f"{significant(batch / tpot, 3)} tok/s",
        format_unit(float(cost.energy_j[0]), "J"),
        format_unit(float(cost.link_j[0]) / float(cost.energy_j[0]), "%"),
        format_unit(float(cost.memory_bytes[0]), "B"),
        "" if float(cost.fits[0]) else "!",
    )


def split_document(run: SplitRun) -> dict[str, Any]:
    """``dse.split/1``."""
    return {
        "schema": "dse.split/1",
        "chip": run.chip,
        "model": run.model,
        "unit": run.unit,
        "stack": run.stack,
        "scenario": scenario_object(run.scenario),
        "link": {
            "name": run.link.name,
            "bytes_per_s": run.link.bytes_per_s,
            "latency_s": run.link.latency_s,
            "energy_j_per_bit": run.link.energy_j_per_bit,
        },
        "splits": [
            {"chips": cost.chips} | {name: finite(float(getattr(cost, name)[0])) for name in _KEYS}
            for cost in run.costs
        ],
    }
