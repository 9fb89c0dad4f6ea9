"""Run folders: one writer, ours or untouched, the same run or refused."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from dse.errors import CorruptRunError, LockedRunError, StoreError, VersionMismatchError
from dse.space import Target
from dse.store import Output, RunFolder, design_table, load_run, make_manifest, start_run
from dse.store.lock import is_locked
from dse.store.manifest import Manifest
from dse.sweep import evaluate_designs, violations


@pytest.fixture
def manifest(toy):
    return make_manifest("sweep", toy.make_space(), toy.SILICON, {"seed": 1})


def test_a_run_reads_back(toy, tmp_path):
    space = toy.make_space()
    output = Output(tmp_path / "a" / "run", argv=("dse", "sweep"), inputs={"toy.yaml": "x: 1\n"})
    with start_run("sweep", space, toy.SILICON, {"seed": 1}, output) as folder:
        assert not folder.is_resumed
        assert load_run(output.path).is_complete is False
        names = [column.name for column in folder.manifest.columns]
        index = space.decode(np.arange(2))
        metrics = evaluate_designs(space, index, toy.SILICON)
        folder.write_table(
            "front", design_table(space, index, metrics, violations(space, metrics))
        )
        folder.finish({"evaluated": 2, "feasible": 2, "front": 2})
    run = load_run(output.path)
    assert run.is_complete
    assert run.summary["front"] == 2
    assert list(run.tables) == ["front"]
    assert list(run.tables["front"]) == names
    assert run.manifest == folder.manifest
    assert run.manifest.argv == ("dse", "sweep")
    assert run.manifest.inputs["toy.yaml"]["text"] == "x: 1\n"
    assert len(run.manifest.inputs["toy.yaml"]["sha256"]) == 64
    assert set(run.manifest.versions) == {"dse", "numpy", "scipy", "optuna", "python"}


def test_the_same_run_goes_on_and_another_is_refused(toy, tmp_path, manifest):
    with RunFolder(tmp_path, manifest) as folder:
        started = folder.manifest.started
    with RunFolder(tmp_path, manifest) as folder:
        assert folder.is_resumed
        assert folder.manifest.started == started
    other = make_manifest("sweep", toy.make_space(), toy.SILICON, {"seed": 2})
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(VersionMismatchError, match=r"settings\.seed is 1 there, 2 here.*--force"):
        RunFolder(tmp_path, other)
    assert (tmp_path / "manifest.json").read_bytes() == before
    with RunFolder(tmp_path, other, force=True) as folder:
        assert not folder.is_resumed
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".dse-run", "manifest.json"]


def test_force_clears_the_run_and_keeps_the_user_s_files(tmp_path, manifest):
    RunFolder(tmp_path, manifest).close()
    ours = ("summary.json", "journal.jsonl", "journal.jsonl.torn", "front.csv", "results.csv")
    ours += ("pareto.json", "front-tpot_s-cost_usd.png", "matrix.svg", ".front.csv.tmp")
    theirs = ("notes.md", "front-page.png", "frontier.csv", "matrix.pdf", ".secret", "x.tmp")
    for name in ours + theirs:
        (tmp_path / name).write_text("text")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "front.csv").write_text("dear")
    RunFolder(tmp_path, manifest, force=True).close()
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {".dse-run", "manifest.json", "thesis", *theirs}
    assert (tmp_path / "thesis" / "front.csv").read_text() == "dear"


def test_a_folder_in_the_place_of_our_file_is_not_removed(tmp_path, manifest):
    RunFolder(tmp_path, manifest).close()
    (tmp_path / "front.csv").mkdir()
    with pytest.raises(StoreError, match=r"front\.csv: cannot remove"):
        RunFolder(tmp_path, manifest, force=True)


def test_what_decides_the_result_decides_the_fingerprint(toy, manifest):
    def of(space, settings=None, silicon=toy.SILICON):
        return make_manifest("sweep", space, silicon, settings or {"seed": 1}).fingerprint

    same = make_manifest("sweep", toy.make_space(), toy.SILICON, {"seed": 1}, argv=("other",))
    assert same.fingerprint == manifest.fingerprint
    assert manifest.differences(same) == ()
    axes = (toy.ROWS, toy.CLOCK)
    prints = {
        manifest.fingerprint,
        of(toy.make_space(models=1)),
        of(toy.make_space(*axes)),
        of(toy.make_space(*axes[::-1])),
        of(toy.make_space(targets=(Target("tpot_s", 0.1, -1),))),
        of(toy.make_space(targets=(Target("tpot_s", 0.1, 1),))),
        of(toy.make_space(), {"seed": 2}),
        make_manifest("search", toy.make_space(), toy.SILICON, {"seed": 1}).fingerprint,
    }
    assert len(prints) == 8


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_not_ours_is_never_touched(tmp_path, manifest, force):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(StoreError, match="not a run folder of dse"):
        RunFolder(tmp_path, manifest, force=force)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_force_does_not_follow_links(tmp_path, manifest):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("dear")
    run = tmp_path / "run"
    RunFolder(run, manifest).close()
    (run / "link").symlink_to(precious)
    (run / "front.csv").symlink_to(precious / "data")
    RunFolder(run, manifest, force=True).close()
    assert (precious / "data").read_text() == "dear"
    assert (run / "link").is_symlink()
    assert not (run / "front.csv").is_symlink()


def test_the_second_writer_leaves_at_once_and_the_first_goes_on(toy, tmp_path, manifest):
    with RunFolder(tmp_path, manifest) as folder:
        journal = folder.journal()
        for force in (False, True):
            with pytest.raises(LockedRunError, match="another process") as caught:
                RunFolder(tmp_path, manifest, force=force)
            assert caught.value.exit_code == 4
        journal.append({"still": "here"})
    with RunFolder(tmp_path, manifest) as folder:
        assert folder.journal().records == [{"still": "here"}]


def test_one_who_looks_does_not_turn_a_writer_away(tmp_path, manifest, monkeypatch):
    RunFolder(tmp_path, manifest).close()
    look = os.open(tmp_path / ".dse-run", os.O_RDONLY)
    fcntl.flock(look, fcntl.LOCK_SH)
    assert not is_locked(tmp_path)
    waits = []

    def look_away():
        waits.append(1)
        if len(waits) == 3:
            fcntl.flock(look, fcntl.LOCK_UN)

    monkeypatch.setattr(os, "sched_yield", look_away)
    with RunFolder(tmp_path, manifest):
        assert len(waits) == 3
        assert is_locked(tmp_path)
        assert not is_locked(tmp_path / "nowhere")
    os.close(look)
    assert not is_locked(tmp_path)


def test_the_lock_of_a_killed_process_is_free(tmp_path, manifest):
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from dse.store.lock import lock_folder
        handle = lock_folder(Path(sys.argv[1]))
        print("locked", flush=True)
        time.sleep(60)
        """
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "locked\n"
        with pytest.raises(LockedRunError):
            RunFolder(tmp_path, manifest)
        os.kill(child.pid, signal.SIGKILL)
    RunFolder(tmp_path, manifest).close()


