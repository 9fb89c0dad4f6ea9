"""What the operators of a model ask of a chip, as counts of cycles and bytes."""

from __future__ import annotations

from collections.abc import Sequence

from dse.chip import Chip
from dse.cost.derive import derive
from dse.cost.work import OpWork, table_work
from dse.technology import Silicon
from dse.workload import Model, Scenario, unroll

__all__ = ["Counts", "count_work"]

# What each operator asks for: of the prefill, and of a decode step.
Counts = tuple[Sequence[OpWork], Sequence[OpWork]]


def count_work(
    subject: tuple[Chip, Model, Scenario], silicon: Silicon, unit: str | None
) -> Counts:
    """What the operators of a prefill and of a decode step ask of one unit, as counts.

    Parameters
    ----------
    subject, silicon, unit
        As for `dse.cost.evaluate_columns`; `unit` names one unit.
    """
    chip, model, scenario = subject
    chips, work = derive(chip, scenario.precision, silicon, unit), unroll(model, scenario)
    return table_work(work.prefill, chips), table_work(work.decode, chips)
