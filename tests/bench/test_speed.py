"""How fast designs are evaluated: `make bench`, apart from the tests of `make test`."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from dse.pareto import non_dominated
from dse.spec import load_model, load_space, load_technology
from dse.sweep import Evaluator, GridSweep, asked_metrics, evaluate_designs
from dse.sweep.bench import peak_rss_bytes

pytestmark = pytest.mark.bench

MODELS = ("llama-2-7b", "solar-10.7b")
BATCH = 131_072


@pytest.fixture(scope="module", params=MODELS)
def space(request):
    return dataclasses.replace(load_space("phone_10b"), models=(load_model(request.param),))


@pytest.fixture(scope="module")
def silicon():
    return load_technology().silicon


def test_random_designs(benchmark, space, silicon):
    evaluator, names = Evaluator(space, silicon), asked_metrics(space)
    index = np.random.default_rng(0).integers(0, space.shape, (BATCH, len(space.axes)))
    benchmark.extra_info["designs"] = BATCH
    benchmark.pedantic(evaluator.evaluate, (index, names), rounds=5, warmup_rounds=2)


def test_blocks_of_a_grid(benchmark, space, silicon):
    grid = GridSweep(space, silicon)
    for _ in zip(range(8), grid.steps(), strict=False):  # a front to sieve by
        pass
    block = next(grid._lattice.blocks())
    benchmark.extra_info["designs"] = block.size
    benchmark.pedantic(grid.examine, (block,), rounds=10, warmup_rounds=2)


def test_one_design(benchmark, space, silicon):
    index = np.zeros((1, len(space.axes)), dtype=np.int64)
    benchmark(evaluate_designs, space, index, silicon)


@pytest.mark.parametrize("columns", [2, 3, 4, 5])
def test_front_of_a_cloud(benchmark, columns):
    cloud = np.random.default_rng(columns).random((100_000, columns))
    benchmark.pedantic(non_dominated, (cloud,), rounds=3, warmup_rounds=1)


def cut(space, target):
    """The space with its last axes cut until it has about so many designs."""
    axes, size = list(space.axes), space.size
    for place in reversed(range(len(axes))):
        axis = axes[place]
        keep = max(1, min(len(axis.values), round(len(axis.values) * target / size)))
        size = size // len(axis.values) * keep
        axes[place] = dataclasses.replace(axis, values=axis.values[:keep], texts=axis.texts[:keep])
        if size <= target * 1.5:
            break
    return dataclasses.replace(space, axes=tuple(axes))


def test_time_is_linear_and_memory_is_bounded(silicon):
    """From a million designs to a hundred: at most as long per design, and no more memory."""
    whole = dataclasses.replace(load_space("phone_10b"), models=(load_model("llama-2-7b"),))
    rates = []
    for target in (1e6, 1e7, 1e8):
        space = cut(whole, target)
        start = time.perf_counter()
        grid = GridSweep(space, silicon)
        grid.run()
        rates.append(space.size / (time.perf_counter() - start))
        assert grid.evaluated == space.size
    assert min(rates[1:]) > 0.5 * rates[0]
    assert peak_rss_bytes() < 2**30
