"""A front under uncertain numbers: sizes, bars and words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection

from dse.advise import Driver, Robustness
from dse.report.figures import save_figure
from dse.report.front import FrontRow
from dse.report.robust import RobustView, robust_tables
from dse.report.robust_figure import robust_figure
from dse.space import Axis, Space
from dse.spec.ranges import Range
from dse.workload import Scenario
from tests.conftest import TINY, build_chip, precision

RATE = "chip.dram.data_rate_per_s"


@pytest.fixture(scope="module")
def seen(make_view):
    """A view, and made-up robustness of its front; two designs beside it, one of which counts."""
    view = make_view()
    view = replace(view, chips=(), designs=np.arange(len(view.front)))
    front = np.flatnonzero(view.front)
    chosen = np.concatenate([front, np.flatnonzero(view.feasible & ~view.front)[:2]])
    values = {name: view.columns[name][chosen] for name in view.objectives}
    numbers = tuple(float(i) for i in range(len(view.front)))
    axis = Axis(RATE, (RATE,), numbers, tuple(map(str, numbers)))
    asked = Scenario(prompt_tokens=64, output_tokens=4, precision=precision())
    rest = (build_chip(), (TINY,), asked, None, (axis,), view.objectives, ())
    estimates = tuple(Range(f"nodes.{n}.wafer_price", "w", 0.8, 1.2, "B") for n in ("a", "b"))
    result = Robustness(
        index=chosen[:, None],
        is_front=np.arange(len(chosen)) < len(front),
        is_missed=np.zeros((len(chosen), 2), dtype=bool),
        values=values,
        low={name: 0.5 * v for name, v in values.items()},
        high={name: 2.0 * v for name, v in values.items()},
        percentiles={n: np.outer(v, [0.8, 1.0, 1.3]) for n, v in values.items()},
        undominated=np.ones(len(front)),
        feasible=np.full(len(chosen), 0.9),
        on_front=np.append(np.linspace(0.0, 1.0, len(front)), [0.4, 0.01]),
        drivers={"cost_usd": (Driver(estimates, 0.9, 1.1, 0.2),)},
        draws=64,
        seed=0,
        screened=7,
    )
    return view, RobustView(Space("s", "S", *rest), result)


def test_a_picture_is_the_same_bytes_each_time(seen, tmp_path):
    written = []
    for number in range(2):
        path = tmp_path / f"{number}.svg"
        save_figure(robust_figure(*seen, "tpot_s", "cost_usd"), path)
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_bars_stand_at_few_designs_and_reach_the_percentiles(seen):
    view, robust = seen
    axes = robust_figure(view, robust, "tpot_s", "cost_usd").axes[0]
    bars = [c for c in axes.collections if isinstance(c, LineCollection)]
    across, up = ([path.vertices for path in bar.get_paths()] for bar in bars)
    assert len(across) == len(up) <= 7
    for (left, y), (right, _) in across:
        assert right / left == pytest.approx(1.3 / 0.8)
        assert axes.get_ylim()[0] < y < axes.get_ylim()[1]
        assert axes.get_xlim()[0] < left < right < axes.get_xlim()[1]


def test_markers_are_as_large_as_their_share(seen):
    view, robust = seen
    axes = robust_figure(view, robust, "tpot_s", "energy_per_token_j").axes[0]
    marks = {c.get_label(): c for c in axes.collections if isinstance(c, PathCollection)}
    sizes = np.sort(marks["front as stated"].get_sizes())
    assert sizes[0] < 0.1 * sizes[-1]
    assert len(sizes) == robust.result.is_front.sum()
    assert len(marks["other that takes over"].get_offsets()) == 1
    legend = [marks[f"on it in {share} % of draws"].get_sizes()[0] for share in (10, 50, 90)]
    assert legend == sorted(legend)


def test_a_metric_that_is_no_objective_has_no_bars(seen):
    view, robust = seen
    axes = robust_figure(view, robust, "decode_tok_s", "cost_usd").axes[0]
    bars = [c for c in axes.collections if isinstance(c, LineCollection)]
    assert len(bars) == 1


def test_tables_say_who_takes_over_and_name_an_estimate_once(seen):
    _, robust = seen
    design = int(robust.designs[0])
    metrics = {name: float(v[0]) for name, v in robust.result.values.items()}
    rows = [FrontRow(design, {}, metrics, is_knee=True)]
    front, others, drivers, numbers = robust_tables(robust, rows)
    assert front.rows[0][:5] == ("*", str(design), "0 %", "90 %", "100 %")
    assert "1 of 7 other designs" in others.title
    assert others.rows[0][1] == "40 %"
    assert others.rows[0][-1] == "nothing: it is dominated"
    assert drivers.rows == (("cost_usd", "nodes.{a,b}.wafer_price", "-10..+10 %"),)
    assert [row[0] for row in numbers.rows] == ["nodes.a.wafer_price", "nodes.b.wafer_price"]
