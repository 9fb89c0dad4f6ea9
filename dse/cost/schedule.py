"""Units that work together: every operator whole on one of them, or split over several."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dse.cost.batch import Array, ChipBatch
from dse.cost.metric import BOUNDS
from dse.cost.phase import OperatorRow, PhaseCost, dynamic_j, one, phase_cost, step_row
from dse.cost.roofline import OpCost, busiest_s, op_cost
from dse.cost.split import Part, best_split, part_seconds, split_seconds, whole_parts
from dse.cost.team import Team, ideal_s
from dse.cost.traffic import resident_fraction
from dse.cost.work import OpWork, table_work
from dse.workload import Kind, Op

__all__ = ["Launch", "TeamPhase", "cost_of_phase", "run_phase", "team_rows"]

Index = npt.NDArray[np.intp]
_DRAM, _DISPATCH = BOUNDS.index("dram"), BOUNDS.index("dispatch")
_FLASH, _CACHE = BOUNDS.index("flash"), BOUNDS.index("cache")


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch of an operator on the units of a team.

    Parameters
    ----------
    shares : Array
        Share of each unit, shape (units, n); each column adds up to 1.
    seconds : Array
        Time with its rendezvous, s, (n,).
    running_s : tuple of Array
        By unit, the time in which it works on its share, s.
    dynamic_j, sram_bytes, cache_bytes, dram_bytes : Array
        Sums over the units, J and B.
    busy_s : tuple of Array
        Busy seconds in the order of `dse.cost.BOUNDS`: those of the unit that needs most, and
        of DRAM and flash for all of them.
    """

    shares: Array
    seconds: Array
    running_s: tuple[Array, ...]
    dynamic_j: Array
    sram_bytes: Array
    cache_bytes: Array
    dram_bytes: Array
    busy_s: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class TeamPhase:
    """One phase on a team.

    Parameters
    ----------
    cost : PhaseCost
        Sums; the energy of running units and their leakage is in `dynamic_j`.
    launches : tuple of Launch
        By operator.
    leakage_w : Array
        Static power of the units that take part, W.
    """

    cost: PhaseCost
    launches: tuple[Launch, ...]
    leakage_w: Array


def run_phase(table: tuple[Op, ...], team: Team, fixed_s: Array) -> TeamPhase:
    """Place every operator of a phase where it is done soonest, and sum up.

        t_op = min(t_home, min over all other sets S of units of t_S + t_sync)                (1)
        t = min over homes of (t_fixed + sum over operators of launches x t_op)               (2)

    One unit is the home of the phase: an operator that runs there whole needs no rendezvous; one
    that runs elsewhere, or is split, pays one. t_S is the optimum of `dse.cost.split.best_split`.
    With every operator at home a phase costs what that unit alone needs, so a team is never
    slower than its best unit. Energy is added up where the work runs: each unit pays its own
    energy per event for its share, its own power while it runs, and its leakage for the whole
    phase if it takes part at all.

    Parameters
    ----------
    table : tuple of Op
        Operators of the phase.
    team : Team
        Units of n designs.
    fixed_s : Array
        Fixed cost of the phase, s.

    References
    ----------
    Chen et al., "Characterizing mobile SoC for accelerating heterogeneous LLM inference",
    SOSP 2025, arXiv 2501.14794 (layer-wise placement, column splits, rendezvous).
    """
    works = zip(*(table_work(table, batch) for batch in team.batches), strict=True)
    costs = [
        tuple(op_cost(op, *pair) for pair in zip(team.batches, each, strict=True))
        for op, each in zip(table, works, strict=True)
    ]
    options = [_options(op, cost, team) for op, cost in zip(table, costs, strict=True)]
    totals: list[Array] = []
    for home in range(len(team.batches)):
        best = [_delayed(seconds, home, team).min(axis=0) for _, seconds in options]
        spent = (op.repeat * t for op, t in zip(table, best, strict=True))
        totals.append(np.asarray(sum(spent, np.zeros(1))))
    home = np.argmin(np.stack(np.broadcast_arrays(*totals)), axis=0)
    launches = [
        _launch(op, cost, team, _chosen(option, home, team), home)
        for op, cost, option in zip(table, costs, options, strict=True)
    ]
    return _summed(table, team, tuple(launches), fixed_s)


