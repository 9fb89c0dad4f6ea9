"""``dse export``: the same numbers in every format."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from dse.store import load_run
from dse.store.files import atomic_path
from dse.store.lock import is_ours

GOLDEN = Path(__file__).parents[1] / "store" / "golden" / "dse.run-2"


def test_csv_is_the_table_of_the_folder(run, swept, tmp_path):
    done = run("export", swept, "--to", "csv")
    assert done.code == 0
    assert done.out.encode() == (swept / "front.csv").read_bytes()
    done = run(
        "export", swept, "--to", "csv", "--table", "results", "--output", tmp_path / "x.csv"
    )
    assert (tmp_path / "x.csv").read_bytes() == (swept / "results.csv").read_bytes()
    assert done.out == ""
    assert "24 rows" in done.err


def test_json_names_units_and_has_null_for_no_number(run, swept, tmp_path):
    document = run("export", swept, "--to", "json", "--table", "results").document("export")
    table = load_run(swept).tables["results"]
    units = {column["name"]: column["unit"] for column in document["columns"]}
    assert units["tpot_s"] == "s"
    assert units["chip.units.npu.clock"] == "Hz"
    assert document["count"] == len(document["rows"]) == 24
    place = list(units).index("tpot_s")
    assert [row[place] for row in document["rows"]] == table["tpot_s"].tolist()
    file = tmp_path / "x.json"
    assert run("export", swept, "--to", "json", "--output", file, "--json").code == 0
    assert json.loads(file.read_text())["table"] == "front"


def test_a_number_that_is_not_finite_is_null(run, swept, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(swept, copy)
    rows = list(csv.reader(io.StringIO((copy / "front.csv").read_text())))
    rows[1][rows[0].index("tpot_s")] = "inf"
    (copy / "front.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    document = run("export", copy, "--to", "json").document("export")
    place = rows[0].index("tpot_s")
    assert document["rows"][0][place] is None
    assert document["rows"][1][place] is not None


def test_parquet_reads_back_with_its_units(run, swept, tmp_path):
    import duckdb

    file = tmp_path / "it's.parquet"
    done = run("export", swept, "--to", "parquet", "--output", file, "--json")
    document = done.document("export")
    assert document["file"] == str(file)
    assert document["count"] == 4
    with duckdb.connect() as connection:
        held = connection.read_parquet(str(file)).fetchnumpy()
        query = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'dse'"
        notes = json.loads(bytes(connection.execute(query, [str(file)]).fetchone()[0]))
    table = load_run(swept).tables["front"]
    assert list(held) == list(table)
    for name, values in table.items():
        read = [np.nan if cell is None else cell for cell in held[name].tolist()]  # NaN is null
        np.testing.assert_array_equal(np.array(read), values)
    assert {"name": "tpot_s", "unit": "s"}.items() <= notes["columns"][
        list(table).index("tpot_s")
    ].items()


def test_without_duckdb_the_extra_is_named(run, swept, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = run("export", swept, "--to", "parquet", "--output", tmp_path / "x.parquet")
    assert done.code == 1
    assert "needs the package duckdb" in done.err
    assert "pip install 'dse[parquet]'" in done.err
    assert "[missing-package]" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_opened_by_optuna(run, swept, tmp_path):
    import optuna

    file = tmp_path / "a study.db"
    done = run("export", swept, "--to", "optuna-sqlite", "--output", file, "--json")
    assert done.document("export")["table"] == "trials"
    study = optuna.load_study(study_name="dse", storage=f"sqlite:///{file}")
    table = load_run(swept).tables
    assert len(study.trials) == done.document("export")["count"] == 24
    assert {trial.user_attrs["design"] for trial in study.best_trials} == set(
        table["front"]["design"].tolist()
    )
    assert study.metric_names == ["tpot_s", "energy_per_token_j", "cost_usd"]
    assert [path.name for path in tmp_path.iterdir()] == ["a study.db"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--to", "parquet"), "--to parquet needs --output"),
        (("--to", "optuna-sqlite"), "--to optuna-sqlite needs --output"),
        (("--to", "csv", "--json"), "--json needs --output"),
        (("--to", "optuna-sqlite", "--table", "front", "--output", "x"), "--table is of no use"),
        (("--to", "xlsx"), "xlsx"),
        ((), "--to"),
        (("--to", "csv", "--output", ""), "the path must not be empty"),
    ],
)
def test_refusals(run, swept, args, message):
    done = run("export", swept, *args)
    assert done.code == 2
    assert message in done.err


def test_json_does_not_go_where_the_table_goes(run, swept):
    done = run("export", swept, "--to", "csv", "--output", "/dev/stdout", "--json")
    assert done.code == 2
    assert done.document("error")["errors"][0]["slug"] == "usage"


def test_a_table_that_is_not_there_yet(run, tmp_path):
    done = run("export", GOLDEN / "search-interrupted", "--to", "csv")
    assert done.code == 4
    assert "has no front.csv, the run is not finished: `dse resume` goes on" in done.err


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "optuna-sqlite"])
def test_a_file_that_cannot_be_written_leaves_nothing(run, swept, tmp_path, form):
    done = run("export", swept, "--to", form, "--output", tmp_path / "nowhere" / "x")
    assert done.code == 4
    assert "nowhere/x: cannot write: " in done.err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "taken").mkdir()
    done = run("export", swept, "--to", form, "--output", tmp_path / "taken")
    assert done.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_an_older_file_stays_until_the_new_one_is_whole(run, swept, tmp_path, monkeypatch):
    file = tmp_path / "x.db"
    file.write_text("old")

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("dse.search.study_file._rows", fail)
    done = run("export", swept, "--to", "optuna-sqlite", "--output", file, "--force")
    assert done.code == 130
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "optuna-sqlite"])
def test_a_link_stays_and_what_it_names_is_written(run, swept, tmp_path, form):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    assert run("export", swept, "--to", form, "--output", link, "--force").code == 0
    assert link.is_symlink()
    assert target.stat().st_size > 100
    target.unlink()
    assert run("export", swept, "--to", form, "--output", link).code == 0
    assert link.is_symlink()
    assert target.stat().st_size > 100


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "optuna-sqlite"])
def test_a_link_that_leads_nowhere_is_told_and_stays(run, swept, tmp_path, form):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    done = run("export", swept, "--to", form, "--output", loop, "--force")
    assert done.code == 4
    assert done.err == f"dse: {loop}: cannot write: Too many levels of symbolic links [store]\n"
    assert loop.is_symlink()


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "optuna-sqlite"])
def test_a_file_that_is_there_is_replaced_by_force_alone(run, swept, tmp_path, form):
    file = tmp_path / "mine"
    file.write_text("mine")
    done = run("export", swept, "--to", form, "--output", file)
    assert done.code == 4
    assert done.err == f"dse: {file}: exists; overwrite it with --force [store]\n"
    assert file.read_text() == "mine"
    assert run("export", swept, "--to", form, "--output", file, "--force").code == 0
    assert file.stat().st_size > 100


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "optuna-sqlite"])
def test_files_beside_it_are_left_alone(run, swept, tmp_path, form):
    beside = [tmp_path / name for name in (".x.tmp", "x.tmp", "tmp_x")]
    for file in beside:
        file.write_text("mine")
    assert run("export", swept, "--to", form, "--output", tmp_path / "x").code == 0
    assert run("export", swept, "--to", form, "--output", tmp_path / "x", "--force").code == 0
    assert [file.read_text() for file in beside] == ["mine"] * 3
    assert len(list(tmp_path.iterdir())) == 4


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    with atomic_path(tmp_path / "x") as one, atomic_path(tmp_path / "x") as other:
        one.write_text("one")
        other.write_text("other")
        assert is_ours(one.name)  # so that `--force` clears a run folder of what a kill left
        assert is_ours(f"{one.name}-journal")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "one"


def test_standard_output_by_name_goes_on_where_it_stands(swept, tmp_path):
    table, log = (swept / "front.csv").read_text(), tmp_path / "log"
    command = [sys.executable, "-m", "dse", "export", swept, "--to", "csv", "--output"]
    with log.open("w") as stream:
        stream.write("before\n")
        stream.flush()
        subprocess.run([*command, "/dev/stdout"], stdout=stream, check=True)
        subprocess.run(["echo", "after"], stdout=stream, check=True)
    assert log.read_text() == f"before\n{table}after\n"
    link = tmp_path / "link"
    link.symlink_to("/dev/fd/1")
    done = subprocess.run([*command, link], capture_output=True, text=True, check=True)
    assert done.stdout == table


@pytest.mark.parametrize("form", ["parquet", "optuna-sqlite"])
def test_a_full_disk_is_told_in_one_line(swept, tmp_path, form):
    export = [sys.executable, "-m", "dse", "export", swept, "--to", form, "--output", "x"]
    command = ["bash", "-c", 'ulimit -f 3; exec "$@"', "bash", *export]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 4
    assert re.fullmatch(r"dse: x: cannot write: [\w/ ]+ \[store\]\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_pipe_gets_the_text_and_stays_one(run, swept, tmp_path, form):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(pipe.read_text)
        assert run("export", swept, "--to", form, "--output", pipe).code == 0
    assert pipe.is_fifo()
    assert text.result() == run("export", swept, "--to", form).out


@pytest.mark.parametrize("form", ["parquet", "optuna-sqlite"])
def test_a_device_is_no_place_for_a_database(run, swept, tmp_path, form):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run("export", swept, "--to", form, "--output", pipe)
    assert done.code == 4
    assert f"must be a regular file, or a new one, for {form}" in done.err
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["manifest.json", "front.csv", "journal.jsonl", ".dse-run"])
def test_the_record_of_a_run_is_not_replaced(run, swept, tmp_path, name):
    folder = shutil.copytree(swept, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "link").symlink_to(folder / name)
    for place in (folder / name, tmp_path / "link"):
        done = run("export", folder, "--to", "csv", "--output", place, "--force")
        assert done.code == 4
        assert "is part of a run folder; choose another file" in done.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert run("export", folder, "--to", "csv", "--output", folder / "mine.csv").code == 0
