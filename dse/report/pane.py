"""`Pane`: one pair of metrics on one axes, drawn layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.report.labels import Label, place_labels
from dse.report.quantity import Scale, axis_scale
from dse.report.style import (
    CHIP,
    CLOUD,
    FRONT,
    KNEE,
    MISSED,
    SMALL_CHIP,
    STAIRS,
    TARGET,
    axis_label,
    set_axis,
    spans_decades,
)
from dse.report.view import FrontView, staircase

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Pane", "columns_of"]

Array = npt.NDArray[np.float64]

# Beyond this many points a cloud shows no more; they are thinned evenly.
_MAX_CLOUD = 200_000
# A front of fewer points than this gets larger markers.
_FEW = 100
# One of more points gets markers without edges, which would cover one another.
_MANY = 3000
# The cloud may stretch the axes beyond the rest by this share of its points at each end.
_CLOUD_TAIL = 0.02


class Pane:
    """One pair of metrics on one axes; values are divided by the units of the axes.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    view : FrontView
        The run.
    x, y : str
        Metrics of the axes.
    """

    def __init__(self, axes: Axes, view: FrontView, x: str, y: str) -> None:
        self.axes, self.view, self.x, self.y = axes, view, x, y
        self.stairs = staircase(view, x, y)
        self.x_scale, self.y_scale = self._scale(x), self._scale(y)

    def draw(self, colour: str | None = None) -> None:
        """Draw every layer; `colour` names the metric that colours the front."""
        self._draw_targets()
        self._draw_cloud()
        self._draw_front(colour)
        self._draw_chips()
        self._draw_knee()

    def set_axes(self, x_label: bool = True, y_label: bool = True, most_ticks: int = 9) -> None:
        """Set ranges, scales and labels, once everything is drawn."""
        across, up = self._visible().T
        x_text = axis_label(self.x, self.x_scale) if x_label else ""
        y_text = axis_label(self.y, self.y_scale) if y_label else ""
        set_axis(self.axes, "x", across, x_text, most_ticks)
        set_axis(self.axes, "y", up, y_text, most_ticks)
        self.axes.tick_params(labelbottom=x_label, labelleft=y_label)

    def write_labels(self) -> None:
        """Name the knee, the targets and the real chips; limits and layout must be final."""
        labels = []
        if self.view.knee is not None:
            x, y = self._points(np.array([self.view.knee]))[0]
            labels.append(Label(x, y, "knee", KNEE))
        chips = [
            Label(x, y, chip.title, CHIP if chip.values["fits"] else SMALL_CHIP)
            for chip, (x, y) in zip(self.view.chips, self._chip_points(), strict=True)
            if np.isfinite([x, y]).all()
        ]
        labels += sorted(chips, key=lambda label: label.colour == SMALL_CHIP)
        obstacles = np.vstack([self._points(np.flatnonzero(self.view.front)), self._chip_points()])
        place_labels(self.axes, labels, obstacles[np.isfinite(obstacles).all(axis=1)])

    def _scale(self, name: str) -> Scale:
        """Unit of an axis, read off the front where there is one."""
        values = self.view.columns[name]
        shown = values[self.view.front] if self.view.front.any() else values
        return axis_scale(name, shown.tolist())

    def _points(self, chosen: npt.NDArray[Any]) -> Array:
        """Chosen designs in the units of the axes, shape (k, 2)."""
        across = self.view.columns[self.x][chosen] / self.x_scale.factor
        up = self.view.columns[self.y][chosen] / self.y_scale.factor
        return np.column_stack([across, up])

    def _chip_points(self) -> Array:
        """Real chips in the units of the axes, shape (c, 2)."""
        rows = [
            (chip.values[self.x] / self.x_scale.factor, chip.values[self.y] / self.y_scale.factor)
            for chip in self.view.chips
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def _draw_cloud(self) -> None:
        """Dot every design, those that miss a target in grey; rasterised to keep files small."""
        for mask, colour, label, order in (
            (~self.view.feasible, MISSED, "misses a target", 1),
            (self.view.feasible & ~self.view.front, CLOUD, "meets all targets", 2),
        ):
            chosen = np.flatnonzero(mask)
            chosen = chosen[:: max(1, chosen.size // _MAX_CLOUD)]
            if chosen.size:
                self.axes.scatter(
                    *columns_of(self._points(chosen)),
                    s=9.0 if chosen.size < 2000 else 3.0,
                    c=colour,
                    alpha=0.5,
                    linewidths=0,
                    rasterized=True,
                    zorder=order,
                    label=label,
                )

    def _draw_front(self, colour: str | None) -> None:
        """Draw the whole front as markers, and the front of these two metrics as a line."""
        members = np.flatnonzero(self.view.front)
        if not members.size:
            return
        if colour is not None and np.ptp(self.view.columns[colour][members]) == 0.0:
            colour = None  # one value needs no scale of colours
        style: dict[str, Any] = {"c": FRONT} if colour is None else self._colours(colour, members)
        dots = self.axes.scatter(
            *columns_of(self._points(members)),
            zorder=4,
            label="front of all objectives",
            **(style | _marker(members.size)),
        )
        # The line runs over the dots: with many objectives they would hide it.
        self._draw_stairs(linewidth=1.6, zorder=5)
        if colour is not None:
            self._draw_colour_bar(dots, colour)

    def _draw_stairs(self, *, linewidth: float, zorder: int) -> None:
        """Draw the front of these two metrics, unless it is one point."""
        points = self._points(self.stairs)
        if len(np.unique(points, axis=0)) > 1:
            self.axes.plot(
                *columns_of(points),
                color=STAIRS,
                linewidth=linewidth,
                drawstyle="steps-post",
                zorder=zorder,
                label="front of these two",
            )

    def _colours(self, colour: str, members: npt.NDArray[Any]) -> dict[str, Any]:
        from matplotlib.colors import LogNorm, Normalize

        values = self.view.columns[colour][members]
        values = values / axis_scale(colour, values.tolist()).factor
        norm = LogNorm() if spans_decades(values) else Normalize()
        return {"c": values, "cmap": "viridis", "norm": norm}

    def _draw_colour_bar(self, dots: Any, colour: str) -> None:
        """Explain the colours beside the axes."""
        from matplotlib.ticker import FuncFormatter

        figure = self.axes.get_figure(root=True)
        assert figure is not None  # noqa: S101 - axes that are drawn belong to a figure
        scale = axis_scale(colour, self.view.columns[colour][self.view.front].tolist())
        plain = FuncFormatter(lambda value, _: f"{value:g}")
        bar = figure.colorbar(dots, ax=self.axes, pad=0.015, fraction=0.05, format=plain)
        bar.set_label(axis_label(colour, scale))
        bar.outline.set_visible(False)

    def _draw_targets(self) -> None:
        """Draw each target on these metrics as a line, its forbidden side shaded."""
        for name, scale, draw_line, draw_span in (
            (self.x, self.x_scale, self.axes.axvline, self.axes.axvspan),
            (self.y, self.y_scale, self.axes.axhline, self.axes.axhspan),
        ):
            for target in self.view.limits_of(name):
                limit = target.limit / scale.factor
                # Far beyond any axis; a logarithmic one has no zero.
                far = limit * 1e9 if target.sense < 0 else limit * 1e-9
                draw_span(*sorted((limit, far)), color=TARGET, alpha=0.1, zorder=0, linewidth=0)
                draw_line(
                    limit,
                    color=TARGET,
                    linewidth=1.2,
                    linestyle=(0, (5, 3)),
                    zorder=2,
                    label="target, far side shaded",
                )

    def _draw_chips(self) -> None:
        """Draw real chips; those whose DRAM is too small in grey."""
        points, chips = self._chip_points(), self.view.chips
        base = np.array([chip.is_base for chip in chips], dtype=bool)
        fits = np.array([chip.values["fits"] > 0.0 for chip in chips], dtype=bool)
        for chosen, colour, marker, label in (
            (~fits & ~base, SMALL_CHIP, "D", "real chip, DRAM too small"),
            (fits & ~base, CHIP, "D", "real chip"),
            (base, CHIP, "s", "base chip of the space"),
        ):
            if chosen.any():
                self.axes.scatter(
                    *columns_of(points[chosen]),
                    s=24,
                    marker=marker,
                    c="white",
                    edgecolors=colour,
                    linewidths=1.0,
                    zorder=6,
                    label=label,
                )

    def _draw_knee(self) -> None:
        if self.view.knee is not None:
            self.axes.scatter(
                *columns_of(self._points(np.array([self.view.knee]))),
                s=130,
                marker="*",
                c=KNEE,
                edgecolors="white",
                linewidths=0.6,
                zorder=7,
                label="knee",
            )

    def _visible(self) -> Array:
        """Points that the axes must hold, shape (k, 2): all but the far tails of the cloud."""
        held = [self._points(np.flatnonzero(self.view.front)), self._chip_points()]
        cloud = self.view.feasible if self.view.feasible.any() else ~self.view.feasible
        points = self._points(np.flatnonzero(cloud))
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            held.append(np.quantile(points, [_CLOUD_TAIL, 1.0 - _CLOUD_TAIL], axis=0))
        held.append(self._limits(held[0]))
        together = np.vstack(held)
        return together[np.isfinite(together).all(axis=1)]

    def _limits(self, front: Array) -> Array:
        """Targets as points, so that their lines are within the picture."""
        middle = np.median(front, axis=0) if len(front) else np.full(2, np.nan)
        rows = [(t.limit / self.x_scale.factor, middle[1]) for t in self.view.limits_of(self.x)]
        rows += [(middle[0], t.limit / self.y_scale.factor) for t in self.view.limits_of(self.y)]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)


def columns_of(points: Array) -> tuple[Array, Array]:
    """The x and the y of points (k, 2)."""
    return points[:, 0], points[:, 1]


def _marker(count: int) -> dict[str, Any]:
    """Style of the markers of a front of so many points."""
    if count < _FEW:
        return {"s": 30.0, "edgecolors": "black", "linewidths": 0.5}
    if count < _MANY:
        return {"s": 14.0, "edgecolors": "white", "linewidths": 0.3}
    return {"s": 5.0, "linewidths": 0.0, "rasterized": True}
