"""Claims about sharing a unit among tasks, and about serving many users from a data centre."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dse.claims.bench import EXACT, Bench, Case
from dse.claims.reading import Reading
from dse.cost import derive
from dse.device import (
    Cut,
    Served,
    Service,
    Sharing,
    device_cost,
    evaluate_split,
    fair_share,
    serve,
    service_of,
)
from dse.spec.links import load_links
from dse.spec.schema.claim import ServicePart, ServiceReading, SharingPart, SharingReading

__all__ = ["service", "sharing"]

_DAYS_PER_MONTH = 365.25 / 12.0
_SECONDS_PER_HOUR = 3600.0
# What joins chips that share a model in one server.
_LINK = "nvlink4"


def sharing(part: SharingPart, bench: Bench) -> Iterator[Reading]:
    """What a way to share saves over fair slices with the library's defaults.

        switching:  (switches/s x t_switch) before over after                                 (1)
        energy:     E of the request under fair slices over E under priority                  (2)

    A thread that keeps its place in the local SRAM pays the launch alone.
    """
    case = bench.case(part.case)
    unit = bench.chip(case).unit(case.unit)
    alone = service_of(
        bench.chip(case), bench.text_model(case), bench.scenario(case), bench.silicon, unit.name
    )
    saved = _switching if part.quantity == "switching" else _energy
    words = {"switching": "refilling SRAM at every switch", "energy": "static power"}
    for reading in part.readings:
        times = saved(reading, alone, bench, case)
        yield Reading(
            label=reading.label,
            modelled=times / part.scale,
            limit=math.inf,
            bound=words[part.quantity],
            tolerance=EXACT,
            missing=reading.missing or "",
            needs=f"{part.claimed * part.scale / times:.3g} times as much is saved",
        )


def _shares(reading: SharingReading, alone: Service, bench: Bench, case: Case) -> list[Sharing]:
    """How the unit is shared before and after."""
    usual, unit = bench.sharing, bench.chip(case).unit(case.unit)
    batch = derive(bench.chip(case), bench.scenario(case).precision, bench.silicon, unit.name)
    full, slice_s = float(alone.switch_s[0]), usual.slice_s[unit.kind]
    light = float(batch.dispatch_s[0]) if reading.keeps_sram else full
    return [
        Sharing(reading.load, None, usual.task_s, slice_s * factor, switch)
        for factor, switch in ((1.0, full), (reading.slice_factor, light))
    ]


def _switching(reading: SharingReading, alone: Service, bench: Bench, case: Case) -> float:
    lost = [
        float(fair_share(each).switches_per_s * each.switch_s)
        for each in _shares(reading, alone, bench, case)
    ]
    return lost[0] / lost[1]


def _energy(reading: SharingReading, alone: Service, bench: Bench, case: Case) -> float:
    before, after = _shares(reading, alone, bench, case)
    fair, first = serve(alone, before, "fair"), serve(alone, after, "priority")
    return _bill_j(fair, alone, reading) / _bill_j(first, alone, reading)


def _bill_j(served: Served, alone: Service, reading: SharingReading) -> float:
    """Energy of the request, less what burns while the background works if that pays for it."""
    worked_s = served.share.background * served.latency_s if reading.shares_bill else 0.0
    return float((served.energy_j - alone.static_w * worked_s)[0])


def service(part: ServicePart, bench: Bench) -> Iterator[Reading]:
    """Rent of the machines behind a service, or what a request costs there over a phone.

    USD/month = users x prompts x days x chips x hour x t / (3600 b occupancy)            (1)
    """
    prices = bench.prices
    for reading in part.readings:
        case = bench.case(part.case, reading.case)
        seconds, fits = _batch_s(reading, case, bench)
        batch = bench.scenario(case).batch_size
        hours = reading.chips * seconds / (_SECONDS_PER_HOUR * batch * part.occupancy)
        rent = hours * prices.gpu_hour_usd[case.chip]
        value = part.users * part.prompts * _DAYS_PER_MONTH * rent
        if part.quantity == "over phone":
            phone = bench.case(part.phone)
            cost = device_cost(
                bench.chip(phone),
                bench.text_model(phone),
                bench.scenario(phone),
                bench.silicon,
                prices,
                phone.unit,
            )
            value = rent / float(cost.usd[0])
        shown = value / part.scale
        yield Reading(
            label=reading.label,
            modelled=shown,
            limit=0.0 if part.sense == "at most" else math.inf,
            bound="rent of the accelerator" if fits else "memory capacity",
            tolerance=bench.tolerance("decode_tok_s", case),
            missing=(reading.missing or "") if fits else "the model does not fit these chips",
            needs=f"users, tokens or prices are {part.claimed / shown:.2g} times those assumed",
        )


def _batch_s(reading: ServiceReading, case: Case, bench: Bench) -> tuple[float, bool]:
    """Time of a batch, s, and whether the model fits the chips."""
    if reading.chips == 1:
        row = bench.figures(case).modelled
        return row["e2e_latency_s"], bool(row["fits"])
    split = evaluate_split(
        bench.chip(case),
        bench.text_model(case),
        bench.scenario(case),
        bench.silicon,
        Cut(reading.chips, load_links()[_LINK]),
        case.unit,
        bench.stack(case),
    )
    return float(split.latency_s[0]), bool(split.fits[0])
