"""Counts that are looked up equal those worked out for every design."""

from __future__ import annotations

import numpy as np
import pytest

from dse.cost import count_work
from dse.spec import load_space, load_technology
from dse.sweep import Evaluator
from dse.sweep.tables import WorkTables


@pytest.fixture(scope="module")
def phone():
    return load_space("phone_10b"), load_technology().silicon


def draw(space, count):
    random = np.random.default_rng(7)
    return np.asarray(random.integers(0, space.shape, (count, len(space.axes))))


def test_metrics_do_not_depend_on_the_tables(phone):
    space, silicon = phone
    index = draw(space, 500)
    plain, known = Evaluator(space, silicon), Evaluator(space, silicon)
    known._seen = 1 << 30  # as after a long sweep
    expected, found = plain.evaluate(index), known.evaluate(index)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_the_tables_of_a_space_with_static_axes(toy):
    space = toy.make_space()
    index = space.decode(np.arange(0, space.size, 7))
    plain, known = Evaluator(space, toy.SILICON), Evaluator(space, toy.SILICON)
    known._seen = 1 << 30
    expected, found = plain.evaluate(index), known.evaluate(index)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_axes_that_are_left_out_do_not_change_the_work(phone):
    """Each axis at both of its ends: where the tables leave it out, no count may move."""
    space, silicon = phone
    varied = WorkTables(space, silicon)._varied
    base = np.zeros((1, len(space.axes)), dtype=np.int64)
    for place, axis in enumerate(space.axes):
        moved = base.copy()
        moved[0, place] = len(axis.values) - 1
        counts = []
        for row in (base, moved):
            chip, (mix,) = space.build(row.T)
            counts.append(
                count_work((chip, space.models[0], mix.scenarios[0]), silicon, space.unit)
            )
        same = all(
            np.array_equal(getattr(one, name), getattr(other, name))
            for phase in (0, 1)
            for one, other in zip(counts[0][phase], counts[1][phase], strict=True)
            for name in ("cycles", "lane_ops", "reads", "writes", "cache_bytes", "dram_bytes")
        )
        assert same or varied[place], axis.path
    assert not all(varied)
    assert any(varied)


def test_a_metric_alone_is_that_of_all(phone):
    space, silicon = phone
    index = draw(space, 50)
    evaluator = Evaluator(space, silicon)
    whole = evaluator.evaluate(index)
    for name, values in whole.items():
        np.testing.assert_array_equal(evaluator.evaluate(index, {name})[name], values)
