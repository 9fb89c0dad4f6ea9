"""A run that is killed at any moment and gone on with ends with the bytes of one that was not."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from dse.search import SAMPLERS, run_search
from dse.store import list_runs

# Few for the sampler that is slow; with few samples its first batch is no larger than the others.
SIZES = {"tpe": {"trials": 45, "samples": 16}}
THREE_BATCHES = {"trials": 110, "samples": 64}
KINDS = [*SAMPLERS, "scouts", "certify"]
MOMENTS = 50


def job_of(kind, out):
    if kind == "certify":
        return {"kind": "certify", "out": out}
    if kind == "scouts":
        scouted = {"scouts": 192, "sampler": SAMPLERS[0]}
        return {"kind": "search", "out": out, **THREE_BATCHES, **scouted}
    return {"kind": "search", "sampler": kind, "out": out, **SIZES.get(kind, THREE_BATCHES)}


@pytest.fixture(scope="module")
def whole(children, faults, tmp_path_factory):
    """Uninterrupted runs: what they wrote, their calls, and how long they took."""
    known = {}

    def of(kind):
        if kind not in known:
            out = tmp_path_factory.mktemp("whole") / kind
            answer = children.run(**job_of(kind, out))
            assert answer["code"] == 0
            known[kind] = faults.contents(out), answer["events"], answer["seconds"]
        return known[kind]

    return of


def survive(children, faults, kind, out, expected, **fault):
    """Kill a run, go on with it, and compare; say whether the kill came before its end."""
    killed = children.run(**job_of(kind, out), **fault)
    assert killed["code"] in (-9, 0)
    if killed["code"] == -9 and out.exists():
        assert [state.state for state in list_runs(out)] in (
            [], ["empty"], ["interrupted"], ["complete"],
        )  # fmt: skip
    assert children.run(**job_of(kind, out))["code"] == 0
    assert faults.contents(out) == expected, fault
    assert [state.state for state in list_runs(out)] == ["complete"]
    shutil.rmtree(out)
    return killed["code"] == -9


def survive_all(children, faults, kind, out, known, numbers):
    """Kill runs before these calls, and in the middle of those that write; say how many."""
    expected, events, _ = known
    points = [(number, "before") for number in numbers]
    points += [(number, "half") for number in numbers if events[number] == "write"]
    for number, where in points:
        fault = {"at": number, "where": where, "action": "kill"}
        assert survive(children, faults, kind, out, expected, **fault)
    return len(points)


@pytest.mark.fault(
    "killed (SIGKILL) at every batch border",
    how="before, in the middle of and after each line of the journal, and before it is on disk; "
    "then the same again",
    code=-9,
)
@pytest.mark.parametrize("kind", SAMPLERS)
def test_killed_at_every_batch_border(children, faults, whole, kind, tmp_path, record_property):
    events = whole(kind)[1]
    lines = [number for number, name in enumerate(events) if name == "write"]
    assert len(lines) == 4  # a header and three batches
    borders = sorted({number + step for number in lines for step in (0, 1, 2)})
    kills = survive_all(children, faults, kind, tmp_path / "run", whole(kind), borders)
    record_property("seen", f"{kills} kills; the same bytes each time")


EVERY_CALL = (
    "killed (SIGKILL) at every call that makes a file last",
    "before each write, fsync, rename and truncation of a run, and in the middle of each write; "
    "then the same again",
)


@pytest.mark.fault(EVERY_CALL[0], how=EVERY_CALL[1], code=-9)
def test_a_proof_killed_at_every_call(children, faults, whole, tmp_path, record_property):
    known = whole("certify")
    kills = survive_all(children, faults, "certify", tmp_path / "run", known, range(len(known[1])))
    record_property("seen", f"{kills} kills; the same bytes each time")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.fault(EVERY_CALL[0], how=EVERY_CALL[1], code=-9)
@pytest.mark.parametrize("kind", SAMPLERS)
def test_killed_at_every_call(children, faults, whole, kind, tmp_path, record_property):
    known = whole(kind)
    kills = survive_all(children, faults, kind, tmp_path / "run", known, range(len(known[1])))
    record_property("seen", f"{kills} kills; the same bytes each time")


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.fault(
    "killed (SIGKILL) at 50 random moments",
    how="after a random share of the run's time; then the same again",
    code=-9,
)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments(children, faults, whole, kind, tmp_path, record_property):
    expected, _, seconds = whole(kind)
    moments = random.Random(KINDS.index(kind))  # noqa: S311 - moments, no secrets
    killed = 0
    for _ in range(MOMENTS):
        delay = moments.random() * seconds
        killed += survive(children, faults, kind, tmp_path / "run", expected, delay=delay)
    # A run may be faster than the one that was timed, and end before its kill.
    assert killed > 0
    record_property("seen", f"{MOMENTS} moments; the same bytes each time")


@pytest.mark.fault(
    "killed again and again",
    how="before every third of the calls, each time in the run that goes on",
    code=-9,
)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_again_and_again(children, faults, whole, kind, tmp_path, record_property):
    expected, events, _ = whole(kind)
    out, kills = tmp_path / "run", 0
    for number in range(0, 3 * len(events), 3):
        fault = {"at": number, "where": "before", "action": "kill"}
        answer = children.run(**job_of(kind, out), **fault)
        kills += answer["code"] == -9
        if answer["code"] == 0:
            break
    assert kills >= 3
    assert children.run(**job_of(kind, out))["code"] == 0
    assert faults.contents(out) == expected
    record_property("seen", "several kills of one run; the same bytes")


TORN = (
    "the journal is cut within its last line",
    "the file is shortened, as by a crash of the machine",
)
ASKED = {"trials": 41, "samples": 8, "sampler": "tpe"}


@pytest.fixture(scope="module")
def journalled(toy, tmp_path_factory):
    """A space, the folder of its search, and where the last line of the journal begins."""
    space = toy.make_space(toy.ROWS, toy.BUS, toy.SRAM, models=1)
    out = tmp_path_factory.mktemp("journalled") / "run"
    run_search(space, toy.SILICON, out=out, **ASKED)
    journal = (out / "journal.jsonl").read_bytes()
    last = journal[:-1].rindex(b"\n") + 1
    assert len(json.loads(journal[last + 9 :])["trials"]) <= 2
    return space, out, last, len(journal)


def survive_cuts(toy, faults, journalled, place, ends):
    """Cut the journal to these lengths, and go on each time."""
    space, out, last, _ = journalled
    expected = faults.contents(out)
    for end in ends:
        shutil.copytree(out, place)
        for name in ("front.csv", "results.csv", "summary.json"):
            (place / name).unlink()
        (place / "journal.jsonl").write_bytes(expected["journal.jsonl"][:end])
        result = run_search(space, toy.SILICON, out=place, **ASKED)
        assert result.torn_bytes == end - last
        assert faults.contents(place) == expected
        shutil.rmtree(place)
    return f"note: {result.torn_bytes} bytes of a torn last line were cut off the journal"


@pytest.mark.fault(TORN[0], how=TORN[1] + ", at its ends and every 16th byte", code=0)
def test_a_torn_journal(toy, faults, journalled, tmp_path, record_property):
    last, length = journalled[2:]
    ends = sorted({*range(last, length, 16), *range(last, last + 10), length - 2, length - 1})
    record_property("seen", survive_cuts(toy, faults, journalled, tmp_path / "cut", ends))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.fault(TORN[0], how=TORN[1] + ", at every byte", code=0)
def test_a_journal_cut_at_every_byte(toy, faults, journalled, tmp_path, record_property):
    ends = range(*journalled[2:])
    record_property("seen", survive_cuts(toy, faults, journalled, tmp_path / "cut", ends))
