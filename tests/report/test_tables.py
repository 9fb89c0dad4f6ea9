"""Tables of text."""

from __future__ import annotations

from dse.report.tables import Column, Table, cut_to_width, plain_text, styled_text

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


WIDE = Table(
    columns=(Column("chip"), *(Column(f"metric {i}", is_number=True) for i in range(5))),
    rows=tuple((f"chip {i}", *(f"{i}.{j} ms" for j in range(5))) for i in range(3)),
    title="Wide",
    notes=("end",),
    strong=frozenset({(1, 4)}),
)


def test_a_table_is_cut_to_the_terminal_with_its_leading_column():
    parts = cut_to_width(WIDE, 45)
    assert len(parts) > 1
    assert [column.title for part in parts for column in part.columns[1:]] == [
        column.title for column in WIDE.columns[1:]
    ]
    assert all(part.columns[0] == WIDE.columns[0] for part in parts)
    assert [part.title for part in parts] == ["Wide", *[""] * (len(parts) - 1)]
    assert [part.notes for part in parts] == [(), *[()] * (len(parts) - 2), ("end",)]
    strong = [part.rows[i][j] for part in parts for i, j in part.strong]
    assert strong == ["1.3 ms"]
    for part in parts:
        lines = styled_text(part, 45).splitlines()
        # Nothing folds: a rule, the headings and the rows, an empty line above and below.
        assert len(lines) == len(part.rows) + 4 + bool(part.title) + len(part.notes)


def test_a_table_that_fits_is_left_alone():
    assert cut_to_width(WIDE, 200) == (WIDE,)


def test_what_may_fold_makes_no_cut():
    columns = (Column("a"), Column("b"), Column("text", may_fold=True))
    table = Table(columns=columns, rows=(("1", "2", "long " * 40),))
    assert cut_to_width(table, 60) == (table,)
    assert "long" in styled_text(table, 60)


def test_one_column_wider_than_the_terminal_stays_whole():
    table = Table(columns=(Column("a"), Column("b" * 90)), rows=(("1", "2"),))
    assert cut_to_width(table, 40) == (table,)
