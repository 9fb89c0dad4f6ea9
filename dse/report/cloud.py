"""A request on the phone against the same in a data centre: time, energy, money, and who wins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite, scenario_object
from dse.report.evaluation import scenario_text
from dse.report.quantity import format_unit, significant
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.device import Cost
    from dse.workload import Scenario

__all__ = ["CloudRun", "cloud_document", "cloud_table", "targets_table"]

# Aims that a user may have, and what each looks at: less is better.
_AIMS = (
    ("first token soonest", "ttft_s"),
    ("whole answer soonest", "latency_s"),
    ("battery lasts longest", "phone_j"),
    ("least energy in all", "energy_j"),
    ("cheapest", "usd"),
)
_TIMES = ("ttft_s", "tpot_s", "latency_s")
_ENERGIES = ("phone_j", "radio_j", "network_j", "server_j", "energy_j")
_MONEY = ("phone_usd", "wear_usd", "rent_usd", "server_power_usd", "usd")
_MILLION = 1e6
_LINES = (
    ("Time to first token", "ttft_s", "s"),
    ("Time per output token", "tpot_s", "s"),
    ("Request latency", "latency_s", "s"),
    ("Energy from the battery", "phone_j", "J"),
    ("  of it for the radio", "radio_j", "J"),
    ("Energy in the network", "network_j", "J"),
    ("Energy in the data centre", "server_j", "J"),
    ("Energy in all", "energy_j", "J"),
)
_BILL = (
    ("Electricity to charge", "phone_usd"),
    ("Wear of the battery", "wear_usd"),
    ("Rent of the accelerator", "rent_usd"),
    ("  its electricity alone", "server_power_usd"),
    ("Cost per million requests", "usd"),
)


@dataclass(frozen=True, slots=True)
class CloudRun:
    """Both sides of one request.

    Parameters
    ----------
    phone, cloud : str
        Names for people of the two chips.
    chip, cloud_chip, model, cloud_model, link : str
        Keys in the library.
    model_title : str
        Name for people of what runs.
    scenario, served : Scenario
        The request on the phone and on the server.
    here, there : Cost
        What it costs on each side.
    limits : mapping of str to float
        Targets: ``ttft_s``, ``tpot_s`` or both, s.
    """

    phone: str
    cloud: str
    chip: str
    cloud_chip: str
    model: str
    cloud_model: str
    link: str
    model_title: str
    scenario: Scenario
    served: Scenario
    here: Cost
    there: Cost
    limits: Mapping[str, float]

    def sides(self) -> tuple[tuple[str, Cost], ...]:
        """Name and cost of each side, the phone first."""
        return (("phone", self.here), ("cloud", self.there))

    def meets(self, cost: Cost) -> bool:
        """Whether a side fits its memory and keeps all targets."""
        kept = (_one(cost, name) <= limit for name, limit in self.limits.items())
        return bool(_one(cost, "fits")) and all(kept)

    def winner(self, name: str) -> str:
        """The side with less of `name` among those that keep the targets; empty for none."""
        able = [(_one(cost, name), side) for side, cost in self.sides() if self.meets(cost)]
        return min(able)[1] if able else ""


def _one(cost: Cost, name: str) -> float:
    return float(getattr(cost, name).ravel()[0])


def _usd(value: float) -> str:
    return format_unit(value, "USD") if value else "0 USD"


def cloud_table(run: CloudRun) -> Table:
    """Time, energy and money on each side."""
    tokens = run.scenario.output_tokens
    rows = [
        (title, *(format_unit(_one(cost, name), unit) for _, cost in run.sides()))
        for title, name, unit in _LINES
    ]
    rows += [
        (title, *(_usd(_MILLION * _one(cost, name)) for _, cost in run.sides()))
        for title, name in _BILL
    ]
    per_token = [_usd(_MILLION * _one(cost, "usd") / tokens) for _, cost in run.sides()]
    rows.append(("Cost per million output tokens", *per_token))
    served = f"in the cloud: weights {run.served.precision.weights.name}, batch "
    title = (
        f"{run.model_title}: {run.phone} against {run.cloud} over {run.link}\n"
        f"{scenario_text(run.scenario)}\n{served}{run.served.batch_size}"
    )
    notes = (
        "money lines are per million requests; rent holds the accelerator's electricity",
        "energy in the network is its mean per bit: it burns most of that without the request too",
    )
    return Table(_sides(run), tuple(rows), title, notes)


def _sides(run: CloudRun) -> tuple[Column, ...]:
    return (Column(""), Column(run.phone, is_number=True), Column(run.cloud, is_number=True))


def targets_table(run: CloudRun) -> Table:
    """Which side wins under which aim."""
    rows = []
    strong = set()
    for i, (aim, name) in enumerate(_AIMS):
        side = run.winner(name)
        rows.append((aim, side or "neither", _margin(run, name)))
        strong |= {(i, 1)} if side else set()
    sides = ", ".join(side for side, cost in run.sides() if run.meets(cost)) or "neither"
    limits = " and ".join(
        f"{name.removesuffix('_s').upper()} <= {format_unit(limit, 's')}"
        for name, limit in run.limits.items()
    )
    title = f"{limits}, in memory: {sides}" if limits else ""
    columns = (Column("aim"), Column("wins"), Column("by", is_number=True))
    return Table(columns, tuple(rows), title, strong=frozenset(strong))


def _margin(run: CloudRun, name: str) -> str:
    """The loser's value over the winner's, where both keep the targets."""
    values = sorted(_one(cost, name) for _, cost in run.sides() if run.meets(cost))
    if len(values) < 2 or not values[0]:
        return "-"
    return f"{significant(values[1] / values[0], 3)}x"


def cloud_document(run: CloudRun) -> dict[str, Any]:
    """``dse.cloud/1``."""
    sides = (
        (run.here, {"chip": run.chip, "model": run.model}, run.scenario),
        (run.there, {"chip": run.cloud_chip, "model": run.cloud_model}, run.served),
    )
    keys = ("phone", "cloud")
    return {
        "schema": "dse.cloud/1",
        "link": run.link,
        "targets": {name: limit for name, limit in run.limits.items() if math.isfinite(limit)},
        **{
            key: {**what, "scenario": scenario_object(scenario), "meets": run.meets(cost)}
            | {name: finite(_one(cost, name)) for name in (*_TIMES, *_ENERGIES, *_MONEY, "fits")}
            for key, (cost, what, scenario) in zip(keys, sides, strict=True)
        },
        "winners": {name: run.winner(name) or None for _, name in _AIMS},
    }
