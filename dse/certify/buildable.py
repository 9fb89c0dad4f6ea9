"""Whether a box holds a design whose clock, data rate and width are on offer."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from dse.certify.frame import Frame, Ranks
from dse.cost.buildable import is_buildable
from dse.space import Index, Space

__all__ = ["Buildable"]

_PROBES = 4096
# Combinations of the axes that decide it which are tabulated; beyond it every box may hold one.
_MAX_TABLE = 1 << 23


class Buildable:
    """Counts of buildable designs over the few axes that decide it, summed from the first ranks.

    The die edge is left to the bound of `edge_fraction`: it depends on the area and so on nearly
    every axis.

    Parameters
    ----------
    frame : Frame
        Ranks of the space.
    seed : int
        Seed of the probes that find those axes.
    """

    def __init__(self, frame: Frame, seed: int = 0) -> None:
        space = frame.space
        random = np.random.default_rng(seed)
        starts = random.integers(0, space.shape, (_PROBES, len(space.axes)))
        before = _holds(space, frame.index(starts))
        self._axes = []
        for place, size in enumerate(space.shape):
            moved = starts.copy()
            moved[:, place] = random.integers(0, size, _PROBES)
            if np.any(_holds(space, frame.index(moved)) != before):
                self._axes.append(place)
        shape = tuple(space.shape[place] for place in self._axes)
        self._sums: npt.NDArray[np.int64] | None = None
        if math.prod(shape) <= _MAX_TABLE:
            self._tabulate(frame, shape, starts[:1])
            wrong = self.possible(starts, starts) != before
            if np.any(wrong):  # an axis that the probes did not show to matter
                self._sums = None

    def _tabulate(self, frame: Frame, shape: tuple[int, ...], start: Index) -> None:
        count = math.prod(shape)
        ranks = np.repeat(start, count, axis=0)
        places = np.unravel_index(np.arange(count), shape) if shape else ()
        for axis, column in zip(self._axes, places, strict=True):
            ranks[:, axis] = column
        sums = _holds(frame.space, frame.index(ranks)).astype(np.int64).reshape(shape)
        for place in range(len(shape)):
            sums = np.cumsum(sums, axis=place)
        self._sums = np.zeros([size + 1 for size in shape], dtype=np.int64)
        self._sums[(slice(1, None),) * len(shape)] = sums

    def possible(self, low: Ranks | Index, high: Ranks | Index) -> npt.NDArray[np.bool_]:
        """Whether each box may hold a buildable design, (n,)."""
        if self._sums is None:
            return np.ones(len(low), dtype=np.bool_)
        total = np.zeros(len(low), dtype=np.int64)
        for ends in itertools.product((0, 1), repeat=len(self._axes)):
            corner = tuple(
                (high[:, axis] + 1 if end else low[:, axis]).astype(np.int64)
                for axis, end in zip(self._axes, ends, strict=True)
            )
            sign = (-1) ** (len(ends) - sum(ends))
            total += sign * self._sums[corner]
        return total > 0


def _holds(space: Space, index: Index) -> npt.NDArray[np.bool_]:
    result = np.empty(len(index), dtype=np.bool_)
    for rows, chip, _ in space.groups(index):
        result[rows] = is_buildable(chip, chip.unit(space.unit), 0.0)
    return result
