"""What matters in a design space: tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dse.cost.metric import metric
from dse.report.quantity import format_metric, metric_title
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.advise import Move, Sensitivity
    from dse.space import Space

__all__ = ["SensitivityView", "indices_table", "moves_table", "sentence", "slopes_table"]

# A change below this share of what was there is none to people.
_NOTICED = 5e-3
# What a step between formats costs beside the metrics, where somebody measured it.
_QUALITY = "perplexity_ratio"
# Units whose changes read best as amounts; the others as shares.
_AMOUNTS = ("W", "mm2", "USD")
_TWO = 2.0


@dataclass(frozen=True, slots=True)
class SensitivityView:
    """What was asked, and what was found.

    Parameters
    ----------
    space : Space
        The space.
    at : str
        Which design, in the user's word.
    seed : int
        Seed of everything random.
    metrics : tuple of str
        What a step is weighed by.
    result : Sensitivity
        What was found.
    """

    space: Space
    at: str
    seed: int
    metrics: tuple[str, ...]
    result: Sensitivity

    @property
    def channel_bits(self) -> float:
        """Width of one DRAM channel of the design."""
        chip, _ = self.space.build(self.result.design[:, None])
        return float(np.ravel(chip.dram.type.channel_bits)[0])

    @property
    def design_text(self) -> str:
        """The design as people write it."""
        texts = self.space.texts(self.result.design)
        return ", ".join(f"{short_path(path)} {text}" for path, text in texts.items())


def short_path(path: str) -> str:
    """Path of an axis without what every axis has.

    Examples
    --------
    >>> short_path("chip.units.npu.matrix.rows"), short_path("scenario.kv")
    ('npu.matrix.rows', 'kv')
    """
    return path.removeprefix("chip.").removeprefix("scenario.").removeprefix("units.")


def indices_table(view: SensitivityView) -> Table:
    """First-order and total Sobol indices of each objective, the most important axis first."""
    found, objectives = view.result.indices, view.space.objectives
    total = np.nan_to_num(found.total)
    rows = []
    for place in np.argsort(-total.max(axis=1), kind="stable"):
        cells: list[str] = []
        for column in range(len(objectives)):
            low, high = found.total_interval[:, place, column]
            cells.append(_share(found.first[place, column]))
            cells.append(f"{_share(found.total[place, column])} ({_share(low)}..{_share(high)})")
        rows.append((short_path(view.space.axes[place].path), *cells))
    pairs = (
        Column(f"{name} {kind}", is_number=True)
        for name in objectives
        for kind in ("alone", "in all")
    )
    title = (
        f"{view.space.title}: where the variance of the objectives comes from "
        f"({found.evaluations} designs)"
    )
    notes = [
        "alone: first-order Sobol index; in all: total index, interactions included, "
        "and its 95 % interval",
        "over all of the space, every choice as likely; targets left aside",
    ]
    if any(cell.startswith("-0") for row in rows for cell in row):
        notes.append("an index below 0 is an error of the estimate; --json has all intervals")
    return Table((Column("axis"), *pairs), tuple(rows), title=title, notes=tuple(notes))


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def slopes_table(view: SensitivityView) -> Table:
    """Elasticities at the design."""
    rows = tuple(
        (
            short_path(slope.axis) + (" *" if slope.is_step else ""),
            *(_slope(slope.elasticities[name]) for name in view.metrics),
        )
        for slope in view.result.slopes
    )
    columns = (Column("axis"), *(Column(name, is_number=True) for name in view.metrics))
    met = "meets the targets" if view.result.is_feasible else "misses the targets"
    title = (
        f"at the design ({view.at}; {met}): {view.design_text}\n"
        "elasticities, d log metric / d log parameter"
    )
    notes = ("* comes in whole pieces: over the step to the neighbouring choice",)
    has_steps = any(slope.is_step for slope in view.result.slopes)
    return Table(columns, rows, title=title, notes=notes if has_steps else ())


def _slope(value: float) -> str:
    return "-" if math.isnan(value) or abs(value) < 0.5 * _NOTICED else f"{value:+.2f}"


def moves_table(view: SensitivityView) -> Table:
    """What each step away from the design buys and costs."""
    parts = [
        (what, buys or "nothing", costs or "nothing", missed)
        for what, buys, costs, missed in (_parts(view, move) for move in view.result.moves)
    ]
    columns = (
        Column("step", may_fold=True),
        Column("buys", may_fold=True),
        Column("costs", may_fold=True),
        Column("then misses", may_fold=True),
    )
    notes = [f"changes below {100.0 * _NOTICED:g} % are left out"]
    if any(_is_unmeasured(view, move) for move in view.result.moves):
        notes.append("what a format does to quality is left out where nobody measured it")
    title = "one step away from the design"
    return Table(columns, tuple(parts), title=title, notes=tuple(notes))


def _is_unmeasured(view: SensitivityView, move: Move) -> bool:
    """Whether a step changes formats, and nobody knows the quality on either side."""
    ratios = (view.result.metrics[_QUALITY], move.metrics[_QUALITY])
    return move.axis.path.startswith("scenario.") and any(map(math.isnan, ratios))


def sentence(view: SensitivityView, move: Move) -> str:
    """Say what one step buys and costs."""
    what, buys, costs, missed = _parts(view, move)
    text = f"{what} buys {buys or 'nothing'} and costs {costs or 'nothing'}"
    return f"{text}; it then misses {missed}" if missed else text


def _parts(view: SensitivityView, move: Move) -> tuple[str, str, str, str]:
    here = view.result.metrics
    gains: list[str] = []
    prices: list[str] = []
    for name in dict.fromkeys((*view.metrics, _QUALITY)):
        change = move.metrics[name] - here[name]
        if not abs(change) >= _NOTICED * abs(here[name]):
            continue
        text = change_text(name, here, move.metrics)
        (gains if change * metric(name).sense > 0.0 else prices).append(text)
    missed = ("what can be built" if m == "buildable" else m for m in move.missed)
    return _what(view, move), ", ".join(gains), ", ".join(prices), ", ".join(missed)


def change_text(name: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Write a change: an amount where its unit is one that people add up, else a share.

    Examples
    --------
    >>> change_text("decode_power_w", {"decode_power_w": 3.0}, {"decode_power_w": 3.4})
    '+400 mW decode power'
    >>> change_text("tpot_s", {"tpot_s": 0.1}, {"tpot_s": 0.08})
    '-20 % time per output token'
    """
    change = after[name] - before[name]
    sign, title = "+" if change > 0.0 else "-", metric_title(name)
    title = title[:1].lower() + title[1:] if title[1:2].islower() else title
    if metric(name).unit in _AMOUNTS:
        amount = format_metric(name, abs(change))
    else:
        amount = f"{100.0 * abs(change / before[name]):.3g} %" if before[name] else "all"
    return f"{sign}{amount} {title}"


def _what(view: SensitivityView, move: Move) -> str:
    axis, name = move.axis, short_path(move.axis.path)
    start, end = axis.texts[move.start], axis.texts[move.end]
    span = f"{start} to {end}"
    if not axis.is_numeric or not axis.values[move.start]:
        return f"{name} from {span}"
    before, after = axis.values[move.start], axis.values[move.end]
    channels = (after - before) / view.channel_bits
    if axis.leaves[0].endswith("bus_width_bits") and channels == round(channels):
        count = abs(int(channels))
        number, more = "one" if count == 1 else str(count), "more" if channels > 0.0 else "fewer"
        plural = "" if count == 1 else "s"
        return f"{number} {more} {view.channel_bits:g}-bit channel{plural} ({span})"
    if after == _TWO * before:
        return f"doubling {name} ({span})"
    return f"halving {name} ({span})" if before == _TWO * after else f"{name} from {span}"
