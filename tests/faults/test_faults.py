"""What goes wrong around a run: it ends with its exit code and one line, and nothing is lost."""

from __future__ import annotations

import json
import re
import shutil

import pytest

TRIALS = "60"


class Place:
    """A folder with a space, and the runs of a test in it."""

    def __init__(self, children, faults, folder):
        self.children, self.faults, self.folder = children, faults, folder
        self.space, self.run = folder / "few.yaml", folder / "run"
        self.output = folder / "output"
        self.output.mkdir()
        self.space.write_text(faults.SPACE)

    def dse(self, *argv, **fault):
        """Run a command line in a child."""
        argv = [str(arg) for arg in argv]
        answer = self.children.run(kind="cli", argv=argv, output=self.output, **fault)
        assert "Traceback" not in answer["stderr"], answer["stderr"]
        return answer

    def search(self, *more, **fault):
        """Start the search of these tests."""
        args = ("search", self.space, "--trials", TRIALS, "--out", self.run, *more)
        return self.dse(*args, **fault)

    def go_on(self):
        """Do what a user would when the fault is lifted; what the run then holds."""
        begun = (self.run / "manifest.json").exists()
        answer = self.dse("resume", self.run) if begun else self.search()
        assert answer["code"] == 0, answer["stderr"]
        return self.faults.contents(self.run)

    def snapshot(self):
        """All that lies in the run folder."""
        return {path.name: path.read_bytes() for path in self.run.iterdir()}

    def clear(self):
        shutil.rmtree(self.run, ignore_errors=True)


@pytest.fixture
def place(children, faults, tmp_path):
    return Place(children, faults, tmp_path)


@pytest.fixture(scope="module")
def whole(children, faults, tmp_path_factory):
    """The files of an uninterrupted run, and its calls."""
    place = Place(children, faults, tmp_path_factory.mktemp("whole"))
    answer = place.search()
    assert answer["code"] == 0
    assert answer["events"].count("write") == 3
    return faults.contents(place.run), answer["events"], place.snapshot()


@pytest.fixture
def saw(record_property, tmp_path):
    """Record the one line that a user sees, for docs/reliability.md."""

    def record(answer):
        lines = [line for line in answer["stderr"].splitlines() if line.startswith("dse: ")]
        assert len(lines) == 1, answer["stderr"]
        record_property("seen", lines[0].replace(str(tmp_path), "out"))
        return lines[0]

    return record


def interrupted(place, whole):
    """Kill the search after its first batch."""
    first = [n for n, name in enumerate(whole[1]) if name == "write"][1]
    answer = place.search(at=first + 2, where="before", action="kill")
    assert answer["code"] == -9


@pytest.mark.fault(
    "the disk is full",
    how="each write, fsync, rename and truncation of a run in turn fails with ENOSPC, and each "
    "write half done",
    code=4,
)
def test_a_full_disk_at_every_call(place, whole, saw):
    expected, events, _ = whole
    points = [(number, "before") for number in range(len(events))]
    points += [(number, "half") for number, name in enumerate(events) if name == "write"]
    for number, where in points:
        answer = place.search(at=number, where=where, action="full")
        assert answer["code"] == 4, (number, answer["stderr"])
        assert "No space left on device [store]" in answer["stderr"]
        assert answer["stderr"].count("\n") == 1
        assert place.go_on() == expected
        place.clear()
    saw(answer)


@pytest.mark.fault(
    "a file cannot grow",
    how="RLIMIT_FSIZE just below the size of the manifest, the journal, a table",
    code=4,
)
@pytest.mark.parametrize("name", ["manifest.json", "journal.jsonl", "results.csv"])
def test_a_file_that_cannot_grow(place, whole, saw, name):
    expected, events, sizes = whole
    lines = [number for number, event in enumerate(events) if event == "write"]
    # The limit comes late enough for the files before it, which may be larger.
    at = {"manifest.json": 0, "journal.jsonl": lines[0], "results.csv": lines[-1]}[name]
    answer = place.search(at=at, action=f"limit {len(sizes[name]) - 100}")
    assert answer["code"] == 4
    assert f"{name}: cannot write: File too large [store]" in saw(answer)
    assert place.go_on() == expected


@pytest.mark.fault("the parent folder is read-only", how="permissions 0555", code=4)
def test_no_run_folder_can_be_made(place, whole, saw):
    place.run = place.folder / "parent" / "run"
    place.run.parent.mkdir(mode=0o555)
    answer = place.search(powerless=True)
    assert answer["code"] == 4
    assert "cannot create: Permission denied [store]" in saw(answer)
    place.run.parent.chmod(0o755)
    assert place.go_on() == whole[0]


