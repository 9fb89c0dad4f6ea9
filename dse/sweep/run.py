"""A sweep: a grid or a Sobol sample of a space, piece by piece, into a run folder if wished."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from dse.errors import CorruptRunError
from dse.farm import Farm, LocalFarm
from dse.space import Index, Space
from dse.store import FRONT, RESULTS, Journal, Output, RunFolder, Table, start_run
from dse.sweep.job import SweepJob
from dse.sweep.points import Progress
from dse.sweep.reach import Reach
from dse.sweep.standing import Watch
from dse.sweep.survey import Survey
from dse.sweep.tally import Tally
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
    resumed : int
        Pieces taken over from the journal of an interrupted run.
    torn_bytes : int
        Length of the torn last line that was cut off that journal.
    """

    space: Space
    evaluated: int
    feasible: int
    is_exhaustive: bool
    front_index: Index
    front: Table
    cloud: Table
    reach: Reach
    resumed: int = 0
    torn_bytes: int = 0


def run_sweep(  # noqa: PLR0913 - all but two are keywords with defaults
    space: Space,
    silicon: Silicon,
    *,
    samples: int | None = SAMPLES,
    seed: int = 0,
    out: Output | Path | None = None,
    keep: int | None = KEEP,
    progress: Callable[[Progress], None] | None = None,
    farm: Farm | None = None,
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
        Run folder to write; if it holds the same sweep, that is gone on with, and ends with the
        same bytes as one that was never interrupted.
    keep : int or None
        Rows of ``results.csv``, a random choice of the designs; None for all of them.
    progress : callable, optional
        Called after every piece.
    farm : Farm, optional
        Who works on the pieces; the threads of this process if not given. The result is the same.

    Returns
    -------
    SweepResult
        Its `cloud` never holds more than `keep` or, where that is None, `KEEP` rows.

    Raises
    ------
    StoreError
        If the run folder cannot be used.
    ClusterError
        If the farm is a cluster, and fails.
    """
    job = SweepJob(space, silicon, samples, seed)
    with ExitStack() as stack:
        folder = None
        if out is not None:
            settings = {"samples": samples, "seed": seed, "keep": keep}
            folder = stack.enter_context(start_run("sweep", space, silicon, settings, out))
        sweep = _Sweep(job, folder, progress)
        sweep.run(farm or LocalFarm())
        return sweep.result(keep)


class _Sweep:
    """One sweep, its folder and those who watch it."""

    def __init__(
        self,
        job: SweepJob,
        folder: RunFolder | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.job, self.folder, self.progress = job, folder, progress
        self.watch = Watch(job.space, job.silicon)
        self.tally = Tally(job.space)
        self.journal: Journal | None = None
        if folder is not None:
            self._resume(folder)
        self.resumed = self.tally.pieces

    def _resume(self, folder: RunFolder) -> None:
        self.journal = folder.journal()
        try:
            records = self.journal.records
            self.tally.restore(records, self.job.sweep.ends(len(records)))
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptRunError(
                f"{folder.path}: the journal cannot be gone on with: {error}; "
                "begin its command again with --force"
            ) from error

    def run(self, farm: Farm) -> None:
        """Work on the pieces that are missing."""
        missing = range(self.resumed, self.job.sweep.pieces)
        with closing(farm.results(self.job, missing)) as results:
            for found in results:
                record = self.tally.add(found)
                if self.journal is not None:
                    self.journal.append(record)
                self._report("sweep", self.tally.evaluated)

    def result(self, keep: int | None) -> SweepResult:
        """Write the tables, and give all that was found."""
        points, tally = self.job.points, self.tally
        survey = Survey(points.space, self.job.silicon)
        survey.take_tally(tally)
        front = survey.table(survey.front_index)
        cloud = survey.table(points.cloud(KEEP if keep is None else keep, self.job.seed))
        if self.folder is not None:
            self.folder.write_table(FRONT, front)
            if keep is None:
                self._write_all(self.folder, survey)
            else:
                self.folder.write_table(RESULTS, cloud)
            self.folder.finish(survey.summary() | {"is_exhaustive": points.is_exhaustive})
        return SweepResult(
            space=points.space,
            evaluated=survey.evaluated,
            feasible=survey.feasible,
            is_exhaustive=points.is_exhaustive,
            front_index=survey.front_index,
            front=front,
            cloud=cloud,
            reach=survey.reach,
            resumed=self.resumed,
            torn_bytes=self.journal.torn_bytes if self.journal is not None else 0,
        )

    def _write_all(self, folder: RunFolder, survey: Survey) -> None:
        """Evaluate every design once more, with all metrics: their text takes far longer."""
        done = 0
        with folder.open_table(RESULTS) as writer:
            for index in self.job.points.blocks():
                writer.write(survey.table(index))
                done += len(index)
                self._report("table", done)

    def _report(self, stage: str, done: int) -> None:
        if self.progress is not None:
            tally = self.tally
            counts = done, self.job.points.total, len(tally.front), tally.feasible
            number = tally.account.nearest[2]
            nearest = None if number < 0 else self.job.space.decode([number])[0]
            found = tally.front.values, tally.front.ids.ravel(), nearest
            self.progress(Progress(stage, *counts, self.watch.standing(*found)))
