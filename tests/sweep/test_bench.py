"""The bench counts what it evaluates, and its figures hang together."""

from __future__ import annotations

import dataclasses
import math
import os

from dse.sweep import asked_metrics, bench, load_average, run_bench


def test_rates_of_a_small_space(toy, monkeypatch):
    monkeypatch.setattr(bench, "_BATCH", 256)
    monkeypatch.setattr(bench, "_COPIED", 1 << 16)
    space = toy.make_space()
    single = dataclasses.replace(space, models=space.models[:1])
    result = run_bench([single, space], toy.SILICON, 0.01)
    assert [rate.designs for rate in result.rates] == [space.size] * 2
    assert result.rates[1].model == "+".join(model.name for model in space.models)
    for rate in result.rates:
        assert rate.metrics == asked_metrics(space)
        assert 0.0 < rate.random_per_s < 1e9
        assert 0.0 < rate.grid_per_s < 1e9
    assert result.floor_per_s == result.copied_bytes_per_s / (8 * len(asked_metrics(space)))
    assert result.random_per_s == min(rate.random_per_s for rate in result.rates)
    assert 1e6 < result.peak_rss_bytes < 1e12


def test_a_load_that_the_system_does_not_say(monkeypatch):
    def refuse():
        raise OSError("no load here")

    monkeypatch.setattr(os, "getloadavg", lambda: (1.5, 2.5, 3.5))
    assert load_average() == 1.5
    monkeypatch.setattr(os, "getloadavg", refuse)
    assert math.isnan(load_average())
    monkeypatch.delattr(os, "getloadavg")
    assert math.isnan(load_average())


def test_the_grid_is_swept_again_and_again(toy):
    space = toy.make_space()
    steps = bench._grid(space, toy.SILICON)
    seen = 0
    while seen < 3 * space.size:
        seen += next(steps)
    assert seen == 3 * space.size
