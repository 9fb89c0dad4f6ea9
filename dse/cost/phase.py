"""Sums over one phase, a prefill, a decode step or one run of a stage, and its single rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.metric import BOUNDS
from dse.cost.roofline import OpCost, op_cost, seconds_per_mac
from dse.cost.work import OpWork, table_work
from dse.workload import Op

__all__ = [
    "OperatorRow",
    "PhaseCost",
    "dynamic_j",
    "energy_j",
    "longest",
    "one",
    "operator_rows",
    "phase_cost",
    "step_row",
]


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """Sum over one phase's operators, arrays of shape (n,).

    Parameters
    ----------
    seconds, dynamic_j, dram_bytes : Array
        Time, s; dynamic energy, J; bytes to and from DRAM, B.
    bound_s : tuple of Array
        Time of the operators that wait for each resource, in the order of `BOUNDS`, s.
    running_s : Array
        Time less launches and fixed costs, in which the unit waits for its host, s.
    """

    seconds: Array
    dynamic_j: Array
    dram_bytes: Array
    bound_s: tuple[Array, ...]
    running_s: Array


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator of one phase on one chip, all its launches together.

    Parameters
    ----------
    phase, name : str
        ``prefill``, ``decode`` or the name of a stage, and the operator's name.
    launches : float
        How often it runs in the phase: in one step of a decode, in all runs of a stage.
    seconds, energy_j : float
        Time and energy of all launches, static energy included; s, J.
    ops : float
        Matrix operations, two per multiply-accumulate.
    sram_bytes, cache_bytes, dram_bytes : float
        Bytes across each boundary, B.
    busy_s : tuple of float
        Busy time of each resource in the order of `BOUNDS`, s.
    bound : int
        Index into `BOUNDS` of what it waits for.
    utilisation : float
        Time at the unit's peak rate for the operator's types over its time.
    shares : tuple
        Units that ran it together with the share of each; empty where one unit runs all.
    """

    phase: str
    name: str
    launches: float
    seconds: float
    energy_j: float
    ops: float
    sram_bytes: float
    cache_bytes: float
    dram_bytes: float
    busy_s: tuple[float, ...]
    bound: int
    utilisation: float
    shares: tuple[tuple[str, float], ...] = ()


def phase_cost(
    table: tuple[Op, ...],
    chips: ChipBatch,
    fixed_s: Array,
    *,
    has_bounds: bool = True,
    works: Sequence[OpWork] | None = None,
) -> PhaseCost:
    """Sum the operators of one phase, launches and its own fixed cost counted.

    Parameters
    ----------
    table : tuple of Op
        Operators of the phase.
    chips : ChipBatch
        Coefficients of n designs.
    fixed_s : Array
        Fixed cost of the phase, s.
    has_bounds : bool
        Whether anybody asks what the time waits for; without, `bound_s` is nothing but zeros.
    works : sequence of OpWork, optional
        What `table_work` says of them, where that is known already.
    """
    seconds: Array = fixed_s
    dynamic: Array = np.zeros(1)
    dram: Array = np.zeros(1)
    launches = 0.0
    waits: list[Array] = [np.zeros(1)] * len(BOUNDS)
    waits[BOUNDS.index("dispatch")] = fixed_s
    for op, work in zip(table, works or table_work(table, chips), strict=True):
        cost = op_cost(op, chips, work)
        spent = op.repeat * cost.seconds
        seconds = seconds + spent
        launches += op.repeat
        dynamic = dynamic + op.repeat * dynamic_j(cost)
        dram = dram + op.repeat * cost.dram_bytes
        if has_bounds:
            longest_s = cost.longest_s
            waits = [
                total + spent * (part >= longest_s) if part.any() else total
                for total, part in zip(waits, cost.busy_s, strict=True)
            ]
    running = seconds - (fixed_s + launches * chips.dispatch_s)
    return PhaseCost(seconds, dynamic, dram, tuple(waits), running)


def energy_j(dynamic: Array, seconds: Array, running: Array, chips: ChipBatch) -> Array:
    """Energy of a stretch of time, J.

    E = sum of dynamic energies + P_static t + P_active t_running                             (1)

    Parameters
    ----------
    dynamic, seconds, running : Array
        Dynamic energy, J; time, s; the part of it in which kernels run, s.
    chips : ChipBatch
        Coefficients of n designs.
    """
    return np.asarray(dynamic + chips.static_w * seconds + chips.active_w * running)


def dynamic_j(cost: OpCost) -> Array:
    """Dynamic energy of one launch, J."""
    return cost.compute_j + cost.sram_j + cost.cache_j + cost.dram_j + cost.flash_j


def longest(parts: tuple[Array, ...]) -> Array:
    """Index into `BOUNDS` of the largest of its parts, the first of equals."""
    best, index = parts[0], np.zeros(1)
    for i, seconds in enumerate(parts[1:], start=1):
        index = np.where(seconds > best, float(i), index)
        best = np.maximum(best, seconds)
    return index


def step_row(phase: str, chips: ChipBatch, fixed_s: Array) -> OperatorRow:
    """The fixed cost of a phase, as a row, so that the rows add up."""
    seconds = one(fixed_s)
    energy = seconds * one(chips.static_w)
    last = BOUNDS.index("dispatch")
    busy = tuple(seconds if place == last else 0.0 for place in range(len(BOUNDS)))
    return OperatorRow(phase, "step", 1.0, seconds, energy, 0.0, 0.0, 0.0, 0.0, busy, last, 0.0)


def operator_rows(phase: str, table: tuple[Op, ...], chips: ChipBatch) -> tuple[OperatorRow, ...]:
    """All launches of each operator of a phase on one chip."""
    works = zip(table, table_work(table, chips), strict=True)
    return tuple(_row(phase, op, chips, op_cost(op, chips, work)) for op, work in works)


def _row(phase: str, op: Op, chips: ChipBatch, cost: OpCost) -> OperatorRow:
    seconds = one(cost.seconds)
    energy = energy_j(dynamic_j(cost), cost.seconds, cost.seconds - chips.dispatch_s, chips)
    busy = tuple(one(part) for part in cost.busy_s)
    return OperatorRow(
        phase=phase,
        name=op.name,
        launches=op.repeat,
        seconds=op.repeat * seconds,
        energy_j=op.repeat * one(energy),
        ops=2.0 * op.repeat * op.macs,
        sram_bytes=op.repeat * one(cost.sram_bytes),
        cache_bytes=op.repeat * one(cost.cache_bytes),
        dram_bytes=op.repeat * one(cost.dram_bytes),
        busy_s=tuple(op.repeat * part for part in busy),
        bound=int(np.argmax(busy)),
        utilisation=op.macs * one(seconds_per_mac(op, chips)) / seconds,
    )


def one(values: Array) -> float:
    """Value of a batch of one."""
    return float(np.ravel(values)[0])
