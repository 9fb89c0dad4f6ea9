"""`dse worker` as a user gives it: two processes, faults, documents, no password anywhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import psycopg
import pytest

from dse.cli.help import examples_of
from dse.cli.main import main
from dse.cli.worker import worker
from dse.report.schemas import document_schema
from dse.search.board import Board
from dse.store.lock import lock_folder

FILES = ("front.csv", "results.csv", "summary.json")
SECRET = "s3cret+word"  # noqa: S105 -- of the server of these tests
SPACE = """\
schema: dse.space/1
name: wide
title: A space larger than the first sweep
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
axes:
  chip.units.npu.matrix.rows: [16, 32, 48, 64, 96, 128, 192, 256]
  chip.units.npu.matrix.cols: [16, 32, 48, 64, 96, 128, 192, 256]
  chip.units.npu.clock: [0.6 GHz, 0.7 GHz, 0.8 GHz, 0.9 GHz, 1 GHz, 1.1 GHz, 1.2 GHz, 1.3 GHz]
  chip.units.npu.sram.capacity: [1 MiB, 2 MiB, 3 MiB, 4 MiB, 6 MiB, 8 MiB, 12 MiB, 16 MiB]
  chip.dram.bus_width: [32 bit, 64 bit, 96 bit, 128 bit]
  chip.dram.capacity: [8 GB, 12 GB, 16 GB]
  scenario.weights: [int4-g32, int8]
objectives: [tpot_s, cost_usd]
targets: {ttft_s: "<= 1 s", npu_area_mm2: "<= 25 mm2"}
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("spaces") / "wide.yaml"
    path.write_text(SPACE)
    return path


@pytest.fixture(scope="module")
def local(space, tmp_path_factory) -> list[bytes]:
    out = tmp_path_factory.mktemp("local") / "wide"
    assert main(["search", str(space), "--out", str(out), "--trials", "60"]) == 0
    return contents(out)


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("DSE_", "PG")) or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)


def call(capsys, *args: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(arg) for arg in args])
    return code, *capsys.readouterr()


