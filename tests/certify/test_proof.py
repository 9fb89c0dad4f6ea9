"""No certificate is ever false: random small spaces against their enumeration."""

from __future__ import annotations

import dataclasses
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.certify import proof as room
from dse.certify import run_certify
from dse.certify.archive import Archive, relaxed
from dse.certify.bound import Bounder
from dse.certify.branch import bounded
from dse.certify.envelope import directions
from dse.certify.proof import Proof, stages_to
from dse.cost import METRICS
from dse.pareto import non_dominated
from dse.space import Space, Target
from dse.spec import list_specs, load_space, load_technology
from dse.sweep import evaluate_designs, objective_values, run_sweep, violations


def _load(name: str, path: Path) -> ModuleType:
    spec = util.spec_from_file_location(name, path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
TOY = _load("toy", HERE.parent / "sweep" / "toy.py")
SPACES = _load("spaces", HERE / "spaces.py")
small = SPACES.spaces(TOY)
mixed = SPACES.mixed(TOY)
# A certificate that is false once is worth nothing: more examples than elsewhere.
CERTIFICATES = 300
MIXED = 100
BOUNDED = tuple(m.name for m in METRICS if m.sense)


def _proven(space: Space, eps: float, leaf: int) -> Proof:
    proof = Proof(space, TOY.SILICON, eps, seed=0)
    with mock.patch.object(room, "_LEAF", leaf), mock.patch.object(room, "_BATCH", 64):
        proof.cover()
        assert proof.run(float("inf"), lambda _: None)
    proof.close()
    return proof


def _boxes(space: Space, bounder: Bounder, random: np.random.Generator) -> tuple[Any, Any, Any]:
    """Random boxes, and a random design in each."""
    low, high = bounder.frame.roots()
    root = random.integers(0, len(low), 40)
    low, high = low[root], high[root]
    ends = np.sort(random.integers(low, high + 1, (2, *low.shape)), axis=0)
    ranks = random.integers(ends[0], ends[1] + 1)
    return ends[0].astype(np.int32), ends[1].astype(np.int32), bounder.frame.index(ranks)


@given(small | mixed, st.integers(0, 2**32 - 1))
def test_no_metric_of_a_design_is_better_than_the_bound_of_its_box(
    space: Space, seed: int
) -> None:
    free = dataclasses.replace(space, objectives=BOUNDED, targets=())
    bounder = Bounder(free, TOY.SILICON)
    low, high, index = _boxes(free, bounder, np.random.default_rng(seed))
    values, _ = bounder.bound(low, high)
    columns = evaluate_designs(free, index, TOY.SILICON)
    exact = objective_values(free, columns)
    buildable = (violations(free, columns)[:, -1] <= 0.0) & (columns["edge_fraction"] <= 1.0)
    least = exact + 1e-9 * np.abs(exact)
    for place, name in enumerate(BOUNDED):
        if name != "buildable":
            assert np.all(values[buildable, place] <= least[buildable, place]), name
    bounder.close()


@given(small | mixed, st.integers(0, 2**32 - 1))
def test_no_box_is_given_up_that_holds_a_design_that_meets_the_targets(
    space: Space, seed: int
) -> None:
    bounder = Bounder(space, TOY.SILICON)
    low, high, index = _boxes(space, bounder, np.random.default_rng(seed))
    boxes = bounded(low, high, bounder)
    columns = evaluate_designs(space, index, TOY.SILICON)
    usable = (violations(space, columns) <= 0.0).all(axis=1)
    assert np.all(boxes.missed[usable] <= 0.0)
    values = objective_values(space, columns)[usable]
    assert np.all(boxes.bound[usable] <= values + 1e-9 * np.abs(values))
    bounder.close()


@settings(max_examples=CERTIFICATES)
@given(small, st.sampled_from([1, 16]))
def test_the_exact_front_is_the_enumerated_one(space: Space, leaf: int) -> None:
    proof = _proven(space, 0.0, leaf)
    every = SPACES.enumerated(space, TOY.SILICON)
    front = np.unique(every[non_dominated(every)], axis=0) if len(every) else every
    found = proof.archive.front.values
    assert found.shape == front.shape
    np.testing.assert_allclose(found, front, rtol=1e-9)
    assert len(np.unique(found, axis=0)) == len(found)
    assert proof.reached == 0.0


@settings(max_examples=CERTIFICATES)
@given(small, st.sampled_from([0.001, 0.01, 0.1, 0.7]), st.sampled_from([1, 16]))
def test_every_design_is_within_eps_of_the_front(space: Space, eps: float, leaf: int) -> None:
    proof = _proven(space, eps, leaf)
    every, found = SPACES.enumerated(space, TOY.SILICON), proof.archive.front.values
    assert bool(len(every)) == bool(len(found))
    for values in relaxed(every, eps * (1 + 1e-9)):
        assert np.any((found <= values + 1e-12 * np.abs(values)).all(axis=1))


@settings(max_examples=MIXED)
@given(mixed, st.sampled_from([1, 16]))
def test_the_exact_front_of_use_cases_and_ties_is_the_enumerated_one(
    space: Space, leaf: int
) -> None:
    every = SPACES.enumerated(space, TOY.SILICON)
    front = np.unique(every[non_dominated(every)], axis=0) if len(every) else every
    found = _proven(space, 0.0, leaf).archive.front.values
    assert found.shape == front.shape
    np.testing.assert_allclose(found, front, rtol=1e-9)


def test_a_power_below_the_static_one_is_out_of_reach_at_any_time() -> None:
    """The chip idles at 0.3 W: no time is long enough, and none is computed beyond range."""
    targets = (Target("decode_power_w", 0.1, -1), Target("tpot_s", 0.02, -1))
    space = TOY.make_space(TOY.ROWS, TOY.CLOCK, TOY.BUS, targets=targets)
    with np.errstate(over="raise", invalid="raise"):
        proof = _proven(space, 0.0, 1)
    assert not len(proof.archive.front)
    assert not len(SPACES.enumerated(space, TOY.SILICON))


def test_a_continuous_axis_is_cut_to_its_front() -> None:
    """4,097 clocks against their enumeration."""
    clocks = np.linspace(0.4e9, 2.0e9, 4097)
    clock = dataclasses.replace(
        TOY.CLOCK,
        values=tuple(clocks.tolist()),
        texts=("",) * len(clocks),
        is_continuous=True,
    )
    space = TOY.make_space(clock, TOY.ROWS, objectives=("ttft_s", "prefill_power_w"), models=1)
    every = SPACES.enumerated(space, TOY.SILICON)
    front = np.unique(every[non_dominated(every)], axis=0)
    proof = _proven(space, 0.0, 16)
    np.testing.assert_allclose(proof.archive.front.values, front, rtol=1e-9)
    assert len(front) > 100
    near = _proven(space, 0.01, 16)
    assert near.counts.evaluated < space.size / 4
    for values in relaxed(front, 0.01 * (1 + 1e-9)):
        assert np.any((near.archive.front.values <= values).all(axis=1))


@given(small, st.integers(0, 6), st.sampled_from([0.0, 0.01, 0.5]))
def test_what_is_measured_when_stopped_is_true(space: Space, steps: int, goal: float) -> None:
    proof = Proof(space, TOY.SILICON, goal, seed=0)
    clock = [0.0] * steps + [1.0] * 1000
    with (
        mock.patch.object(room, "_LEAF", 1),
        mock.patch.object(room, "_BATCH", 4),
        mock.patch.object(room.time, "monotonic", side_effect=clock),
    ):
        proof.cover()
        proof.run(0.5, lambda _: None)
    proof.close()
    eps, found = proof.measure(), proof.archive.front.values
    if np.isfinite(eps):
        for values in relaxed(SPACES.enumerated(space, TOY.SILICON), eps * (1 + 1e-9) + 1e-12):
            assert np.any((found <= values + 1e-12 * np.abs(values)).all(axis=1))


FLIP = """\
schema: dse.space/1
name: flip
title: A coefficient that turns back where hardly any design is
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
unit: npu
axes:
  chip.dram.data_rate: [8533 MT/s, 9600 MT/s]
  chip.power.sustained: [{sustained}]
  chip.power.peak: [{peak}]
ties:
  chip.dram.max_outstanding: {{follows: chip.dram.data_rate, values: [12 KiB, 8 KiB]}}
  chip.dram.bus_width: {{follows: chip.power.sustained, values: [{bus}]}}
  chip.dram.efficiency: {{follows: chip.power.peak, values: [{efficiency}]}}
objectives: [tpot_s]
"""
CLOCK = """\
schema: dse.space/1
name: flip
title: A clock that is on offer at one choice of another axis alone
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
unit: npu
axes:
  chip.power.sustained: [{sustained}]
  chip.units.npu.clock: {{from: 0.5 GHz, to: 1.52 GHz, steps: 400}}
ties:
  chip.units.npu.max_clock: {{follows: chip.power.sustained, values: [{clocks}]}}
objectives: [ttft_s]
"""
MANY = 300


def _flips() -> dict[str, str]:
    """Spaces of which a sample hardly ever shows what decides them."""
    rare = {MANY // 2: "128 bit"} | dict.fromkeys(range(10, MANY, 40), "96 bit")
    of = {"32 bit": "0.3", "96 bit": "0.8", "128 bit": "1.0"}
    bus = [rare.get(place, "32 bit") for place in range(MANY)]
    watts = {
        "sustained": ", ".join(f"{1 + place / 1000:.3f} W" for place in range(MANY)),
        "peak": ", ".join(f"{20 + place / 1000:.3f} W" for place in range(MANY)),
    }
    clocks = ["2 GHz" if place == MANY // 2 else "1 GHz" for place in range(MANY)]
    tables = {"bus": ", ".join(bus), "efficiency": ", ".join(of[each] for each in bus)}
    return {
        "bandwidth": FLIP.format(**watts, **tables),
        "clock": CLOCK.format(**watts, clocks=", ".join(clocks)),
    }


@pytest.mark.parametrize("kind", ["bandwidth", "clock"])
def test_what_a_sample_hardly_ever_shows_is_proven_all_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "flip.yaml"
    path.write_text(_flips()[kind], encoding="utf-8")
    space, silicon = load_space(path), load_technology().silicon
    exact = run_sweep(space, silicon, samples=None).front[space.objectives[0]]
    for seed in range(2):
        found = run_certify(space, silicon, 0.0, seed=seed)
        assert found.certificate.complete
        np.testing.assert_array_equal(found.front[space.objectives[0]], exact)


def test_nothing_covers_a_bound_of_nothing() -> None:
    archive = Archive(2, 1, 0.0)
    archive.add(np.array([[5.0, 1.2]]), np.array([[0]]))
    assert archive.gap(np.array([[0.0, 1.0], [5.0, 1.2], [5.0, 1.0]])) == pytest.approx(
        [np.inf, 0.0, 0.2]
    )


def test_a_bound_that_is_false_is_noticed() -> None:
    space = TOY.make_space(objectives=("tpot_s",))
    honest = Bounder.bound

    def false(self: Bounder, low: Any, high: Any) -> Any:
        values, missed = honest(self, low, high)
        return values * 1.5, missed

    proof = Proof(space, TOY.SILICON, 0.0, seed=0)
    with mock.patch.object(Bounder, "bound", false):
        proof.cover()
        with pytest.raises(ArithmeticError, match="better than the bound of its box"):
            proof.run(float("inf"), lambda _: None)
    proof.close()


def test_axes_that_nothing_sees_collapse() -> None:
    """A hundred billion designs, of which 3,200 differ."""
    base = TOY.make_space()
    blind = [
        SPACES.axis("chip.year", tuple(range(2000, 5000))),
        SPACES.axis("chip.power.sustained_w", tuple(np.linspace(1.0, 9.0, 3000).tolist())),
        SPACES.axis("chip.power.peak_w", tuple(np.linspace(1.0, 9.0, 3000).tolist())),
    ]
    space = dataclasses.replace(base, axes=(*base.axes, *blind))
    assert space.size > 8e13
    found = _proven(space, 0.0, 16)
    every = SPACES.enumerated(base, TOY.SILICON)
    front = np.unique(every[non_dominated(every)], axis=0)
    np.testing.assert_allclose(found.archive.front.values, front, rtol=1e-12)


def test_stages_end_with_what_was_asked() -> None:
    assert stages_to(0.0)[-2:] == (0.001, 0.0)
    assert stages_to(3.0) == (3.0,)
    assert list(stages_to(0.015)) == sorted(stages_to(0.015), reverse=True)


@pytest.mark.parametrize("name", list_specs("space"))
def test_other_lines_of_a_shipped_space_show_the_same_directions(name: str) -> None:
    """What a proof takes from sampled lines must not hang on the sample."""
    space, silicon = load_space(name), load_technology().silicon
    first, *others = (directions(space, silicon, seed) for seed in range(3))
    for other in others:
        assert first.keys() == other.keys()
        for path, signs in first.items():
            np.testing.assert_array_equal(signs, other[path], str(path))
