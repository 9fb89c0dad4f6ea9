"""Tables of text."""

from __future__ import annotations

from dse.report.tables import Column, Table, plain_text, styled_text

TABLE = Table(
    columns=(Column("chip"), Column("tpot", is_number=True)),
    rows=(("snapdragon", "9 ms"), ("a", "128 ms")),
    title="A table",
    notes=("a note",),
    strong=frozenset({(0, 1)}),
)


def test_plain_text_is_aligned_and_has_no_trailing_spaces():
    assert plain_text(TABLE).splitlines() == [
        "A table",
        "chip          tpot",
        "snapdragon    9 ms",
        "a           128 ms",
        "a note",
    ]


def test_a_table_without_headings_has_no_heading_line():
    table = Table(columns=(Column(""), Column("", is_number=True)), rows=(("a", "1"),))
    assert plain_text(table) == "a  1\n"


def test_an_empty_table_is_its_headings():
    assert plain_text(Table(columns=(Column("x"),), rows=())) == "x\n"


def test_styled_text_holds_the_same_words_and_bold():
    text = styled_text(TABLE, 80)
    for word in ("A table", "chip", "tpot", "snapdragon", "128 ms", "a note"):
        assert word in text
    assert "\x1b[1;32m" in text
    assert max(len(line) for line in styled_text(TABLE, 40).splitlines()) < 80


def test_a_cell_cannot_reach_the_terminal():
    table = Table(columns=(Column("x"),), rows=(("a\x1b[31mb\nc\x07",),))
    assert plain_text(table) == "x\na?[31mb?c?\n"
    assert "\x1b[31m" not in styled_text(table, 80)


def test_markup_in_a_cell_is_plain_text():
    table = Table(columns=(Column("[bold]x[/bold]"),), rows=(("[red]a[/red]",),))
    assert "[red]a[/red]" in styled_text(table, 80)
