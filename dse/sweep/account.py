"""What the designs of a block amount to against the requirements, counted over factored terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.space import Index

__all__ = ["NOTHING", "Account", "Best", "BlockMisses"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
# A violation, for ties a second number, and the design that has them: the least one counts.
Best = tuple[float, float, int]

NOTHING: Best = (np.inf, np.inf, -1)


class BlockMisses:
    """Which requirements the designs of one block miss.

    Parameters
    ----------
    violations : sequence of ndarray
        One array per requirement, each as small as what it depends on; met where <= 0.
    shape : tuple of int
        Shape of the block.
    number : int
        Number of the block's first design.
    offsets : Index
        Numbers of its designs less that, flat.
    """

    def __init__(
        self, violations: Sequence[Array], shape: tuple[int, ...], number: int, offsets: Index
    ) -> None:
        self._violations = violations
        self._shape = shape
        self._number = number
        self._offsets = offsets
        self._missed = [violation > 0.0 for violation in violations]
        total: npt.NDArray[np.uint8] = np.zeros((1,) * len(shape), dtype=np.uint8)
        for missed in sorted(self._missed, key=np.size):
            total = total + missed.astype(np.uint8)
        self._total = total

    @property
    def usable(self) -> Mask:
        """Where every requirement is met, of a shape that broadcasts to that of the block."""
        return np.asarray(self._total == 0)

    def count(self, mask: Mask) -> int:
        """Designs of the block that a mask of any such shape marks."""
        return int(np.count_nonzero(mask)) * (len(self._offsets) // mask.size)

    def met(self) -> list[int]:
        """Designs that meet each requirement."""
        return [len(self._offsets) - self.count(missed) for missed in self._missed]

    def missed_alone(self) -> list[int]:
        """Designs that miss each requirement and none of the others."""
        single = self._total == 1
        if not single.any():
            return [0] * len(self._missed)
        return [self.count(single & missed) for missed in self._missed]

    def least(self, place: int, known: Best) -> Best:
        """The least violation of a requirement, if it is less than one known."""
        return self._first_least(self._violations[place], known)

    def least_with_others(self, place: int, known: Best) -> Best:
        """The same among the designs that meet every other requirement."""
        violation = self._violations[place]
        if not self._may_improve(float(violation.min()), known):
            return known
        others_met = self._total == self._missed[place]
        return self._first_least(np.where(others_met, violation, np.inf), known)

    def nearest(self, known: Best) -> Best:
        """The design that misses least, by its largest violation and then by their sum."""
        if self._may_improve(0.0, known) and (self._total == 0).any():
            return self._better((0.0, 0.0, self._first(self._total == 0)), known)
        floor = max(float(violation.min()) for violation in self._violations)
        if known[2] >= 0 and max(floor, 0.0) > known[0]:  # one as near may have the lesser sum
            return known
        worst = np.zeros((1,) * len(self._shape))
        for violation in sorted(self._violations, key=np.size):
            worst = np.maximum(worst, violation)
        least = float(worst.min())
        if least > known[0]:
            return known
        marked = worst == least
        total = np.zeros((1,) * len(self._shape))
        for violation in self._violations:
            total = total + np.maximum(violation, 0.0)
        sums = np.where(marked, total, np.inf)
        lowest = float(sums.min())
        tied = marked & (total == lowest) if np.isfinite(lowest) else marked
        return self._better((least, lowest, self._first(tied)), known)

    def _may_improve(self, violation: float, known: Best) -> bool:
        """Whether a design of the block may come before the one known."""
        return (
            known[2] < 0
            or violation < known[0]
            or (violation == known[0] and self._number < known[2])
        )

    def _first_least(self, violation: Array, known: Best) -> Best:
        least = float(violation.min())
        if not np.isfinite(least) or not self._may_improve(least, known):
            return known
        return self._better((least, 0.0, self._first(violation == least)), known)

    def _better(self, found: Best, known: Best) -> Best:
        return found if known[2] < 0 else min(found, known)

    def _first(self, mask: Mask) -> int:
        """Lowest number of the designs that a mask marks."""
        whole = np.broadcast_to(mask, self._shape)
        return self._number + int(self._offsets[np.flatnonzero(whole)].min())


@dataclass(slots=True)
class Account:
    """Running account of a grid against its requirements.

    Parameters
    ----------
    met, missed_alone : list of int
        Designs that meet each requirement, and that miss no other.
    best, with_others : list of Best
        Least violation of each requirement over all designs, and over those that meet the others.
    nearest : Best
        The design that misses least.
    """

    met: list[int]
    missed_alone: list[int]
    best: list[Best]
    with_others: list[Best]
    nearest: Best = NOTHING

    @classmethod
    def empty(cls, count: int) -> Account:
        """Return the account of no design at all."""
        return cls([0] * count, [0] * count, [NOTHING] * count, [NOTHING] * count)

    def of_block(self, misses: BlockMisses) -> Account:
        """Account of one block; of what improves on nothing here it only repeats what is known."""
        places = range(len(self.met))
        return Account(
            met=misses.met(),
            missed_alone=misses.missed_alone(),
            best=[misses.least(i, self.best[i]) for i in places],
            with_others=[misses.least_with_others(i, self.with_others[i]) for i in places],
            nearest=misses.nearest(self.nearest),
        )

    def add(self, block: Account) -> None:
        """Take in what `of_block` returned."""
        self.met = [a + b for a, b in zip(self.met, block.met, strict=True)]
        alone = zip(self.missed_alone, block.missed_alone, strict=True)
        self.missed_alone = [a + b for a, b in alone]
        self.best = [_least(a, b) for a, b in zip(self.best, block.best, strict=True)]
        others = zip(self.with_others, block.with_others, strict=True)
        self.with_others = [_least(a, b) for a, b in others]
        self.nearest = _least(self.nearest, block.nearest)


def _least(one: Best, other: Best) -> Best:
    """The better of two, of which one may be nothing."""
    if one[2] < 0 or other[2] < 0:
        return max(one, other, key=lambda best: best[2])
    return min(one, other)
