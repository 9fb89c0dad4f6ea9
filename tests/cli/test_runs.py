"""``dse runs``: every state is told, and nothing in a folder makes it stumble."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from dse.store import STATES, RunFolder, list_runs, load_manifest, load_run

GOLDEN = Path(__file__).parents[1] / "store" / "golden"


@pytest.fixture
def runs(swept, tmp_path):
    """A folder with a run in each state, and with what is no run."""
    place = tmp_path / "runs"
    place.mkdir()
    for name in ("complete", "running", "interrupted", "empty", "corrupt", "newer", "gone", "odd"):
        shutil.copytree(swept, place / name)

    def change(name, **fields):
        file = place / name / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    for name in ("running", "interrupted"):
        change(name, ended=None)
        (place / name / "summary.json").unlink()
    (place / "empty" / "manifest.json").unlink()
    (place / "corrupt" / "manifest.json").write_text("{")
    change("newer", schema="dse.run/9")
    (place / "gone" / "results.csv").unlink()
    change("odd", settings=3)
    (place / "a folder").mkdir()
    (place / "a file").write_text("text")
    (place / "a link").symlink_to("/nowhere")
    os.mkfifo(place / "a pipe")
    return place


def test_every_state_is_told(run, runs):
    with RunFolder(runs / "running", load_manifest(runs / "running")):
        done = run("runs", runs, "--json")
    assert done.code == 0
    rows = {Path(row["run"]).name: row for row in done.document("runs")["runs"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "complete": "complete",
        "running": "running",
        "interrupted": "interrupted",
        "empty": "empty",
        "corrupt": "corrupt",
        "newer": "newer",
        "gone": "corrupt",
        "odd": "corrupt",
    }
    assert rows["complete"]["evaluated"] == rows["complete"]["total"] == 24
    assert rows["complete"]["front"] == len(load_run(runs / "complete").tables["front"]["design"])
    assert rows["interrupted"]["front"] is None
    assert rows["complete"]["kind"] == "sweep"
    assert rows["complete"]["size_bytes"] > 1000
    assert "results.csv: missing" in rows["gone"]["reason"]
    assert "dse.run/9 is newer" in rows["newer"]["reason"]
    assert set(STATES) == {row["state"] for row in rows.values()}


def test_the_table_gives_the_reasons(run, runs):
    done = run("runs", runs)
    assert done.code == 0
    assert done.out.startswith("8 runs")
    assert " 24 " in done.out
    assert "not valid JSON" in done.out


def test_looking_changes_nothing_and_hinders_no_writer(run, runs):
    manifest = load_manifest(runs / "interrupted")
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*") if path.is_file()}
    states = list_runs(runs / "interrupted")
    with RunFolder(runs / "interrupted", manifest):  # a look under way does not hold the lock
        assert next(states).state == "running"
    assert run("runs", runs).code == 0
    changed = {
        path.name
        for path, time in before.items()
        if path.parent.name != "interrupted" and path.stat().st_mtime_ns != time
    }
    assert changed == set()


def test_a_run_folder_a_folder_without_runs_and_none(run, swept, tmp_path, monkeypatch):
    line = run("runs", swept).out.splitlines()[-1].split()
    assert line[1:5] == ["complete", "sweep", "small", "24"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no run in" in run("runs", empty).err
    assert run("runs", empty, "--json").document("runs") == {"schema": "dse.runs/1", "runs": []}
    done = run("runs", tmp_path / "nowhere")
    assert done.code == 4
    assert "nowhere: cannot read: No such file or directory" in done.err
    monkeypatch.chdir(empty)
    assert "there is no folder out here" in run("runs").err
    shutil.copytree(swept, empty / "out" / "one")
    assert " 24 " in run("runs").out


def test_a_search_under_way_is_counted_from_its_journal(run):
    place = GOLDEN / "dse.run-1" / "search-interrupted"
    row = run("runs", place, "--json").document("runs")["runs"][0]
    assert (row["kind"], row["state"], row["evaluated"], row["total"]) == (
        "search", "interrupted", 6, 6,
    )  # fmt: skip


def test_a_damaged_journal_is_told(run, tmp_path):
    place = tmp_path / "run"
    shutil.copytree(GOLDEN / "dse.run-1" / "search-interrupted", place)
    content = bytearray((place / "journal.jsonl").read_bytes())
    content[20] ^= 1
    (place / "journal.jsonl").write_bytes(content)
    row = run("runs", place, "--json").document("runs")["runs"][0]
    assert row["state"] == "corrupt"
    assert "journal.jsonl:1: damaged line" in row["reason"]
