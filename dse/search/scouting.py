"""The stage before the sweep: few designs at a time, where a model expects the most of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from dse.search.coding import Coding
from dse.search.scout import Scout
from dse.space import Index
from dse.sweep import Survey, objective_values

__all__ = ["SCOUTS", "Scouting"]

Array = npt.NDArray[np.float64]

# Evaluations that scouts take where they are worth it: where each of them is dear.
SCOUTS = 1536
# The even sample that they begin with, and batches in a row that leave the front as it is, after
# which they give up.
_FIRST, _PATIENCE = 128, 8


class Scouting:
    """A search's scouts, who evaluate what they ask for.

    Parameters
    ----------
    survey : Survey
        Evaluates, and takes the designs in.
    seed : int
        Seed of the first sample and of the scouts.
    limit : int
        Designs at most; 0 for none.
    """

    def __init__(self, survey: Survey, seed: int, limit: int) -> None:
        self.limit = limit
        self._survey, self._seed = survey, seed
        self._scout = Scout(survey.space, Coding(survey.space), seed)

    @property
    def numbers(self) -> Index:
        """Numbers of the designs evaluated, in their order."""
        return self._scout.numbers

    def batches(self, known: Sequence[Sequence[int]] = ()) -> Iterator[tuple[Index, Array, Array]]:
        """Designs, their objectives to be minimised, and their violations, batch by batch.

        Parameters
        ----------
        known : sequence of sequence of int
            Numbers of the designs of the first batches, as they were before.
        """
        space = self._survey.space
        for numbers in known:
            yield self._evaluate(space.decode(numbers))
        while len(index := self._next()):
            yield self._evaluate(index)

    def _next(self) -> Index:
        scout, space = self._scout, self._survey.space
        left = self.limit - len(scout.numbers)
        if left == self.limit:
            return space.sample(min(_FIRST, left), self._seed) if left else scout.ask(0)
        return scout.ask(left if scout.idle < _PATIENCE else 0)

    def _evaluate(self, index: Index) -> tuple[Index, Array, Array]:
        columns, missed = self._survey.evaluate(index)
        values = objective_values(self._survey.space, columns)
        self._scout.tell(index, values, missed)
        return index, values, missed
