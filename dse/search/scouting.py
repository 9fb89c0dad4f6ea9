"""The stage before the sweep: few designs at a time, where a model expects the most of them."""

from __future__ import annotations

from collections.abc import Iterator

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
        space = survey.space
        self._scout = Scout(space, Coding(space), seed) if limit else None

    @property
    def numbers(self) -> Index:
        """Numbers of the designs evaluated, in their order."""
        return np.empty(0, dtype=np.int64) if self._scout is None else self._scout.numbers

    def batches(self) -> Iterator[tuple[Index, Array, Array]]:
        """Designs, their objectives to be minimised, and their violations, batch by batch."""
        scout, space = self._scout, self._survey.space
        if scout is None:
            return
        index = space.sample(min(_FIRST, self.limit), self._seed)
        while len(index):
            columns, missed = self._survey.evaluate(index)
            values = objective_values(space, columns)
            scout.tell(index, values, missed)
            yield index, values, missed
            left = self.limit - len(scout.numbers)
            index = scout.ask(left) if left > 0 and scout.idle < _PATIENCE else index[:0]
