"""Real chips on the axes of a front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dse.cost import evaluate_mix, metrics_of, worst_columns
from dse.report.view import ChipPoint

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.technology import Silicon
    from dse.workload import Mix, Model

__all__ = ["chip_points"]


def chip_points(
    chips: Sequence[Chip],
    models: Sequence[Model],
    mixes: Sequence[Mix],
    silicon: Silicon,
    *,
    unit: str | None,
    base: str,
) -> tuple[ChipPoint, ...]:
    """Evaluate chips as a run evaluates its designs: by the worst model and mix of requests.

    Parameters
    ----------
    chips, models : sequence
        What to evaluate, and on what.
    mixes : sequence of Mix
        What each model is asked.
    silicon : Silicon
        Constants of the reference node.
    unit : str or None
        Unit that runs the models; a chip without it uses its first.
    base : str
        Name of the chip that the run varied.
    """
    points = (_point(chip, models, mixes, silicon, unit) for chip in chips)
    return tuple(replace(point, is_base=point.name == base) for point in points)


def _point(
    chip: Chip, models: Sequence[Model], mixes: Sequence[Mix], silicon: Silicon, unit: str | None
) -> ChipPoint:
    known = {name for entry in chip.units for name in (entry.name, entry.kind)}
    chosen = unit if unit in known else None
    names = [entry.name for entry in metrics_of(models)]
    by_job = [
        evaluate_mix((chip, model, mix), silicon, chosen, names)
        for model in models
        for mix in mixes
    ]
    worst = worst_columns(by_job, names)
    return ChipPoint(chip.name, chip.title, {n: float(v.ravel()[0]) for n, v in worst.items()})
