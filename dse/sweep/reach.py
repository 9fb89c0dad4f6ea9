"""How near the designs seen so far come to each requirement, alone and together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.space import Index, Target

__all__ = ["Reach", "RequirementReach"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RequirementReach:
    """How far one requirement could be met.

    Parameters
    ----------
    target : Target
        The requirement.
    met : int
        Designs that meet it, whatever else they miss.
    best, violation : float
        Best value of its metric over all designs, SI, and by how much it misses the limit, as a
        share of it; NaN and infinity before any design was seen.
    missed_alone : int
        Designs that meet every other requirement and miss this one: what dropping it would open.
    best_with_others, violation_with_others : float
        The same among the designs that meet every other requirement.
    nearest_with_others : tuple of int or None
        The design that has it, as its row of indices.
    """

    target: Target
    met: int = 0
    best: float = float("nan")
    violation: float = float("inf")
    missed_alone: int = 0
    best_with_others: float = float("nan")
    violation_with_others: float = float("inf")
    nearest_with_others: tuple[int, ...] | None = None


class Reach:
    """Running account of the requirements of a space over a stream of designs.

    Parameters
    ----------
    targets : tuple of Target
        The requirements, as `requirements` lists them.

    Attributes
    ----------
    nearest : ndarray or None
        The design that misses least: by its largest violation, then by their sum; of equal ones
        the first. Shape (k,).
    """

    def __init__(self, targets: tuple[Target, ...]) -> None:
        self._reaches = [RequirementReach(target) for target in targets]
        self._nearest_miss = (np.inf, np.inf)
        self.nearest: Index | None = None

    def restore(
        self,
        requirements: Sequence[RequirementReach],
        nearest: Index,
        miss: tuple[float, float],
    ) -> None:
        """Take over an account made elsewhere; `miss` is the largest violation and their sum."""
        self._reaches, self._nearest_miss, self.nearest = list(requirements), miss, nearest

    @property
    def requirements(self) -> tuple[RequirementReach, ...]:
        """One entry per requirement, in their order."""
        return tuple(self._reaches)

    def update(self, index: Index, columns: Mapping[str, Array], missed: Array) -> None:
        """Take in a batch of designs.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        columns : mapping of str to ndarray
            Their metrics, each of shape (n,).
        missed : ndarray
            Their violations, shape (n, t).
        """
        if not len(index):
            return
        self._update_nearest(index, missed)
        misses = (missed > 0.0).sum(axis=1)
        for place, known in enumerate(self._reaches):
            violation = missed[:, place]
            values = columns[known.target.metric]
            others_met = misses - (violation > 0.0) == 0
            self._reaches[place] = _merged(known, index, values, violation, others_met)

    def _update_nearest(self, index: Index, missed: Array) -> None:
        worst = np.maximum(missed, 0.0).max(axis=1)
        total = np.maximum(missed, 0.0).sum(axis=1)
        row = int(np.lexsort((total, worst))[0])
        miss = (float(worst[row]), float(total[row]))
        if self.nearest is None or miss < self._nearest_miss:
            self._nearest_miss, self.nearest = miss, index[row].copy()


def _merged(
    known: RequirementReach,
    index: Index,
    values: Array,
    violation: Array,
    others_met: npt.NDArray[np.bool_],
) -> RequirementReach:
    """One requirement's account with a batch of designs added."""
    merged = dataclasses.replace(
        known,
        met=known.met + int(np.count_nonzero(violation <= 0.0)),
        missed_alone=known.missed_alone + int(np.count_nonzero(others_met & (violation > 0.0))),
    )
    row = int(np.argmin(violation))
    if violation[row] < known.violation:
        merged = dataclasses.replace(
            merged, best=float(values[row]), violation=float(violation[row])
        )
    among = np.where(others_met, violation, np.inf)
    row = int(np.argmin(among))
    if among[row] < known.violation_with_others:
        merged = dataclasses.replace(
            merged,
            best_with_others=float(values[row]),
            violation_with_others=float(violation[row]),
            nearest_with_others=tuple(index[row].tolist()),
        )
    return merged
