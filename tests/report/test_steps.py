"""The waterfall and the tables of a search for steps show what was found."""

from __future__ import annotations

import pytest

from dse.advise import find_steps
from dse.report.steps import StepsView, costs_table, progress_table, tightest
from dse.report.steps_missing import missing_lines
from dse.report.waterfall import waterfall_figure
from dse.space import Target
from dse.spec import load_catalogue, load_chip, load_model, load_technology
from dse.spec.changes import changed_draft
from dse.spec.step_build import start_draft, step_space

CHIP, MODEL = "snapdragon-8-gen-2", "llama-2-7b"


def view_of(*targets: Target, most: int = 3) -> StepsView:
    catalogue, model = load_catalogue("phone"), load_model(MODEL)
    drafts = {
        "chip": changed_draft("chip", CHIP, {}),
        "scenario": start_draft(changed_draft("scenario", "phone-chat", {}), catalogue.start),
    }
    space = step_space(catalogue, load_chip(CHIP), drafts, MODEL)
    result = find_steps(space, model, targets, load_technology().silicon, most=most)
    return StepsView(MODEL, model.title, None, {}, space, result)


@pytest.fixture(scope="module")
def met() -> StepsView:
    return view_of(Target("decode_tok_s", 14.0, 1), Target("ttft_s", 0.2, -1))


@pytest.fixture(scope="module")
def missed() -> StepsView:
    return view_of(Target("decode_tok_s", 500.0, 1), most=2)


def test_the_table_has_a_row_per_step_and_names_the_walls(met: StepsView) -> None:
    table = progress_table(met)
    assert len(table.rows) == 1 + len(met.result.taken) > 2
    walls = " ".join(row[-1] for row in table.rows)
    for name in ("decode_tok_s", "ttft_s", "capacity"):
        assert name in walls
    assert table.title.startswith(met.headline)
    assert met.headline.endswith(f"{len(met.result.taken)} steps")


def test_the_costs_end_with_their_sum(met: StepsView) -> None:
    table = costs_table(met)
    assert len(table.rows) == len(met.result.taken) + 1
    assert table.rows[-1][1] == "together"


def test_the_tightest_requirement_has_least_to_spare(met: StepsView) -> None:
    target, spare = tightest(met)
    metrics = met.result.found.metrics
    for other in met.targets:
        assert spare <= -float(other.violation(metrics[other.metric])) + 1e-12
    assert spare >= 0.0
    assert target in met.result.requirements


def test_what_is_missing_is_told(missed: StepsView) -> None:
    text = "\n".join(missing_lines(missed))
    rate = missed.result.found.metrics["decode_tok_s"]
    assert f"by a factor of {500.0 / rate:.3g}" in text
    assert "of up to 2 steps" in text
    assert "--most tries longer ones" in text
    assert "no set of steps will do" in missed.headline


@pytest.mark.parametrize("which", ["met", "missed"])
def test_the_waterfall_has_a_pane_per_target_and_a_bar_per_step(
    which: str, request: pytest.FixtureRequest
) -> None:
    view = request.getfixturevalue(which)
    figure = waterfall_figure(view)
    assert len(figure.axes) == len(view.targets) + 1
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels[0] == "start"
    assert len(labels) == len(view.result.taken) + 2
    assert labels[-1].startswith("meets" if view.result.is_met else "nearest")
    for axes in figure.axes:
        assert len(axes.containers) == len(view.result.taken)
    bars = [container[0] for container in figure.axes[0].containers]
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    rates = [taken.after[view.targets[0].metric] for taken in view.result.taken]
    assert ends == pytest.approx(rates)
