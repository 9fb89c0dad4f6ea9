"""A coarse test whether a front dominates a point, for streams of which next to nothing is new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Sieve"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Cells of the table: 256 KiB, which stay in the L2 cache.
_CELLS = 32_768


class Sieve:
    """What a front surely dominates, found by one look into a table.

    All objectives but one, the `deep` one, are cut into bins by functions that never fall:
    b(p) < b(x) implies p < x. A cell holds the least deep objective over all points of the front
    whose bins are lower in every other objective; a point of that cell which is no better is
    dominated. What passes may still be dominated: the sieve never drops a point of the front,
    nor a copy of one.

    Parameters
    ----------
    values : array_like
        Finite points of the front, shape (m, k), minimised.
    deep : int
        The objective that is not cut.

    Examples
    --------
    >>> sieve = Sieve(np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0]]), deep=1)
    >>> sieve.passes([np.array([1.0, 3.9, 0.5]), np.array([4.0, 3.0, 9.0])])
    array([ True, False,  True])
    """

    def __init__(self, values: npt.ArrayLike, deep: int) -> None:
        points = np.asarray(values, dtype=np.float64)
        self._deep = deep
        self._others = [i for i in range(points.shape[1]) if i != deep]
        self._bins = max(2, int(_CELLS ** (1.0 / max(1, len(self._others)))))
        self._least = points[:, deep].min(initial=np.inf)
        self._table: Array = np.empty(0)
        if len(points) and self._others:
            low, high = points.min(axis=0), points.max(axis=0)
            span = np.where(high > low, high - low, 1.0)
            self._low, self._scale = low, (self._bins - 2) / span
            self._table = self._filled(points)

    def _filled(self, points: Array) -> Array:
        places = tuple(self._bin(points[:, i], i) + 1 for i in self._others)
        table = np.full((self._bins + 1,) * len(self._others), np.inf)
        np.minimum.at(table, places, points[:, self._deep])
        for axis in range(table.ndim):
            table = np.minimum.accumulate(table, axis=axis)
        whole = (slice(0, self._bins),) * table.ndim
        return np.ascontiguousarray(table[whole]).ravel()

    def _bin(self, values: Array, column: int) -> npt.NDArray[np.int32]:
        """Bins of one objective: 0 for what no point undercuts; the last for all beyond."""
        scaled = np.asarray((values - self._low[column]) * self._scale[column])
        np.clip(scaled, -1.0, self._bins - 2, out=scaled)
        bins: npt.NDArray[np.int32] = np.floor(scaled).astype(np.int32) + 1
        return bins

    def passes(self, values: Sequence[Array]) -> Mask:
        """Which points the table cannot rule out.

        Parameters
        ----------
        values : sequence of Array
            One array per objective, of finite values; of any shapes that broadcast together.

        Returns
        -------
        ndarray of bool
            Of the shape to which they broadcast.
        """
        deep = values[self._deep]
        if not self._others:
            return np.asarray(deep <= self._least)
        if not len(self._table):
            return np.ones(np.broadcast_shapes(*(np.shape(v) for v in values)), dtype=np.bool_)
        cell: npt.NDArray[np.int32] = np.zeros(1, dtype=np.int32)
        for i in self._others:
            cell = cell * np.int32(self._bins) + self._bin(values[i], i)
        return np.asarray(deep < self._table[cell])
