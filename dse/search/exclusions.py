"""Which choices exclude each other, learned from what could be built and what could not."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from dse.space import Index, Space

__all__ = ["Exclusions"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Chance that two choices exclude each other, before anything is known of them.
_PRIOR = 0.01
# Rounds in which designs that failed share the blame out among their pairs.
_ROUNDS = 30


class Exclusions:
    """Chances that two choices exclude each other, as an LPDDR6 device and a bus of 64 bits do.

    A design fails if any pair of its choices excludes itself, a noisy-or (1): a pair that was seen
    in a sound design does not; of the others, those of a failed design share the blame by their
    chances, again and again until these settle (expectation maximisation).

    Parameters
    ----------
    space : Space
        What is searched.

    Attributes
    ----------
    explains : bool
        Whether every failed design that was told has a pair that may be to blame.

    References
    ----------
    (1) Pearl, Probabilistic Reasoning in Intelligent Systems, Morgan Kaufmann 1988, section 4.3.
    """

    def __init__(self, space: Space) -> None:
        shape = space.shape
        self._pairs = list(combinations(range(len(shape)), 2))
        sizes = [shape[first] * shape[second] for first, second in self._pairs]
        self._widths = [shape[second] for _, second in self._pairs]
        self._starts = np.cumsum([0, *sizes[:-1]], dtype=np.int64)
        self._chances: Array = np.full(sum(sizes), _PRIOR)
        self.explains = True

    def learn(self, index: Index, failed: Mask) -> None:
        """Learn from designs, shape (n, k), and whether each failed, shape (n,)."""
        is_open = np.ones(len(self._chances), dtype=np.bool_)
        is_open[self._places(index[~failed]).ravel()] = False
        blamed = self._places(index[failed])
        self.explains = bool(is_open[blamed].any(axis=1).all())
        chances = np.where(is_open, _PRIOR, 0.0)
        # How often a pair was to be seen in a failed design, and as often in a sound one before.
        seen = np.bincount(blamed.ravel(), minlength=len(chances))
        for _ in range(_ROUNDS if blamed.size else 0):
            each = chances[blamed]
            some = 1.0 - np.prod(1.0 - each, axis=1, keepdims=True)
            share = np.divide(each, some, out=np.zeros_like(each), where=some > 0.0)
            total = np.bincount(blamed.ravel(), share.ravel(), len(chances))
            chances = np.where(is_open, (total + _PRIOR) / (seen + 1.0), 0.0)
        self._chances = chances

    def odds(self, index: Index) -> Array:
        """Chance of each design, shape (n, k), that no two of its choices exclude each other."""
        odds: Array = np.prod(1.0 - self._chances[self._places(index)], axis=1)
        return odds

    def _places(self, index: Index) -> Index:
        """Where the chances of each design's pairs are, shape (n, pairs)."""
        columns = zip(self._pairs, self._widths, self._starts, strict=True)
        places: Index = (
            np.stack(
                [start + index[:, a] * width + index[:, b] for (a, b), width, start in columns],
                axis=1,
            )
            if self._pairs
            else np.empty((len(index), 0), dtype=np.int64)
        )
        return places
