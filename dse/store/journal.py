"""An append-only record of batches that survives being killed at any moment.

One line is the CRC-32 of its JSON in eight hexadecimal digits, a space, the JSON, a newline. A
batch is on disk when `Journal.append` returns. What a crash leaves of the last line is cut off
and kept beside the journal; damage anywhere else is an error that names the line.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

from dse.errors import CorruptRunError
from dse.store.files import report_os_errors, sync_folder

__all__ = ["Journal", "read_journal"]

Record = dict[str, Any]


class Journal:
    """The journal of a run folder, open for appending by the one process that holds the lock.

    Parameters
    ----------
    path : Path
        The file; it need not exist.

    Attributes
    ----------
    records : list of dict
        What the file held when it was opened.
    torn_bytes : int
        Length of the torn last line that was cut off and appended to ``<name>.torn``; else 0.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with report_os_errors(path, "open"):
            self._handle = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666
            )
        try:
            self.records, self.torn_bytes = self._recover()
        except BaseException:
            self.close()
            raise

    def append(self, record: Record) -> None:
        """Write one record and wait until it is on disk.

        Raises
        ------
        StoreError
            If it cannot be written; the next opening cuts off what was.
        """
        line = encode(record)
        with report_os_errors(self._path, "write"):
            view = memoryview(line)
            while view:
                view = view[os.write(self._handle, view) :]
            os.fsync(self._handle)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _recover(self) -> tuple[list[Record], int]:
        with report_os_errors(self._path, "read"):
            content = self._path.read_bytes()
        records, whole = decode(content, self._path)
        torn = content[whole:]
        if torn:
            with report_os_errors(self._path, "repair"):
                self._keep_torn(torn)
                os.ftruncate(self._handle, whole)
                os.fsync(self._handle)
        with report_os_errors(self._path, "open"):
            sync_folder(self._path.parent)
        return records, len(torn)

    def _keep_torn(self, torn: bytes) -> None:
        with self._path.with_name(f"{self._path.name}.torn").open("ab") as stream:
            stream.write(torn + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def read_journal(path: Path) -> list[Record]:
    """Read a journal that may be in use; a torn last line is left alone and not returned.

    Raises
    ------
    CorruptRunError
        If a line before the last is damaged.
    """
    with report_os_errors(path, "read"):
        content = path.read_bytes()
    return decode(content, path)[0]


def encode(record: Record) -> bytes:
    """Write one record as a line; floats keep every bit, NaN and infinity are refused."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    body = text.encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(content: bytes, path: Path) -> tuple[list[Record], int]:
    """Read the records of a journal and how many of its bytes are whole lines.

    The last line is torn if its newline is missing or its checksum is wrong: nothing was
    written after it that could vouch for it.
    """
    lines = content.split(b"\n")
    complete, tail = lines[:-1], lines[-1]
    records: list[Record] = []
    whole = 0
    for number, line in enumerate(complete, start=1):
        record = _decode_line(line)
        if record is None:
            if number == len(complete) and not tail:
                break
            raise CorruptRunError(
                f"{path}:{number}: damaged line: its checksum does not match its content;"
                " restore the file, or begin its command again with --force"
            )
        records.append(record)
        whole += len(line) + 1
    return records, whole


def _decode_line(line: bytes) -> Record | None:
    """Read one line without its newline; None if it is damaged."""
    checksum, space, body = line[:8], line[8:9], line[9:]
    if space != b" " or checksum != b"%08x" % zlib.crc32(body):
        return None
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
