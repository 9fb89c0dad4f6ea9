"""A sweep killed at any moment and gone on with ends with the bytes of one that was not."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dse.errors import CorruptRunError
from dse.space import Target
from dse.store import read_journal
from dse.sweep import GridSweep, points, run_sweep

TARGETS = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.0, -1))
# Samples, and whether all designs are kept.
SWEEPS = {"grid": (None, 50), "sample": (1000, 50), "keep-all": (700, None)}


@pytest.fixture
def small_pieces(monkeypatch):
    """Some ten pieces for each of these sweeps."""
    monkeypatch.setattr(points, "_BLOCK", 61)
    monkeypatch.setattr("dse.sweep.job.GridSweep", functools.partial(GridSweep, limit=120))


def files_of(folder):
    """All that a sweep leaves but the times of its manifest."""
    names = sorted(path.name for path in folder.iterdir())
    return {name: (folder / name).read_bytes() for name in names if name != "manifest.json"}


class StoppedError(Exception):
    pass


def sweep(toy, out, name, stop_after=None):
    samples, keep = SWEEPS[name]
    seen = []

    def report(progress):
        seen.append(progress.done)
        if len(seen) == stop_after:
            raise StoppedError

    space = toy.make_space(targets=TARGETS)
    result = run_sweep(space, toy.SILICON, samples=samples, keep=keep, out=out, progress=report)
    return result, seen


@pytest.mark.parametrize("name", SWEEPS)
def test_stopped_after_any_piece(toy, tmp_path, small_pieces, name):
    _, seen = sweep(toy, tmp_path / "whole", name)
    whole = files_of(tmp_path / "whole")
    assert len(seen) > 10
    for pieces in {1, 2, len(seen) // 2, len(seen) - 1, len(seen)}:
        out = tmp_path / str(pieces)
        with pytest.raises(StoppedError):
            sweep(toy, out, name, stop_after=pieces)
        assert not (out / "results.csv").exists()
        recorded = len(read_journal(out / "journal.jsonl")) - 1
        result, rest = sweep(toy, out, name)
        assert result.resumed == recorded
        assert recorded == pieces or name == "keep-all"
        assert seen[recorded:] == rest[: len(seen) - recorded]
        assert files_of(out) == whole


@pytest.mark.parametrize("name", ["grid", "sample"])
def test_a_journal_torn_at_any_byte_of_its_end(toy, tmp_path, small_pieces, name):
    sweep(toy, tmp_path / "whole", name)
    whole = files_of(tmp_path / "whole")
    journal = whole["journal.jsonl"]
    lines = journal.splitlines(keepends=True)
    last = len(journal) - len(lines[-1])
    for end in [*range(last, len(journal), 61), len(journal) - 1]:
        out = tmp_path / str(end)
        shutil.copytree(tmp_path / "whole", out)
        (out / "journal.jsonl").write_bytes(journal[:end])
        result, _ = sweep(toy, out, name)
        assert result.resumed == len(lines) - 2
        assert result.torn_bytes == end - last
        found = files_of(out)
        assert (found.pop("journal.jsonl.torn", b"").strip() != b"") == (end > last)
        assert found == whole


def test_a_journal_that_lacks_a_piece_is_refused(toy, tmp_path, small_pieces):
    sweep(toy, tmp_path, "sample")
    place = tmp_path / "journal.jsonl"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    with pytest.raises(CorruptRunError, match="its pieces are not those of this sweep"):
        sweep(toy, tmp_path, "sample")


_CHILD = """
import os, sys
from dataclasses import dataclass
from functools import partial
from importlib import util
from pathlib import Path
import dse.sweep.job as job
from dse.sweep import GridSweep, points, run_sweep
spec = util.spec_from_file_location("toy", sys.argv[1])
toy = util.module_from_spec(spec)
spec.loader.exec_module(toy)
points._BLOCK = 61
job.GridSweep = partial(GridSweep, limit=120)
def report(progress):
    os.write(1, b".")
samples, keep = eval(sys.argv[3])
run_sweep(toy.make_space(), toy.SILICON, samples=samples, keep=keep, out=Path(sys.argv[2]),
          progress=report)
os.write(1, b"!")
"""


@pytest.mark.parametrize("name", SWEEPS)
def test_kill_9_at_moments_of_its_own(tmp_path, name):
    """The child goes on while its reports are read: where the signal meets it is chance."""
    toy_file = Path(__file__).with_name("toy.py")

    def start(out):
        arguments = [sys.executable, "-c", _CHILD, str(toy_file), str(out), str(SWEEPS[name])]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE)

    def finish(out):
        with start(out) as child:
            said = child.stdout.read()
        assert said.endswith(b"!")
        return said.count(b".")

    reports = finish(tmp_path / "whole")
    whole, out = files_of(tmp_path / "whole"), tmp_path / "killed"
    for after in (1, reports // 2):
        with start(out) as child:
            said = b""
            while said.count(b".") < after and (byte := os.read(child.stdout.fileno(), 1)):
                said += byte
            child.send_signal(signal.SIGKILL)
        if (out / "results.csv").exists():
            break
    finish(out)
    found = files_of(out)
    found.pop("journal.jsonl.torn", None)
    assert found == whole
