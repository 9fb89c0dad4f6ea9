"""Progress: for people two lines in place, for machines a line each, for the quiet nothing."""

from __future__ import annotations

import json
import sys

import jsonschema
import pytest

from dse.cli import output
from dse.cli import progress as module
from dse.report.progress import pace_text, progress_document, standing_text
from dse.report.schemas import document_schema
from dse.space import Target
from dse.sweep import Mark, Progress, Standing, Watch, run_sweep

MARKS = (Mark("tpot_s", 0.081, 0.1, -1), Mark("decode_tok_s", 9.0, 10.0, 1))
STANDING = Standing(0.49213, 7, is_feasible=False, marks=MARKS)


def progress(done=3, stage="sweep", total=10, standing=STANDING):
    return Progress(stage, done, total, 2, 1, lambda: standing)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Shown(module.Reporter):
    def __init__(self, clock):
        super().__init__(clock)
        self.rows = []

    def show(self, progress, pace):
        self.rows.append((progress.stage, progress.done, pace.per_second))


def test_a_line_tells_pace_and_standing():
    assert pace_text(progress(), 2.0) == "3/10  2 designs/s  3.5 s left"
    assert pace_text(progress(), None) == "3/10"
    assert pace_text(progress(stage="certify"), 1234.0) == "3/10  1,234 boxes/s"
    assert pace_text(progress(stage="polish", total=3), 2.0) == "3  2 designs/s"
    assert standing_text(progress(), STANDING) == (
        "2 on the front | hypervolume 0.4921 | knee: tpot 81.0 ms <= 100 ms ok | "
        "decode_tok 9.00 tok/s >= 10.0 tok/s MISSED"
    )
    assert standing_text(progress(), None) == "2 on the front"
    narrow = standing_text(progress(), STANDING, 60).splitlines()
    assert [len(line) <= 60 for line in narrow] == [True] * 3
    assert " | ".join(narrow) == standing_text(progress(), STANDING)


def test_a_document_fits_its_schema():
    schema = document_schema("progress")
    for standing in (STANDING, None, Standing(None, None, is_feasible=False, marks=())):
        document = progress_document(progress(), standing, 2.0, 1.5)
        jsonschema.validate(document, schema)
    document = progress_document(progress(), STANDING, 2.0, 1.5)
    assert document["eta_s"] == 3.5
    assert [entry["met"] for entry in document["best"]["metrics"]] == [True, False]


def test_reports_are_thinned_and_the_last_of_a_stage_is_shown():
    clock = Clock()
    shown = Shown(clock)
    for done in range(1, 11):
        clock.now += 0.1
        shown(progress(done, total=10))
    for done in range(1, 4):
        clock.now += 0.01
        shown(progress(done, stage="search", total=3))
    shown.flush()
    shown.flush()
    rows = [row[:2] for row in shown.rows]
    assert rows == [
        ("sweep", 1), ("sweep", 4), ("sweep", 7), ("sweep", 10), ("search", 3),
    ]  # fmt: skip
    assert shown.rows[1][2] == pytest.approx(10.0)


def test_showing_takes_a_tenth_of_the_time_at_most():
    clock = Clock()
    shown = Shown(clock)
    show = shown.show

    def slow(progress, pace):
        clock.now += 0.5
        show(progress, pace)

    shown.show = slow
    for done in range(1, 101):
        clock.now += 0.1
        shown(progress(done, total=1000))
    assert len(shown.rows) == 3
    assert 0.5 * len(shown.rows) <= 0.15 * clock.now


def test_the_rate_is_of_the_last_half_minute_and_of_the_stage():
    pace = module.Pace(0.0)
    assert pace.per_second is None
    pace.update(progress(100, total=1000), 10.0)
    assert pace.per_second == 10.0
    for second in range(11, 101):
        pace.update(progress(100 + second, total=1000), float(second))
    assert pace.per_second == pytest.approx(1.0, rel=0.05)
    pace.update(progress(50, stage="search"), 110.0)
    assert pace.per_second == 5.0