def _part(op: Op, cost: OpCost, chips: ChipBatch, team: Team, members: Array | float) -> Part:
    """What one of `members` units pays for a share of an operator.

    The columns of a product are divided and all read the same inputs; heads and elements divide
    them too. Each member has an equal part of the bandwidth of cache and flash.
    """
    again = np.zeros(1)
    if op.kind is Kind.GEMM:
        border = op.input_elements + op.extra_elements + op.output_elements
        near = chips.sram_bytes + chips.cache_bytes
        away = 1.0 - resident_fraction(near, border * chips.activation_bytes)
        again = op.input_elements * chips.activation_bytes * away
        again = np.minimum(again, cost.dram_bytes)  # a chain may read less of it
    spill_s = op.scores * chips.score_bytes * chips.dram_s_per_byte
    flash_s = members * cost.flash_s
    own = [s for i, s in enumerate(cost.busy_s) if i not in (_DRAM, _DISPATCH, _FLASH, _CACHE)]
    engine_s = busiest_s((*own, members * cost.cache_s))
    is_exposed = op.stream is not None and op.stream.is_exposed
    if not is_exposed:
        engine_s = np.maximum(engine_s, flash_s)
    late_s = flash_s if is_exposed else np.zeros(1)
    rest = cost.dram_bytes - again
    return Part(
        fixed_s=cost.dispatch_s,
        engine_s=engine_s + spill_s + late_s,
        offset_s=again * chips.dram_s_per_byte,
        stream_s=rest * chips.dram_s_per_byte + late_s,
        shared_offset_s=again * team.shared_s_per_byte,
        shared_s=rest * team.shared_s_per_byte + (cost.flash_s if is_exposed else 0.0),
    )


def _parts(
    op: Op, costs: tuple[OpCost, ...], team: Team, members: Array | float
) -> tuple[Part, ...]:
    pairs = zip(costs, team.batches, strict=True)
    return tuple(_part(op, cost, chips, team, members) for cost, chips in pairs)


def _options(op: Op, costs: tuple[OpCost, ...], team: Team) -> tuple[list[Array], list[Array]]:
    """Shares and seconds of every way to place an operator: whole on each unit, then split."""
    units = len(costs)
    eye = np.eye(units)
    shares = [eye[:, [u]] for u in range(units)]
    seconds = [cost.seconds for cost in costs]
    pieces = op.count if op.kind is Kind.ATTENTION else np.inf
    for members in range(2, units + 1 if pieces > 1.0 else 2):
        parts = _parts(op, costs, team, float(members))
        for chosen in itertools.combinations(range(units), members):
            few = [parts[u] for u in chosen]
            split = best_split(few)
            if np.isfinite(pieces):
                split = whole_parts(few, split, pieces)
            whole = np.zeros((units, split.shape[1]))
            whole[list(chosen)] = split
            shares.append(whole)
            seconds.append(split_seconds(few, split))
    return shares, seconds


def _delayed(seconds: list[Array], home: int, team: Team) -> Array:
    """Time of every option with its rendezvous if one unit is the home, (options, n)."""
    late = [s if i == home else s + team.sync_s for i, s in enumerate(seconds)]
    return np.stack(np.broadcast_arrays(*late))


def _chosen(option: tuple[list[Array], list[Array]], home: Index, team: Team) -> Array:
    """Shares of the best option for the home of each design, (units, n)."""
    shares, seconds = option
    best, found = np.full(1, np.inf), shares[0]
    for i, (x, s) in enumerate(zip(shares, seconds, strict=True)):
        late = np.where(home == i, s, s + team.sync_s)
        found = np.where(late < best, x, found)
        best = np.minimum(best, late)
    return found


def _launch(op: Op, costs: tuple[OpCost, ...], team: Team, shares: Array, home: Index) -> Launch:
    """Time, bytes and energy of an operator whose shares are known."""
    parts = _parts(op, costs, team, np.sum(shares > 0.0, axis=0))
    there = np.take_along_axis(shares, np.broadcast_to(home, shares.shape[1:])[None], 0)[0]
    sync_s = np.where(there == 1.0, 0.0, team.sync_s)
    zero = np.zeros(1)
    dynamic, moved, sram, cache, shared = zero, zero, zero, zero, zero
    busy, running = [zero] * len(BOUNDS), []
    for x, cost, part, chips in zip(shares, costs, parts, team.batches, strict=True):
        again = np.where(x > 0.0, (1.0 - x) * part.offset_s / chips.dram_s_per_byte, 0.0)
        dynamic = dynamic + x * dynamic_j(cost) + again * chips.dram_j
        moved = moved + x * cost.dram_bytes + again
        sram, cache = sram + x * cost.sram_bytes, cache + x * cost.cache_bytes
        shared = shared + (x * cost.dram_bytes + again) * team.shared_s_per_byte
        mine = [x * part_s for part_s in cost.busy_s]
        mine[_DISPATCH] = np.where(x > 0.0, cost.dispatch_s, 0.0)
        mine[_DRAM] = mine[_DRAM] + again * chips.dram_s_per_byte
        busy = [np.maximum(most, part_s) for most, part_s in zip(busy, mine, strict=True)]
        spent = part_seconds(part, x) - chips.dispatch_s
        running.append(np.where(x > 0.0, spent, 0.0))
    busy[_DRAM] = np.maximum(busy[_DRAM], shared)
    busy[_DISPATCH] = busy[_DISPATCH] + sync_s
    seconds = split_seconds(parts, shares) + sync_s
    return Launch(shares, seconds, tuple(running), dynamic, sram, cache, moved, tuple(busy))


