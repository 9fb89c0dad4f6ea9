"""The journal: what is appended stays, what is torn is cut, what is damaged is named."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dse.errors import CorruptRunError, StoreError
from dse.store import Journal, read_journal
from dse.store.journal import decode, encode

RECORDS = [{"batch": n, "values": [n / 3, -0.0, 1e-320], "text": "ü\n\u2028"} for n in range(4)]


def write(path: Path, records=RECORDS) -> bytes:
    journal = Journal(path)
    for record in records:
        journal.append(record)
    journal.close()
    return path.read_bytes()


def test_records_come_back_exactly(tmp_path):
    content = write(tmp_path / "j")
    assert content.count(b"\n") == len(RECORDS)
    assert read_journal(tmp_path / "j") == RECORDS
    journal = Journal(tmp_path / "j")
    assert journal.records == RECORDS
    assert journal.torn_bytes == 0
    journal.close()
    assert (tmp_path / "j").read_bytes() == content


def test_cut_at_every_byte_of_the_last_line(tmp_path):
    content = write(tmp_path / "whole")
    last = content[:-1].rindex(b"\n") + 1
    for end in range(last, len(content)):
        path = tmp_path / f"cut{end}"
        path.write_bytes(content[:end])
        assert read_journal(path) == RECORDS[:-1]
        assert path.read_bytes() == content[:end]
        journal = Journal(path)
        assert journal.records == RECORDS[:-1]
        assert journal.torn_bytes == end - last
        journal.append(RECORDS[-1])
        journal.close()
        assert path.read_bytes() == content
        torn = path.with_name(f"{path.name}.torn")
        assert (torn.read_bytes() if torn.exists() else b"") == (
            content[last:end] + b"\n" if end > last else b""
        )


@pytest.mark.parametrize("tail", [b"\0" * 512, b"\xff\xfe", b"12345678 {}\n", b"\n", b"{}\n"])
def test_rubbish_after_the_last_line_is_cut(tmp_path, tail):
    content = write(tmp_path / "j")
    (tmp_path / "j").write_bytes(content + tail)
    journal = Journal(tmp_path / "j")
    journal.close()
    assert journal.records == RECORDS
    assert (tmp_path / "j").read_bytes() == content


def test_every_flipped_byte_before_the_last_line_is_named(tmp_path):
    content = write(tmp_path / "j")
    starts = [0]
    starts += [place + 1 for place, byte in enumerate(content[:-1]) if byte == ord("\n")]
    # Without the newline before it, the last line cannot be told from a torn one.
    for place in range(starts[-1] - 1):
        damaged = bytearray(content)
        damaged[place] ^= 1
        line = sum(start <= place for start in starts)
        with pytest.raises(CorruptRunError, match=rf"j:{line}: damaged line"):
            decode(bytes(damaged), Path("j"))


def test_damage_leaves_the_file_alone(tmp_path):
    content = b"x" + write(tmp_path / "j")
    (tmp_path / "j").write_bytes(content)
    with pytest.raises(CorruptRunError, match="--force"):
        Journal(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == content


def test_an_empty_journal(tmp_path):
    journal = Journal(tmp_path / "j")
    journal.close()
    journal.close()
    assert journal.records == []
    assert read_journal(tmp_path / "j") == []


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.text()))
def test_a_line_is_a_line_and_reads_back(record):
    line = encode(record)
    assert line.index(b"\n") == len(line) - 1
    back = decode(line, Path("j"))
    assert back == ([record], len(line))
    assert str(back[0][0]) == str(record)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        encode({"x": value})


def test_a_full_disk_is_an_error_and_leaves_a_journal_that_opens(tmp_path):
    path = tmp_path / "j"
    content = write(path)
    journal = Journal(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 10, hard))
        with pytest.raises(StoreError, match="cannot write"):
            journal.append(RECORDS[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    journal.close()
    again = Journal(path)
    again.close()
    assert again.records == RECORDS
    assert again.torn_bytes == 10


def test_killed_while_writing(tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from dse.store import Journal
        journal = Journal(Path(sys.argv[1]))
        first = len(journal.records)
        for number in range(first, first + 100_000):
            journal.append({"number": number, "fill": "x" * 3000})
            print(number, flush=True)
        """
    )
    last = -1
    for lines in (1, 7, 30):
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "j")], stdout=subprocess.PIPE, text=True
        )
        with child:
            for _ in range(lines):
                last = int(child.stdout.readline())
            os.kill(child.pid, signal.SIGKILL)
        records = read_journal(tmp_path / "j")
        assert [record["number"] for record in records] == list(range(len(records)))
        assert len(records) > last
