"""What a stream of evaluated designs amounts to: its front, and its account of the targets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.farm import Farm
from dse.pareto import Front, knee
from dse.space import Index, Space, Target
from dse.store import Table, design_table
from dse.sweep.account import NOTHING, Account
from dse.sweep.designs import (
    Columns,
    Evaluates,
    Evaluator,
    asked_metrics,
    objective_values,
    requirements,
    violations,
)
from dse.sweep.job import FarmEvaluator
from dse.sweep.reach import Reach, RequirementReach
from dse.sweep.tally import Tally
from dse.technology import Silicon

__all__ = ["Survey"]

Array = npt.NDArray[np.float64]


class Survey:
    """Front, counts and reach of all designs taken in so far, in memory bounded by the front.

    Parameters
    ----------
    space : Space
        The space with its objectives and targets.
    silicon : Silicon
        Constants of the reference node.
    farm : Farm, optional
        Who evaluates the designs; the threads of this process if not given.

    Attributes
    ----------
    evaluated, feasible : int
        Designs taken in, and how many of them meet every requirement.
    reach : Reach
        How near they come to the requirements.
    """

    def __init__(self, space: Space, silicon: Silicon, farm: Farm | None = None) -> None:
        self.space = space
        self.silicon = silicon
        self.evaluated = 0
        self.feasible = 0
        self.reach = Reach(requirements(space))
        self._evaluator: Evaluates = (
            Evaluator(space, silicon) if farm is None else FarmEvaluator(space, silicon, farm)
        )
        self._asked = asked_metrics(space)
        self._front = Front(len(space.objectives), len(space.axes))

    @property
    def front_index(self) -> Index:
        """Designs of the front, shape (m, k), by rising objectives."""
        return self._front.ids

    @property
    def front_values(self) -> Array:
        """Objectives of the front, to be minimised, in the same order."""
        return self._front.values

    def evaluate(self, index: Index, *, is_whole: bool = True) -> tuple[Columns, Array]:
        """Evaluate designs and take them in.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        is_whole : bool
            Whether all metrics are wanted, or those of objectives and targets alone.

        Returns
        -------
        tuple
            Their metrics, and their violations of shape (n, t).
        """
        columns = self._evaluator.evaluate(index, None if is_whole else self._asked)
        return columns, self.take(index, columns)

    def take(self, index: Index, columns: Columns) -> Array:
        """Take in designs that were evaluated elsewhere.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        columns : dict of str to ndarray
            Their metrics, at least those of `asked_metrics`, each of shape (n,).

        Returns
        -------
        ndarray
            Their violations, shape (n, t).
        """
        missed = violations(self.space, columns)
        self.evaluated += len(index)
        self.reach.update(index, columns, missed)
        usable = (missed <= 0.0).all(axis=1)
        self.feasible += int(np.count_nonzero(usable))
        # Only designs that meet every target may be on the front.
        self._front.update(objective_values(self.space, columns)[usable], index[usable])
        return missed

    def take_tally(self, tally: Tally) -> None:
        """Take in all designs of a sweep at once, as its pieces found them; the first to be."""
        self.evaluated, self.feasible = tally.evaluated, tally.feasible
        self._front.update(tally.front.values, self.space.decode(tally.front.ids.ravel()))
        account = tally.account
        # Two lists of designs, each after the other, whose values the account does not hold.
        bests = [*account.best, *account.with_others]
        index = self.space.decode(np.array([max(0, number) for _, _, number in bests]))
        columns = self._evaluator.evaluate(index)
        targets = requirements(self.space)
        self.reach.restore(
            [
                _reach(target, account, place, columns[target.metric], index)
                for place, target in enumerate(targets)
            ],
            self.space.decode(np.array([account.nearest[2]]))[0],
            account.nearest[:2],
        )

    def table(self, index: Index) -> Table:
        """Evaluate designs once more, as a table, without taking them in."""
        columns = self._evaluator.evaluate(index)
        return design_table(self.space, index, columns, violations(self.space, columns))

    def summary(self) -> dict[str, Any]:
        """Describe the findings in JSON values."""
        space, nearest = self.space, self.reach.nearest
        has_front = len(self.front_index) > 0
        best = self.front_index[[knee(self.front_values)]] if has_front else None
        return {
            "evaluated": self.evaluated,
            "feasible": self.feasible,
            "front": len(self.front_index),
            "knee": None if best is None else int(space.encode(best)[0]),
            "nearest": None if nearest is None else int(space.encode(nearest[None])[0]),
            "requirements": [
                {
                    "metric": entry.target.metric,
                    "limit": entry.target.limit,
                    "sense": entry.target.sense,
                    "met": entry.met,
                    "best": _finite(entry.best),
                    "missed_alone": entry.missed_alone,
                    "best_with_others": _finite(entry.best_with_others),
                }
                for entry in self.reach.requirements
            ],
        }


def _reach(
    target: Target, account: Account, place: int, values: Array, index: Index
) -> RequirementReach:
    """Find one requirement's account in that of a grid."""
    best, others = account.best[place], account.with_others[place]
    other = len(account.best) + place
    return RequirementReach(
        target=target,
        met=account.met[place],
        best=math.nan if best == NOTHING else float(values[place]),
        violation=best[0],
        missed_alone=account.missed_alone[place],
        best_with_others=math.nan if others == NOTHING else float(values[other]),
        violation_with_others=others[0],
        nearest_with_others=None if others == NOTHING else tuple(index[other].tolist()),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
