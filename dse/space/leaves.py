"""Choices at places, and leaves of frozen dataclasses: how rows of designs become chips."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Index", "gather", "replace_leaf"]

Index = npt.NDArray[np.int64]


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
