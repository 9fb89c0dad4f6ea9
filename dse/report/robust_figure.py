"""Picture of a front under uncertain numbers: bars of what is likely, and how robust it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.pareto import thin
from dse.report.figures import framed
from dse.report.pane import Pane, columns_of
from dse.report.robust import RobustView
from dse.report.style import FRONT, KNEE
from dse.report.view import FrontView

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["robust_figure"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

# Designs that get bars; with more, nobody would see whose they are.
_BARS = 6
# Area of a marker that is never on the front, and what being always there adds, points squared.
_LEAST_AREA, _MORE_AREA = 4.0, 130.0
_LEGEND = (0.1, 0.5, 0.9)
_BAR = "#777777"
_MEANING = "all requirements met, and dominated by no design that meets them"


def robust_figure(view: FrontView, robust: RobustView, x: str, y: str) -> Figure:
    """Draw the front in two metrics, each design as large as it is often on the front.

    Bars from the 5th to the 95th percentile stand at designs that span the front; along a metric
    that is no objective there are none. What else was tried is left to `front_figure`.

    Parameters
    ----------
    view : FrontView
        The run, without real chips.
    robust : RobustView
        What was found of its front.
    x, y : str
        Metrics of the axes.
    """
    told = f"{robust.result.draws} draws of the numbers; on the front: {_MEANING}"
    own = replace(view, subtitle=f"{view.subtitle}\n{told}")
    return framed(own, lambda axes: _RobustPane(axes, own, robust, x, y))


class _RobustPane(Pane):
    """A pane whose markers tell robustness instead of a third metric."""

    def __init__(self, axes: Axes, view: FrontView, robust: RobustView, x: str, y: str) -> None:
        super().__init__(axes, view, x, y)
        self.robust = robust
        self._barred = self._spanning()

    def _draw_cloud(self) -> None:
        """Leave out what else was tried: it hides the bars."""

    def _draw_front(self, colour: str | None) -> None:
        result = self.robust.result
        front, others = np.flatnonzero(result.is_front), np.array(self.robust.others, dtype=int)
        self._draw_stairs(linewidth=1.2, zorder=3)
        self._draw_bars()
        self._draw_markers(front, FRONT, "black", "front as stated")
        if others.size and self._has_both():
            label = "other that takes over"
            self._draw_markers(others, "none", KNEE, label)
        for share in _LEGEND:
            label = f"on it in {100 * share:.0f} % of draws"
            style: dict[str, Any] = {"c": FRONT, "edgecolors": "black", "linewidths": 0.4}
            self.axes.scatter([], [], s=_area(np.array([share])), label=label, **style)

    def _has_both(self) -> bool:
        return {self.x, self.y} <= set(self.robust.space.objectives)

    def _draw_markers(self, places: Index, face: str, edge: str, label: str) -> None:
        """Draw designs of the results, each as large as its share."""
        chosen = places[np.argsort(-self.robust.result.on_front[places])]  # the small ones on top
        points = self._of_results(chosen)
        self.axes.scatter(
            *columns_of(points),
            s=_area(self.robust.result.on_front[chosen]),
            c=face,
            alpha=0.75 if face != "none" else None,
            edgecolors=edge,
            linewidths=0.4 if face != "none" else 0.9,
            zorder=5,
            label=label,
        )

    def _draw_bars(self) -> None:
        at = self._of_results(self._barred)
        bars = {
            f"{axis}err": self._beyond(name, scale.factor, at[:, column])
            for column, (axis, name, scale) in enumerate(self._axes())
            if name in self.robust.space.objectives
        }
        if bars:
            self.axes.errorbar(
                *columns_of(at),
                xerr=bars.get("xerr"),
                yerr=bars.get("yerr"),
                fmt="none",
                ecolor=_BAR,
                elinewidth=0.8,
                capsize=2.0,
                capthick=0.8,
                zorder=4,
                label=f"5 to 95 % of draws, at {len(at)} designs",
            )

    def _axes(self) -> tuple[tuple[str, str, Any], ...]:
        return (("x", self.x, self.x_scale), ("y", self.y, self.y_scale))

    def _beyond(self, name: str, factor: float, at: Array) -> Array:
        """Length of the bars to both sides, (2, b); none to a side that draws hardly reach."""
        p5, _, p95 = self.robust.result.percentiles[name][self._barred].T / factor
        lengths: Array = np.maximum(0.0, np.stack([at - p5, p95 - at]))
        return lengths

    def _of_results(self, places: Index) -> Array:
        """Designs in the units of the axes, (k, 2); only those of the front may be off them."""
        if self._has_both():
            values = self.robust.result.values
            pairs = [values[name][places] / scale.factor for _, name, scale in self._axes()]
            return np.column_stack(pairs)
        return self._points(self._rows()[places])

    def _rows(self) -> Index:
        """Rows of the view that hold the designs of the front, in the order of the results."""
        rows = np.flatnonzero(self.view.front)
        order = np.argsort(self.view.designs[rows])
        front = self.robust.designs[self.robust.result.is_front]
        found: Index = rows[order[np.searchsorted(self.view.designs[rows][order], front)]]
        return found

    def _spanning(self) -> Index:
        """Places of the designs of the front that get bars, the knee among them."""
        result = self.robust.result
        names = self.robust.space.objectives
        front = np.flatnonzero(result.is_front)
        values = np.column_stack([result.values[name][front] for name in names])
        chosen = front[thin(values, _BARS - 1)] if len(front) > _BARS else front
        if self.view.knee is not None:
            knee = self.robust.place[int(self.view.designs[self.view.knee])]
            chosen = np.union1d(chosen, [knee])
        return chosen

    def _visible(self) -> Array:
        """Points that the axes must hold: designs, targets, and the ends of the bars."""
        at = self._of_results(self._barred)
        front = self._points(np.flatnonzero(self.view.front))
        held = [front, self._limits(front)]
        if self.robust.others and self._has_both():
            held.append(self._of_results(np.array(self.robust.others)))
        for column, (_, name, scale) in enumerate(self._axes()):
            if name in self.robust.space.objectives:
                for end in self.robust.result.percentiles[name][self._barred][:, [0, -1]].T:
                    moved = at.copy()
                    moved[:, column] = end / scale.factor
                    held.append(moved)
        together = np.vstack(held)
        return together[np.isfinite(together).all(axis=1)]


def _area(share: Array) -> Array:
    return _LEAST_AREA + _MORE_AREA * share
