"""A tornado chart: what one step along each axis does to each objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.quantity import format_metric, metric_title
from dse.report.sensitivity import SensitivityView, short_path
from dse.report.style import FRONT, STAIRS, rc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dse.advise import Move

__all__ = ["tornado_figure"]

_BAR = 0.36
_GREY = "#444444"
# By whether a neighbour is the next choice: colour of the bars, and its name.
_SIDES = {False: (STAIRS, "← previous choice"), True: (FRONT, "next choice →")}
# Style of what cannot be built.
_UNBUILDABLE: dict[str, Any] = {"alpha": 0.35, "hatch": "////"}


def tornado_figure(view: SensitivityView) -> Figure:
    """Draw one pane per objective and two bars per axis: to the previous and to the next choice.

    All panes have one scale. Bars of neighbours that cannot be built are pale and hatched. Axes
    are sorted by their largest change of any objective, the largest at the top.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    axes_of = _sorted(view)
    objectives = view.space.objectives
    with rc():
        size = (3.4 + 2.6 * len(objectives), 1.7 + 0.42 * len(axes_of))
        figure = Figure(figsize=size, layout="constrained")
        panes = figure.subplots(1, len(objectives), sharex=True, sharey=True, squeeze=False)[0]
        for axes, name in zip(panes, objectives, strict=True):
            _draw(axes, view, name, axes_of)
        panes[0].margins(x=0.22)
        panes[0].set_yticks(range(len(axes_of)), [_label(moves) for moves in axes_of])
        panes[0].set_ylim(len(axes_of) - 0.4, -0.6)
        handles = [Patch(color=colour, label=label) for colour, label in _SIDES.values()]
        if not all(map(_is_buildable, view.result.moves)):
            handles.append(Patch(facecolor=_GREY, label="cannot be built", **_UNBUILDABLE))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        title = f"{view.space.title}: one step away from the design ({view.at})"
        figure.suptitle(title, x=0.008, ha="left", fontsize=11, weight="bold")
    return figure


def _sorted(view: SensitivityView) -> list[list[Move]]:
    """Moves by axis, the axis that changes an objective most first."""
    grouped: dict[str, list[Move]] = {}
    for move in view.result.moves:
        grouped.setdefault(move.axis.path, []).append(move)

    def largest(moves: Sequence[Move]) -> float:
        return max(abs(_change(view, move, n)) for move in moves for n in view.space.objectives)

    return sorted(grouped.values(), key=largest, reverse=True)


def _change(view: SensitivityView, move: Move, name: str) -> float:
    """Change of an objective, %; 0 where it has no number."""
    before = view.result.metrics[name]
    change = 100.0 * (move.metrics[name] / before - 1.0) if before else 0.0
    return change if math.isfinite(change) else 0.0


def _label(moves: Sequence[Move]) -> str:
    """Name of the axis, and its choices at the design and beside it."""
    axis, place = moves[0].axis, moves[0].start
    texts = [axis.texts[place]]
    for move in moves:
        if move.end > place:
            texts.append(f"→ {axis.texts[move.end]}")
        else:
            texts.insert(0, f"{axis.texts[move.end]} ←")
    return f"{short_path(axis.path)}\n{' '.join(texts)}"


def _draw(axes: Axes, view: SensitivityView, name: str, groups: Sequence[Sequence[Move]]) -> None:
    for is_next, (colour, _) in _SIDES.items():
        for is_buildable in (True, False):
            style = {} if is_buildable else _UNBUILDABLE
            places = [
                (row + (0.5 if is_next else -0.5) * _BAR, _change(view, move, name))
                for row, moves in enumerate(groups)
                for move in moves
                if (move.end > move.start) == is_next and _is_buildable(move) == is_buildable
            ]
            rows, widths = [row for row, _ in places], [width for _, width in places]
            bars = axes.barh(rows, widths, height=_BAR, color=colour, **style)
            texts = [_percent(width) for width in widths]
            axes.bar_label(bars, texts, padding=2.0, fontsize=6.5, color=_GREY)
    axes.axvline(0.0, color=_GREY, linewidth=0.8)
    here = format_metric(name, view.result.metrics[name])
    axes.set_title(f"{metric_title(name)}\n{here} at the design", fontsize=9.0, loc="left")
    axes.set_xlabel("Change [%]")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", labelsize=7.5, length=0)


def _is_buildable(move: Move) -> bool:
    return move.metrics["buildable"] > 0.0


def _percent(change: float) -> str:
    """Text of a change; none where it rounds to nothing."""
    text = f"{change:+.0f}" if abs(change) >= 10.0 else f"{change:+.1f}"
    return "" if float(text) == 0.0 else text.replace("-", "\N{MINUS SIGN}")
