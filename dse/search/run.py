"""A search: scouts and a sweep to start from, a sampler next, a local search to finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.search.coding import Coding
from dse.search.ledger import Ledger, Milestone, Starters, Yardstick
from dse.search.polish import MAX_STEPS, polish
from dse.search.proposer import Proposer, quiet_optuna
from dse.search.result import SearchResult, summary_of
from dse.search.scout import Scout
from dse.space import Index, Space
from dse.store import FRONT, RESULTS, Journal, Output, start_run
from dse.sweep import KEEP, SAMPLES, Points, Progress, Survey, objective_values
from dse.technology import Silicon

__all__ = ["TRIALS", "Search", "run_search"]

Array = npt.NDArray[np.float64]
Report = Callable[[Progress], None]

TRIALS = 2000
# The first even sample, and evaluations that scouts may take with it.
_FIRST = 128
_SCOUTED = 2048
# Batches of scouts in a row that leave the front as it is, after which they give up.
_PATIENCE = 24
# Evaluations after which the local search gives up on a front that keeps growing.
_POLISH = 500_000
# Model-based samplers learn from every batch, and slow down with its size.
_MODEL_BATCH = 20
_TRIES = 100


def run_search(  # noqa: PLR0913 - all but two are keywords with defaults
    space: Space,
    silicon: Silicon,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    sampler: str = "nsga2",
    out: Output | Path | None = None,
    progress: Report | None = None,
    samples: int = SAMPLES,
) -> SearchResult:
    """Search a space for the front of the designs that meet its targets.

    Parameters
    ----------
    space : Space
        What to search.
    silicon : Silicon
        Constants of the reference node.
    trials : int
        Distinct designs that the sampler proposes or starts from, >= 0.
    seed : int
        The same seed gives the same result, byte for byte, also when interrupted and resumed.
    sampler : str
        ``nsga2``, ``nsga3``, ``tpe``, ``qmc`` or ``random``.
    out : Output, Path or None
        Run folder to write; if it holds the same search, that is gone on with.
    progress : callable, optional
        Called after every batch.
    samples : int
        Size of the first sweep; a space no larger is enumerated, and that is all.

    Returns
    -------
    SearchResult
        Its front holds designs that meet every requirement only, and may be empty.

    Raises
    ------
    ValueError
        If the sampler is not known or a number is negative.
    StoreError
        If the run folder cannot be used.
    """
    if trials < 0:
        raise ValueError(f"trials must be >= 0, but got {trials}")
    settings = {"trials": trials, "seed": seed, "sampler": sampler, "samples": samples}
    with ExitStack() as stack:
        stack.enter_context(quiet_optuna())
        search = Search(Survey(space, silicon), settings, progress)
        folder = None
        if out is not None:
            folder = stack.enter_context(start_run("search", space, silicon, settings, out))
        result = search.run(folder.journal() if folder else None)
        if folder is not None:
            folder.write_table(FRONT, result.front)
            folder.write_table(RESULTS, result.cloud)
            folder.finish(summary_of(search.survey, result))
    return result


class Search:
    """The stages of one search and what they share.

    Parameters
    ----------
    survey : Survey
        Takes the designs in; has none so far.
    settings : mapping
        ``trials``, ``seed``, ``sampler`` and ``samples``, as of `run_search`.
    report : callable, optional
        Called after every batch.
    """

    def __init__(
        self, survey: Survey, settings: Mapping[str, Any], report: Report | None = None
    ) -> None:
        self.space = space = survey.space
        self.survey = survey
        self.trials, self.seed = int(settings["trials"]), int(settings["seed"])
        self.sampler = str(settings["sampler"])
        self.samples = int(settings["samples"])
        self.population = max(2, min(self.trials, max(50, self.trials // 25)))
        self.batch = _MODEL_BATCH if self.sampler == "tpe" else self.population
        self.report = report
        self.proposer = Proposer(space, self.sampler, self.seed, self.population)
        self.ledger = Ledger(self.survey)
        self.history: list[Milestone] = []
        self.yardstick = Yardstick(len(space.objectives))
        self.starters = Starters(self.population)
        self.scout = Scout(space, Coding(space), self.seed)

    def run(self, journal: Journal | None) -> SearchResult:
        """Go through all stages, after what the journal holds of them."""
        points = Points(self.space, self.samples, self.seed)
        if not points.is_exhaustive:
            self._scout()
        start = self._sweep(points)
        resumed, steps = 0, MAX_STEPS
        if not points.is_exhaustive:
            resumed = self._replay(journal)
            self._propose(start, journal)
            steps = self._polish(points)
        cloud = self._cloud(points)
        return SearchResult(
            space=self.space,
            sampler=self.sampler,
            seed=self.seed,
            trials=len(self.ledger),
            evaluated=self.survey.evaluated,
            feasible=self.survey.feasible,
            is_exhaustive=points.is_exhaustive,
            optimal_steps=steps,
            front_index=self.survey.front_index,
            front=self.survey.table(self.survey.front_index),
            cloud=self.survey.table(cloud),
            reach=self.survey.reach,
            history=tuple(self.history),
            resumed=resumed,
            torn_bytes=journal.torn_bytes if journal else 0,
        )

    def _scout(self) -> None:
        """Evaluate an even sample, then few designs at a time where most is to be expected."""
        index = self.space.sample(min(_FIRST, self.samples), self.seed)
        limit = min(_SCOUTED, self.samples)
        self.yardstick.update(self._take(index))
        self._mark("sweep", len(index), len(index))
        while len(self.scout.numbers) < limit and self.scout.idle < _PATIENCE:
            index = self.scout.ask(limit - len(self.scout.numbers))
            if not len(index):
                break
            self._take(index)
            self._mark("scout", len(self.scout.numbers), limit)

    def _take(self, index: Index) -> Array:
        """Evaluate designs for scouts and starters; return their objectives."""
        columns, missed = self.survey.evaluate(index)
        values = objective_values(self.space, columns)
        self.starters.update(index, values, missed)
        self.scout.tell(index, values, missed)
        return values

    def _sweep(self, points: Points) -> Index:
        """Evaluate the rest of the sample; return the designs that the sampler starts from."""
        for block in points.blocks():
            index = block[~np.isin(self.space.encode(block), self.scout.numbers)]
            columns, missed = self.survey.evaluate(index)
            values = objective_values(self.space, columns)
            if points.is_exhaustive:
                self.yardstick.update(values)
            self.starters.update(index, values, missed)
            self._report("sweep", self.survey.evaluated, points.total)
        self._record("sweep")
        return points.at(np.arange(0)) if self.starters.index is None else self.starters.index

    def _replay(self, journal: Journal | None) -> int:
        records = journal.records if journal else []
        for record in records:
            self.proposer.start_batch()
            self.ledger.outcomes(self.proposer.replay(record))
            self._mark("search", len(self.ledger), self.trials)
        return len(records)

    def _propose(self, start: Index, journal: Journal | None) -> None:
        """Ask and tell, batch by batch, until enough distinct designs were told of."""
        while len(self.ledger) < self.trials:
            known = len(self.ledger)
            self.proposer.start_batch()
            size = min(self.batch, self.trials - known)
            # The population of a genetic sampler starts from the sweep's best in one generation.
            wanted = start[: self.trials].tolist() if known == 0 else []
            rows = self.proposer.ask(max(size, len(wanted)), wanted)
            rows += self._top_up(rows, size)
            record = self.proposer.tell(self.ledger.outcomes(rows))
            if journal is not None:
                journal.append(record)
            self._mark("search", len(self.ledger), self.trials)
            if len(self.ledger) == known:
                break

    def _top_up(self, rows: list[list[int]], size: int) -> list[list[int]]:
        """Have random new designs stand in for proposals that were made before."""
        taken = set(self.space.encode(np.array(rows, dtype=np.int64)).tolist())
        missing = size - sum(number not in self.ledger for number in taken)
        random = self.proposer.random()
        fresh: list[list[int]] = []
        for _ in range(_TRIES * max(0, missing)):
            if len(fresh) == missing:
                break
            row = random.integers(0, self.space.shape)
            number = int(self.space.encode(row[None])[0])
            if number not in taken and number not in self.ledger:
                taken.add(number)
                fresh.append(row.tolist())
        return self.proposer.ask(len(fresh), fresh) if fresh else []

    def _polish(self, points: Points) -> int:
        swept = [self.space.encode(index) for index in points.blocks()]
        seen = np.concatenate([*swept, self.scout.numbers, self.ledger.numbers])
        return polish(
            self.survey,
            Coding(self.space),
            seen,
            _POLISH,
            lambda done: self._mark("polish", done, done),
        )

    def _cloud(self, points: Points) -> Index:
        """Designs proposed, and as many of the first sweep as there is room for."""
        told = np.union1d(self.scout.numbers, self.ledger.numbers)
        swept = self.space.encode(points.cloud(max(0, KEEP - len(told)), self.seed))
        return self.space.decode(np.union1d(told, swept))

    def _mark(self, stage: str, done: int, total: int) -> None:
        self._record(stage)
        self._report(stage, done, total)

    def _record(self, stage: str) -> None:
        survey = self.survey
        volume = self.yardstick.measure(survey.front_values)
        front = len(survey.front_index)
        self.history.append(Milestone(stage, survey.evaluated, front, volume))

    def _report(self, stage: str, done: int, total: int) -> None:
        if self.report is not None:
            front = len(self.survey.front_index)
            self.report(Progress(stage, done, total, front, self.survey.feasible))
