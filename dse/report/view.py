"""`FrontView`: what a picture or a table of a front shows, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dse.cost.metric import metric
from dse.report.quantity import metric_title
from dse.units import dimension_of, format_quantity

if TYPE_CHECKING:
    from dse.space import Target

__all__ = ["ChipPoint", "FrontView", "staircase", "target_text", "target_title"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChipPoint:
    """A real chip on the same axes.

    Parameters
    ----------
    name, title : str
        Key in the library, and label.
    values : mapping of str to float
        Its metrics, SI.
    is_base : bool
        Whether the space varies this very chip.
    """

    name: str
    title: str
    values: Mapping[str, float]
    is_base: bool = False


@dataclass(frozen=True, slots=True)
class FrontView:
    """A run as pictures and tables see it.

    Parameters
    ----------
    title, subtitle : str
        What was searched; for which models and which request.
    columns : mapping of str to ndarray
        Metrics of the n designs that were kept, each of shape (n,), SI.
    feasible, front : ndarray
        Which designs meet every target, and which of them are non-dominated in all objectives;
        bool, shape (n,).
    knee : int or None
        Index of the knee; None when the front is empty.
    objectives : tuple of str
        Metrics that the front trades.
    targets : tuple of Target
        Limits.
    chips : tuple of ChipPoint
        Real chips to compare with.
    designs : ndarray
        Numbers of the designs, (n,); empty where nobody asks for them.
    """

    title: str
    subtitle: str
    columns: Mapping[str, Array]
    feasible: Mask
    front: Mask
    knee: int | None
    objectives: tuple[str, ...]
    targets: tuple[Target, ...] = ()
    chips: tuple[ChipPoint, ...] = ()
    designs: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def limits_of(self, name: str) -> tuple[Target, ...]:
        """Targets on one metric."""
        return tuple(target for target in self.targets if target.metric == name)


def staircase(view: FrontView, x: str, y: str) -> npt.NDArray[np.intp]:
    """Indices of the front in two metrics alone, in the order of the first.

    Parameters
    ----------
    view : FrontView
        The run; only its feasible designs with finite metrics take part.
    x, y : str
        Metrics; each counts in its own sense (`Metric.sense`).

    Returns
    -------
    ndarray
        Indices (m,) into the designs; of equal designs the first is taken.
    """
    across = _minimised(view, x)
    up = _minimised(view, y)
    usable = np.flatnonzero(view.feasible & np.isfinite(across) & np.isfinite(up))
    order = usable[np.lexsort((up[usable], across[usable]))]
    heights = up[order]
    best_before = np.minimum.accumulate(np.concatenate(([np.inf], heights[:-1])))
    return order[heights < best_before] if order.size else order


def _minimised(view: FrontView, name: str) -> Array:
    """The metric with its sign turned so that less is better."""
    values = view.columns[name]
    return -values if metric(name).sense > 0 else values


def target_title(target: Target) -> str:
    """Write a target in words, for pictures.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> target_title(SimpleNamespace(metric="tpot_s", limit=0.1, sense=-1))
    'time per output token ≤ 100 ms'
    """
    title = metric_title(target.metric)
    if not title[:2].isupper():
        title = title[0].lower() + title[1:]
    text = target_text(target).replace(target.metric, title)
    return text.replace("<=", "≤").replace(">=", "≥")


def target_text(target: Target) -> str:
    """Write a target as its file does.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> target_text(SimpleNamespace(metric="tpot_s", limit=0.1, sense=-1))
    'tpot_s <= 100 ms'
    """
    if (target.metric, target.limit) == ("memory_free_bytes", 0.0):
        return "fits the DRAM"
    if target.metric == "buildable":
        return "can be built"
    sign = "<=" if target.sense < 0 else ">="
    limit = format_quantity(target.limit, dimension_of(metric(target.metric).unit))
    return f"{target.metric} {sign} {limit}"
