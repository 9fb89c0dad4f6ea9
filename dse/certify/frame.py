"""Boxes of a space: which axes have an order that bounds can lean on, and which are enumerated.

A box is a closed interval of ranks on every axis. The rank of a number is its place by value;
other choices keep the order of the file, and a box always holds a single one of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.errors import TooLargeError
from dse.space import Index, Space

__all__ = ["Boxes", "Frame", "Ranks", "designs_of"]

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int32]

# Boxes to start from, one per combination of the choices without an order.
_MAX_ROOTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes with a lower bound on the objectives of every design in them.

    Parameters
    ----------
    low, high : Ranks
        First and last rank on every axis, shape (n, axes).
    bound : ndarray
        Nothing in the box is better than this, shape (n, objectives), minimised.
    missed : ndarray
        Every design misses each limit by at least so much, shape (n, limits).
    """

    low: Ranks
    high: Ranks
    bound: Array
    missed: Array

    def __len__(self) -> int:
        return len(self.low)

    def __getitem__(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Boxes:
        """Some of the boxes."""
        return Boxes(self.low[rows], self.high[rows], self.bound[rows], self.missed[rows])

    @property
    def widths(self) -> Ranks:
        """Last rank less the first, shape (n, axes)."""
        return self.high - self.low

    @property
    def volumes(self) -> Array:
        """Designs per box, shape (n,)."""
        return np.asarray(np.prod(self.widths + 1.0, axis=1))

    @staticmethod
    def joined(*parts: Boxes) -> Boxes:
        """All boxes of the parts."""
        return Boxes(
            np.concatenate([part.low for part in parts]),
            np.concatenate([part.high for part in parts]),
            np.concatenate([part.bound for part in parts]),
            np.concatenate([part.missed for part in parts]),
        )


class Frame:
    """Ranks of the choices of a space, and the boxes that cover it.

    Parameters
    ----------
    space : Space
        The space.
    ordered : ndarray of bool
        Axes along which every coefficient of the chip is monotone, shape (axes,).
    """

    def __init__(self, space: Space, ordered: npt.NDArray[np.bool_]) -> None:
        self.space = space
        self.shape = np.array(space.shape, dtype=np.int64)
        self.ordered = ordered
        self._places = np.zeros((len(space.axes), int(self.shape.max())), dtype=np.int64)
        for row, axis in zip(self._places, space.axes, strict=True):
            row[: len(axis.values)] = by_value(axis.values)
        self._ranks = np.zeros_like(self._places)
        for row, places, size in zip(self._ranks, self._places, space.shape, strict=True):
            row[places[:size]] = np.arange(size)

    def index(self, ranks: npt.NDArray[np.integer]) -> Index:
        """Designs at these ranks, as the space counts them, shape (n, axes)."""
        result: Index = self._places[np.arange(len(self.shape)), ranks]
        return result

    def ranks(self, index: Index) -> Ranks:
        """Inverse of `index`."""
        return self._ranks[np.arange(len(self.shape)), index].astype(np.int32)

    def roots(self) -> tuple[Ranks, Ranks]:
        """First and last ranks of the boxes that cover the space without overlap.

        Raises
        ------
        TooLargeError
            If the choices without an order alone make too many of them.
        """
        fixed = np.flatnonzero(~self.ordered)
        shape = tuple(int(size) for size in self.shape[fixed])
        count = math.prod(shape)
        if count > _MAX_ROOTS:
            names = ", ".join(self.space.axes[place].path for place in fixed)
            raise TooLargeError(
                f"a certificate takes one by one the choices that have no order, and those of "
                f"{names} make {count} combinations; there may be at most {_MAX_ROOTS}"
            )
        low = np.zeros((count, len(self.shape)), dtype=np.int32)
        high = np.tile((self.shape - 1).astype(np.int32), (count, 1))
        places = np.unravel_index(np.arange(count), shape) if shape else ()
        for axis, ranks in zip(fixed, places, strict=True):
            low[:, axis] = high[:, axis] = ranks
        return low, high


def designs_of(boxes: Boxes) -> tuple[Ranks, npt.NDArray[np.intp]]:
    """All designs of boxes as ranks, shape (n, axes), and the box of each, (n,)."""
    sizes = boxes.widths.astype(np.int64) + 1
    counts = sizes.prod(axis=1)
    box = np.repeat(np.arange(len(boxes)), counts)
    rest = np.arange(len(box)) - np.repeat(np.cumsum(counts) - counts, counts)
    ranks = boxes.low[box]
    for axis in range(sizes.shape[1]):
        ranks[:, axis] += (rest % sizes[box, axis]).astype(np.int32)
        rest //= sizes[box, axis]
    return ranks, box


def by_value(values: tuple[object, ...]) -> npt.NDArray[np.int64]:
    """Places of the choices by rising number; in the order given where they are no numbers.

    Examples
    --------
    >>> by_value((4.0, 1.0, 2.0))
    array([1, 2, 0])
    """
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.argsort(np.array(values, dtype=np.float64), kind="stable").astype(np.int64)
    return np.arange(len(values), dtype=np.int64)
