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

- A **stack** is one runtime (llama.cpp on Metal, TensorRT-LLM ...): six fitted parameters, none
  per chip and none per row. What differs between chips follows from their own files.
- Each figure is **leave-one-chip-out**: a row is predicted by stacks that were fitted without any
  row of its chip. The fit error stands beside it only to show the difference.
- A stack that was measured on one chip alone is predicted, for that chip, by the median of the
  other stacks of the same kind of unit: as an unknown runtime would be.
- Rows are excluded by rules, counted below, and never because they fit badly.
- error = predicted / measured - 1 in the row's own metric; bias is its median.
"""

_CAVEATS = """\
## What cannot be trusted yet

- Stacks measured on one or two chips: their leave-one-out error is that of a stack that nobody
  has fitted.
- Prefill on phone NPUs and on units whose peak rate was recalled and not read.
- Chips without a file are likened to the nearest described chip, scaled to the row's bandwidth
  and peak rate.
- Energy: the scopes differ (wall, whole phone, rail, GPU alone), and the model counts the chip
  and its DRAM. Whole-phone power holds the display and the radio, too.
- Parameters in brackets were not identified by the data: they stay where the prior has them.
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
        stacks_table(result.fits),
        worst_table(result.outcomes, 20),
        excluded_table(result),
    ]
    head, *rest = map(markdown, tables)
    image = f"![Predicted against measured]({picture})\n"
    return "\n".join([_INTRODUCTION, head, image, *rest, _CAVEATS])
