"""A decode that goes on for minutes, as a picture: rate, power and temperatures against time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.style import CHIP, CLOUD, FRONT, KNEE, STAIRS, TARGET, rc
from dse.report.sustained import SustainedView, format_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["sustained_figure"]


def sustained_figure(view: SustainedView) -> Figure:
    """Draw rate, power and temperatures against time, one below the other.

    Returns
    -------
    Figure
        7.4 x 6.6 inch, not yet saved; without temperatures where the device has no thermal path.
    """
    from matplotlib.figure import Figure

    has_heat = view.device.thermal is not None
    with rc():
        figure = Figure(figsize=(7.4, 6.6 if has_heat else 4.4), layout="constrained")
        axes = figure.subplots(3 if has_heat else 2, 1, sharex=True, squeeze=False)[:, 0]
        figure.suptitle(view.title, x=0.008, ha="left", fontsize=11, weight="bold")
        axes[0].set_title(
            _subtitle(view), loc="left", fontsize=8, weight="normal", color="#444444"
        )
        minutes = np.ravel(view.curve.seconds) / 60.0
        _draw_rate(axes[0], view, minutes)
        _draw_power(axes[1], view, minutes)
        if has_heat:
            _draw_heat(axes[2], view, minutes)
        axes[-1].set(xlabel="Time [min]", xlim=(0.0, minutes[-1]))
        for each in axes:
            _mark_throttling(each, view, minutes[-1])
            each.legend(loc="upper right", bbox_to_anchor=(1.0, 1.0), framealpha=0.9, frameon=True)
    return figure


def _subtitle(view: SustainedView) -> str:
    text = f"in {view.device.title}, continuous decode from a cold start"
    if view.one("throttle_s") >= float(view.curve.seconds.max()):
        return text
    return f"{text}; the clock falls at the dotted line, the rate at the dash-dotted one"


def _draw_rate(axes: Axes, view: SustainedView, minutes: Any) -> None:
    rate = np.ravel(view.curve.tok_s)
    axes.plot(minutes, rate, color=FRONT, linewidth=2.0, label="decode rate")
    kept = view.one("sustained_tok_s")
    axes.axhline(
        kept, color=FRONT, linewidth=0.9, linestyle=":", label=f"in the end {format_rate(kept)}"
    )
    pausing = view.one("pausing_tok_s")
    text = f"by pauses alone {format_rate(pausing)}"
    axes.axhline(pausing, color=CLOUD, linewidth=0.9, linestyle="--", label=text)
    axes.set(ylabel="Rate [tok/s]", ylim=(0.0, 1.6 * float(rate.max())))


def _draw_power(axes: Axes, view: SustainedView, minutes: Any) -> None:
    chip = np.ravel(view.curve.chip_w)
    device = np.ravel(view.device.device_w(view.curve.chip_w))
    axes.plot(minutes, device, color=CHIP, linewidth=1.2, label="whole device")
    axes.plot(minutes, chip, color=STAIRS, linewidth=2.0, label="chip and memory")
    axes.set(ylabel="Power [W]", ylim=(0.0, 1.6 * float(device.max())))


def _draw_heat(axes: Axes, view: SustainedView, minutes: Any) -> None:
    path = view.device.thermal
    if path is None:
        return
    package, skin = np.ravel(view.curve.package_degc), np.ravel(view.curve.skin_degc)
    axes.plot(minutes, package, color=STAIRS, linewidth=1.6, label="package")
    axes.plot(minutes, skin, color=KNEE, linewidth=2.0, label="skin, hottest spot")
    text = f"limit of the skin, {path.skin_limit_degc:g} °C"
    axes.axhline(path.skin_limit_degc, color=TARGET, linewidth=0.9, linestyle="--", label=text)
    low, high = path.ambient_degc, float(max(package.max(), path.skin_limit_degc))
    axes.set(ylabel="Temperature [°C]", ylim=(low, high + 0.5 * (high - low)))


def _mark_throttling(axes: Axes, view: SustainedView, last: float) -> None:
    for name, style in (("throttle_s", ":"), ("slows_s", "-.")):
        moment = view.one(name) / 60.0
        if moment < last:
            axes.axvline(moment, color="#444444", linewidth=0.8, linestyle=style)
