"""The yardstick of fronts, and that all who tell of a front's hypervolume use the same."""

from __future__ import annotations

import numpy as np
import pytest

from dse.search import run_search
from dse.sweep import Yardstick


def test_the_yardstick_measures_in_the_box_of_its_designs():
    stick = Yardstick(np.array([[10.0, 5.0], [np.inf, 0.0], [20.0, 1.0], [12.0, 3.0]]))
    assert stick.measure(np.empty((0, 2))) == 0.0
    assert stick.measure(np.array([[10.0, 1.0]])) == pytest.approx(1.0)
    assert stick.measure(np.array([[21.0, 5.4]])) == pytest.approx(0.0)
    assert stick.measure(np.array([[15.5, 1.0]])) == pytest.approx(0.5)
    assert stick.measure(np.array([[9.0, 0.6]])) > 1.0


def test_the_yardstick_of_equal_values_and_of_a_front_too_large():
    stick = Yardstick(np.ones((4, 3)))
    assert stick.measure(np.ones((1, 3))) == pytest.approx(1.0)
    wide = Yardstick(np.ones((4, 6)))
    assert wide.measure(np.ones((1, 6))) is None


def test_progress_and_history_measure_alike(toy):
    reports = []
    result = run_search(
        toy.make_space(models=1), toy.SILICON, trials=60, samples=64, progress=reports.append
    )
    told = [report.standing().hypervolume for report in reports if report.stage == "search"]
    assert told == [entry.hypervolume for entry in result.history if entry.stage == "search"]
    assert reports[-1].standing().hypervolume == result.history[-1].hypervolume
