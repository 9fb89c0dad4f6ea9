"""Picture of searches against exact fronts: how near, after how many evaluations and seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dse.report.search_bench import SAMPLER_TITLES
from dse.report.style import CHIP, CLOUD, FRONT, KNEE, STAIRS, TARGET, rc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dse.search.bench import Run, SearchBench

__all__ = ["search_figure"]

Array = npt.NDArray[np.float64]

# Colour and dashes of each sampler: told apart without colour, too.
_STYLES = {
    "dse": (KNEE, "-", 2.2),
    "random": (CHIP, ":", 1.2),
    "qmc": (CLOUD, "--", 1.2),
    "nsga2": (FRONT, "-", 1.2),
    "nsga3": (STAIRS, "-.", 1.2),
    "tpe": (TARGET, (0, (5, 1, 1, 1, 1, 1)), 1.6),
}
# The axis of the missing share ends here: less is as good as all.
_FLOOR = 1e-4
_PLACES = 200


def search_figure(result: SearchBench) -> Figure:
    """Draw the share of the exact hypervolume that is still missing, a row per space.

    Parameters
    ----------
    result : SearchBench
        All runs.

    Returns
    -------
    Figure
        9 inch wide, 2.9 inch per space; not yet saved.
    """
    from matplotlib.figure import Figure

    rows = len(result.truths)
    with rc():
        figure = Figure(figsize=(9.0, 0.8 + 2.9 * rows), layout="constrained")
        grid = figure.subplots(rows, 2, squeeze=False, sharey=True)
        for pair, truth in zip(grid, result.truths, strict=True):
            for axes, which in zip(pair, ("evaluations", "seconds"), strict=True):
                _draw(axes, result, truth.space.name, which)
            seeds = len(result.of(truth.space.name, "dse"))
            pair[0].set_title(
                f"{truth.space.name}: {truth.space.size:,} designs, {seeds} seeds", loc="left"
            )
            pair[0].set_ylabel("Hypervolume missing [%]   ← better")
        grid[-1][0].set_xlabel("Evaluations")
        grid[-1][1].set_xlabel("Time [s]")
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw(axes: Axes, result: SearchBench, space: str, which: str) -> None:
    """Draw median and spread over the seeds of every sampler."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for name, (colour, dashes, width) in _STYLES.items():
        runs = result.of(space, name)
        places = _places(runs, which)
        missing = 100.0 * np.maximum(1.0 - _ratios(runs, which, places), _FLOOR)
        label = SAMPLER_TITLES[name]
        axes.plot(
            places, np.median(missing, axis=0), color=colour, ls=dashes, lw=width, label=label
        )
        low, high = missing.min(axis=0), missing.max(axis=0)
        axes.fill_between(places, low, high, color=colour, alpha=0.10, lw=0.0)
    axes.axhline(0.1, color="#777777", lw=0.8)
    axes.text(
        0.01, 0.1, "99.9 % reached", transform=axes.get_yaxis_transform(), fontsize=7.5, va="top"
    )
    axes.set(xscale="log", yscale="log", ylim=(100.0 * _FLOOR, 130.0))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _places(runs: tuple[Run, ...], which: str) -> Array:
    """Places of an axis up to where the first of the runs ends."""
    tracks = [np.asarray(getattr(run, which), dtype=np.float64) for run in runs]
    last = min(float(track[-1]) for track in tracks)
    first = 10.0 if which == "evaluations" else min(float(track[track > 0][0]) for track in tracks)
    return np.geomspace(min(first, last), last, _PLACES)


def _ratios(runs: tuple[Run, ...], which: str, places: Array) -> Array:
    """Ratio of each run at each place, shape (runs, places)."""
    found = []
    for run in runs:
        at = np.searchsorted(getattr(run, which), places * (1.0 + 1e-12), side="right") - 1
        found.append(run.ratios[np.maximum(at, 0)])
    return np.array(found)
