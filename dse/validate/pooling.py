"""Stacks of one kind of unit share what they learn: what one was never asked, siblings tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import Stack
from dse.validate.family import FAMILIES
from dse.validate.fit import Data, Fit, fit_stack, point_of, stack_at

__all__ = ["Pool", "generic", "pool"]

Rows = npt.NDArray[np.intp]

# Weight of the assumed family: that of one sibling whose data tell a parameter fully.
_ASSUMED = 1.0


def generic(kind: str, fits: Mapping[str, Fit], kinds: Mapping[str, str]) -> Stack:
    """Centre of a kind's stacks: what an unknown engine is taken for.

    Each parameter is the geometric mean of the siblings' values, weighted with how much their
    data tell of it, the assumed family among them. A parameter that a sibling took from its prior
    has no weight, so that the centre does not confirm itself.

    Parameters
    ----------
    kind : str
        Kind of unit: ``cpu``, ``gpu`` or ``npu``.
    fits : mapping of str to Fit
        Siblings by name.
    kinds : mapping of str to str
        Unit kind of each stack.

    References
    ----------
    Efron, Morris, "Stein's estimation rule and its competitors", JASA 68(341), 1973: estimates of
    a group shrink towards its weighted mean.
    """
    family = FAMILIES[kind]
    siblings = [fit for name, fit in fits.items() if kinds[name] == kind]
    points = np.array([point_of(family), *(point_of(fit.stack) for fit in siblings)])
    weights = np.array([np.full(points.shape[1], _ASSUMED), *(fit.learned for fit in siblings)])
    return stack_at(family.name, np.sum(weights * points, axis=0) / np.sum(weights, axis=0))


@dataclass(frozen=True, slots=True)
class Pool:
    """Stacks of one set of rows, each fitted about the centre of the others of its kind.

    Parameters
    ----------
    data : Data
        All rows, those left out among them.
    rows : mapping of str to ndarray of int
        Rows of each stack that may be fitted.
    alone : mapping of str to Fit
        Each stack fitted to its rows about the assumed family: what it lends to the others. It
        depends on no other stack, so that what is left out reaches nothing by way of a sibling.
    """

    data: Data
    rows: Mapping[str, Rows]
    alone: Mapping[str, Fit]

    def fit(self, name: str) -> Fit:
        """Fit one stack about the centre of the others of its kind."""
        kinds = self.data.kinds
        others = {key: fit for key, fit in self.alone.items() if key != name}
        prior = generic(kinds[name], others, kinds)
        return fit_stack(name, self.data, self.rows[name], prior)

    def fits(self) -> dict[str, Fit]:
        """Fit every stack."""
        return {name: self.fit(name) for name in self.rows}

    def generic(self, kind: str) -> Stack:
        """Centre of all stacks of a kind."""
        return generic(kind, self.alone, self.data.kinds)

    def without(self, chip: str) -> Pool:
        """Pool of the same stacks without any row of one chip."""
        is_kept = self.data.chips != chip
        rows = {name: each[is_kept[each]] for name, each in self.rows.items()}
        touched = [name for name in rows if rows[name].size < self.rows[name].size]
        refitted = {name: _alone(self.data, name, rows[name]) for name in touched}
        return Pool(self.data, rows, {**self.alone, **refitted})


def pool(data: Data) -> Pool:
    """Pool of all rows.

    Parameters
    ----------
    data : Data
        All rows.
    """
    names = sorted({str(name) for name in data.stacks})
    rows = {name: np.flatnonzero(data.stacks == name) for name in names}
    return Pool(data, rows, {name: _alone(data, name, rows[name]) for name in names})


def _alone(data: Data, name: str, rows: Rows) -> Fit:
    return fit_stack(name, data, rows, FAMILIES[data.kinds[name]])
