"""A decode that goes on for minutes: as a table and as a JSON object."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.device import LIMITS, Curve, Device, OperatingPoints, Sustained, cheapest
from dse.report.documents import finite
from dse.report.quantity import format_unit, significant
from dse.report.schema_parts import NUMBER, REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

__all__ = [
    "SustainedView",
    "format_rate",
    "sustained_object",
    "sustained_schema",
    "sustained_table",
]

_FIELDS = tuple(name for name in Sustained.__slots__ if name != "limit")
_CURVE = Curve.__slots__


@dataclass(frozen=True, slots=True)
class SustainedView:
    """One chip in its device, on one model.

    Parameters
    ----------
    title : str
        What runs on what.
    device : Device
        What lies around the chip.
    points : OperatingPoints
        What its governor chooses from, for one design.
    result : Sustained
        Burst and sustained figures.
    curve : Curve
        The first minutes.
    least_tok_s : float or None
        Rate that the cheapest clock must meet; None for the rate at the published clocks.
    """

    title: str
    device: Device
    points: OperatingPoints
    result: Sustained
    curve: Curve
    least_tok_s: float | None = None

    def one(self, name: str) -> float:
        """Figure of the one design."""
        return float(np.ravel(getattr(self.result, name))[0])

    @property
    def limit(self) -> str:
        """What ends the burst."""
        return LIMITS[int(self.one("limit"))]

    def cheapest(self) -> dict[str, float]:
        """Clocks that cost the device least energy per token at the rate to meet.

        Not throttled; the full rate is met within a thousandth.
        """
        points, rest = self.points, self.device.rest_w * self.device.regulator
        full = 0.999 * float(points.tok_s.max())
        asked = full if self.least_tok_s is None else self.least_tok_s
        index = int(cheapest(points, asked, rest)[0])
        watts, rate = float(points.running_w[index, 0]), float(points.tok_s[index, 0])
        device_w = float(self.device.device_w(np.asarray(watts)))
        return {
            "core_clock": float(points.clocks.core[index]),
            "memory_clock": float(points.clocks.memory[index]),
            "volts": float(points.volts[index, 0]),
            "tok_s": rate,
            "chip_w": watts,
            "energy_per_token_j": device_w / rate,
        }


def sustained_table(view: SustainedView) -> Table:
    """What the burst is, when it ends, and what is left of it."""
    burst, kept = view.one("burst_tok_s"), view.one("sustained_tok_s")
    rows = [
        (
            "Burst rate",
            format_rate(burst),
            f"{_watts(view.one('burst_w'))} in the chip and its memory",
        ),
        ("Clock falls after", _time(view.one("throttle_s")), _why(view)),
        ("Rate falls after", _time(view.one("slows_s")), _why_later(view)),
        (
            "Sustained rate",
            format_rate(kept),
            f"{format_unit(_over(kept, burst), '%')} of the burst; "
            f"{format_rate(view.one('pausing_tok_s'))} by pauses at the published clocks",
        ),
        (
            "Sustained power",
            _watts(view.one("sustained_w")),
            f"{_watts(view.one('device_w'))} with regulators and {_watts(view.device.rest_w)} "
            "for display and system",
        ),
        *_heat_rows(view),
        *_battery_rows(view),
        _cheapest_row(view),
    ]
    columns = (Column(""), Column("", is_number=True), Column("", may_fold=True))
    strong = frozenset({(2, 1), (3, 1)})
    return Table(columns, tuple(rows), title=f"{view.title}, sustained", strong=strong)


def _heat_rows(view: SustainedView) -> list[tuple[str, str, str]]:
    path = view.device.thermal
    if path is None:
        return []
    skin, package = view.one("skin_degc"), view.one("package_degc")
    return [
        ("Skin in the end", _celsius(skin), f"limit {_celsius(path.skin_limit_degc)}"),
        ("Package in the end", _celsius(package), f"limit {_celsius(path.package_limit_degc)}"),
    ]


def _battery_rows(view: SustainedView) -> list[tuple[str, str, str]]:
    battery = view.device.battery
    if battery is None:
        return []
    energy = f"{significant(battery.energy_j / 3600.0, 3)} Wh"
    percent = view.one("percent_per_1000")
    per_token = _over(view.one("device_w"), view.one("sustained_tok_s"))
    return [
        (
            "Tokens per charge",
            significant(view.one("tokens_per_charge"), 3),
            f"{significant(view.one('charge_s') / 3600.0, 3)} h on {energy}",
        ),
        (
            "Battery per 1,000 tokens",
            "-" if math.isinf(percent) else f"{significant(percent, 3)} %",
            f"{format_unit(per_token, 'J')} per token, the whole device",
        ),
    ]


def _cheapest_row(view: SustainedView) -> tuple[str, str, str]:
    best = view.cheapest()
    clocks = f"{best['core_clock']:.0%} / {best['memory_clock']:.0%}"
    text = (
        f"unit and memory clock with least energy at {format_rate(best['tok_s'])}: "
        f"{_watts(best['chip_w'])}, {format_unit(best['energy_per_token_j'], 'J')} per token of "
        "the device"
    )
    return "Cheapest clocks", clocks, text


def _why(view: SustainedView) -> str:
    path = view.device.thermal
    if view.limit == "nothing":
        return "never: what it draws can be dissipated"
    if path is None or view.limit == "power":
        return f"over the {_watts(float(view.device.sustained_w))} that it can sustain"
    limit = path.skin_limit_degc if view.limit == "skin" else path.package_limit_degc
    return f"the {view.limit} reaches {_celsius(limit)} in air of {_celsius(path.ambient_degc)}"


def _why_later(view: SustainedView) -> str:
    if math.isinf(view.one("slows_s")):
        return "never: a lower clock of the unit is enough" if view.limit != "nothing" else ""
    later = view.one("slows_s") - view.one("throttle_s")
    return "" if later < 1.0 else "until then the decode waits for memory, not for the unit"


def format_rate(value: float) -> str:
    """Write a rate for people."""
    return format_unit(value, "token/s")


def _over(value: float, rate: float) -> float:
    """Quotient; none where the heat of everything else leaves no decode at all."""
    return value / rate if rate > 0.0 else math.nan


def _watts(value: float) -> str:
    return format_unit(value, "W")


def _celsius(value: float) -> str:
    return f"{value:.1f} degC"


def _time(seconds: float) -> str:
    if math.isinf(seconds):
        return "never"
    return f"{significant(seconds, 3)} s" if seconds < 600.0 else f"{seconds / 60.0:.1f} min"


def sustained_object(view: SustainedView) -> dict[str, Any]:
    """``sustained`` of ``dse.evaluate/1``."""
    path, battery = view.device.thermal, view.device.battery
    curve = {
        name: [finite(value) for value in np.ravel(getattr(view.curve, name))] for name in _CURVE
    }
    return {
        "device": view.device.title,
        "limit": view.limit,
        **{name: finite(view.one(name)) for name in _FIELDS},
        "battery_j": battery.energy_j if battery else None,
        "ambient_degc": path.ambient_degc if path else None,
        "skin_limit_degc": path.skin_limit_degc if path else None,
        "package_limit_degc": path.package_limit_degc if path else None,
        "cheapest": view.cheapest(),
        "curve": curve,
    }


def sustained_schema() -> Schema:
    """Schema of `sustained_object`."""
    limits = ("battery_j", "ambient_degc", "skin_limit_degc", "package_limit_degc")
    best = ("core_clock", "memory_clock", "volts", "tok_s", "chip_w", "energy_per_token_j")
    return record(
        {"device": TEXT, "limit": {"enum": list(LIMITS)}}
        | dict.fromkeys((*_FIELDS, *limits), NUMBER)
        | {"cheapest": record(dict.fromkeys(best, REAL))}
        | {"curve": record(dict.fromkeys(_CURVE, many(NUMBER)))}
    )
