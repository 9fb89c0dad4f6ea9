"""Tables: every cell reads back, the bytes are the same on repeat, no text is a formula."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dse.cost import METRICS, evaluate
from dse.errors import CorruptRunError, StoreError
from dse.store import Column, columns_of, design_table
from dse.store.table import open_table, read_table

FLOAT = Column("x", "float", "s", "metric", -1, "A time.")
INT = Column("n", "int", "", "design", 0, "A number.")
TEXT = Column("=t", "text", "", "axis", 0, "A text.")
COLUMNS = (FLOAT, INT, TEXT)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def write(path, table, columns=COLUMNS):
    with open_table(path, columns) as writer:
        writer.write(table)
    return path.read_bytes()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), TEXTS | st.just("=1+1")),
        max_size=5,
    )
)
def test_every_cell_reads_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    table = {
        "x": np.array([row[0] for row in rows], dtype=np.float64),
        "n": np.array([row[1] for row in rows], dtype=np.int64),
        "=t": np.array([row[2] for row in rows], dtype=object),
    }
    write(path, table)
    back = read_table(path, COLUMNS)
    assert list(back) == ["x", "n", "=t"]
    assert (
        back["x"].view(np.int64).tolist()
        == np.where(np.isnan(table["x"]), np.nan, table["x"]).view(np.int64).tolist()
    )
    np.testing.assert_array_equal(back["n"], table["n"])
    # A NumPy text loses trailing NULs; nothing else may go.
    assert back["=t"].tolist() == [text.rstrip("\0") for text in table["=t"]]


def test_the_bytes(tmp_path):
    table = {
        "x": np.array([0.1, 1e300, -0.0, np.inf]),
        "n": np.array([1, -2, 3, 4]),
        "=t": np.array(["=1+1", "a,b", 'say "x"', "plain"]),
    }
    assert write(tmp_path / "t.csv", table).decode() == (
        'x,n,\'=t\n0.1,1,\'=1+1\n1e+300,-2,"a,b"\n-0.0,3,"say ""x"""\ninf,4,plain\n'
    )


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'=x", "'"])
def test_no_text_cell_is_a_formula(tmp_path, text):
    table = {"x": np.zeros(1), "n": np.zeros(1, dtype=int), "=t": np.array([text])}
    content = write(tmp_path / "t.csv", table).decode().splitlines()
    assert content[0].endswith(",'=t")
    assert not content[1].split(",", 2)[2].strip('"').startswith(("=", "+", "-", "@", "\t"))
    assert read_table(tmp_path / "t.csv", COLUMNS)["=t"].tolist() == [text]


def test_a_failing_writer_leaves_the_old_table(tmp_path):
    table = {"x": np.zeros(1), "n": np.zeros(1, dtype=int), "=t": np.array(["a"])}
    content = write(tmp_path / "t.csv", table)
    wrong = table | {"n": np.array(["no number"])}
    with (
        pytest.raises(ValueError, match="no number"),
        open_table(tmp_path / "t.csv", COLUMNS) as writer,
    ):
        writer.write(wrong)
    assert (tmp_path / "t.csv").read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "header"),
        (b"x,n\n", "header"),
        (b"x,n,'=t\n1.0,2\n", r"t\.csv:2: 2 cells under 3 headers"),
        (b"x,n,'=t\none,2,a\n", "column x"),
        (b"x,n,'=t\n1.0,2.5,a\n", "column n"),
        (b"x,n,'=t\n1.0,99999999999999999999,a\n", "column n"),
        (b"x,n,'=t\n1.0,2,\xff\n", "CSV"),
        (b"x,n,'=t\n1.0,2,\"a\n", "CSV"),
    ],
)
def test_damaged_tables_are_refused(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(CorruptRunError, match=message):
        read_table(tmp_path / "t.csv", COLUMNS)


def test_a_missing_table(tmp_path):
    with pytest.raises(StoreError, match="cannot read: No such file"):
        read_table(tmp_path / "t.csv", COLUMNS)


def test_columns_of_a_space(toy):
    space = toy.make_space()
    columns = {column.name: column for column in columns_of(space)}
    assert len(columns) == 1 + len(space.axes) + 2 + len(METRICS)
    clock = columns["chip.units.npu.clock"]
    assert (clock.kind, clock.unit, clock.role) == ("float", "Hz", "axis")
    assert clock.values["1.2 GHz"] == 1.2e9
    assert columns["chip.units.npu.sram.capacity"].unit == "B"
    assert columns["chip.dram.bus_width"].unit == "bit"
    assert columns["chip.dram.type"].kind == "text"
    assert columns["decode_bound"].kind == "text"
    assert columns["tpot_s"].unit == "s"
    for column in columns.values():
        assert Column.from_json(column.to_json()) == column


def test_a_table_of_designs_holds_what_people_wrote(toy, tmp_path):
    space = toy.make_space()
    index = space.decode([17, 5])
    ((_, chip, (mix,)),) = space.groups(index)
    (scenario,) = mix.scenarios
    metrics = evaluate(chip, space.models[0], scenario, toy.SILICON).columns
    table = design_table(space, index, metrics, np.array([[-1.0, 0.5], [-2.0, 0.0]]))
    assert table["design"].tolist() == [17, 5]
    assert table["feasible"].tolist() == [0, 1]
    assert table["violation"].tolist() == [0.5, 0.0]
    assert table["chip.dram.bus_width"].tolist() == [96.0, 32.0]
    assert table["scenario.weights"].tolist() == ["int4-g32", "int4-g32"]
    assert set(table["decode_bound"]) <= {"matrix", "vector", "sram", "cache", "dram", "dispatch"}
    write(tmp_path / "t.csv", table, columns_of(space))
    back = read_table(tmp_path / "t.csv", columns_of(space))
    assert list(back) == list(table)
    for name, values in table.items():
        np.testing.assert_array_equal(back[name], values)