@pytest.mark.fault("the run folder is read-only", how="permissions 0555 after a kill", code=4)
def test_a_read_only_run_folder(place, whole, saw):
    interrupted(place, whole)
    before = place.snapshot()
    place.run.chmod(0o555)
    try:
        answer = place.dse("resume", place.run, powerless=True)
        assert answer["code"] == 4
        assert "Permission denied [store]" in saw(answer)
        assert place.snapshot() == before
        # What only reads goes on.
        listed = place.dse("runs", place.run, "--json", powerless=True)
        assert json.loads(listed["stdout"])["runs"][0]["state"] == "interrupted"
    finally:
        place.run.chmod(0o755)
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "two writers on one folder", how="the second starts while the first writes its journal", code=4
)
@pytest.mark.parametrize("second", ["same", "force", "resume"])
def test_two_writers(place, whole, second, saw):
    argv = ["search", place.space, "--trials", TRIALS, "--out", place.run]
    if second == "resume":
        argv = ["resume", place.run]
    output = place.folder / "second"
    output.mkdir()
    job = {
        "kind": "cli",
        "argv": [*map(str, argv), *(["--force"] if second == "force" else [])],
        "output": output,
    }
    line = whole[1].index("write")
    first = place.search(at=line, where="before", action="wait", beside=job)
    assert first["beside"]["code"] == 4
    assert "another process is writing to this run [locked-run]" in saw(first["beside"])
    assert first["code"] == 0
    assert place.faults.contents(place.run) == whole[0]


@pytest.mark.fault("the lock of a dead process", how="the writer was killed (SIGKILL)", code=0)
def test_a_stale_lock(place, whole, record_property):
    interrupted(place, whole)
    assert (place.run / ".dse-run").exists()
    answer = place.dse("resume", place.run)
    assert answer["code"] == 0
    record_property("seen", "nothing: the lock dies with its process")
    assert place.faults.contents(place.run) == whole[0]


@pytest.mark.fault(
    "Ctrl-C, SIGTERM or SIGHUP", how="the signal comes before every other call", code=None
)
@pytest.mark.parametrize(("action", "code"), [("int", 130), ("term", 143), ("hup", 129)])
def test_signals(place, whole, action, code, record_property):
    expected, events, _ = whole
    for number in range(action != "int", len(events), 2):
        answer = place.search(at=number, where="before", action=action)
        assert answer["code"] == code, (number, answer["stderr"])
        advice = f"stopped; `dse resume {place.run}` goes on"
        begun = (place.run / "manifest.json").exists()
        assert (advice in answer["stderr"]) == begun
        assert place.go_on() == expected
        place.clear()
    record_property("code", code)
    line = answer["stderr"].splitlines()[0]
    record_property("seen", line.replace(str(place.folder), "out"))


@pytest.mark.fault(
    "the reader of stdout goes away", how="stdout is a pipe that nobody reads", code=141
)
@pytest.mark.parametrize("more", [(), ("--json",), ("--json-lines",)])
def test_a_closed_pipe(place, whole, more, record_property):
    answer = place.search(*more, stdout="closed pipe")
    assert answer["code"] == 141
    assert "dse: " not in answer["stderr"]
    record_property("seen", "nothing")
    is_complete = json.loads((place.run / "manifest.json").read_text())["ended"] is not None
    # The lines of a run are written while it runs; what it has found, when it has ended.
    assert is_complete == (more != ("--json-lines",))
    assert place.go_on() == whole[0]


@pytest.mark.fault("stdout is full", how="stdout is /dev/full", code=1)
@pytest.mark.parametrize("more", [(), ("--json",), ("--json-lines",)])
def test_stdout_is_full(place, whole, more, saw):
    answer = place.search(*more, stdout="full")
    assert answer["code"] == 1
    assert "cannot write to stdout: No space left on device [output]" in saw(answer)
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "a byte of the journal is wrong", how="one bit flipped in every line but the last", code=4
)
def test_a_damaged_journal(place, whole, saw):
    interrupted(place, whole)
    good = (place.run / "journal.jsonl").read_bytes()
    starts = [0] + [place + 1 for place, byte in enumerate(good[:-1]) if byte == ord("\n")]
    for line, start in enumerate(starts[:-1], start=1):
        for offset in (0, 4, 9, 30):
            bad = bytearray(good)
            bad[start + offset] ^= 1
            (place.run / "journal.jsonl").write_bytes(bad)
            before = place.snapshot()
            answer = place.dse("resume", place.run)
            assert answer["code"] == 4
            assert f"journal.jsonl:{line}: damaged line" in saw(answer)
            assert place.snapshot()["journal.jsonl"] == before["journal.jsonl"]
    (place.run / "journal.jsonl").write_bytes(good)
    assert place.go_on() == whole[0]


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "rubbish": lambda content: b"\xff\xfe" + content,
    "not ours": lambda content: b'{"schema": "other/1"}',
}


