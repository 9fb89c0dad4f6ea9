"""A run as the trials of an Optuna study: designs as people write them, and what they achieve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.cost import metric
from dse.errors import CorruptRunError
from dse.search.ledger import MAX_VIOLATION
from dse.space import Target
from dse.store import FRONT, RESULTS, Column, Run, read_journal
from dse.store.load import JOURNAL
from dse.sweep import ALWAYS, shortfalls

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

__all__ = ["study_trials"]


# Choices from which it shows on what scale they are even.
_EVEN = 3


def study_trials(run: Run) -> list[FrozenTrial]:
    """Make trials of a run.

    Those of a search are the designs that its sampler was told of, in that order, then those of
    its front that the sweep or the local search found; those of a sweep or a proof are the front
    and the designs that were kept. Attributes of each: the number of the design, whether it was
    proposed by a sampler and is feasible, and the metrics that have a target: with all of them
    a study of 20,000 trials would take minutes to open.

    Parameters
    ----------
    run : Run
        Read with both tables; they may be missing.

    Returns
    -------
    list of FrozenTrial
        Parameters of axes of numbers are the numbers as the tables hold them, SI, so that Optuna's
        plots and importances know their order and distance, and no trial repeats the thousands of
        choices of a continuous axis; of other axes the choices as the space file writes them.
        Values are in SI and in the objectives' own sense,
        constraints are relative misses, feasible where <= 0.
    """
    maker = _Maker(run)
    told = list(maker.told(_batches(run)))
    if not told:
        run.table(FRONT)  # raises where there is neither
    known = {trial.user_attrs["design"] for trial in told}
    names = (FRONT,) if told else (FRONT, RESULTS)
    for name in names:
        for trial in maker.kept(name):
            if trial.user_attrs["design"] not in known:
                known.add(trial.user_attrs["design"])
                told.append(trial)
    return told


def _batches(run: Run) -> list[dict[str, Any]]:
    place = run.path / JOURNAL
    records = read_journal(place) if place.exists() else []
    if records and records[0] != run.manifest.journal_header:
        raise CorruptRunError(f"{place}:1: is not the journal of this run")
    batches = [record for record in records[1:] if "trials" in record]
    held = len({tuple(trial["row"]) for batch in batches for trial in batch["trials"]})
    tried = run.summary.get("trials", 0)
    if run.is_complete and held < tried:
        raise CorruptRunError(f"{place}: holds {held} of {tried} designs; repeat the run")
    return batches


def _choices(column: Column) -> tuple[Any, ...]:
    """What a parameter may be, by the place on its axis; a choice without a limit is a text."""
    values = column.values or {}
    is_text = column.kind == "text" or math.inf in values.values()
    return tuple(values) if is_text else tuple(float(value) for value in values.values())


def _distribution(column: Column) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    choices = _choices(column)
    if isinstance(choices[0], str):
        return CategoricalDistribution(choices)
    return FloatDistribution(min(choices), max(choices), log=_is_geometric(choices))


def _is_geometric(choices: Sequence[float]) -> bool:
    """Whether the choices are even on a logarithmic scale and on no other."""
    ordered = np.sort(choices)
    if len(choices) < _EVEN or ordered[0] <= 0.0:
        return False
    steps = np.diff(np.log(ordered))
    return bool(np.allclose(steps, steps[0], rtol=1e-3))


class _Maker:
    """Turns journal entries and rows of tables into trials."""

    def __init__(self, run: Run) -> None:
        self._run = run
        axes = [column for column in run.manifest.columns if column.is_axis]
        self._choices = {column.name: _choices(column) for column in axes}
        self._distributions = {column.name: _distribution(column) for column in axes}
        space = run.manifest.space
        self._objectives = tuple(space["objectives"])
        self._signs = [-1.0 if metric(n).sense > 0 else 1.0 for n in self._objectives]
        self._targets = tuple(Target(**entry) for entry in space["targets"])
        self._limits = [f"{k} {t.metric}" for k, t in enumerate((*self._targets, *ALWAYS))]
        began = run.manifest.started
        self._time = datetime.fromisoformat(began).replace(tzinfo=None) if began else datetime.min
        self._metrics = self._known_metrics()

    def told(self, batches: Sequence[Mapping[str, Any]]) -> Iterator[FrozenTrial]:
        """Trials of a search's batches, in the order in which the sampler was told."""
        for entry in (entry for batch in batches for entry in batch["trials"]):
            misses = [
                value for key, value in entry["attrs"].items() if key.startswith("constraints:")
            ]
            least = entry["values"]
            values = None if least is None else self._signed(least)
            yield self._trial(entry["row"], values, misses, is_proposed=True)

    def kept(self, name: str) -> Iterator[FrozenTrial]:
        """Trials of a table's rows; none if it was not written."""
        table = self._run.tables.get(name)
        if table is None or not len(table["design"]):
            return
        rows = np.stack(np.unravel_index(table["design"], self._shape), axis=1).tolist()
        values = np.stack([table[name] for name in self._objectives], axis=1)
        numbers = {n: table[n].astype(np.float64) for n in self._needed()}
        misses = shortfalls(self._targets, numbers)
        for row, found, missed in zip(rows, values.tolist(), misses.tolist(), strict=True):
            is_finite = all(map(math.isfinite, found))
            yield self._trial(row, found if is_finite else None, missed, is_proposed=False)

    def _needed(self) -> set[str]:
        asked = {target.metric for target in (*self._targets, *ALWAYS)}
        return asked | {"memory_bytes", *self._objectives}

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(len(choices) for choices in self._choices.values())

    def _signed(self, least: Sequence[float]) -> list[float]:
        """Objectives in their own sense, from those that are all minimised."""
        return [sign * value + 0.0 for sign, value in zip(self._signs, least, strict=True)]

    def _known_metrics(self) -> dict[int, dict[str, float]]:
        """Metrics with a target of the designs in the tables, by number."""
        limited = dict.fromkeys(target.metric for target in self._targets)
        names = [name for name in limited if name not in self._objectives]
        known: dict[int, dict[str, float]] = {}
        for table in self._run.tables.values():
            for name in names:
                for number, cell in zip(
                    table["design"].tolist(), table[name].tolist(), strict=True
                ):
                    if math.isfinite(cell):  # JSON has no infinity
                        known.setdefault(number, {})[name] = cell
        return known

    def _trial(
        self,
        row: Sequence[int],
        values: list[float] | None,
        misses: Sequence[float],
        *,
        is_proposed: bool,
    ) -> FrozenTrial:
        from optuna.trial import TrialState, create_trial

        design = int(np.ravel_multi_index(tuple(row), self._shape))
        params = {
            name: choices[place]
            for (name, choices), place in zip(self._choices.items(), row, strict=True)
        }
        trial = create_trial(
            state=TrialState.FAIL if values is None else TrialState.COMPLETE,
            values=values,
            params=params,
            distributions=dict(self._distributions),
            user_attrs={
                "design": design,
                "proposed": is_proposed,
                "feasible": max(misses) <= 0.0,
                **self._metrics.get(design, {}),
            },
            constraints={
                name: float(np.clip(miss, -MAX_VIOLATION, MAX_VIOLATION))
                for name, miss in zip(self._limits, misses, strict=True)
            },
        )
        trial.datetime_start = trial.datetime_complete = self._time
        return trial
