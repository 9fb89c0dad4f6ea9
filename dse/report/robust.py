"""A front under uncertain numbers, as tables: its ranges, its shares, and what matters most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dse.report.front import FrontRow
from dse.report.numbers import estimate_title, numbers_table
from dse.report.quantity import format_metric
from dse.report.tables import Column, Table
from dse.sweep import requirements

if TYPE_CHECKING:
    from dse.advise import Driver, Robustness
    from dse.space import Space

__all__ = ["SUBSTANTIAL", "RobustView", "drivers_table", "robust_tables", "share_text"]

Index = npt.NDArray[np.int64]

# Share of the draws from which on a design beside the front is worth showing.
SUBSTANTIAL = 0.1
# Such designs that a table shows.
_MAX_OTHERS = 10


@dataclass(frozen=True)
class RobustView:
    """What was asked, and what was found.

    Parameters
    ----------
    space : Space
        The space.
    result : Robustness
        What was found of the designs of a front, and of some beside it.
    """

    space: Space
    result: Robustness

    @cached_property
    def designs(self) -> Index:
        """Numbers of the designs, (n,)."""
        return self.space.encode(self.result.index)

    @cached_property
    def place(self) -> dict[int, int]:
        """Where each design stands among the results."""
        return {int(design): i for i, design in enumerate(self.designs)}

    def missed(self, place: int) -> list[str]:
        """Requirements that a design misses at the numbers as stated."""
        asked = zip(requirements(self.space), self.result.is_missed[place], strict=True)
        return [target.metric for target, is_missed in asked if is_missed]

    @cached_property
    def others(self) -> list[int]:
        """Places of the designs beside the front that take over most often, at `SUBSTANTIAL`."""
        share = np.where(self.result.is_front, -1.0, self.result.on_front)
        order = np.argsort(-share, kind="stable")
        return [int(i) for i in order if share[i] >= SUBSTANTIAL]


def robust_tables(view: RobustView, rows: Sequence[FrontRow]) -> list[Table]:
    """The rows of a front under the draws, designs that take over, and the numbers behind it."""
    drivers = [driver for each in view.result.drivers.values() for driver in each]
    named = [number for driver in drivers for number in driver.ranges]
    tables = [_front_table(view, rows), _others_table(view), drivers_table(view)]
    return [*tables, *([numbers_table(named)] if named else [])]


def share_text(value: float) -> str:
    """Write a share of the draws; nought and all only where there is no exception.

    Examples
    --------
    >>> share_text(0.347), share_text(0.999), share_text(1.0), share_text(0.0002)
    ('35 %', '>99 %', '100 %', '<1 %')
    """
    percent = 100.0 * value
    if 0.0 < percent < 1.0:
        return "<1 %"
    if 99.0 < percent < 100.0:
        return ">99 %"
    return f"{percent:.0f} %"


def _cells(view: RobustView, place: int) -> list[str]:
    """Each objective as stated, between its percentiles, and between its bounds."""
    result, cells = view.result, []
    for name in view.space.objectives:
        p5, _, p95 = result.percentiles[name][place]
        cells.append(format_metric(name, float(result.values[name][place])))
        cells.append(_span(name, float(p5), float(p95)))
        cells.append(_span(name, float(result.low[name][place]), float(result.high[name][place])))
    return cells


def _span(name: str, low: float, high: float) -> str:
    """Write two values, the unit once where it is the same."""
    first, last = format_metric(name, low), format_metric(name, high)
    number, _, unit = first.partition(" ")
    return f"{number}..{last}" if last.partition(" ")[2] == unit else f"{first}..{last}"


def _columns(view: RobustView) -> list[Column]:
    return [
        Column(title, is_number=True)
        for name in view.space.objectives
        for title in (name, "5..95 %", "least..most")
    ]


def _front_table(view: RobustView, rows: Sequence[FrontRow]) -> Table:
    result = view.result
    lines = []
    for row in rows:
        place = view.place[row.design]
        shares = (result.on_front[place], result.feasible[place], result.undominated[place])
        texts = (share_text(float(share)) for share in shares)
        lines.append(("*" if row.is_knee else "", str(row.design), *texts, *_cells(view, place)))
    heads = ("design", "on front", "meets all", "undominated")
    columns = (Column(""), *(Column(h, is_number=True) for h in heads), *_columns(view))
    beside = int(np.count_nonzero(~result.is_front))
    notes = (
        "on front: share of the draws in which it meets all requirements and no design that does "
        f"dominates it, of the front's {int(result.is_front.sum())} and {beside} beside it",
        "meets all: share in which it meets all requirements; undominated: in which no other "
        "design of the front dominates it, requirements left aside",
        f"{result.draws} draws (seed {result.seed}), each the same for all designs; numbers "
        "uniform over their ranges, and together where one source speaks of several nodes",
        "least..most: no numbers within their ranges lead beyond",
    )
    title = f"{view.space.title}: the front when the numbers behind it are off"
    return Table(columns, tuple(lines), title=title, notes=notes, lead=2)


def _others_table(view: RobustView) -> Table:
    result, shown = view.result, view.others[:_MAX_OTHERS]
    rows = tuple(
        (
            str(view.designs[place]),
            share_text(float(result.on_front[place])),
            share_text(float(result.feasible[place])),
            *_cells(view, place),
            ", ".join(view.missed(place)) or "nothing: it is dominated",
        )
        for place in shown
    )
    heads = [Column(h, is_number=True) for h in ("design", "on front", "meets all")]
    columns = (*heads, *_columns(view), Column("as stated it misses"))
    title = (
        f"beside the front, and on it in {100 * SUBSTANTIAL:.0f} % of the draws or more: "
        f"{len(view.others)} of {result.screened} other designs that the run kept"
    )
    notes = ("--json gives them all",) if len(shown) < len(view.others) else ()
    return Table(columns, rows, title=title, notes=notes)


def drivers_table(view: RobustView) -> Table:
    """The numbers that move each objective most, over the front."""
    rows = tuple(
        (name, estimate_title([n.name for n in driver.ranges]), _effect(driver))
        for name, drivers in view.result.drivers.items()
        for driver in drivers
    )
    columns = (Column("objective"), Column("number"), Column("low..high end", is_number=True))
    title = "the numbers that matter most to the front"
    notes = (
        "each alone; geometric mean over the designs of the front, those without it included",
    )
    return Table(columns, rows, title=title, notes=notes)


def _effect(driver: Driver) -> str:
    low, high = (100.0 * (end - 1.0) for end in (driver.low, driver.high))
    return f"{low:+.3g}..{high:+.3g} %"
