"""`Axis`: one thing that may vary, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Axis", "Setting"]

# Choices of an ordered axis that a step may pass over, on an axis of at least so many of them.
_STRIDE, _STRIDES_PER_AXIS = 16, 16


@dataclass(frozen=True, slots=True)
class Setting:
    """A field, and the value that it takes with each choice of an axis.

    Parameters
    ----------
    path : str
        Field as the space file names it, e.g. ``chip.units.npu.matrix.rows``.
    leaves : tuple of str
        Dataclass fields that it sets, all to the same value, e.g.
        ``("scenario.precision.weights", "scenario.precision.head")``.
    values : tuple
        By choice: SI numbers, or objects such as `Node`, `DramType` and `Format`.
    texts : tuple of str
        The same as people write them.
    """

    path: str
    leaves: tuple[str, ...]
    values: tuple[Any, ...]
    texts: tuple[str, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether the values are plain numbers."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)


@dataclass(frozen=True, slots=True)
class Axis(Setting):
    """One thing that may vary: a field with its choices, and the fields that are tied to it.

    Parameters
    ----------
    path, leaves, values, texts
        The field that leads; see `Setting`.
    static : bool
        Whether a field of it shapes the operator table or the engine's structure, so that
        designs which differ in it cannot share a batch.
    ties : tuple of Setting
        Fields that follow it, each with a value for every choice.
    is_continuous : bool
        Whether the choices are the points of a fine lattice that stands for all values between.
    """

    static: bool = False
    ties: tuple[Setting, ...] = ()
    is_continuous: bool = False

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The field that leads, then those that are tied to it."""
        return (self, *self.ties)

    def all_leaves(self) -> Iterator[str]:
        """Every dataclass field that it sets."""
        for setting in self.settings:
            yield from setting.leaves

    @property
    def strides(self) -> tuple[int, ...]:
        """Choices to pass in one step of a local search: 1, and on a long axis 16, 256, ...

        No stride is more than a sixteenth of the axis.

        Examples
        --------
        >>> Axis("a", ("a",), (0.0,) * 4097, ("",) * 4097).strides
        (1, 16, 256)
        >>> Axis("a", ("a",), (0.0,) * 41, ("",) * 41).strides
        (1,)
        """
        found = [1]
        while found[-1] * _STRIDE * _STRIDES_PER_AXIS < len(self.values):
            found.append(found[-1] * _STRIDE)
        return tuple(found)
