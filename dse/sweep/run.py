"""A sweep: a grid or a Sobol sample of a space, block by block, into a run folder if wished."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dse.space import Index, Space
from dse.store import FRONT, RESULTS, Output, Table, start_run
from dse.sweep.grid import is_factored
from dse.sweep.points import Points, Progress, survey_grid, survey_points
from dse.sweep.reach import Reach
from dse.sweep.survey import Survey
from dse.technology import Silicon

__all__ = ["KEEP", "SAMPLES", "SweepResult", "run_sweep"]

SAMPLES = 65_536
KEEP = 20_000


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep found.

    Parameters
    ----------
    space : Space
        What was swept.
    evaluated, feasible : int
        Designs evaluated, and how many meet every requirement.
    is_exhaustive : bool
        Whether every design of the space was evaluated: the front is then exact.
    front_index : Index
        Designs of the front, shape (m, k), by rising objectives.
    front : dict of str to ndarray
        The same as a table.
    cloud : dict of str to ndarray
        A sample of all designs evaluated, as a table in their order.
    reach : Reach
        How near the designs came to each requirement, and the nearest design.
    """

    space: Space
    evaluated: int
    feasible: int
    is_exhaustive: bool
    front_index: Index
    front: Table
    cloud: Table
    reach: Reach


def run_sweep(
    space: Space,
    silicon: Silicon,
    *,
    samples: int | None = SAMPLES,
    seed: int = 0,
    out: Output | Path | None = None,
    keep: int | None = KEEP,
    progress: Callable[[Progress], None] | None = None,
) -> SweepResult:
    """Evaluate a sample of a space, or all of it, and keep its front and a sample of the rest.

    Parameters
    ----------
    space : Space
        What to sweep.
    silicon : Silicon
        Constants of the reference node.
    samples : int or None
        Size of a scrambled Sobol sample (repeats on the grid are dropped); None, or any number
        that covers the space, for the whole grid.
    seed : int
        Seed of the sample and of the cloud.
    out : Output, Path or None
        Run folder to write; the same sweep into the same folder writes the same tables.
    keep : int or None
        Rows of ``results.csv``, a random choice of the designs; None for all of them.
    progress : callable, optional
        Called after every block.

    Returns
    -------
    SweepResult
        Its `cloud` never holds more than `keep` or, where that is None, `KEEP` rows.

    Raises
    ------
    StoreError
        If the run folder cannot be used.
    """
    survey = Survey(space, silicon)
    with ExitStack() as stack:
        folder = None
        if out is not None:
            settings = {"samples": samples, "seed": seed, "keep": keep}
            folder = stack.enter_context(start_run("sweep", space, silicon, settings, out))
        points = Points(space, samples, seed)
        if folder is not None and keep is None:
            with folder.open_table(RESULTS) as writer:
                survey_points(survey, points, progress, writer)
        elif points.is_exhaustive and is_factored(space):
            survey_grid(survey, progress)
        else:
            survey_points(survey, points, progress)
        front = survey.table(survey.front_index)
        cloud = survey.table(points.cloud(KEEP if keep is None else keep, seed))
        if folder is not None:
            folder.write_table(FRONT, front)
            if keep is not None:
                folder.write_table(RESULTS, cloud)
            folder.finish(survey.summary() | {"is_exhaustive": points.is_exhaustive})
    return SweepResult(
        space=space,
        evaluated=survey.evaluated,
        feasible=survey.feasible,
        is_exhaustive=points.is_exhaustive,
        front_index=survey.front_index,
        front=front,
        cloud=cloud,
        reach=survey.reach,
    )
