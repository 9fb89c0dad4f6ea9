"""Coefficients of a batch by name: which way each is better, its values, and other values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from dse.cost.batch import Array, ChipBatch

__all__ = ["coefficient", "senses", "with_coefficients"]


def senses(batch: ChipBatch) -> dict[str, int]:
    """Sense of every coefficient by its path.

    Returns
    -------
    dict of str to int
        1 where more is better, -1 where more is worse, 0 where it is neither. The path is the name
        of the field, for a class of operands after its place, as in ``0.mac_j``.
    """
    own = {
        field.name: field.metadata["sense"]
        for field in dataclasses.fields(batch)
        if "sense" in field.metadata
    }
    nested = {
        f"{place}.{field.name}": field.metadata["sense"]
        for place, operand in enumerate(batch.operands)
        for field in dataclasses.fields(operand)
    }
    return own | nested


def coefficient(batch: ChipBatch, path: str) -> Array:
    """Values of a coefficient by its path as in `senses`."""
    place, _, name = path.rpartition(".")
    owner: Any = batch.operands[int(place)] if place else batch
    return np.atleast_1d(getattr(owner, name))


def with_coefficients(batch: ChipBatch, values: Mapping[str, Array]) -> ChipBatch:
    """Batch with these values, by path, in the place of its own."""
    operands = list(batch.operands)
    own = {}
    for path, value in values.items():
        place, _, name = path.rpartition(".")
        if place:
            changed: Any = {name: value}
            operands[int(place)] = dataclasses.replace(operands[int(place)], **changed)
        else:
            own[name] = value
    return dataclasses.replace(batch, operands=tuple(operands), **own)  # type: ignore[arg-type]
