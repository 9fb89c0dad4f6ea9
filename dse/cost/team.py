"""The units of a chip as a team, with what they share: memory controller, leakage, rendezvous."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dse.chip import Chip, ComputeUnit
from dse.cost.batch import Array, ChipBatch
from dse.cost.buildable import obstacles
from dse.cost.derive import derive
from dse.cost.energy import common_w
from dse.cost.roofline import seconds_per_mac
from dse.cost.stack import Stack
from dse.technology import Silicon
from dse.workload import Op, Precision

__all__ = [
    "HETEROGENEOUS",
    "Team",
    "as_batch",
    "assemble",
    "derive_machine",
    "ideal_s",
    "team_units",
]

# Stands for all units of a chip together where one could be named.
HETEROGENEOUS = "heterogeneous"


@dataclass(frozen=True, slots=True)
class Team:
    """Units of n designs that work together, with what they share.

    Parameters
    ----------
    names : tuple of str
        Keys of the units.
    batches : tuple of ChipBatch
        Coefficients by unit.
    shared_s_per_byte : Array
        Inverse of what the memory controller gives all of them together, s/B.
    sync_s : Array
        One rendezvous of units, s.
    common_w : Array
        Static power of what they share, W.
    """

    names: tuple[str, ...]
    batches: tuple[ChipBatch, ...]
    shared_s_per_byte: Array
    sync_s: Array
    common_w: Array

    @property
    def chips(self) -> ChipBatch:
        """Coefficients of the team as of one unit, for what does not depend on the schedule.

        Leakage of the units and their power while they run are in the energies of a `TeamPhase`.
        """
        lead, rest = self.batches[0], self.batches[1:]
        return dataclasses.replace(
            lead,
            static_w=self.common_w,
            active_w=0.0 * lead.active_w,
            npu_area_mm2=sum((b.npu_area_mm2 for b in rest), lead.npu_area_mm2),
            peak_ops_per_s=sum((b.peak_ops_per_s for b in rest), lead.peak_ops_per_s),
            buildable=np.minimum.reduce(np.broadcast_arrays(*(b.buildable for b in self.batches))),
        )


def team_units(chip: Chip, schedule: str | None) -> tuple[ComputeUnit, ...]:
    """Units that a schedule runs together; none if it names a single unit.

    Parameters
    ----------
    chip : Chip
        The chip.
    schedule : str or None
        ``heterogeneous`` for every unit, some of them joined by ``+`` (``npu+gpu``), or one unit.

    Raises
    ------
    KeyError
        If the chip lacks one of the units that are joined.
    """
    if schedule == HETEROGENEOUS:
        return chip.units
    if schedule is None or "+" not in schedule:
        return ()
    joined = (chip.unit(name) for name in schedule.split("+"))
    return tuple({unit.name: unit for unit in joined}.values())


def team_obstacles(chip: Chip, schedule: str | None, edge_fraction: float) -> tuple[str, ...]:
    """Why a single chip cannot be built, for a unit or for all units of a team, each reason once.

    Parameters
    ----------
    chip, schedule : Chip, str or None
        As for `team_units`.
    edge_fraction : float
        Share of the die's perimeter that the DRAM PHY takes.
    """
    units = team_units(chip, schedule) or (chip.unit(schedule),)
    return tuple(dict.fromkeys(x for unit in units for x in obstacles(chip, unit, edge_fraction)))


def assemble(
    chip: Chip,
    units: tuple[ComputeUnit, ...],
    precision: Precision,
    silicon: Silicon,
    stack: Stack | None = None,
) -> Team:
    """Derive the coefficients of some units of a chip, or of n chips, and of what they share.

    Together they draw what the memory controller gives a streaming kernel, or what the fastest
    of them draws alone where a stack reaches more than that.

    Parameters
    ----------
    chip, precision, silicon, stack
        As for `dse.cost.derive`; the stack runs on every unit.
    units : tuple of ComputeUnit
        Units of the chip, at least one.
    """
    names = tuple(unit.name for unit in units)
    batches = tuple(derive(chip, precision, silicon, name, stack) for name in names)
    in_flight = np.asarray(chip.dram.type.latency_s) / chip.dram.max_outstanding_bytes
    controller = np.maximum(batches[0].dram_streamed_s_per_byte, in_flight)
    alone = (batch.dram_s_per_byte for batch in batches)
    sync_s = silicon.sync_s if chip.sync_s is None else chip.sync_s
    return Team(
        names=names,
        batches=batches,
        shared_s_per_byte=np.minimum.reduce(np.broadcast_arrays(controller, *alone)),
        sync_s=np.atleast_1d(np.asarray(sync_s, dtype=np.float64)),
        common_w=np.atleast_1d(common_w(chip)),
    )


def as_batch(machine: ChipBatch | Team) -> ChipBatch:
    """Coefficients of one unit, or those of a team as of one."""
    return machine.chips if isinstance(machine, Team) else machine


def derive_machine(
    chip: Chip,
    precision: Precision,
    silicon: Silicon,
    unit: str | None = None,
    stack: Stack | None = None,
) -> ChipBatch | Team:
    """Derive the coefficients of the unit, or of the units, that a schedule names.

    Parameters
    ----------
    chip, precision, silicon, unit, stack
        As for `dse.cost.derive`; `unit` may name several units, as for `team_units`.
    """
    units = team_units(chip, unit)
    if units:
        return assemble(chip, units, precision, silicon, stack)
    return derive(chip, precision, silicon, unit, stack)


def ideal_s(table: tuple[Op, ...], machine: ChipBatch | Team) -> Array:
    """Seconds of a phase's products at the peak rates of all units together."""
    batches = machine.batches if isinstance(machine, Team) else (machine,)
    total: Array = np.zeros(1)
    for op in table:
        rate = sum((1.0 / seconds_per_mac(op, batch) for batch in batches), np.zeros(1))
        total = total + op.repeat * op.macs / rate
    return total
