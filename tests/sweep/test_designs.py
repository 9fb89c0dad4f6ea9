"""Metrics of designs: batch equals scalar, the worst model counts, violations have their sign."""

from __future__ import annotations

import os

import numpy as np
import pytest

from dse.cost import METRICS, evaluate
from dse.space import Target
from dse.sweep import designs, evaluate_designs, objective_values, requirements, violations


def test_a_batch_is_its_designs_one_by_one(toy):
    space = toy.make_space()
    index = space.sample(16, seed=3)
    batch = evaluate_designs(space, index, toy.SILICON)
    assert list(batch) == [entry.name for entry in METRICS]
    for place, row in enumerate(index):
        single = evaluate_designs(space, row[None], toy.SILICON)
        for name, values in single.items():
            assert values.shape == (1,)
            assert values[0] == batch[name][place], name


def test_the_worst_model_counts(toy):
    space = toy.make_space()
    index = space.sample(200, seed=1)
    worst = evaluate_designs(space, index, toy.SILICON)
    for places, chip, (mix,) in space.groups(index):
        (scenario,) = mix.scenarios
        wide, deep = (
            evaluate(chip, model, scenario, toy.SILICON).columns for model in space.models
        )
        judge = wide["tpot_s"] >= deep["tpot_s"]
        for entry in METRICS:
            a, b = wide[entry.name], deep[entry.name]
            expected = {-1: np.maximum(a, b), 1: np.minimum(a, b), 0: np.where(judge, a, b)}
            np.testing.assert_array_equal(worst[entry.name][places], expected[entry.sense])


def test_order_chunks_and_cores_do_not_matter(toy, monkeypatch):
    space = toy.make_space()
    index = space.decode(np.arange(space.size))
    expected = evaluate_designs(space, index, toy.SILICON)
    order = np.random.default_rng(0).permutation(len(index))
    monkeypatch.setattr(designs, "_CHUNK", 97)
    for cores in (1, 5, None):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        before = index.copy()
        found = evaluate_designs(space, index[order], toy.SILICON)
        for name, values in found.items():
            np.testing.assert_array_equal(values, expected[name][order])
        np.testing.assert_array_equal(index, before)


def test_no_designs_and_static_axes_alone(toy):
    space = toy.make_space(toy.FLOW)
    none = evaluate_designs(space, np.empty((0, 1), dtype=np.int64), toy.SILICON)
    assert all(values.shape == (0,) for values in none.values())
    both = evaluate_designs(space, [[0], [1], [0]], toy.SILICON)
    assert both["ttft_s"].shape == (3,)
    assert both["ttft_s"][0] == both["ttft_s"][2] != both["ttft_s"][1]


def test_an_error_in_a_thread_is_not_lost(toy, monkeypatch):
    space = toy.make_space()

    def fail(*_args):
        raise RuntimeError("kernel")

    monkeypatch.setattr(designs, "evaluate_mix", fail)
    with pytest.raises(RuntimeError, match="kernel"):
        evaluate_designs(space, space.decode(np.arange(200)), toy.SILICON)


def metrics(**given: list[float]) -> dict[str, np.ndarray]:
    count = len(next(iter(given.values())))
    columns = {entry.name: np.ones(count) for entry in METRICS}
    return columns | {name: np.array(values) for name, values in given.items()}


def test_violations_are_shares_of_the_limit(toy):
    targets = (Target("ttft_s", 2.0, -1), Target("decode_tok_s", 10.0, 1))
    space = toy.make_space(targets=targets)
    columns = metrics(ttft_s=[1.0, 2.0, 3.0], decode_tok_s=[5.0, 10.0, 20.0])
    columns |= {
        "memory_bytes": np.array([8.0, 12.0, 4.0]),
        "memory_free_bytes": np.array([2.0, -2.0, 0.0]),
        "buildable": np.array([1.0, 1.0, 0.0]),
    }
    expected = [[-0.5, 0.5, -0.2, 0.0], [0.0, 0.0, 0.2, 0.0], [0.5, -1.0, 0.0, np.inf]]
    np.testing.assert_allclose(violations(space, columns), expected, rtol=1e-15)
    assert [entry.metric for entry in requirements(space)] == [
        "ttft_s",
        "decode_tok_s",
        "memory_free_bytes",
        "buildable",
    ]


@pytest.mark.parametrize(("sense", "expected"), [(-1, [-1.0, 0.0, 2.0]), (1, [1.0, 0.0, -2.0])])
def test_a_limit_of_zero_counts_absolutely(toy, sense, expected):
    space = toy.make_space(targets=(Target("edge_fraction", 0.0, sense),))
    columns = metrics(edge_fraction=[-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(violations(space, columns)[:, 0], expected)


def test_what_is_no_number_violates_without_end(toy):
    space = toy.make_space(targets=(Target("ttft_s", 2.0, -1),))
    columns = metrics(ttft_s=[1.0, np.nan, 1.0, 1.0], tpot_s=[1.0, 1.0, np.inf, np.nan])
    missed = violations(space, columns)
    assert (missed[0] <= 0).all()
    assert missed[1, 0] == np.inf
    assert (missed[2:] == np.inf).all()


def test_objectives_are_minimised_in_their_own_sense(toy):
    space = toy.make_space(objectives=("decode_tok_s", "cost_usd"))
    columns = metrics(decode_tok_s=[1.0, 2.0], cost_usd=[3.0, 4.0])
    np.testing.assert_array_equal(objective_values(space, columns), [[-1, 3], [-2, 4]])


def test_a_design_that_does_not_fit_is_not_feasible(toy):
    space = toy.make_space(toy.CAPACITY, toy.ROWS)
    index = space.decode(np.arange(space.size))
    columns = evaluate_designs(space, index, toy.SILICON)
    missed = violations(space, columns)
    np.testing.assert_array_equal(missed[:, -2] <= 0, columns["fits"] == 1.0)
    assert 0 < columns["fits"].sum() < len(index)
