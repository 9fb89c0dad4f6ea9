"""Parameters and neighbours: every design has its own, and a step is a step both ways."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search.coding import Coding, ordered_choices


def test_numbers_and_formats_have_an_order_and_names_do_not(toy):
    assert ordered_choices(toy.ROWS) == (0, 1, 2, 3)
    assert ordered_choices(toy.WEIGHTS) == (1, 0)  # int8 is written first, int4-g32 is narrower
    assert ordered_choices(toy.NODE) is None
    assert ordered_choices(toy.DRAM) is None
    assert ordered_choices(toy.FLOW) is None


def test_parameters_are_ranks_and_come_back(toy):
    space = toy.make_space(toy.ROWS, toy.WEIGHTS, toy.NODE)
    coding = Coding(space)
    assert coding.parameters([3, 0, 1]) == {
        toy.ROWS.path: 3,
        toy.WEIGHTS.path: 1,
        toy.NODE.path: 1,
    }
    for row in space.decode(np.arange(space.size)).tolist():
        assert coding.row(coding.parameters(row)) == row


def steps_apart(space, one, other) -> float:
    total = 0
    for axis, a, b in zip(space.axes, one, other, strict=True):
        order = ordered_choices(axis)
        total += (a != b) if order is None else abs(order.index(a) - order.index(b))
    return total


@pytest.mark.parametrize("names", [("ROWS", "WEIGHTS", "FLOW"), ("CLOCK", "NODE"), ("DRAM",)])
def test_neighbours_are_all_designs_one_step_away(toy, names):
    space = toy.make_space(*(getattr(toy, name) for name in names))
    everything = space.decode(np.arange(space.size)).tolist()
    for row in everything:
        found = Coding(space).neighbours(np.array([row])).tolist()
        expected = [other for other in everything if steps_apart(space, row, other) == 1]
        assert sorted(found) == sorted(expected)


def test_an_axis_of_one_choice_and_no_designs(toy):
    axis = toy.Axis("one", ("chip.units.npu.count",), (1.0,), ("1",))
    space = toy.make_space(axis, toy.NODE)
    assert Coding(space).neighbours(np.array([[0, 1]])).tolist() == [[0, 0]]
    assert Coding(space).neighbours(np.empty((0, 2), dtype=np.int64)).shape == (0, 2)


def test_steps_along_a_long_axis_shrink(toy):
    values = tuple(np.linspace(2.0, 1.0, 4097).tolist())
    long = toy.Axis("long", ("chip.power.idle_w",), values, ("",) * 4097, is_continuous=True)
    coding = Coding(toy.make_space(long, toy.NODE))
    found = coding.neighbours(np.array([[1000, 0]]))[:, 0]
    assert sorted(found[found != 1000].tolist()) == [744, 984, 999, 1001, 1016, 1256]
    found = coding.neighbours(np.array([[4090, 1]]))[:, 0]
    assert sorted(found[found != 4090].tolist()) == [3834, 4074, 4089, 4091]
    found = coding.neighbours(np.array([[0, 1]]))[:, 0]
    assert sorted(found[found != 0].tolist()) == [1, 16, 256]
