"""The steps as a waterfall: one row per step, one pane per target, from the start to the end."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from dse.cost.metric import BOUNDS, metric
from dse.report.evaluation import scenario_text
from dse.report.quantity import axis_scale, metric_title
from dse.report.steps import StepsView, price_text
from dse.report.style import CHIP, FRONT, KNEE, MISSED, TARGET, rc, set_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["waterfall_figure"]

# Letters of a step beside its row, and of the line below, that fit.
_LETTERS = 34
_LETTERS_PER_INCH = 15.0
_BAR = 0.56
_GREY = "#444444"
_TIMED = ("ttft_s", "tpot_s", "prefill_tok_s", "decode_tok_s")


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What one pane shows: a title with its unit, its value in that unit, limit and sense."""

    title: str
    value: Callable[[Mapping[str, float]], float]
    limit: float
    sense: int
    bound: str = ""


def waterfall_figure(view: StepsView) -> Figure:
    """Draw what each step gained: a bar from the value before it to that after it, per target.

    The dashed line is the target, its far side shaded; a bar towards the good side is blue, one
    away from it orange. At the end of a bar stands what that phase then waits for, where it
    waits for something else than before.

    Parameters
    ----------
    view : StepsView
        At least the start; without any step a single row of dots.
    """
    from matplotlib.figure import Figure

    quantities = _quantities(view)
    rows = len(view.result.taken) + 2
    with rc():
        size = (2.6 + 2.15 * len(quantities) + 2.0, 1.45 + 0.46 * rows)
        figure = Figure(figsize=size, layout="constrained")
        panes = figure.subplots(1, len(quantities), sharey=True, squeeze=False)[0]
        for axes, quantity in zip(panes, quantities, strict=True):
            _draw(axes, view, quantity)
        _name_rows(panes[0], view)
        _write_prices(panes[-1], view)
        figure.suptitle(view.headline, x=0.008, ha="left", fontsize=11, weight="bold")
        text = fill(_below(view), int(size[0] * _LETTERS_PER_INCH))
        figure.supxlabel(text, x=0.008, ha="left", fontsize=8, color=_GREY)
    return figure


def _quantities(view: StepsView) -> list[_Quantity]:
    found = [_of_target(view, place) for place in range(len(view.targets))]

    def share(metrics: Mapping[str, float]) -> float:
        capacity = metrics["memory_bytes"] + metrics["memory_free_bytes"]
        return 100.0 * metrics["memory_bytes"] / capacity

    return [*found, _Quantity("Memory use [% of DRAM]", share, 100.0, -1)]


def _of_target(view: StepsView, place: int) -> _Quantity:
    target = view.targets[place]
    name = target.metric
    states = [taken.after for taken in view.result.taken]
    values = [view.result.start.metrics[name], target.limit, *(each[name] for each in states)]
    scale = axis_scale(name, values)
    unit = f" [{scale.unit.replace('mm2', 'mm²')}]" if scale.unit else ""
    phase = "prefill" if name.startswith(("ttft", "prefill")) else "decode"
    return _Quantity(
        f"{metric_title(name)}{unit}",
        lambda metrics: metrics[name] / scale.factor,
        target.limit / scale.factor,
        metric(name).sense,
        f"{phase}_bound" if name in _TIMED else "",
    )


def _draw(axes: Axes, view: StepsView, quantity: _Quantity) -> None:
    """One pane: limit, bars, and dots at the start and at the end."""
    taken = view.result.taken
    states = [view.result.start.metrics, *(each.after for each in taken)]
    values = np.array([quantity.value(state) for state in states])
    ends = np.array([*values, values[-1]])
    far = quantity.limit * (1e9 if quantity.sense < 0 else 1e-9)
    axes.axvspan(*sorted((quantity.limit, far)), color=TARGET, alpha=0.1, zorder=0, linewidth=0)
    axes.axvline(quantity.limit, color=TARGET, linewidth=1.2, linestyle=(0, (5, 3)), zorder=2)
    for row, (before, after) in enumerate(itertools.pairwise(values), start=1):
        gained = quantity.sense * (after - before) >= 0.0
        axes.barh(
            row, after - before, _BAR, left=before, color=FRONT if gained else KNEE, zorder=3
        )
        axes.plot([before, before], [row - 1, row], color=MISSED, linewidth=0.8, zorder=1)
        axes.plot([after, after], [row - 0.32, row + 0.32], color=CHIP, linewidth=1.4, zorder=4)
        if quantity.bound and states[row - 1][quantity.bound] != states[row][quantity.bound]:
            _say_bound(axes, after, row, BOUNDS[int(states[row][quantity.bound])])
    last = len(values)
    axes.plot([values[-1]] * 2, [last - 1, last], color=MISSED, linewidth=0.8, zorder=1)
    axes.scatter(ends[[0, -1]], [0, last], s=34, c=CHIP, zorder=5)
    set_axis(axes, "x", np.array([*values, quantity.limit]), "", 5)
    axes.set_title(quantity.title, fontsize=8.5, weight="normal", loc="left")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    if quantity.bound:
        _say_bound(axes, values[0], 0, BOUNDS[int(states[0][quantity.bound])])


def _say_bound(axes: Axes, value: float, row: float, name: str) -> None:
    """Write below the end of a bar what the phase waits for."""
    low, high = axes.get_xlim()
    middle = math.sqrt(low * high) if axes.get_xscale() == "log" else (low + high) / 2.0
    aside = -1 if value > middle else 1
    axes.annotate(
        name,
        (value, row),
        xytext=(3 * aside, -10),
        textcoords="offset points",
        ha="right" if aside < 0 else "left",
        va="top",
        fontsize=7.5,
        color=_GREY,
        zorder=6,
    )


def _below(view: StepsView) -> str:
    """What the picture stands on, and what its marks mean."""
    text = (
        f"Start: {scenario_text(view.space.scenario)}. Dashed: target, far side shaded; blue: "
        "towards the target; orange: away from it. Below a bar: what that phase waits for from "
        "there on. At each place stands the step that then comes nearest to all targets together."
    )
    return text if view.result.found.is_measured else f"{text} ~ as stated of other models."


def _name_rows(axes: Axes, view: StepsView) -> None:
    names = [fill(taken.step.title, _LETTERS) for taken in view.result.taken]
    end = "meets all targets" if view.result.is_met else "nearest to the targets"
    labels = ["start", *(f"{place}  {name}" for place, name in enumerate(names, 1)), end]
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _write_prices(axes: Axes, view: StepsView) -> None:
    """Right of the last pane: what each step costs, and all of them together."""
    texts = [price_text(taken) for taken in view.result.taken]
    for row, text in enumerate(["costs", *texts]):
        axes.annotate(
            text.replace("mm2", "mm²"),
            (1.04, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=7.5,
            color=_GREY,
            annotation_clip=False,
        )
