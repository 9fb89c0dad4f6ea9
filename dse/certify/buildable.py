"""Whether a box holds a design whose clock, data rate and width are on offer."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from dse.certify.frame import Frame, Ranks
from dse.cost.buildable import CONDITION_FIELDS, conditions_hold
from dse.space import Axis, Index

__all__ = ["Buildable"]

# Combinations of the axes that decide a condition which are tabulated; beyond it every box may
# keep to it.
_MAX_TABLE = 1 << 23


class Buildable:
    """Which boxes may hold a buildable design, condition by condition.

    Each condition depends on a few fields of the chip, and so on the axes that set them, through
    ties or by themselves: over these it is tabulated. The die edge is left to the bound of
    `edge_fraction`: it depends on the area and so on nearly every axis.

    Parameters
    ----------
    frame : Frame
        Ranks of the space.
    """

    def __init__(self, frame: Frame) -> None:
        tables = (_Table(frame, place) for place in range(len(CONDITION_FIELDS)))
        self._tables = [table for table in tables if table.is_known]

    def possible(self, low: Ranks | Index, high: Ranks | Index) -> npt.NDArray[np.bool_]:
        """Whether each box may hold a buildable design, (n,)."""
        result = np.ones(len(low), dtype=np.bool_)
        for table in self._tables:
            result &= table.possible(low, high)
        return result


class _Table:
    """Counts of the combinations that keep to a condition, summed from the first ranks.

    Parameters
    ----------
    frame : Frame
        Ranks of the space.
    condition : int
        Its place in `CONDITION_FIELDS`.
    """

    def __init__(self, frame: Frame, condition: int) -> None:
        fields = CONDITION_FIELDS[condition]
        self._axes = [p for p, axis in enumerate(frame.space.axes) if _sets(axis, fields)]
        shape = tuple(frame.space.shape[place] for place in self._axes)
        self.is_known = math.prod(shape) <= _MAX_TABLE
        if not self.is_known:
            return
        ranks = np.zeros((math.prod(shape), len(frame.space.axes)), dtype=np.int64)
        places = np.unravel_index(np.arange(len(ranks)), shape) if shape else ()
        for axis, column in zip(self._axes, places, strict=True):
            ranks[:, axis] = column
        sums = _holds(frame, ranks, condition).astype(np.int64).reshape(shape)
        for place in range(len(shape)):
            sums = np.cumsum(sums, axis=place)
        self._sums = np.zeros([size + 1 for size in shape], dtype=np.int64)
        self._sums[(slice(1, None),) * len(shape)] = sums

    def possible(self, low: Ranks | Index, high: Ranks | Index) -> npt.NDArray[np.bool_]:
        """Whether each box may hold a design that keeps to the condition, (n,)."""
        total = np.zeros(len(low), dtype=np.int64)
        for ends in itertools.product((0, 1), repeat=len(self._axes)):
            corner = tuple(
                (high[:, axis] + 1 if end else low[:, axis]).astype(np.int64)
                for axis, end in zip(self._axes, ends, strict=True)
            )
            sign = (-1) ** (len(ends) - sum(ends))
            total += sign * self._sums[corner]
        return total > 0


def _sets(axis: Axis, fields: tuple[str, ...]) -> bool:
    """Whether an axis, or what is tied to it, sets a field, or a whole that holds it."""
    for leaf in axis.all_leaves():
        parts = leaf.split(".")
        if set(parts) & set(fields) or parts[-1] in ("chip", "dram", "units"):
            return True
    return False


def _holds(frame: Frame, ranks: Index, condition: int) -> npt.NDArray[np.bool_]:
    result = np.empty(len(ranks), dtype=np.bool_)
    for rows, chip, _ in frame.space.groups(frame.index(ranks)):
        result[rows] = conditions_hold(chip, chip.unit(frame.space.unit))[condition]
    return result
