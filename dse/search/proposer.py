"""Optuna as a proposer of designs, by ask and tell; our journal, not Optuna, is the record.

Everything that is not stored must not matter: each batch gets a new sampler, seeded from the run's
seed and the number of designs told so far. A study that is rebuilt from the journal therefore goes
on exactly as the one that was interrupted would have.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.search.coding import Coding
from dse.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.study import StudyDirection
    from optuna.trial import FrozenTrial, Trial

__all__ = [
    "SAMPLERS",
    "Outcome",
    "Proposer",
    "directions_of",
    "distributions_of",
    "finished_trial",
    "quiet_optuna",
]

SAMPLERS = ("nsga2", "nsga3", "tpe", "qmc", "random")

_GENETIC = ("nsga2", "nsga3")
_STUDY = "dse"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation says of a design, in the sampler's terms.

    Parameters
    ----------
    values : tuple of float or None
        Objectives, to be minimised; None where one is not finite, for that is never told.
    constraints : mapping of str to float
        Violations by requirement; feasible where all are <= 0.
    """

    values: tuple[float, ...] | None
    constraints: Mapping[str, float]


class Proposer:
    """A study in memory that proposes designs of a space.

    Parameters
    ----------
    space : Space
        The space.
    sampler : str
        One of `SAMPLERS`.
    seed : int
        Seed of the run.
    population : int
        Individuals per generation of the genetic samplers, >= 2.
    """

    def __init__(self, space: Space, sampler: str, seed: int, population: int) -> None:
        import optuna

        if sampler not in SAMPLERS:
            raise ValueError(f'sampler must be one of {", ".join(SAMPLERS)}, but got "{sampler}"')
        self._name, self._seed, self._population = sampler, seed, population
        self._coding = Coding(space)
        self._distributions = distributions_of(self._coding)
        self._storage = optuna.storages.InMemoryStorage()
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=_STUDY,
            directions=directions_of(space),
            sampler=self._make_sampler(0),
        )
        self._pending: list[tuple[Trial, list[int]]] = []
        self._told = 0

    def start_batch(self) -> None:
        """Give the study the sampler of the next batch."""
        self._study.sampler = self._make_sampler(self._told)

    def random(self) -> np.random.Generator:
        """Random numbers of the batch, apart from the sampler's own."""
        return np.random.default_rng(np.random.SeedSequence([self._seed, self._told, 1]))

    def ask(self, count: int, wanted: Sequence[Sequence[int]] = ()) -> list[list[int]]:
        """Get designs to evaluate: the wanted ones first, the rest as the sampler proposes.

        Parameters
        ----------
        count : int
            Designs in all.
        wanted : sequence of rows
            Designs that the study shall take up, at most `count`.

        Returns
        -------
        list of rows
            As many rows of indices; they may repeat earlier ones.
        """
        for row in wanted:
            self._study.enqueue_trial(self._coding.parameters(row))
        asked = []
        for _ in range(count):
            trial = self._study.ask(self._distributions)
            if self._name in _GENETIC:
                # A genetic sampler enters a trial into a generation when it breeds it, which
                # Optuna leaves out where all parameters are given: without this the wanted
                # designs would never be parents.
                _ = trial.relative_params
            asked.append((trial, self._coding.row(trial.params)))
        self._pending += asked
        return [row for _, row in asked]

    def tell(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """Tell the outcomes of all designs asked for since the last call, in their order.

        Returns
        -------
        dict
            All that `replay` needs to repeat the batch, as JSON values.
        """
        from optuna.trial import TrialState

        entries = []
        for (trial, row), outcome in zip(self._pending, outcomes, strict=True):
            for name, value in outcome.constraints.items():
                trial.set_constraint(name, value)
            values = None if outcome.values is None else list(outcome.values)
            state = TrialState.FAIL if values is None else TrialState.COMPLETE
            told = self._study.tell(trial, values, state=state)
            entries.append({"row": row, "values": values, "attrs": told.system_attrs})
        self._told += len(self._pending)
        self._pending = []
        study = self._storage.get_study_system_attrs(self._study_id)
        return {"trials": entries, "study": study}

    def replay(self, record: Mapping[str, Any]) -> list[list[int]]:
        """Take up a batch of the journal as if asked and told just now; return its designs."""
        for entry in record["trials"]:
            self._study.add_trial(finished_trial(self._coding, self._distributions, entry))
        for name, value in record["study"].items():
            self._storage.set_study_system_attr(self._study_id, name, value)
        self._told += len(record["trials"])
        return [entry["row"] for entry in record["trials"]]

    @property
    def _study_id(self) -> int:
        return self._storage.get_study_id_from_name(_STUDY)

    def _make_sampler(self, told: int) -> BaseSampler:
        from optuna import samplers

        seed = int(np.random.SeedSequence([self._seed, told]).generate_state(1)[0])
        with warnings.catch_warnings():
            # NSGA-III and QMC are marked experimental; the user chose them by name.
            warnings.simplefilter("ignore")
            match self._name:
                case "nsga2":
                    return samplers.NSGAIISampler(population_size=self._population, seed=seed)
                case "nsga3":
                    return samplers.NSGAIIISampler(population_size=self._population, seed=seed)
                case "tpe":
                    return samplers.TPESampler(seed=seed)
                case "qmc":
                    # Its place in the sequence is kept by the study, one for each seed.
                    return samplers.QMCSampler(scramble=True, seed=self._seed)
                case _:
                    return samplers.RandomSampler(seed=seed)


def finished_trial(
    coding: Coding,
    distributions: dict[str, BaseDistribution],
    entry: Mapping[str, Any],
    user_attrs: dict[str, Any] | None = None,
) -> FrozenTrial:
    """Make Optuna's trial of one entry of a batch's record."""
    from optuna.trial import TrialState, create_trial

    values = entry["values"]
    return create_trial(
        state=TrialState.FAIL if values is None else TrialState.COMPLETE,
        values=values,
        params=coding.parameters(entry["row"]),
        distributions=distributions,
        user_attrs=user_attrs,
        system_attrs=entry["attrs"],
    )


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from reporting on each study and trial; its level returns afterwards."""
    from optuna import logging

    level = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(level)


def directions_of(space: Space) -> list[StudyDirection]:
    """Optuna's directions: every objective is told so that less is better."""
    from optuna.study import StudyDirection

    return [StudyDirection.MINIMIZE] * len(space.objectives)


def distributions_of(coding: Coding) -> dict[str, BaseDistribution]:
    """Optuna's parameters of a space: ordered axes as integers, the others as categories."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    return {
        name: (
            CategoricalDistribution(tuple(range(count)))
            if order is None
            else IntDistribution(0, count - 1)
        )
        for name, order, count in zip(coding.names, coding.orders, coding.shape, strict=True)
    }
