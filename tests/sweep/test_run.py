"""Sweeps: the front is that of the definition, bounded in memory, the same bytes on repeat."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import qmc

from dse.errors import CorruptRunError, VersionMismatchError
from dse.pareto import non_dominated
from dse.space import Target
from dse.spec import load_space
from dse.store import Output, load_run
from dse.sweep import (
    Points,
    estimate_sweep,
    evaluate_designs,
    objective_values,
    points,
    run_sweep,
    violations,
)

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.0, -1))
IMPOSSIBLE = (Target("tpot_s", 0.006, -1), Target("decode_power_w", 1.6, -1))


def by_definition(toy, space):
    index = space.decode(np.arange(space.size))
    columns = evaluate_designs(space, index, toy.SILICON)
    missed = violations(space, columns)
    feasible = (missed <= 0).all(axis=1)
    front = np.flatnonzero(feasible)
    front = front[non_dominated(objective_values(space, columns)[feasible])]
    return columns, missed, feasible, front


@pytest.mark.parametrize("targets", [(), TARGETS])
@pytest.mark.parametrize("block", [7, 1000, 65_536])
def test_the_front_of_a_grid_is_exact(toy, monkeypatch, targets, block):
    monkeypatch.setattr(points, "_BLOCK", block)
    space = toy.make_space(toy.ROWS, toy.BUS, toy.DRAM, toy.FLOW, toy.WEIGHTS, targets=targets)
    _, _, feasible, front = by_definition(toy, space)
    result = run_sweep(space, toy.SILICON, samples=None)
    assert result.is_exhaustive
    assert result.evaluated == space.size
    assert result.feasible == feasible.sum()
    assert sorted(result.front["design"]) == sorted(front)
    np.testing.assert_array_equal(result.front["design"], space.encode(result.front_index))
    assert (result.front["feasible"] == 1).all()
    assert (np.diff(result.front["tpot_s"]) >= 0).all()


def test_nothing_feasible_still_says_how_near(toy):
    space = toy.make_space(targets=IMPOSSIBLE)
    columns, missed, feasible, _ = by_definition(toy, space)
    assert not feasible.any()
    result = run_sweep(space, toy.SILICON, samples=None)
    assert len(result.front_index) == 0
    assert result.feasible == 0
    nearest = int(space.encode(result.reach.nearest[None])[0])
    worst = np.maximum(missed, 0).max(axis=1)
    assert worst[nearest] == worst.min()
    misses = missed > 0
    for place, entry in enumerate(result.reach.requirements):
        others = ~np.delete(misses, place, axis=1).any(axis=1)
        values = columns[entry.target.metric]
        pick = np.max if entry.target.sense > 0 else np.min
        assert entry.met == (~misses[:, place]).sum()
        assert entry.best == pick(values)
        assert entry.missed_alone == (others & misses[:, place]).sum()
        if others.any():
            assert entry.best_with_others == pick(values[others])
        else:
            assert np.isnan(entry.best_with_others)
            assert entry.nearest_with_others is None
    opened = [entry.missed_alone > 0 for entry in result.reach.requirements]
    assert opened == [True, True, False, False]


def test_a_sample_is_part_of_the_grid(toy):
    space = toy.make_space()
    result = run_sweep(space, toy.SILICON, samples=500, seed=2, keep=100)
    assert not result.is_exhaustive
    assert 400 < result.evaluated <= 500
    sample = space.encode(space.sample(500, 2))
    assert set(result.cloud["design"]) <= set(sample)
    assert len(result.cloud["design"]) == 100
    assert (np.diff(result.cloud["design"]) > 0).all()
    other = run_sweep(space, toy.SILICON, samples=500, seed=3, keep=100)
    assert set(other.cloud["design"]) != set(result.cloud["design"])


@pytest.mark.parametrize("count", [1, 3, 100, 131_072, 140_000])
def test_a_sample_is_the_start_of_one_sobol_sequence(count):
    space = load_space("phone_10b")
    sobol = qmc.Sobol(len(space.axes), scramble=True, rng=np.random.default_rng(7))
    points = sobol.random_base2((count - 1).bit_length())[:count]
    index = np.floor(points * space.shape).astype(np.int64)
    numbers = space.encode(index)
    assert list(dict.fromkeys(numbers.tolist())) == space.encode(space.sample(count, 7)).tolist()
    np.testing.assert_array_equal(space.sample_numbers(count, 7), np.unique(numbers))


def test_the_same_bytes_on_repeat_and_from_the_folder(toy, tmp_path, monkeypatch):
    space = toy.make_space(targets=TARGETS)
    first = run_sweep(space, toy.SILICON, samples=1000, out=tmp_path / "a", keep=50)
    monkeypatch.setattr(points, "_BLOCK", 64)
    run_sweep(space, toy.SILICON, samples=1000, out=Output(tmp_path / "b"), keep=50)
    names = ("front.csv", "results.csv", "summary.json")
    before = [(tmp_path / "a" / name).read_bytes() for name in names]
    assert before == [(tmp_path / "b" / name).read_bytes() for name in names]
    with pytest.raises(CorruptRunError, match="its pieces are not those of this sweep"):
        run_sweep(space, toy.SILICON, samples=1000, out=tmp_path / "a", keep=50)
    monkeypatch.undo()
    run_sweep(space, toy.SILICON, samples=1000, out=tmp_path / "a", keep=50)
    assert before == [(tmp_path / "a" / name).read_bytes() for name in names]
    run = load_run(tmp_path / "a")
    assert run.summary["evaluated"] == first.evaluated
    assert run.summary["front"] == len(first.front_index)
    assert run.summary["knee"] in first.front["design"]
    for table, name in ((first.front, "front"), (first.cloud, "results")):
        assert list(run.tables[name]) == list(table)
        for column, values in table.items():
            np.testing.assert_array_equal(run.tables[name][column], values)
    with pytest.raises(VersionMismatchError, match=r"settings\.keep"):
        run_sweep(space, toy.SILICON, samples=1000, out=tmp_path / "a", keep=51)


def test_keep_all_streams_every_design(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(points, "_BLOCK", 100)
    space = toy.make_space(toy.ROWS, toy.CLOCK, toy.BUS, toy.FLOW)
    result = run_sweep(space, toy.SILICON, samples=None, out=tmp_path, keep=None)
    stored = load_run(tmp_path).tables["results"]
    assert stored["design"].tolist() == list(range(space.size))
    np.testing.assert_array_equal(stored["tpot_s"], result.cloud["tpot_s"])


def test_nothing_feasible_leaves_an_empty_front_that_reads_back(toy, tmp_path):
    space = toy.make_space(targets=IMPOSSIBLE)
    result = run_sweep(space, toy.SILICON, samples=300, out=tmp_path)
    run = load_run(tmp_path)
    assert len(run.tables["front"]["design"]) == len(result.front["design"]) == 0
    assert run.summary["knee"] is None
    assert run.summary["nearest"] == int(space.encode(result.reach.nearest[None])[0])


def test_progress_reaches_its_total(toy, monkeypatch):
    space = toy.make_space()
    seen = []
    result = run_sweep(space, toy.SILICON, samples=None, progress=seen.append)
    done = [entry.done for entry in seen]
    assert done == sorted(set(done))
    assert done[-1] == 3200
    assert {entry.total for entry in seen} == {3200}
    assert seen[-1].front == len(result.front_index)
    assert seen[-1].feasible == result.feasible


def test_refused_samples(toy):
    with pytest.raises(ValueError, match="samples must be >= 1, but got 0"):
        Points(toy.make_space(), 0, 0)


def test_an_estimate_of_a_space_that_no_float_counts(toy):
    values = tuple(float(8 * (i + 1)) for i in range(1 << 15))
    wide = dataclasses.replace(toy.ROWS, values=values, texts=tuple(map(str, values)))
    steps = tuple(1e9 + i for i in range(1 << 15))
    axes = [wide, dataclasses.replace(toy.CLOCK, values=steps, texts=tuple(map(str, steps)))]
    sizes = tuple(1e6 + i for i in range(1 << 15))
    axes.append(dataclasses.replace(toy.SRAM, values=sizes, texts=tuple(map(str, sizes))))
    widths = tuple(32.0 + i for i in range(1 << 15))
    axes.append(dataclasses.replace(toy.BUS, values=widths, texts=tuple(map(str, widths))))
    space = toy.make_space(*axes)
    assert space.size == 1 << 60
    assert estimate_sweep(space, toy.SILICON, samples=None).designs == space.size


def test_an_estimate_names_points_time_and_bytes(toy, tmp_path):
    space = toy.make_space()
    estimate = estimate_sweep(space, toy.SILICON, samples=None, keep=None)
    assert estimate.designs == space.size
    assert estimate.is_exhaustive
    assert estimate.seconds > 0
    run_sweep(space, toy.SILICON, samples=None, keep=None, out=tmp_path)
    size = (tmp_path / "results.csv").stat().st_size
    assert estimate.stored_bytes == pytest.approx(size, rel=0.05)
