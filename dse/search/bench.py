"""How many evaluations a search needs, against fronts that are known exactly."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.pareto import hypervolume
from dse.search.batch import ask_batch
from dse.search.ledger import Ledger
from dse.search.proposer import SAMPLERS, Proposer, quiet_optuna
from dse.search.run import TRIALS, Search
from dse.search.scouting import SCOUTS
from dse.space import Index, Space
from dse.sweep import SAMPLES, Columns, Survey, load_average, objective_values, run_sweep
from dse.technology import Silicon

__all__ = ["BUDGET", "GOAL", "OURS", "Run", "SearchBench", "Truth", "run_search_bench"]

Array = npt.NDArray[np.float64]

OURS = "dse"
GOAL = 0.999
BUDGET = 2000
# Designs of a batch: a generation of the genetic samplers, and fewer for one that learns at once.
_BATCH = {"tpe": 20}
_POPULATION = 50
# Proposals for each evaluation of the budget, after which new designs stand in for repetitions;
# few of a sampler whose proposals take the longer, the more it has made.
_ASKED, _ASKED_TPE = 3, 1
# Evaluations of that sampler at most where ours did not reach the goal, and nothing is decided.
_MOST_TPE = 1000
# How far the corner of the box lies beyond the worst of the exact front, in ranges of the front.
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """One sampler on one space with one seed.

    Parameters
    ----------
    space, sampler : str
        Names; ours is `OURS`.
    seed : int
        Seed.
    evaluations : ndarray
        Evaluations at which the hypervolume grew, rising, shape (n,); the first entry is 0, the
        last one the end of the run.
    seconds : ndarray
        Seconds since the start at the same moments, shape (n,), s.
    ratios : ndarray
        Hypervolume over that of the exact front from there on, shape (n,).
    """

    space: str
    sampler: str
    seed: int
    evaluations: Index
    seconds: Array
    ratios: Array

    def reached(self, ratio: float = GOAL) -> int | None:
        """Evaluations after which the hypervolume was so much of the exact one, None if never."""
        places = np.flatnonzero(self.ratios >= ratio)
        return int(self.evaluations[places[0]]) if len(places) else None


@dataclass(frozen=True, slots=True)
class SearchBench:
    """All runs of a benchmark.

    Parameters
    ----------
    truths : tuple of Truth
        The spaces and their exact fronts.
    runs : tuple of Run
        By space, seed and sampler, ours first.
    budget : int
        Most evaluations of a run.
    cores : int
        Processors of the machine.
    load : float
        Processes that wanted a core just before, in the mean of a minute; NaN where the system
        does not say.
    """

    truths: tuple[Truth, ...]
    runs: tuple[Run, ...]
    budget: int
    cores: int
    load: float

    def of(self, space: str, sampler: str) -> tuple[Run, ...]:
        """Runs of one sampler on one space, by seed."""
        return tuple(run for run in self.runs if (run.space, run.sampler) == (space, sampler))

    def wins(self, space: str, sampler: str) -> int:
        """Seeds on which ours reached `GOAL` with fewer evaluations than this sampler.

        A sampler that did not reach it was beaten where its run was at least as long as ours
        took; where it was shorter, nothing is decided, and it counts as not beaten.
        """
        pairs = zip(self.of(space, OURS), self.of(space, sampler), strict=True)
        return sum(is_beaten(ours, other) for ours, other in pairs)

    def wins_over_all(self, space: str) -> int:
        """Seeds on which ours beat every sampler."""
        ours, others = self.of(space, OURS), [self.of(space, name) for name in SAMPLERS]
        return sum(
            all(is_beaten(run, each[place]) for each in others) for place, run in enumerate(ours)
        )


def is_beaten(ours: Run, other: Run) -> bool:
    """Whether `ours` reached `GOAL` with fewer evaluations than the other."""
    mine, its = ours.reached(), other.reached()
    if mine is None:
        return False
    return mine < its if its is not None else mine <= int(other.evaluations[-1])


class Truth:
    """The exact front of a space, by enumeration, and the box that fronts are measured in.

    The box runs from the best value of each objective on the exact front to a tenth of the
    front's range beyond the worst.

    Parameters
    ----------
    space : Space
        To be enumerated.
    silicon : Silicon
        Constants of the reference node.
    """

    def __init__(self, space: Space, silicon: Silicon) -> None:
        found = run_sweep(space, silicon, samples=None, keep=1)
        if not len(found.front_index):
            raise ValueError(f"no design of {space.name} meets its targets: there is no front")
        self.space = space
        self.feasible = found.feasible
        values = np.unique(objective_values(space, found.front), axis=0)
        self.points = len(values)
        self._low = values.min(axis=0)
        span = values.max(axis=0) - self._low
        self._span = np.where(span > 0.0, span, 1.0)
        self._corner = np.full(values.shape[1], 1.0 + _MARGIN)
        self._volume = self._measure(values)

    def ratio(self, values: Array) -> float:
        """Hypervolume of feasible points over that of the exact front."""
        return self._measure(values) / self._volume

    def _measure(self, values: Array) -> float:
        return hypervolume((values - self._low) / self._span, self._corner)


class _Ended(Exception):  # noqa: N818 - it is no error
    """The budget is spent."""


class _Watched(Survey):
    """A survey that notes which evaluation found which feasible design, and when."""

    def __init__(self, space: Space, silicon: Silicon, budget: int) -> None:
        super().__init__(space, silicon)
        self.budget = budget
        self._start = time.perf_counter()
        self.notes: list[tuple[Index, Array, float]] = []
        self.seconds = 0.0

    def evaluate(self, index: Index, *, is_whole: bool = True) -> tuple[Columns, Array]:
        """Evaluate and note; end the run where the budget is spent."""
        before = self.evaluated
        columns, missed = super().evaluate(index, is_whole=is_whole)
        self.seconds = time.perf_counter() - self._start
        rows = np.flatnonzero((missed <= 0.0).all(axis=1))
        values = objective_values(self.space, columns)[rows]
        self.notes.append((before + 1 + rows, values, self.seconds))
        if self.evaluated >= self.budget:
            raise _Ended
        return columns, missed


def run_search_bench(
    truths: Sequence[Truth],
    silicon: Silicon,
    seeds: int,
    budget: int = BUDGET,
    *,
    samples: int = SAMPLES,
    report: Callable[[Run], None] | None = None,
) -> SearchBench:
    """Run every sampler, and ours, on spaces whose exact fronts are known.

    Ours is `run_search` with `SCOUTS`, cut off at the budget. The other samplers are Optuna's,
    asked and told in batches, with neither a sweep before nor a local search after. TPE, which
    takes far longer for a proposal than any other, stops where ours reached `GOAL`: whether it
    would have been there by then is what is asked. Where ours did not, it stops at `_MOST_TPE`.

    Parameters
    ----------
    truths : sequence of Truth
        Spaces and their exact fronts.
    silicon : Silicon
        Constants of the reference node.
    seeds : int
        Seeds 0, 1, ... of each.
    budget : int
        Evaluations after which a run ends.
    samples : int
        Sample of ours, as of `run_search`; smaller than any of the spaces.
    report : callable, optional
        Called after every run.
    """
    load = load_average()
    runs: list[Run] = []
    with quiet_optuna():
        for truth in truths:
            if truth.space.size <= samples:
                raise ValueError(
                    f"{truth.space.name} has {truth.space.size} designs, and must have more than "
                    f"the {samples} of the first sweep, which would enumerate it"
                )
            for run in _runs(truth, silicon, seeds, budget, samples):
                runs.append(run)
                if report is not None:
                    report(run)
    return SearchBench(tuple(truths), tuple(runs), budget, os.cpu_count() or 1, load)


def _runs(truth: Truth, silicon: Silicon, seeds: int, budget: int, samples: int) -> Iterator[Run]:
    for seed in range(seeds):
        ours = _Watched(truth.space, silicon, budget)
        settings = {
            "trials": TRIALS,
            "seed": seed,
            "sampler": SAMPLERS[0],
            "samples": samples,
            "scouts": SCOUTS,
        }
        with suppress(_Ended):
            Search(ours, settings).run(None)
        mine = _run(truth, OURS, seed, ours)
        yield mine
        for sampler in SAMPLERS:
            most = budget
            if sampler == "tpe":
                most = min(budget, mine.reached() or _MOST_TPE)
            survey = _Watched(truth.space, silicon, most)
            _ask_and_tell(survey, sampler, seed, most)
            yield _run(truth, sampler, seed, survey)


def _ask_and_tell(survey: Survey, sampler: str, seed: int, budget: int) -> None:
    """Have a sampler propose designs until the budget is spent.

    A repetition costs nothing, until the sampler has proposed so many designs for each evaluation
    of the budget; from then on a random new design stands in for it, as in
    `run_search`, so that the samplers all come to evaluate as many distinct designs.
    """
    space = survey.space
    proposer, ledger = Proposer(space, sampler, seed, _POPULATION), Ledger(survey)
    size, asked, is_fruitful = _BATCH.get(sampler, _POPULATION), 0, True
    most = budget * (_ASKED_TPE if sampler == "tpe" else _ASKED)
    with suppress(_Ended):
        while is_fruitful:
            known = len(ledger)
            proposer.start_batch()
            is_patient = asked < most
            rows = proposer.ask(size) if is_patient else ask_batch(space, proposer, ledger, size)
            proposer.tell(ledger.outcomes(rows))
            asked += len(rows)
            is_fruitful = is_patient or len(ledger) > known


def _run(truth: Truth, sampler: str, seed: int, survey: _Watched) -> Run:
    """Take the designs in one by one, as if each had been evaluated by itself, to the budget."""
    front = np.empty((0, len(truth.space.objectives)))
    track = [(0, 0.0, 0.0)]
    for numbers, values, seconds in survey.notes:
        for number, point in zip(numbers.tolist(), values, strict=True):
            if number > survey.budget:
                break
            if (front <= point).all(axis=1).any() or not np.isfinite(point).all():
                continue
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
            ratio = truth.ratio(front)
            if ratio > track[-1][2]:
                track.append((number, seconds, ratio))
    track.append((min(survey.evaluated, survey.budget), survey.seconds, track[-1][2]))
    evaluations, at, ratios = zip(*track, strict=True)
    return Run(
        truth.space.name, sampler, seed, np.array(evaluations), np.array(at), np.array(ratios)
    )
