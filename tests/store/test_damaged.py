"""Files of a run folder that were edited: each command says what is wrong, and none breaks."""

from __future__ import annotations

import copy
import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dse.cli.help import EXIT_CODES
from dse.cli.main import BUG, main
from dse.errors import CorruptRunError, StoreError
from dse.report.front import front_rows
from dse.search.study import study_trials
from dse.store import list_runs, load_run
from dse.store.files import read_arrays, write_arrays
from dse.store.manifest import Manifest

GOLDEN = Path(__file__).parent / "golden" / "dse.run-2" / "search-complete"
WRONG = (None, True, -1, 0.5, 10**30, "x", "not a time", [], ["nope"], {}, {"a": 1}, float("nan"))
CODES = {code for code, _ in EXIT_CODES} - {BUG}


def leaves(value, path=()):
    """Paths of everything in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from leaves(entry, (*path, key))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from leaves(entry, (*path, place))


def replaced(data, path, wrong):
    data = copy.deepcopy(data)
    if not path:
        return wrong
    node = data
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = wrong
    return data


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(GOLDEN, tmp_path / "run")


def cases(name):
    data = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    return [replaced(data, path, wrong) for path in leaves(data) for wrong in WRONG]


@pytest.mark.parametrize("name", ["manifest.json", "summary.json"])
def test_whatever_is_wrong_the_listing_names_the_run(folder, name):
    found = set()
    for data in cases(name):
        (folder / name).write_text(json.dumps(data), encoding="utf-8")
        (state,) = list_runs(folder)
        found.add(state.state)
        for number in (state.evaluated, state.front, state.total):
            assert number is None or (isinstance(number, int) and number >= 0)
        assert isinstance(state.started, str | None)
    assert {"complete", "corrupt"} <= found <= {"complete", "corrupt", "newer", "interrupted"}


@pytest.mark.parametrize("command", ["runs", "resume", "pareto", "export"])
def test_no_command_takes_a_damaged_manifest_for_a_bug(folder, tmp_path, command, capsys):
    more = {
        "export": ["--to", "optuna-sqlite", "--output", str(tmp_path / "x.db"), "--force"],
        "pareto": ["--format", "csv,json"],
    }
    for data in cases("manifest.json")[:: 7 if command == "runs" else 101]:
        (folder / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
        code = main([command, str(folder), *more.get(command, [])])
        said = capsys.readouterr().err
        assert code in CODES, (data, said)
        assert code != 4 or sum(line.startswith("dse: ") for line in said.splitlines()) == 1


@pytest.mark.parametrize("run", ["search-interrupted", "sweep-complete"])
def test_no_manifest_that_is_read_breaks_what_is_made_of_it(tmp_path, run):
    folder = shutil.copytree(GOLDEN.parent / run, tmp_path / "run")
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    known = 0
    for path in leaves(data):
        for wrong in WRONG:
            text = json.dumps(replaced(data, path, wrong))
            (folder / "manifest.json").write_text(text, encoding="utf-8")
            with suppress(StoreError):
                found = load_run(folder)
                known += 1
                study_trials(found)
                front_rows(found)
    assert known > 100  # of versions and sentences any text will do


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("settings",), []),
        (("started",), 5),
        (("started",), "not a time"),
        (("kind",), 7),
        (("space", "size"), float("nan")),
        (("space", "objectives"), ["nope"]),
        (("inputs",), {"x": 5}),
        (("space", "objectives"), []),
        (("columns", 0, "role"), "throne"),
        (("columns", 1), {"role": "axis"}),
    ],
)
def test_the_field_that_is_wrong_is_named(path, wrong):
    data = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))
    where = ".".join(map(str, path))
    with pytest.raises(CorruptRunError, match=rf"m: not a run manifest: {where}"):
        Manifest.from_json(replaced(data, path, wrong), "m")


def test_a_summary_of_other_types_is_named(folder):
    (folder / "summary.json").write_text('{"evaluated": {"a": 1}}', encoding="utf-8")
    with pytest.raises(CorruptRunError, match=r"summary\.json: not a summary: evaluated: "):
        load_run(folder)


def test_a_size_that_is_not_that_of_the_choices_is_named(folder):
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps(replaced(data, ("space", "size"), 7))
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(
        CorruptRunError, match=r"manifest\.json: not a run manifest: space\.size: "
    ):
        load_run(folder)


@pytest.mark.parametrize("number", ["-1", "999"])
def test_a_design_that_the_space_does_not_have_is_named(folder, number):
    header, first, *rest = (folder / "front.csv").read_text(encoding="utf-8").splitlines()
    lines = [header, f"{number},{first.partition(',')[2]}", *rest]
    (folder / "front.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(CorruptRunError, match=rf"column design: {number} is none of \d+ designs"):
        load_run(folder)


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_a_number_that_json_does_not_have_is_told(folder, number):
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    text = text.replace('"settings": {', f'"settings": {{"keep": {number},')
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptRunError, match=f"not valid JSON: {number} is no finite number"):
        load_run(folder)


def rewritten(place, change):
    """Change the rows of a table of a run."""
    header, *rows = place.read_text(encoding="utf-8").splitlines()
    rows = change(header.split(","), [row.split(",") for row in rows])
    lines = [header, *(",".join(row) for row in rows)]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")


def cell(name, text):
    def change(header, rows):
        rows[0][header.index(name)] = text
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _, rows: rows[:1], "holds 1 of 2 designs"),
        (lambda _, rows: [*rows, rows[0]], "holds 1 designs twice"),
        (cell("chip.dram.bus_width", "7.0"), "column chip.dram.bus_width: 7.0 is not what design"),
        (cell("decode_bound", "hope"), "column decode_bound: hope is not what design"),
    ],
)
def test_a_front_that_is_not_what_the_run_found_is_refused(folder, change, reason, capsys):
    rewritten(folder / "front.csv", change)
    for command in ("pareto", "resume"):
        assert main([command, str(folder)]) == 4
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"evaluated": 3, "front": 2}', "feasible"),
        ('{"evaluated": 3, "feasible": 3, "front": 2, "certificate": null}', "certificate"),
        (
            '{"evaluated": 3, "feasible": 3, "front": 2, "certificate": {}}',
            "certificate.space_size",
        ),
    ],
)
def test_a_summary_that_lacks_something_is_named(folder, text, field):
    (folder / "summary.json").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptRunError, match=rf"summary\.json: not a summary: {field}: "):
        load_run(folder)


@pytest.mark.parametrize("lines", [0, 1, -1])
def test_a_study_of_a_journal_that_is_not_all_there_is_refused(folder, tmp_path, capsys, lines):
    place = folder / "journal.jsonl"
    if lines:
        kept = place.read_bytes().splitlines(keepends=True)[:lines]
        place.write_bytes(b"".join(kept))
    else:
        place.unlink()
    args = ["export", str(folder), "--to", "optuna-sqlite", "--output", str(tmp_path / "x.db")]
    assert main(args) == 4
    assert "of 6 designs; repeat the run" in capsys.readouterr().err
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize("content", [b"", b'{"sche'])
def test_a_journal_without_a_line_is_that_of_a_run_that_has_just_begun(tmp_path, capsys, content):
    folder = shutil.copytree(GOLDEN.parent / "search-interrupted", tmp_path / "run")
    (folder / "journal.jsonl").write_bytes(content)
    args = ["export", str(folder), "--to", "optuna-sqlite", "--output", str(tmp_path / "x.db")]
    assert main(args) == 4
    assert "the run is not finished" in capsys.readouterr().err


def test_whatever_bit_of_an_archive_flips_it_is_read_or_refused(tmp_path):
    place = tmp_path / "boxes.npz"
    arrays = {"low": np.arange(6, dtype=np.int32), "run": np.array("abc"), "x": np.zeros((2, 3))}
    write_arrays(place, arrays)
    whole = place.read_bytes()
    refused = 0
    for number in np.random.default_rng(0).permutation(8 * len(whole))[:2000].tolist():
        damaged = bytearray(whole)
        damaged[number // 8] ^= 1 << (number % 8)
        place.write_bytes(damaged)
        try:
            read_arrays(place)
        except StoreError:
            refused += 1
    assert refused > 1000
