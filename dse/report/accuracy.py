"""The page that says how far the numbers can be trusted, written by the command itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dse.report.stacks import stacks_table
from dse.report.validation import excluded_table, group_table, headline_table, worst_table

if TYPE_CHECKING:
    from dse.report.tables import Table
    from dse.validate import Validation

__all__ = ["accuracy_page", "markdown"]

_INTRODUCTION = """\
# How far the numbers can be trusted

This page is written by `dse validate --docs docs/accuracy.md`; do not edit it. It compares the
model with the published measurements in `hw_configs/measurements/measured.csv`.

- A **stack** is one runtime (llama.cpp on Metal, TensorRT-LLM ...): eight fitted parameters, none
  per chip and none per row, and one stated fact, whether its sums are as narrow as its operands.
  What differs between chips follows from their own files: what a streaming kernel gets from the
  memory controller, peak rates, lanes, the time of one dispatch.
- Builds that a row itself calls different (of 2024, before CUDA graphs; a card on a Raspberry Pi)
  are stacks of their own, and formats that leave the LM head wider are listed with their source
  in `hw_configs/measurements/heads.csv`.
- Each figure is **leave-one-chip-out**: a row is predicted by stacks that were fitted without any
  row of its chip, nor do the stacks that these lean on know any. The fit error stands beside it
  only to show the difference. Variants that are sold apart (A100 of 40 GB, 80 GB and PCIe, M1 Max
  of 24 and 32 cores) are chips of their own, though their dies are alike.
- A stack that was measured on one chip alone is predicted, for that chip, by the centre of the
  other stacks of the same kind of unit, each counting for a parameter as much as its data tell of
  it: as an unknown runtime would be.
- Rows are excluded by rules on their words, counted below, and never by their value. The rules
  and the split of builds were written with the residuals in view: some match single rows.
- error = predicted / measured - 1 in the row's own metric; bias is its median.
"""

_CAVEATS = """\
## What cannot be trusted yet

- Stacks measured on one or two chips: their leave-one-out error is that of a stack that nobody
  has fitted, and sets the median of phones.
- GeForce and Radeon cards in prefill where a card throttles at its power limit: no clock follows
  from power here.
- Kernels of HBM cards that keep too few bytes in flight (FP16 matrix-vector products of llama.cpp
  on A100), and builds of 2024 at long context, whose attention reads shared keys once per head.
- Prefill on phone NPUs and on units whose peak rate was recalled and not read.
- Chips without a file are likened to the nearest described chip, scaled to the row's bandwidth
  and peak rate.
- Energy is predicted where it was measured: the chip and its memory at their pins, their
  regulators, and what else draws from there (`hw_configs/measurements/scopes.csv`). `wall` holds
  the power supply and an idle host with one busy core; `phone`, from the battery, the display at
  moderate brightness, radios, sensors and system, and a host thread that feeds the unit (1.3 W in
  all); `card` and `module`, what a board takes behind its connector; `package`, what a chip
  reports of itself. These constants are recalled or read of other devices, none is fitted.
- Power of a card under a server's load is too low where its stack's time is too long: a mean
  over a step that waits more than the real one. Cards that hold their clocks at the limit draw up
  to their rated power even where they wait for memory.
- Energy of a CPU where the chip's file describes none: it is likened to another chip's cores.
- Single products of phones: the defaults of a kernel library are those of a tensor-core GPU's.
- Images: stacks are fitted to language models alone, so that an image is predicted by one
  assumption per kind of unit. Samplers, and weights that a phone reloads at every step, are not
  counted.
- Parameters in brackets were not identified by the data: they stay near their prior, the
  weighted mean of the stacks of the same kind of unit.
"""


def markdown(table: Table) -> str:
    """Lay a table out as a Markdown table under a heading."""
    rule = ["---:" if column.is_number else "---" for column in table.columns]
    lines = [[column.title for column in table.columns], rule, *table.rows]
    body = "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )
    notes = "".join(f"\n{note}\n" for note in table.notes)
    return f"## {table.title}\n\n{body}\n{notes}"


def accuracy_page(result: Validation, picture: str) -> str:
    """Write the whole page.

    Parameters
    ----------
    result : Validation
        Of the shipped data.
    picture : str
        Name of the picture beside the page.
    """
    tables = [
        headline_table(result),
        group_table(result.outcomes, "class"),
        group_table(result.outcomes, "engine"),
        group_table(result.outcomes, "metric"),
        group_table((each for each in result.outcomes if each.scope), "scope"),
        stacks_table(result.fits),
        worst_table(result.outcomes, 20),
        excluded_table(result),
    ]
    head, *rest = map(markdown, tables)
    image = f"![Predicted against measured]({picture})\n"
    return "\n".join([_INTRODUCTION, head, image, *rest, _CAVEATS])
