"""Metrics of a network of layers: the same kernel, summed over the runs of its stages."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array, ChipBatch
from dse.cost.metric import BOUNDS, IMAGE_METRICS
from dse.cost.phase import OperatorRow, energy_j, longest, one, operator_rows, step_row
from dse.cost.results import Results, memory_columns, silicon_columns
from dse.cost.schedule import cost_of_phase, team_rows
from dse.cost.team import Team, as_batch, ideal_s
from dse.workload import Op, Pipeline, StageTable

__all__ = ["StageCost", "evaluate_pipeline", "explain_pipeline", "stage_costs"]


@dataclass(frozen=True, slots=True)
class StageCost:
    """All runs of one stage on one chip: its name, how many they are, seconds and joules."""

    name: str
    runs: int
    seconds: float
    energy_j: float


def evaluate_pipeline(chips: ChipBatch | Team, work: Pipeline) -> Results:
    """All metrics of a network on a batch of coefficients.

        t = sum over stages of runs x (t_step + sum over operators of launches x t_op)        (1)
        E = sum over stages of runs x energies of `dse.cost.phase.energy_j`                   (2)

    and a batch of B images takes t and E together, each image its share. Every run of a stage
    pays the fixed cost of a step once, as a decode step does.

    Parameters
    ----------
    chips : ChipBatch or Team
        Coefficients of n designs, for one unit or several together.
    work : Pipeline
        Operator tables of the stages.

    Returns
    -------
    Results
        One array of shape (n,) per entry of `IMAGE_METRICS`.
    """
    seconds, energy, moved, ideal = (np.zeros(1) for _ in range(4))
    waits: tuple[Array, ...] = (np.zeros(1),) * len(BOUNDS)
    machine, chips = chips, as_batch(chips)
    for stage in work.stages:
        cost = cost_of_phase(stage.table, machine, chips.step_s)
        seconds = seconds + stage.runs * cost.seconds
        phase_j = energy_j(cost.dynamic_j, cost.seconds, cost.running_s, chips)
        energy = energy + stage.runs * phase_j
        moved = moved + stage.runs * cost.dram_bytes
        waits = tuple(w + stage.runs * s for w, s in zip(waits, cost.bound_s, strict=True))
        ideal = ideal + stage.runs * ideal_s(stage.table, machine)
    columns = {
        "image_s": seconds / work.batch_size,
        "image_energy_j": energy / work.batch_size,
        "image_power_w": energy / seconds,
        "image_utilisation": ideal / seconds,
        "image_dram_bytes": moved / work.batch_size,
        "image_bound": longest(waits),
        **memory_columns(chips, work.storage),
        **silicon_columns(chips),
    }
    n = np.broadcast_shapes(*(np.shape(values) for values in columns.values()))
    names = [entry.name for entry in IMAGE_METRICS]
    return Results(
        {name: np.ascontiguousarray(np.broadcast_to(columns[name], n)) for name in names}
    )


def explain_pipeline(chips: ChipBatch | Team, work: Pipeline) -> tuple[OperatorRow, ...]:
    """Operators of every run of each stage, for one chip; they add up to the whole batch.

    Parameters
    ----------
    chips : ChipBatch or Team
        One design.
    work : Pipeline
        Operator tables of the stages.
    """
    if isinstance(chips, Team):
        return _explain_team(chips, work)
    rows: list[OperatorRow] = []
    for stage in work.stages:
        rows += operator_rows(stage.name, _every(stage), chips)
        if one(chips.step_s) > 0.0:
            step = step_row(stage.name, chips, chips.step_s)
            rows.append(
                dataclasses.replace(
                    step,
                    launches=float(stage.runs),
                    seconds=stage.runs * step.seconds,
                    energy_j=stage.runs * step.energy_j,
                    busy_s=tuple(stage.runs * part for part in step.busy_s),
                )
            )
    return tuple(rows)


def _explain_team(team: Team, work: Pipeline) -> tuple[OperatorRow, ...]:
    rows: list[OperatorRow] = []
    for stage in work.stages:
        rows += team_rows(stage.name, _every(stage), team, stage.runs * team.chips.step_s)
    return tuple(rows)


def _every(stage: StageTable) -> tuple[Op, ...]:
    """Operators of all runs of a stage."""
    return tuple(dataclasses.replace(op, repeat=stage.runs * op.repeat) for op in stage.table)


def stage_costs(rows: Iterable[OperatorRow], work: Pipeline) -> tuple[StageCost, ...]:
    """Sum the rows of `explain_pipeline` by stage, in the order they run.

    Parameters
    ----------
    rows : iterable of OperatorRow
        Of one chip.
    work : Pipeline
        What they were made of.
    """
    found = list(rows)
    return tuple(
        StageCost(
            stage.name,
            stage.runs,
            sum(row.seconds for row in found if row.phase == stage.name),
            sum(row.energy_j for row in found if row.phase == stage.name),
        )
        for stage in work.stages
    )