def test_two_processes_of_which_one_is_killed(server, space, local, tmp_path):
    """Both start on an empty database; one dies when the first batch was told."""
    address = server.new_database()
    command = [sys.executable, "-m", "dse", "worker", space, "--trials", "60", "--storage"]
    command += [address.replace(f":{SECRET}", "")]
    environment = os.environ | {"PGPASSWORD": SECRET}
    with psycopg.connect(address, autocommit=True) as watcher:
        watcher.execute('LISTEN "dse_1_done"')
        workers = [
            subprocess.Popen(
                [*command, "--out", tmp_path / name],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for name in ("one", "two")
        ]
        # The first slice is evaluated: the study is under way, and far from its end.
        assert list(watcher.notifies(timeout=120, stop_after=1))
        os.kill(workers[0].pid, signal.SIGKILL)
    results = [process.communicate() for process in workers]
    assert [process.returncode for process in workers] == [-signal.SIGKILL, 0]
    assert contents(tmp_path / "two") == local
    assert "on the front" in results[1][1]
    assert SECRET not in "".join(results[1])
    told = json.loads((tmp_path / "two" / "manifest.json").read_text())
    assert told["kind"] == "search"


def test_a_worker_shows_what_it_found_and_a_later_one_too(
    address, name, space, local, tmp_path, capsys
):
    args = ("worker", space, "--storage", address, "--study", name, "--trials", 60)
    code, out, err = call(capsys, *args, "--out", tmp_path)
    assert code == 0
    shown = address.replace(SECRET, "***")
    assert f'made study "{name}" in {shown}; workers now: 1' in err
    assert "this worker led 2 of 2 batches, and evaluated 60 of 60 proposals" in err
    assert contents(tmp_path) == local
    assert SECRET not in out + err
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file
    code, out, err = call(capsys, *args, "--json")
    assert code == 0
    assert "this worker led 0 of 2 batches" in err
    document = json.loads(out)
    jsonschema.validate(document, document_schema("search"))
    assert document["run"] == name
    assert document["front"] == local[0].count(b"\n") - 1
    code, out, err = call(capsys, *args[:-1], 61)
    assert code == 4
    assert "settings.trials is 60 there, 61 here" in err
    assert "Traceback" not in err


def test_no_design_meets_the_targets(address, name, space, capsys):
    args = ("worker", space, "--storage", address, "--study", name, "--trials", 0)
    code, _, err = call(capsys, *args, "--target", "ttft_s <= 1 us")
    assert code == 3
    assert "0 of them meet the targets" in err


def test_a_server_that_stops_is_an_error_of_one_line(
    server, address, space, local, tmp_path, capsys, monkeypatch
):
    name = "stopped"
    args = ("worker", space, "--storage", address, "--study", name, "--trials", 60, "--out")
    seal = Board.seal

    def stop(self, batch, record):
        if batch == 1:
            server.stop()
        seal(self, batch, record)

    monkeypatch.setattr(Board, "seal", stop)
    try:
        code, out, err = call(capsys, *args, tmp_path)
        assert (code, out) == (4, "")
        advice, fault = err.splitlines()[-2:]
        assert advice == "stopped; the same command goes on from the last batch in the database"
        assert fault.startswith(f"dse: {address.replace(SECRET, '***')}: ")
        assert fault.endswith("[database]")
        assert "Traceback" not in err
        # Nor can a new one start before the server is back.
        code, _, err = call(capsys, *args, tmp_path)
        assert code == 4
        assert "Connection refused" in err
    finally:
        server.start()
        monkeypatch.undo()
    code, _, err = call(capsys, *args, tmp_path)
    assert code == 0
    assert "this worker led 1 of 2 batches" in err
    assert contents(tmp_path) == local


def stop_first_batch(monkeypatch):
    """Interrupt the next worker before its first batch is part of the record."""

    def stop(self, batch, record):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(Board, "seal", stop)


def test_a_worker_s_folder_can_be_resumed(
    address, name, space, local, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "run"
    stop_first_batch(monkeypatch)
    args = ("worker", space, "--storage", address, "--study", name, "--trials", 60, "--out", out)
    assert call(capsys, *args)[0] == 130
    _, table, _ = call(capsys, "runs", out)
    assert "interrupted" in table
    code, _, err = call(capsys, "resume", out)
    assert code == 4
    assert "its manifest keeps no password; give the address of the database" in err
    assert err.count("\n") == 1
    monkeypatch.setenv("DSE_WORKER_STORAGE", address)
    code, _, err = call(capsys, "resume", out)
    assert code == 0
    assert contents(out) == local
    assert SECRET not in err + (out / "manifest.json").read_text()


def test_a_worker_without_a_secret_in_its_address_resumes_as_it_is(
    address, name, space, local, tmp_path, capsys, monkeypatch
):
    out, plain = tmp_path / "run", address.replace(f":{SECRET}", "")
    stop_first_batch(monkeypatch)
    os.environ["PGPASSWORD"] = SECRET
    try:
        args = ("worker", space, "--storage", plain, "--study", name, "--trials", 60)
        assert call(capsys, *args, "--out", out)[0] == 130
        assert call(capsys, "resume", out, "--local")[0] == 2
        assert call(capsys, "resume", out)[0] == 0
    finally:
        del os.environ["PGPASSWORD"]
    assert contents(out) == local


def test_the_manifest_masks_every_address_of_the_command_line(
    address, name, space, tmp_path, capsys
):
    first = "postgresql://me:other-secret@nowhere/x"
    second = f"{address}?passwd=other-secret"
    args = ("worker", space, "--storage", first, f"--storage={second}", "--storage", address)
    code, _, err = call(capsys, *args, "--study", name, "--trials", 60, "--out", tmp_path)
    assert code == 0
    text = (tmp_path / "manifest.json").read_text()
    for secret in (SECRET, "other-secret"):
        assert secret not in text + err
    assert "postgresql://me:***@nowhere/x" in text


def test_a_folder_that_another_worker_writes_is_refused_before_any_work(
    address, name, space, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(Board, "take", lambda *_: pytest.fail("it works"))
    handle = lock_folder(tmp_path)
    try:
        args = ("worker", space, "--storage", address, "--study", name, "--trials", 60)
        code, _, err = call(capsys, *args, "--out", tmp_path)
    finally:
        os.close(handle)
    assert code == 4
    advice, fault = err.splitlines()[-2:]
    assert advice.startswith("stopped; a worker needs a folder of its own")
    assert fault.endswith("another process is writing to this run [locked-run]")


@pytest.mark.parametrize(
    ("storage", "code", "text"),
    [
        ("sqlite:///x.db", 2, 'which "sqlite" has not [usage]'),
        (f"postgresql://me:{SECRET}@db:none/x", 2, "must be an address such as"),
        (f"postgresql://me:{SECRET}@127.0.0.1:1/x", 4, "Connection refused [database]"),
    ],
)
def test_addresses_that_do_not_serve(space, capsys, storage, code, text):
    found, out, err = call(capsys, "worker", space, "--storage", storage)
    assert (found, out) == (code, "")
    assert text in err
    assert SECRET not in err
    assert "Traceback" not in err


def test_a_wrong_password_is_not_shown(address, space, capsys):
    wrong = address.replace(SECRET, "guess-1")
    code, _, err = call(capsys, "worker", space, "--storage", wrong)
    assert code == 4
    assert 'password authentication failed for user "dse" [database]' in err
    assert "guess-1" not in err


def test_the_driver_is_missing(space, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    code, _, err = call(capsys, "worker", space, "--storage", "postgresql://db/x")
    assert code == 4
    assert 'pip install "dse[cluster]" [database]' in err


@pytest.mark.parametrize("line", examples_of(worker.help or ""))
def test_every_example_works(line, address, name, tmp_path, monkeypatch, capsys):
    from dse import search

    original = search.join_study

    def join_short(space, silicon, where, study, **settings):
        return original(
            space, silicon, where, f"{study} {name}", **{**settings, "trials": 8, "samples": 256}
        )

    monkeypatch.setattr(search, "join_study", join_short)
    args = shlex.split(line)[1:]
    args[args.index("--storage") + 1] = address
    if "--out" in args:
        args[args.index("--out") + 1] = str(tmp_path)
    assert main(args) in (0, 3)


def test_the_recipes_of_the_documentation_are_shell_and_name_options_that_exist():
    text = (Path(__file__).parents[2] / "docs" / "worker.md").read_text(encoding="utf-8")
    recipes = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    assert len(recipes) == 3
    for recipe in recipes:
        done = subprocess.run(
            ["bash", "-n"], input=recipe, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    named = [line for line in text.splitlines() if "dse worker phone_10b" in line]
    assert len(named) >= 3
    known = {option for parameter in worker.params for option in parameter.opts}
    for line in named:
        assert set(re.findall(r"--[a-z]+", line)) <= known
