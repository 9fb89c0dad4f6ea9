"""The designs of a sweep, made and evaluated block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dse.space import Index, Space
from dse.store import TableWriter, design_table
from dse.sweep.grid import GridSweep
from dse.sweep.standing import Standing, Watch
from dse.sweep.survey import Survey

__all__ = ["Points", "Progress", "survey_grid", "survey_points"]

# Designs between two reports: as many kernel calls as keep every core busy.
_BLOCK = 131_072


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Parameters
    ----------
    stage : str
        ``sweep``, ``search``, ``polish`` or ``certify``.
    done, total : int
        Designs evaluated in this stage, and how many there are to be.
    front, feasible : int
        Size of the front, and designs that meet every target, so far.
    standing : callable, optional
        Measures the front and its best design, when called; it may take a while.
    """

    stage: str
    done: int
    total: int
    front: int
    feasible: int
    standing: Callable[[], Standing] | None = None


class Points:
    """The designs of a sweep in their order, made block by block.

    Parameters
    ----------
    space : Space
        The space.
    samples : int or None
        Size of a Sobol sample; None for the whole grid, as for any number that covers it.
    seed : int
        Seed of the sample.
    """

    def __init__(self, space: Space, samples: int | None, seed: int) -> None:
        if samples is not None and samples < 1:
            raise ValueError(f"samples must be >= 1, but got {samples}")
        self._space = space
        self._index: Index | None = None
        self.total = space.size
        self.is_exhaustive = samples is None or samples >= space.size
        if not self.is_exhaustive:
            # In the order of their numbers, so that tables need no further sorting.
            numbers = np.sort(space.encode(space.sample(samples or 1, seed)))
            self._index = space.decode(numbers)
            self.total = len(numbers)

    def blocks(self) -> Iterator[Index]:
        """All designs, a block at a time."""
        for start in range(0, self.total, _BLOCK):
            yield self.at(np.arange(start, min(self.total, start + _BLOCK)))

    def at(self, places: Index) -> Index:
        """Designs at these places of the order, shape (n, k)."""
        return self._space.decode(places) if self._index is None else self._index[places]

    def cloud(self, keep: int, seed: int) -> Index:
        """A random choice of `keep` designs, or all if fewer, in their order."""
        if keep >= self.total:
            return self.at(np.arange(self.total))
        random = np.random.default_rng(seed)
        return self.at(np.sort(random.choice(self.total, keep, replace=False)))


def survey_grid(survey: Survey, progress: Callable[[Progress], None] | None = None) -> None:
    """Take every design of the space into a survey, over factored terms.

    Parameters
    ----------
    survey : Survey
        Takes the designs in; has none so far.
    progress : callable, optional
        Called after every block.
    """
    grid = GridSweep(survey.space, survey.silicon)
    watch = Watch(survey.space, survey.silicon)

    def tell() -> None:
        if progress is not None:
            counts = grid.evaluated, survey.space.size, len(grid.front), grid.feasible
            standing = watch.standing(grid.front.values, grid.front.ids.ravel())
            progress(Progress("sweep", *counts, standing))

    grid.run(tell)
    survey.take_grid(grid)


def survey_points(
    survey: Survey,
    points: Points,
    progress: Callable[[Progress], None] | None = None,
    writer: TableWriter | None = None,
) -> None:
    """Evaluate all points and take them into the survey.

    Parameters
    ----------
    survey : Survey
        Takes the designs in.
    points : Points
        The designs.
    progress : callable, optional
        Called after every block.
    writer : TableWriter, optional
        Gets every design as a row.
    """
    done, watch = 0, Watch(survey.space, survey.silicon)
    for index in points.blocks():
        columns, missed = survey.evaluate(index, is_whole=writer is not None)
        if writer is not None:
            writer.write(design_table(survey.space, index, columns, missed))
        done += len(index)
        if progress is not None:
            counts = done, points.total, len(survey.front_index), survey.feasible
            found = survey.front_values, survey.front_index, survey.reach.nearest
            progress(Progress("sweep", *counts, watch.standing(*found)))
