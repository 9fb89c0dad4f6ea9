"""The text of spec files: read from disk with limits, remembered, or given in place of the disk.

A run folder keeps the text of every file that its run was read from. `recorded_texts` gathers
them, and `given_texts` has them stand for the files when the run is gone on with.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from dse.errors import Fault, SpecError

__all__ = [
    "MAX_BYTES",
    "given_texts",
    "is_given",
    "read_file",
    "reading_session",
    "recorded_texts",
]

MAX_BYTES = 1 << 20

_NONE: Mapping[str, str] = {}
_GIVEN: ContextVar[Mapping[str, str]] = ContextVar("given", default=_NONE)
_RECORDED: ContextVar[dict[str, str] | None] = ContextVar("recorded", default=None)
_SESSION: ContextVar[object] = ContextVar("session", default=None)


def read_file(path: Path, name: str) -> str:
    """Read a spec's text.

    Parameters
    ----------
    path : Path
        A regular file of at most 1 MiB, in UTF-8.
    name : str
        The file's name for messages.

    Raises
    ------
    SpecError
        If it cannot be read or is no such file.
    """
    given = _GIVEN.get()
    text = given[name] if name in given else _decoded(_raw(path, name), name)
    recorded = _RECORDED.get()
    if recorded is not None:
        recorded[name] = text
    return text


@contextmanager
def recorded_texts() -> Iterator[dict[str, str]]:
    """Gather the text of every spec file that is read in the block, by its name in messages."""
    texts: dict[str, str] = {}
    record, session = _RECORDED.set(texts), _SESSION.set(object())
    try:
        yield texts
    finally:
        _SESSION.reset(session)
        _RECORDED.reset(record)


@contextmanager
def given_texts(texts: Mapping[str, str]) -> Iterator[None]:
    """Read these texts, by their names in messages, in place of the files; others from disk."""
    given, session = _GIVEN.set(texts), _SESSION.set(object())
    try:
        yield
    finally:
        _SESSION.reset(session)
        _GIVEN.reset(given)


def is_given(name: str) -> bool:
    """Whether a text stands for the file of that name, which need not be there then."""
    return name in _GIVEN.get()


def reading_session() -> object:
    """What stands for the innermost block of the above, None outside: a key for caches."""
    return _SESSION.get()


def _raw(path: Path, name: str) -> bytes:
    try:
        # Without O_NONBLOCK the opening of a FIFO would wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _file_error(name, f"cannot be read: {reason}", "unreadable") from error
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise _file_error(name, "must be a regular file", "unreadable")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _file_error(name, f"cannot be read: {error.strerror}", "unreadable") from error
    finally:
        os.close(handle)


def _decoded(raw: bytes, name: str) -> str:
    if len(raw) > MAX_BYTES:
        raise _file_error(name, "must be at most 1 MiB long", "too-large")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        lines = raw[: error.start].split(b"\n")
        message = f"must be UTF-8 text, but byte 0x{raw[error.start]:02x} is not"
        fault = Fault(name, len(lines), len(lines[-1]) + 1, "", message, "encoding")
        raise SpecError((fault,)) from None


def _file_error(name: str, message: str, slug: str) -> SpecError:
    return SpecError((Fault(name, 0, 0, "", message, slug),))
