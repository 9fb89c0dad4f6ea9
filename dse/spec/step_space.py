"""All sets of steps on one chip: which fields they change, and to what.

A set is a row of levels, one per group of alternatives: 0 for none of them, else the number of a
choice, which is one step taken so many times. Groups that touch the same field form a cluster:
the field's value follows from the levels of its cluster alone, so that sets become designs by
gathering, as in `dse.space`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.errors import TooLargeError
from dse.space import Index, gather, replace_leaf
from dse.spec.steps import UNIT, Catalogue, Step
from dse.workload import Scenario

__all__ = ["Choice", "StepLeaf", "StepSpace", "together"]

# Combinations of the steps that share a field: each builds a chip, in a millisecond.
_MOST_TOGETHER = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One level of a group: a step, taken so many times; no step at level 0."""

    step: Step | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class StepLeaf:
    """A field that varies: its value by the levels of its cluster, the last group fastest."""

    path: str
    cluster: int
    values: tuple[Any, ...]
    static: bool


@dataclass(frozen=True, slots=True)
class StepSpace:
    """Sets of steps on one chip.

    Parameters
    ----------
    catalogue : Catalogue
        Where they come from.
    chip, scenario, unit : Chip, Scenario, str
        The start.
    groups : tuple of tuple of Choice
        Choices of each group, the first of which is none.
    clusters : tuple of (tuple of int, ndarray of bool)
        Groups that touch the same fields, and which combinations of their levels there are.
    leaves : tuple of StepLeaf
        Fields that vary.
    left_out : tuple of (Step, str)
        Steps that are none on this chip, and why.
    """

    catalogue: Catalogue
    chip: Chip
    scenario: Scenario
    unit: str
    groups: tuple[tuple[Choice, ...], ...]
    clusters: tuple[tuple[tuple[int, ...], npt.NDArray[np.bool_]], ...]
    leaves: tuple[StepLeaf, ...]
    left_out: tuple[tuple[Step, str], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of choices per group."""
        return tuple(len(choices) for choices in self.groups)

    @property
    def size(self) -> int:
        """Number of sets, those that cannot be included."""
        return math.prod(self.shape)

    def choices(self, levels: Sequence[int]) -> tuple[Choice, ...]:
        """What a set takes, in the order of application."""
        chosen = [group[level] for group, level in zip(self.groups, levels, strict=True)]
        order = {step.name: place for place, step in enumerate(self.catalogue.steps)}
        taken = [choice for choice in chosen if choice.step is not None]
        return tuple(sorted(taken, key=lambda c: order[c.step.name] if c.step else -1))

    def counts(self) -> npt.NDArray[np.int16]:
        """Steps in every set, by the number that `decode` knows it by, shape (size,)."""
        total = np.zeros(1, dtype=np.int16)
        for group in self.groups:
            times = np.array([choice.times for choice in group], dtype=np.int16)
            total = (total[:, None] + times).ravel()
        return total

    def decode(self, numbers: npt.ArrayLike) -> Index:
        """Levels of the sets with these numbers, shape (n, groups)."""
        flat = np.asarray(numbers, dtype=np.int64)
        if not self.groups:
            return np.zeros((len(flat), 0), dtype=np.int64)
        return np.stack(np.unravel_index(flat, self.shape), axis=1).astype(np.int64)

    def exists(self, levels: Index) -> npt.NDArray[np.bool_]:
        """Whether each set can be had: every step in it finds something to change."""
        result = np.ones(len(levels), dtype=bool)
        for place, (_, mask) in enumerate(self.clusters):
            result &= mask[self._places(levels, place)]
        return result

    def alike(self, levels: Index) -> Iterator[Index]:
        """Places of the sets that share all static fields, and so may share a batch.

        Parameters
        ----------
        levels : Index
            Sets, (n, groups).

        Yields
        ------
        Index
            Places within `levels`, (m,).
        """
        static = [leaf for leaf in self.leaves if leaf.static]
        keys = [self._static_keys(leaf, levels) for leaf in static]
        table = np.stack([np.zeros(len(levels), dtype=np.int64), *keys], axis=1)
        _, group = np.unique(table, axis=0, return_inverse=True)
        for number in range(int(group.max(initial=-1)) + 1):
            yield np.flatnonzero(group.ravel() == number)

    def _places(self, levels: Index, cluster: int) -> Index:
        """Numbers of the combinations of a cluster's levels."""
        groups, _ = self.clusters[cluster]
        shape = tuple(self.shape[group] for group in groups)
        places = np.ravel_multi_index(tuple(levels[:, group] for group in groups), shape)
        return np.asarray(places, dtype=np.int64)

    def _static_keys(self, leaf: StepLeaf, levels: Index) -> Index:
        distinct: list[Any] = []
        for value in leaf.values:
            if value not in distinct:
                distinct.append(value)
        numbers = np.array([distinct.index(value) for value in leaf.values], dtype=np.int64)
        keys: Index = numbers[self._places(levels, leaf.cluster)]
        return keys

    def design(self, levels: Index) -> tuple[Chip, Scenario, str]:
        """Sets that are `alike` as one chip and one scenario with array leaves, and the unit."""
        roots: dict[str, Any] = {"chip": self.chip, "scenario": self.scenario, UNIT: self.unit}
        for leaf in self.leaves:
            places = self._places(levels, leaf.cluster)
            value = leaf.values[int(places[0])] if leaf.static else gather(leaf.values, places)
            root, *path = leaf.path.split(".")
            roots[root] = replace_leaf(roots[root], path, value)
        return roots["chip"], roots["scenario"], roots[UNIT]


def together(
    groups: Sequence[Sequence[Choice]], members: Sequence[int]
) -> list[tuple[Choice, ...]]:
    """All combinations of choices of the groups of a cluster, the last group fastest.

    Raises
    ------
    TooLargeError
        If they are too many to build each of them.
    """
    count = math.prod(len(groups[place]) for place in members)
    if count > _MOST_TOGETHER:
        names = [groups[place][1].step for place in members]
        first = ", ".join(step.group for step in names[:3] if step is not None)
        text = f"steps that change the same field ({first}, ...) have {count} combinations"
        remedy = "put alternatives into one group or let them repeat less"
        raise TooLargeError(f"{text}, but at most {_MOST_TOGETHER} are built: {remedy}")
    return list(itertools.product(*(groups[place] for place in members)))
