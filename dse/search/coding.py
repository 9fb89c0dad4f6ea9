"""Designs as points of a search: which axes have an order, and what is one step away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.dtype import Format
from dse.space import Axis, Index, Space

__all__ = ["Coding", "ordered_choices"]


def ordered_choices(axis: Axis) -> tuple[int, ...] | None:
    """Places of an axis's choices in their natural order, or None where there is none.

    Numbers are ordered by value and number formats by their bits; nodes, DRAM types and
    dataflows are names without an order.

    Examples
    --------
    >>> ordered_choices(Axis("a", ("a",), (4.0, 1.0, 2.0), ("4", "1", "2")))
    (1, 2, 0)
    """
    if axis.is_numeric:
        keys = [float(value) for value in axis.values]
    elif all(isinstance(value, Format) for value in axis.values):
        keys = [float(value.bits) for value in axis.values]
    else:
        return None
    return tuple(int(place) for place in np.argsort(keys, kind="stable"))


class Coding:
    """Translates rows of indices to named parameters and back, and finds neighbours.

    The parameter of an ordered axis is the rank of the choice, so that near numbers are near
    choices; that of any other axis is the place of the choice.

    Parameters
    ----------
    space : Space
        The space.
    """

    def __init__(self, space: Space) -> None:
        self.names = tuple(axis.path for axis in space.axes)
        self.orders = tuple(ordered_choices(axis) for axis in space.axes)
        self.shape = space.shape
        self._strides = tuple(axis.strides for axis in space.axes)
        self._ranks = tuple(
            None if order is None else tuple(int(rank) for rank in np.argsort(order))
            for order in self.orders
        )

    def parameters(self, row: npt.ArrayLike) -> dict[str, int]:
        """Parameters of one design."""
        places = np.asarray(row, dtype=np.int64).tolist()
        return {
            name: place if ranks is None else ranks[place]
            for name, ranks, place in zip(self.names, self._ranks, places, strict=True)
        }

    def row(self, parameters: dict[str, int]) -> list[int]:
        """Design of one set of parameters."""
        return [
            parameters[name] if order is None else order[parameters[name]]
            for name, order in zip(self.names, self.orders, strict=True)
        ]

    def neighbours(self, index: Index) -> Index:
        """All designs one step away from any of these.

        One step is the next choice up or down on an ordered axis, on a long one also one of its
        wider `Axis.strides` on, and any other choice on the others.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).

        Returns
        -------
        Index
            Shape (m, k), designs may repeat.
        """
        found = [index[:0]]
        for place in range(len(self.names)):
            for choices in self._steps(place, index[:, place]):
                moved = index[choices >= 0].copy()
                moved[:, place] = choices[choices >= 0]
                found.append(moved)
        return np.concatenate(found)

    def _steps(self, place: int, choices: Index) -> list[Index]:
        """Choices one step away on one axis, -1 where the axis ends."""
        order, ranks, count = self.orders[place], self._ranks[place], self.shape[place]
        if order is None or ranks is None:
            return [(choices + step) % count for step in range(1, count)]
        rank = np.array(ranks)[choices]
        moved = [rank + sign * by for by in self._strides[place] for sign in (-1, 1)]
        choices_of = np.array(order)
        return [
            np.where((to >= 0) & (to < count), choices_of[np.clip(to, 0, count - 1)], -1)
            for to in moved
        ]
