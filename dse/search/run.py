"""A search: scouts and a sweep to start from, a sampler next, a local search to finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.farm import Farm
from dse.search.batch import ask_batch
from dse.search.coding import Coding
from dse.search.ledger import Ledger, Milestone, Starters
from dse.search.polish import MAX_STEPS, polish
from dse.search.proposer import Proposer, quiet_optuna
from dse.search.result import SearchResult, search_summary
from dse.search.scouting import Scouting
from dse.search.team import Record, Team
from dse.space import Index, Space
from dse.store import FRONT, RESULTS, Output, RunFolder, start_run
from dse.sweep import KEEP, SAMPLES, Points, Progress, Survey, Watch, objective_values
from dse.technology import Silicon

__all__ = ["TRIALS", "Search", "run_search"]

Array = npt.NDArray[np.float64]
Report = Callable[[Progress], None]

TRIALS = 2000
# Evaluations after which the local search gives up on a front that keeps growing.
_POLISH = 500_000
# Model-based samplers learn from every batch, and slow down with its size.
_MODEL_BATCH = 20


def run_search(  # noqa: PLR0913 - all but two are keywords with defaults
    space: Space,
    silicon: Silicon,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    sampler: str = "nsga2",
    out: Output | Path | RunFolder | None = None,
    progress: Report | None = None,
    samples: int = SAMPLES,
    scouts: int = 0,
    farm: Farm | None = None,
    team: Team | None = None,
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
    out : Output, Path, RunFolder or None
        Run folder to write; if it holds the same search, that is gone on with. One that is open
        already, for this very search, is closed at the end.
    progress : callable, optional
        Called after every batch.
    samples : int
        Size of the first sweep; a space no larger is enumerated, and that is all.
    scouts : int
        Designs that a model of the space chooses before the sweep; see `Scout`.
    farm : Farm, optional
        Who evaluates the designs, with the same result; this process's threads if not given.
    team : Team, optional
        Keeps the record and evaluates the proposals, instead of the run folder and this process.

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
    ClusterError
        If the farm is a cluster, and fails.
    """
    if trials < 0:
        raise ValueError(f"trials must be >= 0, but got {trials}")
    settings = {"trials": trials, "seed": seed, "sampler": sampler, "samples": samples}
    settings |= {"scouts": scouts} if scouts else {}  # runs of before knew none
    with ExitStack() as stack:
        stack.enter_context(quiet_optuna())
        search = Search(Survey(space, silicon, farm), settings, progress, team)
        folder = None
        if out is not None:
            if not isinstance(out, RunFolder):
                out = start_run("search", space, silicon, settings, out)
            folder = stack.enter_context(out)
        journal = folder.journal() if folder else None
        result = search.run(journal if team is None else team.record(journal))
        if folder is not None:
            folder.write_table(FRONT, result.front)
            folder.write_table(RESULTS, result.cloud)
            folder.finish(search_summary(search.survey, result))
    return result


