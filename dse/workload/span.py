"""A context length that grows while tokens are generated, averaged in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Span"]

Array = npt.NDArray[np.float64]


def _sum_to(n: int) -> int:
    return n * (n + 1) // 2


@dataclass(frozen=True, slots=True)
class Span:
    """Every integer length from `first` to `last`, each capped at `cap`, equally often.

    A decode of G tokens after P attends to P+1, P+2 ... P+G keys, a sliding window of W to at
    most W of them. Work that is linear in the length needs `mean` alone; the tiles that a length
    fills need `mean_tiles`, for the mean of a ceiling is not the ceiling of the mean.

    Parameters
    ----------
    first, last : int
        Shortest and longest length, 1 <= first <= last.
    cap : int or None
        Length beyond which it grows no further.
    """

    first: int
    last: int
    cap: int | None = None

    @property
    def count(self) -> int:
        """How many lengths there are."""
        return self.last - self.first + 1

    @property
    def split(self) -> int:
        """The longest length that the cap leaves alone, within [first - 1, last]."""
        return self.last if self.cap is None else min(self.last, max(self.first - 1, self.cap))

    @property
    def mean(self) -> float:
        """Mean length.

        Examples
        --------
        >>> Span(1, 4).mean, Span(1, 4, cap=2).mean
        (2.5, 1.75)
        """
        free = _sum_to(self.split) - _sum_to(self.first - 1)
        return (free + (self.last - self.split) * (self.cap or 0)) / self.count

    def mean_tiles(self, tile: npt.ArrayLike) -> Array:
        """Mean of ceil(length / tile), exactly.

        With q = floor(n/t):  sum_{c=1..n} ceil(c/t) = t q (q+1)/2 + (n - q t)(q + 1)          (1)

        Parameters
        ----------
        tile : array_like
            Tile lengths t > 0, whole numbers, any shape.

        Returns
        -------
        ndarray
            Mean number of tiles, same shape; never grows with the tile.

        Examples
        --------
        >>> Span(1, 4).mean_tiles([1, 2, 4, 8])
        array([2.5, 1.5, 1. , 1. ])
        """
        size = np.asarray(tile, dtype=np.float64)
        if np.any(size < 1.0):  # part of one element a step: no rounding is left to do
            return np.where(size < 1.0, self.mean / size, self.mean_tiles(np.maximum(size, 1.0)))
        if self.first == self.last:
            length = self.first if self.cap is None else min(self.first, self.cap)
            return np.ceil(length / size)
        total = _ceil_sum(self.split, size) - _ceil_sum(self.first - 1, size)
        if self.cap is not None and self.last > self.split:
            total = total + (self.last - self.split) * np.ceil(self.cap / size)
        return total / self.count

    def lengths(self) -> tuple[int, ...]:
        """All lengths one by one, for checks against the closed forms."""
        cap = math.inf if self.cap is None else self.cap
        return tuple(int(min(n, cap)) for n in range(self.first, self.last + 1))


def _ceil_sum(n: int, tile: Array) -> Array:
    whole = np.floor(n / tile)
    total: Array = tile * whole * (whole + 1.0) / 2.0 + (n - whole * tile) * (whole + 1.0)
    return total
