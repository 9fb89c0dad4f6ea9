"""DRAM traffic of a model against on-chip memory: table, document, schema and picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dse.report.schema_parts import REAL, TEXT, Schema, many, record
from dse.report.style import FRONT, KNEE, STAIRS, rc
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["TrafficView", "traffic_document", "traffic_figure", "traffic_schema", "traffic_table"]

Values = npt.NDArray[np.float64]
_PHASES = ("prefill", "decode")
_CURVES = ("modelled", "bound", "compulsory")
_TITLES = {"prefill": "Prefill of the whole prompt", "decode": "One mean decode step"}


@dataclass(frozen=True)
class TrafficView:
    """Bytes to and from DRAM by capacity of the near side.

    Parameters
    ----------
    model, title, scenario : str
        The model's name and title, and the scenario's name.
    asked : str
        Lengths, batch and formats, in words.
    capacity_bytes : ndarray
        SRAM and cache, B, (n,).
    curves : dict
        For ``prefill`` and ``decode``, the curves ``modelled``, ``bound`` and ``compulsory``; B.
    """

    model: str
    title: str
    scenario: str
    asked: str
    capacity_bytes: Values
    curves: dict[str, dict[str, Values]]


def traffic_table(view: TrafficView) -> Table:
    """A row per capacity."""
    columns = [Column("SRAM [MiB]", is_number=True)]
    columns += [
        Column(f"{phase} {curve} [GB]", is_number=True) for phase in _PHASES for curve in _CURVES
    ]
    rows = []
    for i, room in enumerate(view.capacity_bytes):
        values = [float(view.curves[phase][curve][i]) for phase in _PHASES for curve in _CURVES]
        cells = [f"{value / 1e9:.4g}" for value in values]
        rows.append((f"{room / 2.0**20:.4g}", *cells))
    note = "bound: what no tiling can go below, fused or not; compulsory: with room for all"
    return Table(
        tuple(columns),
        tuple(rows),
        title=f"DRAM traffic of {view.title}",
        notes=(view.asked, note),
    )


def traffic_document(view: TrafficView) -> dict[str, Any]:
    """``dse.traffic/1``."""
    return {
        "schema": "dse.traffic/1",
        "model": view.model,
        "scenario": view.scenario,
        "capacity_bytes": view.capacity_bytes.tolist(),
        **{
            phase: {f"{name}_bytes": view.curves[phase][name].tolist() for name in _CURVES}
            for phase in _PHASES
        },
    }


def traffic_schema() -> Schema:
    """Describe `traffic_document`."""
    phase = record({f"{name}_bytes": many(REAL) for name in _CURVES})
    return record(
        {
            "model": TEXT,
            "scenario": TEXT,
            "capacity_bytes": many(REAL),
            **dict.fromkeys(_PHASES, phase),
        }
    )


def traffic_figure(view: TrafficView) -> Figure:
    """Draw both phases side by side on logarithmic axes; 8.6 x 3.8 inch, not yet saved."""
    from matplotlib.figure import Figure

    with rc():
        figure = Figure(figsize=(8.6, 3.8), layout="constrained")
        figure.suptitle(
            f"DRAM traffic of {view.title}",
            x=0.008,
            ha="left",
            fontsize=11,
            weight="bold",
        )
        for axes, phase in zip(figure.subplots(1, 2), _PHASES, strict=True):
            _draw(axes, view, phase)
        figure.supxlabel(view.asked, x=0.008, ha="left", fontsize=8, color="#444444")
    return figure


def _draw(axes: Axes, view: TrafficView, phase: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    room = view.capacity_bytes / 2.0**20
    curves = {name: values / 1e9 for name, values in view.curves[phase].items()}
    axes.plot(room, curves["modelled"], color=FRONT, linewidth=2.0, label="modelled")
    axes.plot(room, curves["bound"], color=KNEE, linewidth=1.4, label="lower bound")
    label = "compulsory"
    axes.plot(room, curves["compulsory"], color=STAIRS, linestyle="--", linewidth=1.2, label=label)
    low, high = float(curves["compulsory"].min()), float(curves["modelled"].max())
    axes.set(xscale="log", yscale="log", xlim=(room[0], room[-1]), ylim=(low / 1.5, high * 1.5))
    axes.xaxis.set_major_locator(LogLocator(base=4.0, numticks=12))
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=12))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_title(_TITLES[phase], loc="left", fontsize=9, weight="normal")
    axes.set(xlabel="SRAM and cache [MiB]", ylabel="DRAM traffic [GB]")
    axes.legend(loc="upper right")