class Search:
    """The stages of one search and what they share.

    Parameters
    ----------
    survey : Survey
        Takes the designs in; has none so far.
    settings : mapping
        ``trials``, ``seed``, ``sampler``, ``samples`` and maybe ``scouts``, as of `run_search`.
    report : callable, optional
        Called after every batch.
    team : Team, optional
        As of `run_search`.
    """

    def __init__(
        self,
        survey: Survey,
        settings: Mapping[str, Any],
        report: Report | None = None,
        team: Team | None = None,
    ) -> None:
        space = self.space = survey.space
        self.survey, self.team = survey, team
        self.trials, self.seed = int(settings["trials"]), int(settings["seed"])
        self.sampler = str(settings["sampler"])
        self.samples = int(settings["samples"])
        self.population = max(2, min(self.trials, max(50, self.trials // 25)))
        self.batch = _MODEL_BATCH if self.sampler == "tpe" else self.population
        self.report, self.watch = report, Watch(space, survey.silicon)
        self.proposer = Proposer(space, self.sampler, self.seed, self.population)
        self.ledger = Ledger(self.survey)
        self.history: list[Milestone] = []
        # Whether the last batch had a new design; if not, the space holds no more of them.
        self.is_fruitful = True
        self.starters = Starters(self.population)
        self.scouting = Scouting(survey, self.seed, int(settings.get("scouts", 0)))

    def run(self, journal: Record | None) -> SearchResult:
        """Go through all stages, after what the journal holds of them."""
        points = Points(self.space, self.samples, self.seed)
        records = list(journal.records) if journal else []
        if points.is_exhaustive:
            self._sweep(points)
        else:
            self._scout([record["scouts"] for record in records if "scouts" in record], journal)
            start = self._sweep(points)
            self._replay([record for record in records if "trials" in record])
            self._propose(start, journal)
        if self.team is not None:
            self.team.finish()
        steps = MAX_STEPS if points.is_exhaustive else self._polish(points)
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
            resumed=len(records),
            torn_bytes=journal.torn_bytes if journal else 0,
        )

    def _scout(self, known: list[list[int]], journal: Record | None) -> None:
        """Send out scouts; the journal holds what they chose, for that takes them long."""
        for place, found in enumerate(self.scouting.batches(known)):
            self._take(*found)
            if journal is not None and place >= len(known):
                journal.append({"scouts": self.space.encode(found[0]).tolist()})
            self._mark("scout", self.survey.evaluated, self.scouting.limit)

    def _sweep(self, points: Points) -> Index:
        """Evaluate the first sample; return what the sampler starts from."""
        for block in points.blocks():
            index = block[~np.isin(self.space.encode(block), self.scouting.numbers)]
            columns, missed = self.survey.evaluate(index)
            self._take(index, objective_values(self.space, columns), missed)
            self._report("sweep", self.survey.evaluated, points.total)
        self._record("sweep")
        start = self.starters.index
        return points.at(np.arange(0)) if start is None else start

    def _take(self, index: Index, values: Array, missed: Array) -> None:
        self.starters.update(index, values, missed)

    def _replay(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            known = len(self.ledger)
            self.proposer.start_batch()
            self.ledger.outcomes(self.proposer.replay(record))
            self.is_fruitful = len(self.ledger) > known
            self._mark("search", len(self.ledger), self.trials)

    def _propose(self, start: Index, journal: Record | None) -> None:
        """Ask and tell, batch by batch, until enough distinct designs were told of."""
        evaluate = None if self.team is None else self.team.evaluate
        while self.is_fruitful and len(self.ledger) < self.trials:
            known = len(self.ledger)
            self.proposer.start_batch()
            size = min(self.batch, self.trials - known)
            # The population of a genetic sampler starts from the sweep's best in one generation.
            wanted = start[: self.trials].tolist() if known == 0 else []
            rows = ask_batch(self.space, self.proposer, self.ledger, size, wanted)
            record = self.proposer.tell(self.ledger.outcomes(rows, evaluate))
            if journal is not None:
                journal.append(record)
            self.is_fruitful = len(self.ledger) > known
            self._mark("search", len(self.ledger), self.trials)

    def _polish(self, points: Points) -> int:
        swept = [self.space.encode(index) for index in points.blocks()]
        seen = np.concatenate([*swept, self.scouting.numbers, self.ledger.numbers])
        return polish(
            self.survey,
            Coding(self.space),
            seen,
            _POLISH,
            lambda done: self._mark("polish", done, done),
        )

    def _cloud(self, points: Points) -> Index:
        """Designs proposed, and as many of the first sweep as there is room for."""
        told = np.union1d(self.scouting.numbers, self.ledger.numbers)
        swept = self.space.encode(points.cloud(max(0, KEEP - len(told)), self.seed))
        return self.space.decode(np.union1d(told, swept))

    def _mark(self, stage: str, done: int, total: int) -> None:
        self._record(stage)
        self._report(stage, done, total)

    def _record(self, stage: str) -> None:
        survey = self.survey
        volume = self.watch.yardstick.measure(survey.front_values)
        front = len(survey.front_index)
        self.history.append(Milestone(stage, survey.evaluated, front, volume))

    def _report(self, stage: str, done: int, total: int) -> None:
        if self.report is not None:
            survey = self.survey
            counts = done, total, len(survey.front_index), survey.feasible
            found = survey.front_values, survey.front_index, survey.reach.nearest
            self.report(Progress(stage, *counts, self.watch.standing(*found)))
