"""`Space`: a base chip and what it is asked, what may vary, and designs as rows of indices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.space.axis import Axis, Setting
from dse.space.leaves import Index, gather, replace_leaf
from dse.space.target import Target
from dse.workload import Mix, Model, Scenario, mixes_text

__all__ = ["Space"]

_Built = TypeVar("_Built", Chip, Scenario)

# Points of a sample that are held as such at a time; a power of two.
_SOBOL_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class Space:
    """A base chip and what it is asked, and what may vary about both.

    Parameters
    ----------
    name, title : str
        Key in the library and name for people.
    chip : Chip
        Base chip.
    models : tuple of Model
        Models that every design must run; a design counts by its worst one.
    mixes : tuple of Mix
        What each model is asked, with the base scenarios: requests of a mix count by their mean,
        and a design by its worst mix. At least one; one scenario is a mix by itself.
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
    mixes: tuple[Mix, ...]
    unit: str | None
    axes: tuple[Axis, ...]
    objectives: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of choices per axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def asks(self) -> str:
        """What each model is asked, in words: a scenario, a mix of them, or the worst of some."""
        return mixes_text(self.mixes)

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
        numbers = self._sobol(count, seed)
        _, first = np.unique(numbers, return_index=True)
        return self.decode(numbers[np.sort(first)])

    def sample_numbers(self, count: int, seed: int) -> Index:
        """Numbers of the designs of `sample`, rising; needs 8 bytes for each, and hardly more."""
        numbers = self._sobol(count, seed)
        numbers.sort()
        is_new = np.ones(len(numbers), dtype=np.bool_)
        np.not_equal(numbers[1:], numbers[:-1], out=is_new[1:])
        return numbers if is_new.all() else numbers[is_new]

    def _sobol(self, count: int, seed: int) -> Index:
        """Numbers of the designs at so many points of a sequence, which may repeat."""
        if count >= self.size:
            return np.arange(self.size)
        from scipy.stats import qmc

        sobol = qmc.Sobol(len(self.axes), scramble=True, rng=np.random.default_rng(seed))
        numbers = np.empty(count, dtype=np.int64)
        # The first block must be a power of two, for balance, whatever is used of it.
        block = min(_SOBOL_BLOCK, 1 << max(0, count - 1).bit_length())
        for start in range(0, count, block):
            points = sobol.random(block)[: count - start]
            index = np.minimum((points * self.shape).astype(np.int64), np.array(self.shape) - 1)
            numbers[start : start + len(index)] = self.encode(index)
        return numbers

    def groups(self, index: Index) -> Iterator[tuple[Index, Chip, tuple[Mix, ...]]]:
        """Designs as chips and mixes with array leaves, one group per static combination.

        Parameters
        ----------
        index : Index
            Designs, (n, k).

        Yields
        ------
        tuple
            Places of the group's designs within `index`, (m,); a chip and mixes whose varied
            leaves have shape (m,).
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

    def build(self, columns: Iterable[Index]) -> tuple[Chip, tuple[Mix, ...]]:
        """A chip and mixes whose varied leaves have the shapes of these places.

        What an axis sets of the scenario, it sets in every scenario of every mix.

        Parameters
        ----------
        columns : iterable of Index
            One array of places per axis, of any shapes that broadcast together; of a static axis
            all must be the same.
        """
        values: dict[str, dict[str, Any]] = {"chip": {}, "scenario": {}}
        for column, axis in zip(columns, self.axes, strict=True):
            for setting in axis.settings:
                value = _value(setting, column, static=axis.static)
                for leaf in setting.leaves:
                    root, _, path = leaf.partition(".")
                    values[root][path] = value
        mixes = tuple(
            replace(mix, scenarios=tuple(_set(each, values["scenario"]) for each in mix.scenarios))
            for mix in self.mixes
        )
        return _set(self.chip, values["chip"]), mixes

    def texts(self, row: npt.ArrayLike) -> dict[str, str]:
        """One design as people write it: path to text, tied fields after the one they follow."""
        places = np.asarray(row, dtype=np.int64)
        return {
            setting.path: setting.texts[int(i)]
            for axis, i in zip(self.axes, places, strict=True)
            for setting in axis.settings
        }


def _value(setting: Setting, places: Index, *, static: bool) -> Any:
    return setting.values[places.flat[0]] if static else gather(setting.values, places)


def _set(built: _Built, values: dict[str, Any]) -> _Built:
    """Copy of a chip or a scenario with these leaves."""
    for path, value in values.items():
        built = replace_leaf(built, path.split("."), value)
    return built
