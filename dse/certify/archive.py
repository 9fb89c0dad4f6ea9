"""The designs found so far, and whether one of them makes a box superfluous."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto import Front, thin
from dse.space import Index

__all__ = ["Archive", "relaxed"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Lines of the grid over the first two of three objectives, at the archive's own values.
_LINES = 1536
# Pairs compared in one step.
_BLOCK_PAIRS = 1 << 20
# Points of the archive from which the reached EPS is measured; fewer points only raise it.
_MEASURED = 512


def relaxed(bound: Array, eps: float) -> Array:
    """What a design must reach to stand for all designs of the bound, within a factor 1 + EPS.

    Objectives that are maximised come as negative numbers, which the factor moves to zero.

    References
    ----------
    Laumanns, Thiele, Deb, Zitzler, "Combining convergence and diversity in evolutionary
    multiobjective optimization", Evolutionary Computation 10(3), 2002.
    """
    with np.errstate(invalid="ignore"):
        return np.where(bound >= 0.0, bound * (1.0 + eps), bound / (1.0 + eps))


class Archive:
    """Non-dominated designs, and a table that finds at once whether one covers a bound.

    Parameters
    ----------
    objectives, axes : int
        Columns of values and of designs.
    eps : float
        The cells within which one design stands for all are EPS / 4 wide; 0 keeps every one.
    """

    def __init__(self, objectives: int, axes: int, eps: float) -> None:
        self.front = Front(objectives, axes)
        self._cell = np.log1p(eps / 4.0)
        self._points: Array = np.empty((0, objectives))
        self._lines: tuple[Array, Array] = (np.empty(0), np.empty(0))
        self._table: Array = np.empty((0, 0))

    def add(self, values: Array, index: Index) -> int:
        """Take in designs that meet every requirement; say how many are new on the front."""
        if not len(values):
            return 0
        fresh = ~self.covers(values)  # equal designs bring nothing new
        if not np.any(fresh):
            return 0
        values, index = values[fresh] + 0.0, index[fresh]
        known = len(self.front)
        _, first = np.unique(
            np.concatenate([self.front.values, values]), axis=0, return_index=True
        )
        first = first[first >= known] - known
        if not len(first):
            return 0
        new = self.front.update(values[first], index[first])
        if new:
            self._rebuild()
        return new

    def covers(self, bound: Array) -> Mask:
        """Whether a design of the archive is at least as good in every objective, (n,)."""
        count = bound.shape[1]
        if not len(self._points):
            return np.zeros(len(bound), dtype=np.bool_)
        if count == 1:
            return np.asarray(self._points[:, 0].min() <= bound[:, 0])
        if count > 3:
            return self._covers_each(bound)
        first, second = self._lines
        i = np.searchsorted(first, bound[:, 0], side="right") - 1
        if count == 2:
            return np.asarray((i >= 0) & (self._table[i, 0] <= bound[:, 1]))
        j = np.searchsorted(second, bound[:, 1], side="right") - 1
        return np.asarray((i >= 0) & (j >= 0) & (self._table[i, j] <= bound[:, 2]))

    def gap(self, bound: Array) -> Array:
        """Least EPS at which each bound is covered, at most overestimated, (n,); inf for none."""
        points = self.front.values
        if len(points) > _MEASURED:
            points = points[thin(points, _MEASURED)]
        least = np.full(len(bound), np.inf)
        for point in points:
            # point <= bound (1 + eps), or bound / (1 + eps) where the bound is negative.
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(bound > 0.0, point / bound, bound / point)
                ratio = np.where((bound <= 0.0) & (point >= 0.0), np.inf, ratio)
                ratio = np.where(point <= bound, 1.0, ratio)
            least = np.fmin(least, np.max(np.where(np.isnan(ratio), np.inf, ratio), axis=1))
        return least - 1.0

    def _rebuild(self) -> None:
        points = self._points = self._thinned()
        count = points.shape[1]
        if count not in (2, 3):
            return
        lines = [_quantiles(points[:, column], _LINES) for column in range(count - 1)]
        if count == 2:
            lines.append(np.array([-np.inf]))
        first, second = lines
        table = np.full((len(first) + 1, len(second) + 1), np.inf)
        i = np.searchsorted(first, points[:, 0], side="left")
        j = np.searchsorted(second, points[:, 1], side="left") if count == 3 else 0 * i
        np.minimum.at(table, (i, j), points[:, -1])
        table = np.minimum.accumulate(np.minimum.accumulate(table, axis=0), axis=1)
        self._lines, self._table = (first, second), table

    def _thinned(self) -> Array:
        """One point per cell of EPS / 4: the rest would prune next to nothing more."""
        points = self.front.values
        if self._cell == 0.0 or len(points) < _LINES or np.any(points <= 0.0):
            return points
        cells = np.floor(np.log(points) / self._cell).astype(np.int64)
        _, first = np.unique(cells, axis=0, return_index=True)
        return points[first]

    def _covers_each(self, bound: Array) -> Mask:
        """The same by comparing all pairs, block by block."""
        covered = np.zeros(len(bound), dtype=np.bool_)
        step = max(1, _BLOCK_PAIRS // max(1, len(bound)))
        for start in range(0, len(self._points), step):
            block = self._points[start : start + step]
            pairs = np.ones((len(bound), len(block)), dtype=np.bool_)
            for column in range(bound.shape[1]):
                pairs &= block[:, column] <= bound[:, column, None]
            covered |= pairs.any(axis=1)
        return covered


def _quantiles(values: Array, most: int) -> Array:
    lines = np.unique(values)
    if len(lines) <= most:
        return lines
    picked = np.linspace(0, len(lines) - 1, most).round().astype(np.int64)
    return np.asarray(lines[picked])
