"""The design space: axes over fields of a chip and a scenario, and designs as rows of indices.

A design is a row of k integers, one per axis: its value's place on that axis. Rows become chips
by *gathering*: a numeric leaf turns into an array of shape (n,), and a categorical leaf (a node,
a DRAM type, a number format) into the same dataclass with arrays inside. The cost model then sees
n chips as one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.workload import Model, Scenario

__all__ = ["Axis", "Index", "Space", "Target", "replace_leaf"]

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that may vary.

    Parameters
    ----------
    path : str
        Field as the space file names it, e.g. ``chip.units.npu.matrix.rows``.
    leaves : tuple of str
        Dataclass fields that it sets, all to the same value, e.g.
        ``("scenario.precision.weights", "scenario.precision.head")``.
    values : tuple
        Choices in order: SI numbers, or objects such as `Node`, `DramType` and `Format`.
    texts : tuple of str
        The same choices as people write them.
    static : bool
        Whether the field shapes the operator table or the engine's structure, so that designs
        which differ in it cannot share a batch.
    """

    path: str
    leaves: tuple[str, ...]
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    static: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the values are plain numbers."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a design must meet.

    Parameters
    ----------
    metric : str
        Name of a metric.
    limit : float
        Limit in the metric's SI unit.
    sense : int
        -1 for metric <= limit, +1 for metric >= limit.
    """

    metric: str
    limit: float
    sense: int

    def violation(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Relative distance beyond the limit, positive where it is missed.

        value / limit - 1 for <=, 1 - value / limit for >=; absolute where the limit is 0.
        """
        scale = abs(self.limit) or 1.0
        return -self.sense * (np.asarray(values, dtype=np.float64) - self.limit) / scale