def _summed(
    table: tuple[Op, ...], team: Team, launches: tuple[Launch, ...], fixed_s: Array
) -> TeamPhase:
    """Sum the launches of a phase, its fixed cost, and the power of the units that take part."""
    seconds, moved, dynamic = fixed_s, np.zeros(1), np.zeros(1)
    waits: list[Array] = [np.zeros(1)] * len(BOUNDS)
    waits[_DISPATCH] = fixed_s
    running: Array = np.zeros(1)
    takes_part: Array = np.zeros((len(team.batches), 1))
    for op, launch in zip(table, launches, strict=True):
        spent = op.repeat * launch.seconds
        seconds = seconds + spent
        moved = moved + op.repeat * launch.dram_bytes
        dynamic = dynamic + op.repeat * _active_j(launch, team)
        running = running + op.repeat * busiest_s(launch.running_s)
        longest_s = busiest_s(launch.busy_s)
        waits = [
            total + spent * (part >= longest_s)
            for total, part in zip(waits, launch.busy_s, strict=True)
        ]
        takes_part = np.maximum(takes_part, launch.shares > 0.0)
    own = [b.static_w - team.common_w for b in team.batches]
    leakage = sum((p * w for p, w in zip(takes_part, own, strict=True)), np.zeros(1))
    cost = PhaseCost(seconds, dynamic + leakage * seconds, moved, tuple(waits), running)
    return TeamPhase(cost, launches, np.asarray(leakage))


def _active_j(launch: Launch, team: Team) -> Array:
    """Energy of one launch with that of its running units, J."""
    pairs = zip(team.batches, launch.running_s, strict=True)
    return np.asarray(sum((b.active_w * s for b, s in pairs), launch.dynamic_j))


def cost_of_phase(
    table: tuple[Op, ...],
    machine: ChipBatch | Team,
    fixed_s: Array,
    *,
    has_bounds: bool = True,
    works: Sequence[OpWork] | None = None,
) -> PhaseCost:
    """Sum the operators of a phase on one unit, or on several together; see `phase_cost`."""
    if isinstance(machine, Team):
        return run_phase(table, machine, fixed_s).cost
    return phase_cost(table, machine, fixed_s, has_bounds=has_bounds, works=works)


def team_rows(
    phase: str, table: tuple[Op, ...], team: Team, fixed_s: Array
) -> tuple[OperatorRow, ...]:
    """Rows of a phase of one design, with where each operator ran; they add up to the phase."""
    ran = run_phase(table, team, fixed_s)
    static_w = one(team.common_w) + one(ran.leakage_w)
    rows = [
        _row(phase, op, launch, team, static_w)
        for op, launch in zip(table, ran.launches, strict=True)
    ]
    if one(fixed_s) > 0.0:
        step = step_row(phase, team.chips, fixed_s)
        rows.append(replace(step, energy_j=static_w * step.seconds))
    return tuple(rows)


def _row(phase: str, op: Op, launch: Launch, team: Team, static_w: float) -> OperatorRow:
    seconds, busy = one(launch.seconds), tuple(one(part) for part in launch.busy_s)
    pairs = zip(team.names, launch.shares, strict=True)
    return OperatorRow(
        phase=phase,
        name=op.name,
        launches=op.repeat,
        seconds=op.repeat * seconds,
        energy_j=op.repeat * (one(_active_j(launch, team)) + static_w * seconds),
        ops=2.0 * op.repeat * op.macs,
        sram_bytes=op.repeat * one(launch.sram_bytes),
        cache_bytes=op.repeat * one(launch.cache_bytes),
        dram_bytes=op.repeat * one(launch.dram_bytes),
        busy_s=tuple(op.repeat * part for part in busy),
        bound=int(np.argmax(busy)),
        utilisation=one(ideal_s((op,), team)) / (op.repeat * seconds),
        shares=tuple((name, one(x)) for name, x in pairs if one(x) > 0.0),
    )
