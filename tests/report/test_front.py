"""Fronts: the line of two metrics, the rows of the table, and what is shown of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dse.report.front import FrontRow, front_table, thinned_rows
from dse.report.view import FrontView, staircase, target_text
from dse.space import Target

POINTS = arrays(np.float64, st.tuples(st.integers(0, 12), st.just(2)), elements=st.integers(0, 5))


def two_metrics(x, y, feasible, names=("tpot_s", "cost_usd")):
    return FrontView(
        title="",
        subtitle="",
        columns=dict(zip(names, (x, y), strict=True)),
        feasible=feasible,
        front=feasible,
        knee=None,
        objectives=names,
    )


@given(POINTS, st.randoms(use_true_random=False))
def test_the_staircase_is_the_front_by_definition(points, random):
    x, y = points.astype(float).T
    feasible = np.array([random.random() < 0.8 for _ in x], dtype=bool)
    found = staircase(two_metrics(x, y, feasible), "tpot_s", "cost_usd")
    usable = [(a, b) for a, b, ok in zip(x, y, feasible, strict=True) if ok]
    expected = {
        (a, b)
        for a, b in usable
        if not any((c <= a and d <= b) and (c, d) != (a, b) for c, d in usable)
    }
    drawn = list(zip(x[found], y[found], strict=True))
    assert set(drawn) == expected
    assert len(drawn) == len(expected)
    assert drawn == sorted(drawn)


def test_the_staircase_heeds_the_sense_of_a_metric():
    rate = np.array([1.0, 2.0, 3.0])
    cost = np.array([1.0, 2.0, 5.0])
    view = two_metrics(rate, cost, np.ones(3, dtype=bool), ("decode_tok_s", "cost_usd"))
    assert staircase(view, "decode_tok_s", "cost_usd").tolist() == [2, 1, 0]
    worse = two_metrics(rate, -cost, np.ones(3, dtype=bool), ("decode_tok_s", "cost_usd"))
    assert staircase(worse, "decode_tok_s", "cost_usd").tolist() == [2]


def test_infeasible_and_infinite_designs_are_on_no_staircase():
    x, y = np.array([1.0, 2.0, np.nan, 3.0]), np.array([1.0, np.inf, 1.0, 0.5])
    view = two_metrics(x, y, np.array([False, True, True, True]))
    assert staircase(view, "tpot_s", "cost_usd").tolist() == [3]


def rows(count, knee):
    return tuple(
        FrontRow(
            design=i,
            axes={"chip.node": "n4", "scenario.weights": f"int{i % 2 * 4 + 4}"},
            metrics={"tpot_s": 0.1 * (i + 1), "cost_usd": 10.0 - 0.1 * i},
            is_knee=i == knee,
        )
        for i in range(count)
    )


@given(st.integers(1, 40), st.integers(2, 12), st.data())
def test_thinning_keeps_the_knee_the_order_and_the_count(count, keep, data):
    knee = data.draw(st.integers(0, count - 1))
    few = thinned_rows(rows(count, knee), ("tpot_s", "cost_usd"), keep)
    # One row less where the knee is not among those that span the front.
    assert min(count, keep) - 1 <= len(few) <= keep
    assert any(row.is_knee for row in few)
    assert [row.design for row in few] == sorted(row.design for row in few)


def test_the_table_tells_common_choices_once(view):
    table = front_table(rows(6, 2), 9, replace(view, targets=()))
    heads = [column.title for column in table.columns]
    assert "weights" in heads
    assert "node" not in heads
    notes = " ".join(table.notes)
    assert "node = n4" in notes
    assert "6 of 9 designs shown" in notes
    assert [row[0] for row in table.rows].count("*") == 1


@pytest.fixture
def view():
    one = np.ones(1)
    return two_metrics(one, one, np.ones(1, dtype=bool))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target("tpot_s", 0.1, -1), "tpot_s <= 100 ms"),
        (Target("decode_tok_s", 10.0, 1), "decode_tok_s >= 10 tok/s"),
        (Target("memory_bytes", 12 * 2**30, -1), "memory_bytes <= 12 GiB"),
        (Target("edge_fraction", 0.5, -1), "edge_fraction <= 0.5"),
        (Target("memory_free_bytes", 0.0, 1), "fits the DRAM"),
    ],
)
def test_targets_read_as_their_file_writes_them(target, text):
    assert target_text(target) == text
