"""Designs and their metrics as a table: which columns there are, and what their cells hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.cost import BOUNDS, metrics_of
from dse.space import Axis, Index, Setting, Space
from dse.store.table import Column, Table

__all__ = ["columns_of", "design_table", "unit_of"]

Array = npt.NDArray[np.float64]

# Unit of a field by the end of its name, longest first.
_SUFFIX_UNITS = (
    ("bytes_per_cycle", "B/cycle"),
    ("bytes_per_s", "B/s"),
    ("usd_per_byte", "USD/B"),
    ("w_per_byte", "W/B"),
    ("j_per_byte", "J/B"),
    ("j_per_bit", "J/bit"),
    ("rate_per_s", "T/s"),
    ("bytes", "B"),
    ("bits", "bit"),
    ("mm2", "mm2"),
    ("hz", "Hz"),
    ("s", "s"),
    ("w", "W"),
    ("j", "J"),
)

_DESIGN = Column(
    "design", "int", "", "design", 0, "Number of the design; the last axis is fastest."
)
_STATUS = (
    Column(
        "feasible", "int", "", "status", 1, "1 where it fits, can be built and meets all targets."
    ),
    Column("violation", "float", "", "status", -1, "Largest relative miss of a target."),
)


def columns_of(space: Space) -> tuple[Column, ...]:
    """All columns of a table of designs: number, axes with what is tied to them, status, metrics.

    Parameters
    ----------
    space : Space
        The space that the designs are from.

    Returns
    -------
    tuple of Column
        Numeric axes hold SI numbers in the unit stated; the others hold the text of the choice.
    """
    axes = tuple(_axis_column(axis, each) for axis in space.axes for each in axis.settings)
    metrics = tuple(
        Column(
            entry.name, _metric_kind(entry.name), entry.unit, "metric", entry.sense, entry.meaning
        )
        for entry in metrics_of(space.models)
    )
    return (_DESIGN, *axes, *_STATUS, *metrics)


def design_table(
    space: Space, index: Index, metrics: Mapping[str, Array], violations: Array
) -> Table:
    """Put designs and their metrics into one table, in the order given.

    Parameters
    ----------
    space : Space
        The space.
    index : Index
        Designs, shape (n, k).
    metrics : mapping of str to ndarray
        One array of shape (n,) per metric.
    violations : ndarray
        Shape (n, t), positive where a requirement is missed.

    Returns
    -------
    dict of str to ndarray
        One array of shape (n,) per column of `columns_of`.
    """
    worst = violations.max(axis=1, initial=-np.inf)
    table: Table = {"design": space.encode(index)}
    for place, axis in enumerate(space.axes):
        for setting in axis.settings:
            table[setting.path] = np.array(_cells(setting))[index[:, place]]
    table["feasible"] = (worst <= 0.0).astype(np.int64)
    table["violation"] = worst
    for entry in metrics_of(space.models):
        table[entry.name] = _metric_cells(metrics[entry.name], _metric_kind(entry.name))
    return table


def _axis_column(axis: Axis, setting: Setting) -> Column:
    cells = _cells(setting)
    kind = "text"
    if setting.is_numeric:
        kind = "int" if all(isinstance(cell, int) for cell in cells) else "float"
    role, meaning = "axis", "Axis of the space"
    if setting is not axis:
        role, meaning = "tied", f"Follows {axis.path}"
    return Column(
        setting.path,
        kind,
        unit_of(setting.leaves[0]) if setting.is_numeric else "",
        role,
        0,
        f"{meaning}; sets {', '.join(setting.leaves)}.",
        dict(zip(setting.texts, cells, strict=True)),
    )


def _cells(setting: Setting) -> list[Any]:
    """What the cells hold for each choice: the SI number of a numeric field, else the text."""
    return list(setting.values) if setting.is_numeric else list(setting.texts)


def unit_of(leaf: str) -> str:
    """Unit of the dataclass field at a path, by the end of its name; empty for pure numbers."""
    field = leaf.rsplit(".", 1)[-1]
    return next(
        (unit for suffix, unit in _SUFFIX_UNITS if re.search(rf"(^|_){suffix}$", field)), ""
    )


def _metric_kind(name: str) -> str:
    if name.endswith("_bound"):
        return "text"
    return "int" if name in ("fits", "buildable") else "float"


def _metric_cells(values: Array, kind: str) -> npt.NDArray[Any]:
    if kind == "text":
        return np.array(BOUNDS)[values.astype(np.int64)]
    return values.astype(np.int64) if kind == "int" else values