def test_the_journal_of_another_run_is_refused(toy, tmp_path, manifest):
    with RunFolder(tmp_path, manifest) as folder:
        folder.journal().append({"batch": 0})
    other = make_manifest("sweep", toy.make_space(), toy.SILICON, {"seed": 2})
    stray = tmp_path / "other"
    RunFolder(stray, other).close()
    (stray / "journal.jsonl").write_bytes((tmp_path / "journal.jsonl").read_bytes())
    with (
        RunFolder(stray, other) as folder,
        pytest.raises(CorruptRunError, match="not the journal of this run"),
    ):
        folder.journal()


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ("dse.run/3", VersionMismatchError),
        ("dse.run/x", CorruptRunError),
        ("other/1", CorruptRunError),
        (None, CorruptRunError),
    ],
)
def test_foreign_schemas_are_refused(tmp_path, manifest, schema, error):
    RunFolder(tmp_path, manifest).close()
    data = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(data | {"schema": schema}))
    with pytest.raises(error, match=str(schema)):
        load_run(tmp_path)
    (tmp_path / "manifest.json").unlink()
    (tmp_path / ".dse-run").write_text(str(schema))
    with pytest.raises(error, match=str(schema)):
        RunFolder(tmp_path, manifest)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"schema": "dse.run/1"}'])
def test_a_damaged_manifest_is_named(tmp_path, manifest, content):
    RunFolder(tmp_path, manifest).close()
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"manifest\.json"):
        load_run(tmp_path)


def test_no_run_and_no_room_for_one(tmp_path, manifest):
    with pytest.raises(StoreError, match="no run here"):
        load_run(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot create"):
        RunFolder(tmp_path / "file", manifest)
    with pytest.raises(StoreError, match="cannot create"):
        RunFolder(tmp_path / "file" / "below", manifest)


def test_a_manifest_survives_its_file(manifest):
    text = json.dumps(manifest.to_json())
    assert Manifest.from_json(json.loads(text), "m") == manifest
    assert Manifest.from_json(json.loads(text), "m").fingerprint == manifest.fingerprint
