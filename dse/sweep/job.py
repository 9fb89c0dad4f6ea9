"""What a farm is given: a sweep whose tasks are its pieces, and batches of designs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from dse.cost import metrics_of
from dse.farm import Farm
from dse.space import Index, Space
from dse.sweep.designs import Columns, Evaluator
from dse.sweep.grid import GridSweep, is_factored
from dse.sweep.points import Points, PointSweep
from dse.sweep.tally import Findings
from dse.technology import Silicon

__all__ = ["BatchJob", "FarmEvaluator", "SweepJob"]

# Designs of one task of a batch: 64 KiB of numbers at most, and a tenth of a second.
_ROWS = 8192

# Numbers of designs: the first and the count of neighbours, or 64-bit integers one by one.
Numbers = tuple[int, int] | bytes
# Numbers of the designs, and the metrics asked for.
Batch = tuple[Numbers, tuple[str, ...]]


class SweepJob:
    """A sweep; its tasks are the places of its pieces.

    Pickled, it is what it was made of; the rest is made anew where it is worked on.

    Parameters
    ----------
    space, silicon : Space, Silicon
        What to sweep, and the constants of the reference node.
    samples : int or None
        Size of a sample; None for the whole grid, as for any number that covers it.
    seed : int
        Seed of the sample.

    Attributes
    ----------
    points : Points
        The designs in their order.
    sweep : GridSweep or PointSweep
        The pieces: over factored terms where the terms of the whole grid factor.
    """

    def __init__(self, space: Space, silicon: Silicon, samples: int | None, seed: int) -> None:
        self.space, self.silicon, self.samples, self.seed = space, silicon, samples, seed
        self.points = Points(space, samples, seed)
        self.sweep: GridSweep | PointSweep
        if self.points.is_exhaustive and is_factored(space):
            self.sweep = GridSweep(space, silicon)
        else:
            self.sweep = PointSweep(self.points, silicon)

    def __reduce__(self) -> tuple[Callable[..., SweepJob], tuple[Any, ...]]:
        return SweepJob, (self.space, self.silicon, self.samples, self.seed)

    def work(self, task: int) -> Findings:
        """Evaluate the designs of one piece."""
        return self.sweep.work(task)


class BatchJob:
    """Designs of a space to be evaluated one by one; a task names some of them.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    """

    def __init__(self, space: Space, silicon: Silicon) -> None:
        self._space, self._silicon = space, silicon
        self._evaluator = Evaluator(space, silicon, threads=1)

    def __reduce__(self) -> tuple[Callable[..., BatchJob], tuple[Any, ...]]:
        return BatchJob, (self._space, self._silicon)

    def work(self, task: Batch) -> Columns:
        """Metrics of the designs of one task."""
        numbers, names = task
        if isinstance(numbers, bytes):
            flat = np.frombuffer(numbers, dtype=np.int64)
        else:
            flat = np.arange(numbers[0], sum(numbers))
        return self._evaluator.evaluate(self._space.decode(flat), names)


class FarmEvaluator:
    """An `Evaluator` whose batches a farm works on; the metrics are the same to the bit.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    farm : Farm
        Who works.
    """

    def __init__(self, space: Space, silicon: Silicon, farm: Farm) -> None:
        self._space, self._farm = space, farm
        self._job = BatchJob(space, silicon)

    def evaluate(self, index: Index, names: Collection[str] | None = None) -> Columns:
        """Some metrics of designs, or all of them; see `Evaluator.evaluate`."""
        rows = np.asarray(index, dtype=np.int64).reshape(-1, len(self._space.axes))
        wanted = tuple(
            entry.name
            for entry in metrics_of(self._space.models)
            if names is None or entry.name in names
        )
        columns = {name: np.empty(len(rows)) for name in wanted}
        tasks = ((numbers, wanted) for numbers in _cut(self._space.encode(rows)))
        start = 0
        for part in self._farm.results(self._job, tasks):
            stop = start + min(_ROWS, len(rows) - start)
            for name, values in part.items():
                columns[name][start:stop] = values
            start = stop
        return columns


def _cut(numbers: Index) -> Iterator[Numbers]:
    """Numbers of designs by the task, as a range where they are neighbours."""
    for start in range(0, len(numbers), _ROWS):
        part = numbers[start : start + _ROWS]
        is_range = bool((np.diff(part) == 1).all())
        yield (int(part[0]), len(part)) if is_range else part.astype(np.int64).tobytes()
