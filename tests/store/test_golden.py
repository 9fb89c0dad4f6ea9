"""Folders that older versions of dse wrote can be read, today and later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dse.report.front import front_rows
from dse.search.study import study_trials
from dse.store import list_runs, load_run
from dse.store.manifest import READABLE

GOLDEN = Path(__file__).parent / "golden"
FOLDERS = sorted(place for place in GOLDEN.glob("*/*"))
COMPLETE = [place for place in FOLDERS if place.name.endswith("complete")]


def name_of(place):
    return f"{place.parent.name}/{place.name}"


def test_every_format_that_can_be_read_has_its_folders():
    formats = {place.parent.name.replace("-", "/") for place in FOLDERS}
    assert formats == set(READABLE)


@pytest.mark.parametrize("place", FOLDERS, ids=name_of)
def test_it_says_what_it_is(place):
    (state,) = list_runs(place)
    assert state.state == place.name.partition("-")[2]
    assert state.kind == place.name.partition("-")[0]
    assert state.space == "golden"
    assert (place / ".dse-run").read_text() == f"{place.parent.name.replace('-', '/')}\n"


@pytest.mark.parametrize("place", COMPLETE, ids=name_of)
def test_its_tables_agree_with_its_summary(place):
    run = load_run(place)
    assert run.is_complete
    rows = front_rows(run)
    assert len(rows) == run.summary["front"] == 2
    assert next(row.design for row in rows if row.is_knee) == run.summary["knee"]
    table = run.tables["results"]
    assert set(run.tables["front"]["design"]) <= {*table["design"], run.summary["knee"]} | {
        row.design for row in rows
    }
    np.testing.assert_array_equal(table["design"], np.sort(table["design"]))
    assert {len(values) for values in table.values()} == {len(table["design"])}


@pytest.mark.parametrize("place", FOLDERS, ids=name_of)
def test_it_becomes_a_study(place):
    trials = study_trials(load_run(place))
    assert len(trials) >= 6
    assert {trial.user_attrs["proposed"] for trial in trials} <= {True, False}


def test_reading_changes_nothing(tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "golden")
    before = {
        path: path.read_bytes() for path in (tmp_path / "golden").rglob("*") if path.is_file()
    }
    for place in (tmp_path / "golden").glob("*/*"):
        load_run(place)
        list(list_runs(place))
    assert before == {
        path: path.read_bytes() for path in (tmp_path / "golden").rglob("*") if path.is_file()
    }


def test_a_manifest_of_format_1_lacks_what_came_later():
    manifest = load_run(GOLDEN / "dse.run-1" / "sweep-complete").manifest
    assert (manifest.host, manifest.seconds) == ("", None)
    data = json.loads((GOLDEN / "dse.run-1" / "sweep-complete" / "manifest.json").read_text())
    assert "host" not in data