@pytest.mark.fault("the manifest is damaged", how="empty, cut, rubbish, of another tool", code=4)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest(place, whole, damage, saw):
    interrupted(place, whole)
    manifest = place.run / "manifest.json"
    good = manifest.read_bytes()
    manifest.write_bytes(DAMAGES[damage](good))
    before = place.snapshot()
    answer = place.dse("resume", place.run)
    assert answer["code"] == 4
    assert "manifest.json: " in saw(answer)
    assert "corrupt-run" in answer["stderr"]
    assert place.search()["code"] == 4
    assert place.snapshot() == before
    manifest.write_bytes(good)
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "a stored input file is damaged", how="its text in the manifest no longer has its SHA-256",
    code=4,
)  # fmt: skip
def test_a_damaged_input(place, whole, saw):
    interrupted(place, whole)
    manifest = place.run / "manifest.json"
    good = manifest.read_text()
    manifest.write_text(good.replace("A few designs\\n", "Many designs\\n"))
    answer = place.dse("resume", place.run)
    assert answer["code"] == 4
    assert "few.yaml does not match its SHA-256" in saw(answer)
    manifest.write_text(good)
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "a table is damaged or gone",
    how="front.csv of a complete run is cut, in a line or between two, or removed",
    code=4,
)
@pytest.mark.parametrize("damage", ["cut", "short", "gone"])
def test_a_damaged_table(place, whole, damage, saw):
    assert place.search()["code"] == 0
    front = place.run / "front.csv"
    good = front.read_bytes()
    if damage == "cut":
        front.write_bytes(good[: len(good) // 2])
    elif damage == "short":
        front.write_bytes(b"".join(good.splitlines(keepends=True)[:-1]))
    else:
        front.unlink()
    answer = place.dse("export", place.run, "--to", "csv")
    assert answer["code"] == 4
    assert re.search(r"front\.csv", saw(answer))
    if damage == "gone":  # the journal has all that is needed
        assert place.go_on() == whole[0]
    front.write_bytes(good)
    assert place.faults.contents(place.run) == whole[0]


@pytest.mark.fault("the folder is of a newer dse", how="its schema has a higher number", code=4)
@pytest.mark.parametrize("where", ["marker", "manifest"])
def test_a_newer_folder(place, whole, where, saw):
    interrupted(place, whole)
    file = place.run / (".dse-run" if where == "marker" else "manifest.json")
    good = file.read_text()
    file.write_text(good.replace("dse.run/2", "dse.run/3"))
    before = place.snapshot()
    for args in (["resume", place.run], ["search", place.space, "--out", place.run, "--force"]):
        answer = place.dse(*args)
        if where == "manifest" and args[0] == "search":
            continue  # --force is the user's word that the run may go
        assert answer["code"] == 4
        assert "schema dse.run/3 is newer than the dse.run/2 of this dse" in saw(answer)
        assert place.snapshot() == before
        if where == "manifest":
            break
    file.write_text(good)
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "the folder is of an older dse", how="format 1, as the last version wrote it", code=0
)
def test_an_older_folder(place, whole, record_property):
    interrupted(place, whole)
    manifest = json.loads((place.run / "manifest.json").read_text())
    old = {key: manifest[key] for key in manifest if key not in ("host", "seconds")}
    (place.run / "manifest.json").write_text(json.dumps(old | {"schema": "dse.run/1"}))
    (place.run / ".dse-run").write_text("dse.run/1\n")
    assert place.go_on() == whole[0]
    assert (place.run / ".dse-run").read_text() == "dse.run/2\n"
    assert json.loads((place.run / "manifest.json").read_text())["schema"] == "dse.run/2"
    record_property("seen", "nothing: it is gone on with, and becomes a folder of today")


@pytest.mark.fault(
    "the folder is another run's, or the user's", how="other settings; files without our marker",
    code=4,
)  # fmt: skip
@pytest.mark.parametrize("other", ["run", "files"])
def test_a_folder_that_is_taken(place, whole, other, saw):
    if other == "run":
        interrupted(place, whole)
        answer = place.search("--seed", "1")
        assert "settings.seed is 0 there, 1 here" in saw(answer)
    else:
        place.run.mkdir()
        (place.run / "thesis.tex").write_text("dear")
        answer = place.search()
        assert "holds files and is not a run folder of dse" in saw(answer)
        assert place.snapshot() == {"thesis.tex": b"dear"}
        place.clear()
    assert answer["code"] == 4
    assert place.go_on() == whole[0]


@pytest.mark.fault(
    "an input file changed or is gone", how="the space's file is edited, or removed, after a kill",
    code=0,
)  # fmt: skip
@pytest.mark.parametrize("change", ["edited", "gone"])
def test_an_input_that_changed(place, whole, change, record_property):
    interrupted(place, whole)
    if change == "edited":
        place.space.write_text(place.faults.SPACE.replace("<= 1 s", "<= 2 s"))
    else:
        place.space.unlink()
    answer = place.dse("resume", place.run)
    assert answer["code"] == 0
    note = answer["stderr"].splitlines()[0]
    assert note.startswith(f"note: {place.space} ")
    record_property("seen", note.replace(str(place.folder), "out"))
    assert place.faults.contents(place.run) == whole[0]


@pytest.mark.fault(
    "the folder was made by other versions", how="the manifest names another numpy", code=4
)
def test_other_versions(place, whole, saw):
    interrupted(place, whole)
    manifest = place.run / "manifest.json"
    good = manifest.read_text()
    data = json.loads(good)
    data["versions"]["numpy"] = "1.0.0"
    manifest.write_text(json.dumps(data))
    answer = place.dse("resume", place.run)
    assert answer["code"] == 4
    assert 'versions.numpy is "1.0.0" there' in saw(answer)
    manifest.write_text(good)
    assert place.go_on() == whole[0]
