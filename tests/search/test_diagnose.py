"""Why nothing meets the targets: against what enumeration says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.report.diagnosis import diagnosis_lines
from dse.search import diagnose, run_search
from dse.space import Target
from dse.sweep import evaluate_designs, run_sweep, violations


def everything(toy, space):
    index = space.decode(np.arange(space.size))
    columns = evaluate_designs(space, index, toy.SILICON)
    return index, columns, violations(space, columns)


def test_a_feasible_space_needs_none(toy):
    space = toy.make_space(toy.ROWS, toy.BUS, models=1)
    found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    assert found.is_feasible
    assert found.is_certain
    assert found.binding is None
    assert found.misses == found.widenings == ()


def test_one_target_alone_is_out_of_reach(toy):
    targets = (Target("tpot_s", 0.001, -1), Target("cost_usd", 1000.0, -1))
    space = toy.make_space(targets=targets, models=1)
    result = run_sweep(space, toy.SILICON, samples=None)
    found = diagnose(space, toy.SILICON, result)
    assert not found.is_feasible
    assert found.is_certain
    assert found.binding.target.metric == "tpot_s"
    assert found.opens == space.size
    _, columns, _ = everything(toy, space)
    fastest = columns["tpot_s"].min()
    assert found.binding.best == found.binding.best_with_others == fastest
    assert columns["tpot_s"][found.design] == fastest
    (miss,) = found.misses
    assert miss.target == targets[0]
    assert miss.value == fastest
    assert miss.violation == pytest.approx(fastest / 0.001 - 1)
    assert found.choices[toy.BUS.path] == "128 bit"
    # A decode that waits for DRAM asks for narrower weights and a wider bus before all else.
    weights, bus = found.widenings[:2]
    assert (weights.path, weights.end, weights.text) == (toy.WEIGHTS.path, "first", "int4-g32")
    assert (bus.path, bus.end, bus.text) == (toy.BUS.path, "last", "128 bit")
    assert bus.value == fastest
    assert bus.before > bus.value > bus.predicted
    assert bus.gain == pytest.approx((bus.before - bus.value) / 0.001)
    assert bus.costs == ()
    gains = [widening.gain for widening in found.widenings]
    assert gains == sorted(gains, reverse=True)
    assert all(gain > 0 for gain in gains)


def test_two_targets_that_exclude_each_other(toy):
    targets = (Target("tpot_s", 0.006, -1), Target("decode_power_w", 1.6, -1))
    space = toy.make_space(targets=targets)
    result = run_sweep(space, toy.SILICON, samples=None)
    found = diagnose(space, toy.SILICON, result)
    _, _, missed = everything(toy, space)
    opens = [((missed[:, 1 - place] <= 0) & (missed[:, place] > 0)).sum() for place in range(2)]
    place = int(np.argmax(opens))
    assert found.binding.target == targets[place]
    assert found.opens == opens[place] > 0
    others = missed[:, 1 - place] <= 0
    assert missed[found.design, place] == missed[others, place].min()
    assert [miss.target for miss in found.misses] == [targets[place]]


def test_no_single_target_opens_the_space(toy):
    targets = (Target("tpot_s", 0.0001, -1), Target("cost_usd", 30.0, -1))
    space = toy.make_space(targets=targets, models=1)
    result = run_sweep(space, toy.SILICON, samples=None)
    found = diagnose(space, toy.SILICON, result)
    assert found.opens == 0
    assert found.binding.target == targets[0]
    assert len(found.misses) == 2
    assert found.misses[0].violation >= found.misses[1].violation
    _, _, missed = everything(toy, space)
    assert missed[found.design].max() == missed.max(axis=1).min()


def test_a_widening_names_what_it_would_break(toy):
    free = toy.make_space(toy.BUS, models=1)
    _, columns, _ = everything(toy, free)
    before, last = columns["cost_usd"][-2:]
    after = 2 * last - before
    # What is built already meets the limit on cost; one more step of the bus would not.
    targets = (Target("tpot_s", 0.001, -1), Target("cost_usd", (last + after) / 2, -1))
    space = toy.make_space(toy.BUS, targets=targets, models=1)
    found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    (bus,) = found.widenings
    (cost,) = bus.costs
    assert cost.target == targets[1]
    assert cost.value == pytest.approx(after)
    assert cost.violation == pytest.approx(after / targets[1].limit - 1)


def test_too_little_memory_is_a_requirement_of_its_own(toy):
    axis = toy.Axis(
        "chip.dram.capacity", ("chip.dram.capacity_bytes",), (2**31 * 1.0, 2**31 * 1.1), ("a", "b")
    )
    space = toy.make_space(axis, toy.ROWS, models=1)
    found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    assert found.binding.target.metric == "memory_free_bytes"
    assert found.opens == space.size
    assert found.choices["chip.dram.capacity"] == "b"
    assert found.widenings[0].path == "chip.dram.capacity"


RATE = "chip.dram.data_rate"


def unbuildable_space(toy, channel_bits: float, limit: float):
    """A space whose faster data rate the DRAM does not come in."""
    rates = toy.Axis(RATE, ("chip.dram.data_rate_per_s",), (8e9, 9.6e9), ("8e9", "9.6e9"))
    space = toy.make_space(
        rates, toy.BUS, toy.ROWS, targets=(Target("tpot_s", limit, -1),), models=1
    )
    dram = dataclasses.replace(
        space.chip.dram.type, max_data_rate_per_s=8e9, channel_bits=channel_bits
    )
    chip = dataclasses.replace(space.chip, dram=dataclasses.replace(space.chip.dram, type=dram))
    return dataclasses.replace(space, chip=chip)


def test_what_cannot_be_built_is_no_nearest_design(toy):
    free = unbuildable_space(toy, 1.0, 1.0)
    _, columns, _ = everything(toy, free)
    assert set(columns["buildable"]) == {0.0, 1.0}
    # Only a data rate that there is not would meet the target.
    real = columns["tpot_s"][columns["buildable"] == 1.0].min()
    limit = (columns["tpot_s"].min() + real) / 2
    for factor in (1.0, 1e-3):
        space = unbuildable_space(toy, 1.0, limit * factor)
        found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
        assert found.binding.target.metric == "tpot_s"
        assert found.choices[RATE] == "8e9"
        assert columns["tpot_s"][found.design] == real


def test_nothing_can_be_built(toy):
    space = unbuildable_space(toy, 1000.0, 1.0)
    found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    assert not found.is_feasible
    assert found.binding.target.metric == "buildable"
    assert found.opens == space.size
    assert found.widenings == ()
    (reason,) = found.obstacles
    assert "comes in whole channels of 1000 bit" in reason
    lines = "\n".join(diagnosis_lines(found))
    assert f"can be built: {reason}" in lines
    assert f"binding: can be built; {space.size} designs meet all else\n" in lines


def test_a_search_is_diagnosed_too_but_is_not_certain(toy):
    targets = (Target("tpot_s", 0.001, -1),)
    space = toy.make_space(targets=targets, models=1)
    result = run_search(space, toy.SILICON, trials=60, samples=64)
    assert len(result.front_index) == 0
    found = diagnose(space, toy.SILICON, result)
    assert not found.is_feasible
    assert not found.is_certain
    sure = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    assert found.binding.best == sure.binding.best
    assert [entry.path for entry in found.widenings] == [entry.path for entry in sure.widenings]


def test_a_step_that_brings_less_than_a_hundredth_is_no_advice(toy):
    rates = (8e9, 8.04e9)
    axis = toy.Axis(RATE, ("chip.dram.data_rate_per_s",), rates, ("8e9", "8.04e9"))
    space = toy.make_space(axis, toy.BUS, targets=(Target("tpot_s", 0.0001, -1),), models=1)
    found = diagnose(space, toy.SILICON, run_sweep(space, toy.SILICON, samples=None))
    assert [widening.path for widening in found.widenings] == [toy.BUS.path]
