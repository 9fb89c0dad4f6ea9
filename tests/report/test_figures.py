"""Pictures: the same bytes, the right marks, nothing on top of anything."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Annotation

from dse.report import style
from dse.report.figures import PNG_DPI, front_figure, matrix_figure, save_figure
from dse.space import Target


def axes_of(figure):
    return figure.axes[0]


@pytest.mark.parametrize("ending", ["svg", "png"])
@pytest.mark.parametrize("kind", ["front", "matrix"])
def test_the_same_view_gives_the_same_bytes(view, tmp_path, ending, kind):
    written = []
    for number in range(2):
        figure = (
            front_figure(view, "tpot_s", "energy_per_token_j", "cost_usd")
            if kind == "front"
            else matrix_figure(view)
        )
        path = tmp_path / f"{number}.{ending}"
        save_figure(figure, path)
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_no_file_carries_a_date_or_a_version(view, tmp_path):
    path = tmp_path / "a.svg"
    save_figure(front_figure(view, "tpot_s", "cost_usd"), path)
    text = path.read_text()
    assert "<dc:date>" not in text
    assert not re.search(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text)


def test_pixels_per_inch(view, tmp_path):
    path = tmp_path / "a.png"
    figure = front_figure(view, "tpot_s", "cost_usd")
    save_figure(figure, path)
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    inches = figure.get_size_inches()
    assert (width, height) == (round(inches[0] * PNG_DPI), round(inches[1] * PNG_DPI))


def test_the_cloud_is_rasterised_and_the_front_is_not(view):
    axes = axes_of(front_figure(view, "tpot_s", "energy_per_token_j"))
    rasterised = {c.get_label(): bool(c.get_rasterized()) for c in axes.collections}
    assert rasterised["misses a target"]
    assert rasterised["meets all targets"]
    assert not rasterised["front of all objectives"]


def test_axes_carry_name_unit_and_direction(view):
    axes = axes_of(front_figure(view, "tpot_s", "cost_usd"))
    assert axes.get_xlabel() == "Time per output token [ms]   ← better"
    assert axes.get_ylabel() == "Cost [USD]   ← better"
    axes = axes_of(front_figure(view, "decode_tok_s", "cost_usd"))
    assert axes.get_xlabel() == "Decode rate [tok/s]   better →"


def test_values_are_drawn_in_the_axis_s_unit(view):
    axes = axes_of(front_figure(view, "tpot_s", "cost_usd"))
    front = next(c for c in axes.collections if c.get_label() == "front of all objectives")
    drawn = np.asarray(front.get_offsets())
    expected = np.column_stack([view.columns["tpot_s"] * 1e3, view.columns["cost_usd"]])
    np.testing.assert_allclose(drawn, expected[view.front])


@pytest.mark.parametrize(("spread", "scale"), [(1.1, "linear"), (50.0, "log")])
def test_a_wide_range_is_logarithmic(make_view, spread, scale):
    view = make_view()
    columns = dict(view.columns)
    columns["ttft_s"] = np.linspace(1.0, spread, len(view.front))
    chips = ()
    wide = replace(
        view, columns=columns, chips=chips, targets=(), feasible=np.ones_like(view.feasible)
    )
    assert axes_of(front_figure(wide, "ttft_s", "cost_usd")).get_xscale() == scale


def test_targets_are_lines_with_their_far_side_shaded(view):
    axes = axes_of(front_figure(view, "tpot_s", "energy_per_token_j"))
    line = next(line for line in axes.lines if line.get_label().startswith("target"))
    assert list(line.get_xdata()) == [200.0, 200.0]
    span = axes.patches[0]
    assert span.get_x() == 200.0
    assert span.get_x() + span.get_width() > axes.get_xlim()[1]


def test_a_target_from_below_shades_what_is_below(view):
    below = replace(view, targets=(Target("decode_tok_s", 5.0, 1),))
    axes = axes_of(front_figure(below, "decode_tok_s", "cost_usd"))
    span = axes.patches[0]
    assert span.get_x() + span.get_width() == pytest.approx(5.0)
    assert span.get_x() < axes.get_xlim()[0]


def test_the_knee_the_base_and_the_small_chips_are_marked(view):
    figure = front_figure(view, "tpot_s", "energy_per_token_j")
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"knee", "base chip of the space", "real chip", "real chip, DRAM too small"} <= labels
    texts = {text.get_text() for text in axes_of(figure).texts}
    assert "knee" in texts
    assert "Some Chip 0" in texts


def boxes(figure):
    axes = axes_of(figure)
    labels = [text for text in axes.texts if isinstance(text, Annotation)]
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    found = [mpl.text.Text.get_window_extent(label) for label in labels]
    return frame, found


@pytest.mark.parametrize("pair", [("tpot_s", "energy_per_token_j"), ("cost_usd", "tpot_s")])
def test_labels_cover_neither_each_other_nor_leave_the_axes(view, pair):
    frame, found = boxes(front_figure(view, *pair))
    assert len(found) >= 4
    for i, box in enumerate(found):
        assert frame.x0 - 1 <= box.x0
        assert box.x1 <= frame.x1 + 1
        assert not any(box.overlaps(other) for other in found[i + 1 :])


def test_a_colour_metric_gets_a_bar_with_its_unit(view):
    figure = front_figure(view, "tpot_s", "energy_per_token_j", "cost_usd")
    assert [axes.get_ylabel() for axes in figure.axes][1] == "Cost [USD]   ← better"


def test_one_value_gets_no_scale_of_colours(view):
    assert len(front_figure(view, "tpot_s", "cost_usd", "ttft_s").figure.axes) == 1


def test_the_matrix_has_every_pair_once(view):
    figure = matrix_figure(view)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == 3
    assert figure.get_suptitle() == view.title


def test_two_objectives_have_their_legend_below(make_view):
    figure = matrix_figure(make_view(objectives=("tpot_s", "cost_usd")))
    assert len(figure.legends) == 1


def test_an_empty_front_is_drawn_as_its_cloud(view, tmp_path):
    nothing = np.zeros_like(view.feasible)
    empty = replace(view, feasible=nothing, front=nothing, knee=None)
    figure = front_figure(empty, "tpot_s", "energy_per_token_j", "cost_usd")
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert "misses a target" in labels
    assert "knee" not in labels
    save_figure(matrix_figure(empty), tmp_path / "empty.svg")


def test_one_design_is_enough(make_view, tmp_path):
    view = make_view(count=1, seed=1)
    one = replace(view, feasible=np.array([True]), front=np.array([True]), knee=0, chips=())
    save_figure(front_figure(one, "tpot_s", "cost_usd"), tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 10_000


def test_infinite_metrics_do_not_break_the_axes(make_view, tmp_path):
    view = make_view()
    columns = dict(view.columns)
    columns["cost_usd"] = np.where(np.arange(400) % 7 == 0, np.inf, columns["cost_usd"])
    chips = (replace(view.chips[0], values={**view.chips[0].values, "cost_usd": np.inf}),)
    figure = front_figure(replace(view, columns=columns, chips=chips), "tpot_s", "cost_usd")
    assert np.isfinite(axes_of(figure).get_ylim()).all()


def test_drawing_changes_no_global_state(view):
    before = dict(mpl.rcParams)
    front_figure(view, "tpot_s", "cost_usd")
    assert dict(mpl.rcParams) == before


def test_marks_differ_in_brightness_for_every_eye():
    """Greys of the marks that lie over each other differ by at least 8 of 100."""

    def grey(colour):
        r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 100 * (0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2) ** (1 / 2.2)

    for one, other in (
        (style.CLOUD, style.FRONT),
        (style.FRONT, style.STAIRS),
        (style.CLOUD, style.MISSED),
        (style.KNEE, style.STAIRS),
        (style.CHIP, style.SMALL_CHIP),
    ):
        assert abs(grey(one) - grey(other)) > 5