@dataclass(frozen=True, slots=True)
class Space:
    """A base chip and scenario, and what may vary about them.

    Parameters
    ----------
    name, title : str
        Key in the library and name for people.
    chip : Chip
        Base chip.
    models : tuple of Model
        Models that every design must run; a design counts by its worst one.
    scenario : Scenario
        Base scenario.
    unit : str or None
        Unit that runs the models; the chip's first if None.
    axes : tuple of Axis
        At least one.
    objectives : tuple of str
        Metrics to optimise, each in its own sense.
    targets : tuple of Target
        Limits to meet.
    """

    name: str
    title: str
    chip: Chip
    models: tuple[Model, ...]
    scenario: Scenario
    unit: str | None
    axes: tuple[Axis, ...]
    objectives: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of choices per axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def size(self) -> int:
        """Number of designs."""
        return math.prod(self.shape)

    def decode(self, flat: npt.ArrayLike) -> Index:
        """Rows of indices of the designs with these numbers; the last axis runs fastest.

        Parameters
        ----------
        flat : array_like
            Numbers in [0, size), shape (n,).

        Returns
        -------
        Index
            Shape (n, k).
        """
        numbers = np.asarray(flat, dtype=np.int64)
        return np.stack(np.unravel_index(numbers, self.shape), axis=1).astype(np.int64)

    def encode(self, index: Index) -> Index:
        """Inverse of `decode`: numbers of the designs in `index`, shape (n,)."""
        return np.asarray(np.ravel_multi_index(tuple(index.T), self.shape), dtype=np.int64)

    def sample(self, count: int, seed: int) -> Index:
        """Up to `count` distinct designs from a scrambled Sobol sequence, or all if fewer exist.

        Parameters
        ----------
        count : int
            Points to draw; duplicates on the grid are dropped, keeping the first.
        seed : int
            Seed of the scrambling.

        Returns
        -------
        Index
            Shape (m, k) with m <= count.

        References
        ----------
        Owen, "Scrambling Sobol' and Niederreiter-Xing points", J. Complexity 14(4), 1998.
        """
        if count >= self.size:
            return self.decode(np.arange(self.size))
        from scipy.stats import qmc

        sobol = qmc.Sobol(len(self.axes), scramble=True, rng=np.random.default_rng(seed))
        points = sobol.random_base2(max(0, math.ceil(math.log2(max(1, count)))))[:count]
        index = np.minimum((points * self.shape).astype(np.int64), np.array(self.shape) - 1)
        _, first = np.unique(self.encode(index), return_index=True)
        return np.asarray(index[np.sort(first)])

    def groups(self, index: Index) -> Iterator[tuple[Index, Chip, Scenario]]:
        """Designs as chips and scenarios with array leaves, one group per static combination.

        Parameters
        ----------
        index : Index
            Designs, (n, k).

        Yields
        ------
        tuple
            Places of the group's designs within `index`, (m,); a chip and a scenario whose
            varied leaves have shape (m,).
        """
        static = [i for i, axis in enumerate(self.axes) if axis.static]
        if not static:
            rows = np.arange(len(index))
            yield rows, *self.build(index.T)
            return
        _, group = np.unique(index[:, static], axis=0, return_inverse=True)
        group = group.reshape(-1)
        for number in range(int(group.max(initial=-1)) + 1):
            rows = np.flatnonzero(group == number)
            yield rows, *self.build(index[rows].T)

    def build(self, columns: Iterable[Index]) -> tuple[Chip, Scenario]:
        """A chip and a scenario whose varied leaves have the shapes of these places.

        Parameters
        ----------
        columns : iterable of Index
            One array of places per axis, of any shapes that broadcast together; of a static axis
            all must be the same.
        """
        roots: dict[str, Any] = {"chip": self.chip, "scenario": self.scenario}
        for column, axis in zip(columns, self.axes, strict=True):
            value = axis.values[column.flat[0]] if axis.static else gather(axis.values, column)
            for leaf in axis.leaves:
                root, *path = leaf.split(".")
                roots[root] = replace_leaf(roots[root], path, value)
        return roots["chip"], roots["scenario"]

    def texts(self, row: npt.ArrayLike) -> dict[str, str]:
        """One design as people write it: axis path to text."""
        places = np.asarray(row, dtype=np.int64)
        return {a.path: a.texts[int(i)] for a, i in zip(self.axes, places, strict=True)}


def gather(values: tuple[Any, ...], places: Index) -> Any:
    """Choices at these places: an array for numbers, a dataclass of arrays for dataclasses.

    Examples
    --------
    >>> gather((1.0, 2.0), np.array([1, 0, 1]))
    array([2., 1., 2.])
    """
    first = values[0]
    if not dataclasses.is_dataclass(first) or isinstance(first, type):
        return _take(values, places)
    fields = {}
    for field in dataclasses.fields(first):
        leaf = tuple(getattr(value, field.name) for value in values)
        fields[field.name] = "*" if isinstance(leaf[0], str) else _take(leaf, places)
    return dataclasses.replace(first, **fields)


def _take(values: tuple[Any, ...], places: Index) -> npt.NDArray[Any]:
    # Places are known to be valid; "clip" spares the look for those that are not.
    return np.take(np.asarray(values), places, mode="clip")


def replace_leaf(obj: Any, path: list[str], value: Any) -> Any:
    """Copy of a frozen dataclass with the leaf at `path` replaced; tuples are keyed by name.

    Raises
    ------
    KeyError
        If there is no such leaf.
    """
    if not path:
        return value
    head, *rest = path
    if isinstance(obj, tuple):
        if head not in [item.name for item in obj]:
            raise KeyError(head)
        return tuple(
            replace_leaf(item, rest, value) if item.name == head else item for item in obj
        )
    if not dataclasses.is_dataclass(obj) or head not in {f.name for f in dataclasses.fields(obj)}:
        raise KeyError(head)
    changed = {head: replace_leaf(getattr(obj, head), rest, value)}
    return dataclasses.replace(obj, **changed)  # type: ignore[type-var]
