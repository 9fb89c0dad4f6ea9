"""Tables of text: aligned for a pipe, ruled for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["Column", "Table", "cut_to_width", "plain_text", "styled_text"]

_GAP = "  "
# Least columns of a terminal in which a long text is folded.
_FOLDED = 24


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    title : str
        Heading; may be empty.
    is_number : bool
        Numbers line up on the right.
    may_fold : bool
        Whether long cells may take several lines on a terminal.
    """

    title: str
    is_number: bool = False
    may_fold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings.

    Parameters
    ----------
    columns : tuple of Column
        Headings.
    rows : tuple of tuple of str
        One text per column.
    title : str
        Line above the table.
    notes : tuple of str
        Lines below it.
    strong : frozenset of (int, int)
        Cells (row, column) that a terminal shows in bold; the text itself has to carry the
        meaning too, since a pipe has no bold.
    lead : int
        Columns that name a row, repeated where a table is cut to fit a terminal.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    strong: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    lead: int = 1


def _clean(text: str) -> str:
    """Replace what could move the cursor: cells may hold what a stranger's file says."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _widths(table: Table) -> list[int]:
    lines = [tuple(column.title for column in table.columns), *table.rows]
    return [max(len(line[i]) for line in lines) for i in range(len(table.columns))]


def _aligned(texts: Sequence[str], columns: Iterable[Column], widths: Iterable[int]) -> str:
    cells = [
        text.rjust(width) if column.is_number else text.ljust(width)
        for text, column, width in zip(texts, columns, widths, strict=True)
    ]
    return _GAP.join(cells).rstrip()


def plain_text(table: Table) -> str:
    """Lay a table out with spaces alone, ending in a newline.

    Examples
    --------
    >>> print(plain_text(Table((Column("chip"), Column("tpot", True)), (("a", "9 ms"),))), end="")
    chip  tpot
    a     9 ms
    """
    table = replace(table, rows=tuple(tuple(map(_clean, row)) for row in table.rows))
    widths = _widths(table)
    lines = [table.title] if table.title else []
    if any(column.title for column in table.columns):
        lines.append(_aligned([column.title for column in table.columns], table.columns, widths))
    lines += [_aligned(row, table.columns, widths) for row in table.rows]
    return "\n".join([*lines, *table.notes, ""])


def cut_to_width(table: Table, width: int) -> tuple[Table, ...]:
    """Cut a table into as many as it takes for each to fit a terminal of `width` columns.

    The leading columns stand in each of them, the title above the first, the notes below the
    last. A single column that is too wide stays whole.
    """
    # One space on both sides of each column, and one between the columns.
    needs = [
        min(need, _FOLDED if column.may_fold else need) + 3
        for need, column in zip(_widths(table), table.columns, strict=True)
    ]
    lead = sum(needs[: table.lead]) + 1
    groups: list[list[int]] = [[]]
    for place in range(table.lead, len(table.columns)):
        taken = lead + sum(needs[each] for each in groups[-1])
        if groups[-1] and taken + needs[place] > width:
            groups.append([])
        groups[-1].append(place)
    parts = [_part(table, [*range(table.lead), *group]) for group in groups]
    if len(parts) == 1:
        return (table,)
    parts[0] = replace(parts[0], title=table.title)
    parts[-1] = replace(parts[-1], notes=table.notes)
    return tuple(parts)


def _part(table: Table, places: Sequence[int]) -> Table:
    """Some columns of a table, without its title and notes."""
    strong = {(i, places.index(j)) for i, j in table.strong if j in places}
    return Table(
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for row in table.rows),
        strong=frozenset(strong),
        lead=table.lead,
    )


def styled_text(table: Table, width: int) -> str:
    """Lay a table out with rules, bold and colour for a terminal of `width` columns."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    ruled = RichTable(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        show_header=any(column.title for column in table.columns),
    )
    for column in table.columns:
        ruled.add_column(
            Text(column.title),
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=not column.may_fold,
        )
    for i, row in enumerate(table.rows):
        styles = ["bold green" if (i, j) in table.strong else "" for j in range(len(row))]
        ruled.add_row(
            *(Text(_clean(text), style=style) for text, style in zip(row, styles, strict=True))
        )
    console = Console(
        width=width, force_terminal=True, color_system="standard", legacy_windows=False
    )
    with console.capture() as capture:
        # Not as the table's own title, which would be wrapped to the table's width.
        if table.title:
            console.print(Text(table.title, style="bold"))
        console.print(ruled)
        for note in table.notes:
            console.print(Text(note, style="dim"))
    return capture.get()
