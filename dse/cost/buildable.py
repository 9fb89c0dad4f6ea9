"""What a chip must keep to so that it can be built, and what it says where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip, ComputeUnit
from dse.units import format_quantity

__all__ = ["CONDITION_FIELDS", "conditions_hold", "is_buildable", "obstacles"]

# By condition, the fields of the unit and of the DRAM that it depends on; the edge depends on all.
CONDITION_FIELDS = (
    ("clock_hz", "max_clock_hz"),
    ("data_rate_per_s", "type"),
    ("bus_width_bits", "type"),
)

# Peak bandwidths are published rounded, and data rates inferred from them.
_RATE_SLACK = 1.001


@dataclass(frozen=True, slots=True)
class _Condition:
    """Where it holds, and a sentence for where it does not.

    The places {0} and {1} of the sentence stand for what the chip has and what is allowed.
    """

    holds: npt.NDArray[np.bool_]
    sentence: str
    has: Any
    allowed: Any
    dimension: str

    def text(self) -> str:
        values = (float(np.ravel(value)[0]) for value in (self.has, self.allowed))
        return self.sentence.format(*(format_quantity(v, self.dimension, 5) for v in values))


def is_buildable(chip: Chip, unit: ComputeUnit, edge_fraction: Any) -> npt.NDArray[np.bool_]:
    """Whether clock and DRAM rate are on offer, in whole channels whose PHY fits the die edge.

    Parameters
    ----------
    chip, unit : Chip, ComputeUnit
        Numeric leaves are floats or arrays of shape (n,).
    edge_fraction : array_like
        Share of the die's perimeter that the DRAM PHY takes.

    Returns
    -------
    ndarray of bool
        Broadcast to shape (n,) or to a scalar.
    """
    result = np.asarray(True)
    for condition in _conditions(chip, unit, edge_fraction):
        result = result & condition.holds
    return result


def conditions_hold(chip: Chip, unit: ComputeUnit) -> tuple[npt.NDArray[np.bool_], ...]:
    """Whether each condition but that of the edge holds, in the order of `CONDITION_FIELDS`."""
    every = _conditions(chip, unit, 0.0)
    return tuple(each.holds for each, _ in zip(every, CONDITION_FIELDS, strict=False))


def obstacles(chip: Chip, unit: ComputeUnit, edge_fraction: float) -> tuple[str, ...]:
    """Why one chip cannot be built: each failing condition with the value that is allowed.

    Parameters
    ----------
    chip, unit, edge_fraction : Chip, ComputeUnit, float
        As for `is_buildable`, of a single chip.

    Returns
    -------
    tuple of str
        Clauses without a full stop; empty where the chip can be built.
    """
    every = _conditions(chip, unit, edge_fraction)
    return tuple(each.text() for each in every if not np.all(each.holds))


def _conditions(chip: Chip, unit: ComputeUnit, edge_fraction: Any) -> Iterator[_Condition]:
    dram, kind = chip.dram, chip.dram.type
    yield _Condition(
        np.asarray(np.asarray(unit.clock_hz) <= np.asarray(unit.max_clock_hz)),
        f"the clock of its {unit.name} is {{0}}, but at most {{1}} is allowed",
        unit.clock_hz,
        unit.max_clock_hz,
        "frequency",
    )
    yield _Condition(
        np.asarray(np.asarray(dram.data_rate_per_s) <= kind.max_data_rate_per_s * _RATE_SLACK),
        f"its data rate is {{0}}, but {kind.name} comes at up to {{1}}",
        dram.data_rate_per_s,
        kind.max_data_rate_per_s,
        "data_rate",
    )
    yield _Condition(
        np.asarray(np.mod(dram.bus_width_bits, kind.channel_bits) == 0.0),
        f"its bus is {{0}} wide, but {kind.name} comes in whole channels of {{1}}",
        dram.bus_width_bits,
        kind.channel_bits,
        "width",
    )
    yield _Condition(
        np.asarray(np.asarray(edge_fraction) <= 1.0),
        "its DRAM interface takes {0} % of the die's edge, but there is no more than {1} %",
        100.0 * edge_fraction,
        100.0,
        "ratio",
    )
