"""Pictures of a front: one pair of metrics in detail, and all pairs side by side.

Matplotlib's object interface only: no global state, no window, the same bytes every time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from dse.report.pane import Pane
from dse.report.style import rc

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    from dse.report.view import FrontView

__all__ = ["PNG_DPI", "framed", "front_figure", "matrix_figure", "save_figure"]

PNG_DPI = 200
# Numbers along an axis of the matrix.
_SMALL_TICKS = 5
# Letters of the subtitle that fit beside each other.
_LETTERS_PER_INCH = 14.5


def front_figure(view: FrontView, x: str, y: str, colour: str | None = None) -> Figure:
    """Draw the front in two metrics over the cloud of designs, with targets and real chips.

    Parameters
    ----------
    view : FrontView
        The run.
    x, y : str
        Metrics of the axes.
    colour : str, optional
        Metric that colours the front; one colour if not given.

    Returns
    -------
    Figure
        7.4 x 5.4 inch, not yet saved.
    """
    return framed(view, lambda axes: Pane(axes, view, x, y), colour)


def framed(
    view: FrontView, make_pane: Callable[[Axes], Pane], colour: str | None = None
) -> Figure:
    """Draw one pane with its title, and its legend below it."""
    from matplotlib.figure import Figure

    with rc():
        figure = Figure(figsize=(7.4, 5.4), layout="constrained")
        axes = figure.add_subplot()
        pane = make_pane(axes)
        pane.draw(colour)
        pane.set_axes()
        _title(figure, view, axes)
        _legend_below(figure, axes)
        figure.draw_without_rendering()
        pane.write_labels()
    return figure


def matrix_figure(view: FrontView) -> Figure:
    """Draw every pair of objectives as a small picture, the lower triangle of a matrix.

    Columns share their x axis and rows their y axis; the marks are those of `front_figure`.
    """
    from matplotlib.figure import Figure

    across, up = view.objectives[:-1], view.objectives[1:]
    with rc():
        size = (max(6.0, 1.2 + 2.7 * len(across)), max(4.6, 1.3 + 2.3 * len(up)))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(up), len(across), squeeze=False)
        for i, y in enumerate(up):
            for j, x in enumerate(across):
                axes = grid[i][j]
                if j > i:
                    axes.set_axis_off()
                    continue
                pane = Pane(axes, view, x, y)
                pane.draw()
                pane.set_axes(i == len(up) - 1, j == 0, _SMALL_TICKS)
        _title(figure, view, grid[0][0])
        if len(across) > 1:
            # The upper triangle is empty: the legend covers nothing there.
            _legend(grid[0][-1], grid[0][0])
        else:
            _legend_below(figure, grid[0][0])
    return figure


def save_figure(figure: Figure, path: Path, kind: str = "") -> None:
    """Write a figure as PNG (200 dpi) or SVG, the same bytes every time.

    `kind` is ``png`` or ``svg``, by default what the name ends in.
    """
    kind = kind or path.suffix.removeprefix(".")
    # No date and no version in the file, or two equal runs would differ.
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with rc():
        figure.savefig(path, dpi=PNG_DPI, format=kind, metadata=metadata)


def _title(figure: Figure, view: FrontView, axes: Axes) -> None:
    """Write the title, and over the first axes what the run stands on."""
    figure.suptitle(view.title, x=0.008, ha="left", fontsize=11, weight="bold")
    text = "\n".join(
        part
        for line in view.subtitle.splitlines()
        for part in wrap(
            line, int(figure.get_figwidth() * _LETTERS_PER_INCH), break_on_hyphens=False
        )
    )
    axes.set_title(text, loc="left", fontsize=8, weight="normal", color="#444444")


def _legend_below(figure: Figure, axes: Axes) -> None:
    """Write the legend of `axes` below everything, where it covers nothing."""
    columns = max(1, int(figure.get_figwidth() / 2.3))
    legend = figure.legend(*_entries(axes), loc="outside lower left", ncols=columns)
    _enlarge(legend)


def _legend(room: Axes, axes: Axes) -> None:
    """Write the legend of `axes` into another, empty axes."""
    legend = room.legend(*_entries(axes), loc="center left")
    legend.set_in_layout(False)
    _enlarge(legend)


def _entries(axes: Axes) -> tuple[list[Artist], list[str]]:
    """Legend entries of the axes, each label once."""
    once: dict[str, Artist] = {}
    for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
        once.setdefault(label, handle)
    return list(once.values()), list(once)


def _enlarge(legend: Legend) -> None:
    """Make the dots of clouds large enough to see their colour."""
    from matplotlib.collections import PathCollection

    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection) and handle.get_sizes()[0] < 20:
            handle.set_sizes([20])
            handle.set_alpha(1.0)
