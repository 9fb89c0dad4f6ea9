"""A grid over factored terms finds what the designs one by one do: metrics, front and counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.pareto import non_dominated
from dse.space import Target
from dse.sweep import (
    GridSweep,
    Points,
    Survey,
    asked_metrics,
    evaluate_designs,
    is_factored,
    objective_values,
    run_sweep,
    violations,
)
from dse.sweep.lattice import Lattice


def flat(space, silicon):
    """The same by the designs one by one."""
    survey = Survey(space, silicon)
    for index in Points(space, None, 0).blocks():
        survey.evaluate(index)
    return survey


@pytest.mark.parametrize("limit", [1, 7, 96, 1 << 20])
def test_blocks_cover_every_design_once(toy, limit):
    space = toy.make_space()
    lattice = Lattice(space, limit)
    blocks = list(lattice.blocks())
    numbers = np.concatenate([b.number + lattice.offsets(b.shape) for b in blocks])
    assert sorted(numbers.tolist()) == list(range(space.size))
    assert max(block.size for block in blocks) <= limit
    assert all(lattice.offsets(block.shape).min() == 0 for block in blocks)


@pytest.mark.parametrize("limit", [50, 1 << 20])
def test_metrics_are_those_of_the_designs_one_by_one(toy, limit):
    space = toy.make_space()
    grid, lattice = GridSweep(space, toy.SILICON, limit), Lattice(space, limit)
    for block in lattice.blocks():
        index = space.decode(block.number + lattice.offsets(block.shape))
        expected = evaluate_designs(space, index, toy.SILICON)
        for name, values in grid.columns(block).items():
            whole = np.broadcast_to(values, block.shape).ravel()
            np.testing.assert_array_equal(whole, expected[name], err_msg=name)


def test_terms_stay_as_small_as_what_they_depend_on(toy):
    space = toy.make_space()
    grid = GridSweep(space, toy.SILICON)
    block = max(Lattice(space).blocks(), key=lambda each: each.size)
    sizes = {name: values.size for name, values in grid.columns(block).items()}
    assert sizes["cost_usd"] < block.size
    assert sizes["memory_bytes"] < sizes["cost_usd"]


OBJECTIVES = (
    ("tpot_s",),
    ("tpot_s", "cost_usd"),
    ("tpot_s", "energy_per_token_j", "cost_usd"),
    ("decode_tok_s", "prefill_tok_s", "area_mm2", "prefill_power_w"),
    ("ttft_s", "tpot_s", "energy_per_token_j", "memory_free_bytes", "cost_usd"),
)


@pytest.mark.parametrize("objectives", OBJECTIVES, ids=len)
@pytest.mark.parametrize("limit", [64, 1 << 20])
def test_front_and_account_equal_those_of_the_designs(toy, objectives, limit):
    space = dataclasses.replace(toy.make_space(), objectives=objectives)
    expected, grid = flat(space, toy.SILICON), GridSweep(space, toy.SILICON, limit)
    grid.run()
    found = Survey(space, toy.SILICON)
    found.take_tally(grid.tally)
    assert found.evaluated == space.size
    assert found.feasible == expected.feasible > 0
    np.testing.assert_array_equal(found.front_index, expected.front_index)
    np.testing.assert_array_equal(found.front_values, expected.front_values)
    assert found.reach.requirements == expected.reach.requirements
    np.testing.assert_array_equal(found.reach.nearest, expected.reach.nearest)


@settings(max_examples=15)
@given(
    limits=st.tuples(*(st.floats(0.3, 1.2) for _ in range(3))),
    size=st.sampled_from([1, 33, 4096]),
)
def test_the_same_under_any_targets(toy, limits, size):
    space = toy.make_space(targets=())
    metrics = evaluate_designs(space, space.decode(np.arange(space.size)), toy.SILICON)
    names = ("tpot_s", "decode_power_w", "area_mm2")
    targets = tuple(
        Target(name, float(np.quantile(metrics[name], min(share, 1.0))) * min(1.0, share), -1)
        for name, share in zip(names, limits, strict=True)
    )
    space = toy.make_space(targets=targets)
    expected, result = flat(space, toy.SILICON), GridSweep(space, toy.SILICON, max(size, 33))
    result.run()
    found = Survey(space, toy.SILICON)
    found.take_tally(result.tally)
    np.testing.assert_array_equal(found.front_index, expected.front_index)
    for mine, other in zip(found.reach.requirements, expected.reach.requirements, strict=True):
        assert repr(mine) == repr(other)  # NaN where nothing met the others
    np.testing.assert_array_equal(found.reach.nearest, expected.reach.nearest)


def test_every_copy_of_a_design_of_the_front_is_kept(toy):
    space = toy.make_space()
    first = space.axes[0]
    twice = dataclasses.replace(
        first, values=(first.values[0],) * 3, texts=("a", "b", "c"), static=first.static
    )
    space = dataclasses.replace(space, axes=(twice, *space.axes[1:]))
    result = run_sweep(space, toy.SILICON, samples=None)
    index = space.decode(np.arange(space.size))
    columns = evaluate_designs(space, index, toy.SILICON)
    usable = np.flatnonzero((violations(space, columns) <= 0.0).all(axis=1))
    front = usable[non_dominated(objective_values(space, columns)[usable])]
    assert len(front) % 3 == 0
    assert len(front) > 0
    assert sorted(space.encode(result.front_index).tolist()) == front.tolist()


def test_a_sweep_takes_the_factored_way_unless_it_stores_all(toy, monkeypatch):
    space = toy.make_space()
    blocks = []
    examine = GridSweep.examine
    monkeypatch.setattr(
        GridSweep,
        "examine",
        lambda self, block, *known: blocks.append(block) or examine(self, block, *known),
    )
    run_sweep(space, toy.SILICON, samples=None)
    assert sum(block.size for block in blocks) == space.size
    blocks.clear()
    run_sweep(space, toy.SILICON, samples=100)
    assert not blocks


def test_units_together_and_metrics_without_a_sense_do_not_factor(toy):
    space = toy.make_space()
    assert is_factored(space)
    assert not is_factored(dataclasses.replace(space, unit="heterogeneous"))
    bound = Target("decode_bound", 4.0, -1)
    assert not is_factored(dataclasses.replace(space, targets=(bound,)))
    assert "memory_bytes" in asked_metrics(space)