@pytest.mark.parametrize(("columns", "colour"), [(200, ""), (60, "1")])
def test_the_live_lines_show_all(monkeypatch, capsys, columns, colour):
    monkeypatch.setattr(module, "can_redraw", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", colour)
    with module.progress_reports() as show:
        show(progress())
    err = capsys.readouterr().err
    assert "3/10" in err
    assert "tpot 81.0 ms <= 100 ms ok" in err
    assert "decode_tok 9.00 tok/s >= 10.0 tok/s MISSED" in err


def test_colour_is_one_thing_and_lines_in_place_another(monkeypatch):
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.can_redraw(sys.stderr)
    assert not output.is_styled(sys.stderr)
    monkeypatch.setenv("TERM", "dumb")
    assert not output.can_redraw(sys.stderr)


@pytest.mark.parametrize("stage", ["scout", "sweep", "table", "search", "polish", "certify"])
def test_every_stage_fits_the_schema(stage):
    document = progress_document(progress(stage=stage), STANDING, 2.0, 1.5)
    jsonschema.validate(document, document_schema("progress"))


@pytest.mark.parametrize("command", ["sweep", "search", "certify"])
def test_json_lines_end_with_the_document(run, small_space, tmp_path, command):
    name = "sweep" if command == "sweep" else "search"
    more = ("--certify", "0") if command == "certify" else ()
    done = run(name, small_space, "--out", tmp_path / "run", "--json-lines", *more)
    assert done.code == 0
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert len(lines) >= 2
    for line in lines[:-1]:
        jsonschema.validate(line, document_schema("progress"))
        assert {entry["metric"] for entry in line["best"]["metrics"]} == {"ttft_s", "npu_area_mm2"}
    jsonschema.validate(lines[-1], document_schema(name))
    assert lines[-2]["front"] == lines[-1]["front"]
    assert lines[-2]["best"]["design"] == lines[-1]["knee"]["design"]
    again = run("resume", tmp_path / "run", "--json-lines")
    assert json.loads(again.out)["front"] == lines[-1]["front"]


def test_an_error_is_a_line_too(run, tmp_path):
    done = run("resume", tmp_path, "--json-lines")
    assert done.code == 4
    (line,) = done.out.splitlines()
    jsonschema.validate(json.loads(line), document_schema("error"))


def test_quiet_leaves_results_and_errors(run, small_space, hopeless_space, tmp_path):
    done = run("sweep", small_space, "--grid", "--out", tmp_path / "a", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "A small space" in done.out
    done = run("search", hopeless_space, "--out", tmp_path / "b", "-q")
    assert done.code == 3
    assert "ttft_s" in done.err
    assert "dse pareto" not in done.err
    done = run("sweep", small_space, "--grid", "--seed", "1", "--out", tmp_path / "a", "--quiet")
    assert done.code == 4
    assert done.err.startswith("dse: ")


def test_a_watch_agrees_with_the_run(run, small_space):
    from dse.spec import load_space, load_technology

    space, silicon = load_space(small_space), load_technology().silicon
    seen = []
    result = run_sweep(space, silicon, samples=None, progress=seen.append)
    standing = seen[-1].standing()
    assert standing.is_feasible
    assert standing.hypervolume > 0.0
    best = result.front["design"].tolist().index(standing.design)
    assert [mark.value for mark in standing.marks] == [
        result.front[mark.metric][best] for mark in standing.marks
    ]
    assert all(mark.is_met for mark in standing.marks)


def test_a_watch_of_no_front_tells_of_the_nearest(run, hopeless_space):
    from dataclasses import replace

    from dse.spec import load_space, load_technology

    space, silicon = load_space(hopeless_space), load_technology().silicon
    seen = []
    result = run_sweep(space, silicon, samples=20, progress=seen.append)
    standing = seen[-1].standing()
    assert standing.hypervolume == 0.0
    assert not standing.is_feasible
    assert standing.design == int(space.encode(result.reach.nearest[None])[0])
    assert not all(mark.is_met for mark in standing.marks)
    empty = Watch(space, silicon).standing(result.front_index[:, :3] * 0.0, result.front_index)
    assert empty().design is None
    free = replace(space, targets=())
    values = Watch(free, silicon).standing(result.front_index[:, :3] * 0.0, result.front_index)
    assert values().marks == ()
    limits = {mark.metric: mark.limit for mark in standing.marks}
    assert limits == {target.metric: target.limit for target in space.targets}
    assert isinstance(space.targets[0], Target)
