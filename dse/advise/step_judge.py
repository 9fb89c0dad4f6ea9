"""Sets of steps, evaluated: their metrics, and the quality that holds for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.advise.step_order import MEASURED
from dse.chip import Chip
from dse.cost import Stack, evaluate
from dse.space import Index
from dse.spec.step_space import Choice, StepSpace
from dse.technology import Silicon
from dse.workload import Model, Scenario

__all__ = ["Judge", "StepSet"]

Array = npt.NDArray[np.float64]
Columns = dict[str, Array]
Design = tuple[Index, Chip, Scenario, str]

# Sets per kernel call: the temporaries of one operator stay in the L2 cache.
_CHUNK = 16384


@dataclass(frozen=True, slots=True)
class StepSet:
    """One set of steps and what comes of it.

    Parameters
    ----------
    levels : tuple of int
        The set, as `StepSpace` knows it.
    choices : tuple of Choice
        What it takes.
    metrics : mapping of str to float
        All metrics, SI.
    perplexity : float
        Perplexity over that in 16 bits: measured of the model where it was, else as the steps
        state it.
    is_measured : bool
        Which of the two.
    """

    levels: tuple[int, ...]
    choices: tuple[Choice, ...]
    metrics: Mapping[str, float]
    perplexity: float
    is_measured: bool

    @property
    def count(self) -> int:
        """Number of steps."""
        return sum(choice.times for choice in self.choices)


class Judge:
    """Evaluates sets of one space."""

    def __init__(
        self, space: StepSpace, model: Model, silicon: Silicon, stack: Stack | None
    ) -> None:
        self.space, self.model, self.silicon, self.stack = space, model, silicon, stack
        self._ratios = tuple(self._ratios_of(place) for place in range(len(space.groups)))

    def columns(self, levels: Index) -> Columns:
        """All metrics of sets, with the quality that holds, each of shape (n,)."""
        columns = self._evaluated(levels)
        known = columns.get("perplexity_ratio", np.full(len(levels), np.nan))
        stated = np.ones(len(levels))
        for place, ratios in enumerate(self._ratios):
            stated *= ratios[levels[:, place]]
        is_measured = np.isfinite(known)
        columns["perplexity_ratio"] = np.where(is_measured, known, stated)
        columns[MEASURED] = is_measured.astype(np.float64)
        return columns

    def _ratios_of(self, place: int) -> Array:
        """Perplexity after each choice of a group over that of the start.

        Measured of the model where it was, with that choice alone; else as the step states it.
        """
        choices = self.space.groups[place]
        levels = np.zeros((len(choices), len(self.space.groups)), dtype=np.int64)
        levels[:, place] = np.arange(len(choices))
        stated = np.array([c.step.perplexity**c.times if c.step else 1.0 for c in choices])
        known = self._evaluated(levels).get("perplexity_ratio", np.full(len(choices), np.nan))
        alone = known / known[0]
        return np.where(np.isfinite(alone) & self.space.exists(levels), alone, stated)

    def _evaluated(self, levels: Index) -> Columns:
        columns: Columns = {}
        tasks = list(self._tasks(levels))
        with ThreadPoolExecutor(max_workers=min(len(tasks) or 1, os.cpu_count() or 1)) as pool:
            for rows, found in pool.map(self._run, tasks):
                for name, values in found.items():
                    column = columns.setdefault(name, np.full(len(levels), np.nan))
                    column[rows] = values
        return columns

    def _tasks(self, levels: Index) -> Iterator[Design]:
        """One kernel call per static combination and chunk."""
        for same in self.space.alike(levels):
            for cut in range(0, len(same), _CHUNK):
                rows = same[cut : cut + _CHUNK]
                yield rows, *self.space.design(levels[rows])

    def _run(self, task: Design) -> tuple[Index, Mapping[str, Array]]:
        rows, chip, scenario, unit = task
        found = evaluate(chip, self.model, scenario, self.silicon, unit, self.stack)
        return rows, found.columns

    def of(self, levels: Index) -> StepSet:
        """One set with its metrics."""
        columns = self.columns(levels[None])
        metrics = {name: float(values[0]) for name, values in columns.items()}
        is_measured = bool(metrics.pop(MEASURED))
        return StepSet(
            tuple(int(level) for level in levels),
            self.space.choices(levels.tolist()),
            metrics,
            metrics["perplexity_ratio"],
            is_measured,
        )
