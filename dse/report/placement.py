"""Where the phases of an evaluation ran: shares of the units, and what they gain together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dse.report.quantity import format_unit
from dse.report.schema_parts import REAL, TEXT, Schema, many, record, table

if TYPE_CHECKING:
    from dse.cost import OperatorRow

__all__ = [
    "PhasePlacement",
    "phase_placements",
    "placement_object",
    "placement_rows",
    "placement_schema",
    "shares_text",
]

# Smaller shares would show as 0.0 %.
_LEAST_SHOWN = 5e-4
_TIMES = {"prefill": "ttft_s", "decode": "tpot_s", "image": "image_s"}


@dataclass(frozen=True, slots=True)
class PhasePlacement:
    """Where one phase ran.

    Parameters
    ----------
    phase : str
        ``prefill``, ``decode`` or ``image``.
    shares : mapping of str to float
        Share of each unit in the phase's matrix operations.
    best_unit : str
        Unit that is fastest alone.
    speedup : float
        Time of that unit alone over the time together.
    """

    phase: str
    shares: Mapping[str, float]
    best_unit: str
    speedup: float


def phase_placements(
    rows: Sequence[OperatorRow],
    together: Mapping[str, float],
    alone: Mapping[str, Mapping[str, float]],
) -> tuple[PhasePlacement, ...]:
    """Sum the shares of operators by phase, and compare with the best single unit.

    Parameters
    ----------
    rows : sequence of OperatorRow
        Operators with their shares.
    together : mapping of str to float
        Metrics of the units together.
    alone : mapping of str to mapping
        Metrics of each unit alone, by its name.
    """
    found = []
    for phase, time in _TIMES.items():
        if time not in together:
            continue
        chosen = [row for row in rows if phase in (row.phase, "image")]
        shares = _shares(chosen, tuple(alone))
        best = min(alone, key=lambda unit: alone[unit][time])
        speedup = alone[best][time] / together[time]
        found.append(PhasePlacement(phase, shares, best, speedup))
    return tuple(found)


def _shares(rows: Sequence[OperatorRow], units: Sequence[str]) -> dict[str, float]:
    """Share of each unit that takes part in the operations of some rows."""
    total = sum(row.ops for row in rows)
    sums = {unit: sum(row.ops * dict(row.shares).get(unit, 0.0) for row in rows) for unit in units}
    return {unit: part / total for unit, part in sums.items() if part > 0.0}


def shares_text(shares: Mapping[str, float]) -> str:
    """Units with their shares, one alone without; what rounds to nothing is left out.

    Examples
    --------
    >>> shares_text({"npu": 0.75, "gpu": 0.25}), shares_text({"npu": 1.0})
    ('npu 75.0 %, gpu 25.0 %', 'npu')
    """
    shown = {unit: share for unit, share in shares.items() if share >= _LEAST_SHOWN}
    if len(shown) == 1:
        return next(iter(shown))
    return ", ".join(f"{unit} {format_unit(share, '%')}" for unit, share in shown.items())


def placement_rows(placements: Sequence[PhasePlacement]) -> list[tuple[str, str, str]]:
    """Lines of a summary: where each phase ran, and how much sooner it is done."""
    return [
        (
            f"{each.phase.capitalize()} runs on",
            shares_text(each.shares),
            f"{each.speedup:.2f} x the {each.best_unit} alone, the fastest single unit",
        )
        for each in placements
    ]


def placement_object(placements: Sequence[PhasePlacement]) -> list[dict[str, Any]]:
    """Placements as a JSON list."""
    return [asdict(each) | {"shares": dict(each.shares)} for each in placements]


def placement_schema() -> Schema:
    """JSON Schema of `placement_object`."""
    texts = {"phase": TEXT, "best_unit": TEXT}
    return many(record({**texts, "shares": table(REAL), "speedup": REAL}))
