"""How many of a batch's tokens visit one expert, averaged over a uniform router."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["Load"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Load:
    """Tokens at one expert that is visited at all: binomial, given at least one.

    Parameters
    ----------
    tokens : int
        Tokens routed, >= 1.
    share : float
        Probability that a token visits the expert, in (0, 1].
    """

    tokens: int
    share: float

    @property
    def mean(self) -> float:
        """Mean tokens, given at least one: B p / (1 - (1 - p)^B).

        Examples
        --------
        >>> Load(1, 0.25).mean
        1.0
        """
        return self.tokens * self.share / (1.0 - (1.0 - self.share) ** self.tokens)

    def mean_tiles(self, tile: npt.ArrayLike) -> Array:
        """Mean of ceil(tokens / tile) over the loads: the sum over j of P(tokens > j tile).

        The ceiling of the mean would double the time where the mean passes a whole tile by one
        token; real loads scatter around it.

        Parameters
        ----------
        tile : array_like
            Tile lengths t >= 1, any shape.

        Returns
        -------
        ndarray
            Mean number of tiles, same shape; never grows with the tile.

        Examples
        --------
        >>> Load(2, 0.5).mean_tiles([1, 2])  # one token twice as likely as two
        array([1.33..., 1.  ])
        """
        sizes, places = np.unique(np.asarray(tile, dtype=np.float64), return_inverse=True)
        above = _survival(self.tokens, self.share)
        sums = [_tiles(above, float(size)) for size in sizes]
        return np.array(sums)[places].reshape(np.shape(tile))


def _tiles(above: Array, tile: float) -> float:
    borders = np.arange(0.0, float(len(above)), tile)
    return float(above[borders.astype(np.int64)].sum())


@lru_cache(maxsize=256)
def _survival(tokens: int, share: float) -> Array:
    """P(X > x | X >= 1) for x = 0 .. tokens - 1, X binomial."""
    if share >= 1.0:
        return np.ones(tokens)
    counts = np.arange(tokens + 1)
    ways = np.array([math.lgamma(tokens + 1) - math.lgamma(c + 1) - math.lgamma(tokens - c + 1)
                     for c in counts.tolist()])  # fmt: skip
    chance = np.exp(ways + counts * math.log(share) + (tokens - counts) * math.log1p(-share))
    above = chance[::-1].cumsum()[::-1][1:]
    result: Array = above / above[0]
    return result
