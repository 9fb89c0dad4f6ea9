"""Real chips on the axes of a front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dse.cost import evaluate, metric
from dse.report.view import ChipPoint

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.technology import Silicon
    from dse.workload import Model, Scenario

__all__ = ["chip_points"]


def chip_points(
    chips: Sequence[Chip],
    models: Sequence[Model],
    scenario: Scenario,
    silicon: Silicon,
    *,
    unit: str | None,
    base: str,
) -> tuple[ChipPoint, ...]:
    """Evaluate chips as a run evaluates its designs: by the worst model of each metric.

    Parameters
    ----------
    chips, models : sequence
        What to evaluate, and on what.
    scenario : Scenario
        The request.
    silicon : Silicon
        Constants of the reference node.
    unit : str or None
        Unit that runs the models; a chip without it uses its first.
    base : str
        Name of the chip that the run varied.
    """
    points = (_point(chip, models, scenario, silicon, unit) for chip in chips)
    return tuple(replace(point, is_base=point.name == base) for point in points)


def _point(
    chip: Chip, models: Sequence[Model], scenario: Scenario, silicon: Silicon, unit: str | None
) -> ChipPoint:
    known = {name for entry in chip.units for name in (entry.name, entry.kind)}
    chosen = unit if unit in known else None
    rows = [evaluate(chip, model, scenario, silicon, chosen).row() for model in models]
    worst = {
        name: (min if metric(name).sense > 0 else max)(row[name] for row in rows)
        for name in rows[0]
    }
    return ChipPoint(chip.name, chip.title, worst)
