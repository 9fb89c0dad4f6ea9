"""Colours, fonts and axes that every picture shares."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.cost.metric import metric
from dse.report.quantity import Scale, metric_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CHIP",
    "CLOUD",
    "FRONT",
    "KNEE",
    "MISSED",
    "SMALL_CHIP",
    "STAIRS",
    "TARGET",
    "axis_label",
    "rc",
    "set_axis",
    "spans_decades",
]

# Okabe and Ito's colour-blind safe palette (Color Universal Design, 2008), and two greys.
FRONT = "#0072B2"
STAIRS = "#E69F00"
KNEE = "#D55E00"
CLOUD = "#56B4E9"
MISSED = "#BBBBBB"
TARGET = "#CC79A7"
CHIP = "#000000"
SMALL_CHIP = "#777777"

# An axis whose values span more than this is logarithmic.
_LOG_RATIO = 20.0

# `Any`, for what matplotlib types it as has changed between its versions.
_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.which": "major",
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "savefig.facecolor": "white",
    # Titles and names are the user's: a dollar is a dollar.
    "text.parse_math": False,
    # Ids in an SVG derive from this and not from a random number.
    "svg.hashsalt": "dse",
}


def rc() -> AbstractContextManager[None]:
    """Matplotlib settings of the house, for the length of a ``with`` block."""
    import matplotlib as mpl

    return mpl.rc_context(_RC)


def spans_decades(values: Iterable[float]) -> bool:
    """Whether a logarithmic axis suits: all positive, and the largest over 20 x the smallest.

    Examples
    --------
    >>> spans_decades([1.0, 30.0]), spans_decades([1.0, 10.0]), spans_decades([0.0, 30.0])
    (True, False, False)
    """
    array = np.fromiter(values, dtype=np.float64)
    array = array[np.isfinite(array)]
    return bool(array.size and array.min() > 0 and array.max() > _LOG_RATIO * array.min())


def axis_label(name: str, scale: Scale) -> str:
    """Label of an axis: what, in which unit, and which way is better.

    The arrow reads left or right along x; turned with the label of y, it points down or up.

    Examples
    --------
    >>> axis_label("tpot_s", Scale(1e-3, "ms"))
    'Time per output token [ms]   ← better'
    """
    written = scale.unit.replace("mm2", "mm²").replace("us", "µs")
    unit = f" [{written}]" if written else ""
    better = {-1: "   ← better", 0: "", 1: "   better →"}[metric(name).sense]
    return f"{metric_title(name)}{unit}{better}"


def set_axis(
    axes: Axes, which: str, limits: npt.NDArray[np.float64], label: str, most_ticks: int = 9
) -> None:
    """Set scale, range, ticks and label of the x or y axis.

    Parameters
    ----------
    axes : Axes
        Where.
    which : str
        ``x`` or ``y``.
    limits : ndarray
        Values that must be inside, in the axis's unit; a margin is added.
    label : str
        Label; empty for none.
    most_ticks : int
        Numbers that there is room for.
    """
    low, high = _padded(limits)
    is_log = spans_decades(limits)
    if which == "x":
        axes.set(xscale="log" if is_log else "linear", xlim=(low, high), xlabel=label)
    else:
        axes.set(yscale="log" if is_log else "linear", ylim=(low, high), ylabel=label)
    _set_ticks(axes, which, is_log, most_ticks)


def _padded(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Range of the values with 6 % of air on both sides."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if spans_decades(finite):
        air = (high / low) ** 0.06
        return low / air, high * air
    air = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    bottom = low - air
    return (0.0 if low >= 0 > bottom else bottom), high + air


def _set_ticks(axes: Axes, which: str, is_log: bool, most: int) -> None:
    """Write plain numbers at ticks, as many of a decade as there is room for."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if not is_log:
        axis.set_major_locator(MaxNLocator(nbins=min(6, most), steps=[1, 2, 2.5, 5, 10]))
        return
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    choices = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
    subs = next((s for s in choices if decades * len(s) <= most), choices[-1])
    axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=12))
    axis.set_minor_locator(LogLocator(base=10, subs=tuple(range(2, 10)), numticks=12))
    axis.set_minor_formatter(NullFormatter())
