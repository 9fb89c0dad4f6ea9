"""The lock of a run folder, which also marks the folder as ours."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

from dse.errors import LockedRunError, StoreError
from dse.store.files import TEMPORARY, report_os_errors, sync_folder
from dse.store.manifest import SCHEMA, check_schema

__all__ = ["MARKER", "clear_folder", "is_locked", "is_ours", "lock_folder", "mark_folder"]

# A kernel lock on this file dies with its process: there is no stale lock to wait for.
MARKER = ".dse-run"
# Tries to get the lock past those who only look whether it is held, each for microseconds.
_TRIES = 1000

# All that `dse` writes into a run folder, and the temporary names of atomic writes, also those of
# exports; what else lies there is the user's.
_FILES = (
    r"manifest\.json|summary\.json|pareto\.json|front\.csv|results\.csv|journal\.jsonl|boxes\.npz"
)
_OURS = re.compile(
    rf"{_FILES}|journal\.jsonl\.torn|\.({_FILES})\.tmp|{TEMPORARY}"
    r"|uncertainty\.csv|((front|uncertainty)-[a-z0-9_]+-[a-z0-9_]+|matrix)\.(png|svg)"
)


def lock_folder(path: Path) -> int:
    """Make the folder if need be, check that it is ours, and lock it.

    Returns
    -------
    int
        File descriptor; closing it gives the lock back, and so does the end of the process.

    Raises
    ------
    LockedRunError
        If another process holds the lock.
    VersionMismatchError
        If a newer version of dse made the folder.
    StoreError
        If it holds files and is not ours, or cannot be made.
    """
    marker = path / MARKER
    with report_os_errors(path, "create"):
        path.mkdir(parents=True, exist_ok=True)
        if not marker.is_file() and any(path.iterdir()):
            raise StoreError(
                f"{path}: holds files and is not a run folder of dse; choose another folder"
            )
    with report_os_errors(marker, "open"):
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(marker, flags, 0o666)
    try:
        if not _try_lock(handle):
            raise LockedRunError(f"{path}: another process is writing to this run")
        with report_os_errors(marker, "read"):
            text = os.pread(handle, 64, 0).decode("utf-8", "replace").strip()
        if text:
            check_schema(text, str(marker))
        else:
            mark_folder(handle, marker)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _try_lock(handle: int) -> bool:
    """Take the lock unless a writer has it."""
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        try:
            # Beside a writer there is room for nobody, beside those who look there is.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.sched_yield()
    return False


def is_locked(path: Path) -> bool:
    """Whether a process is writing to the run in this folder; it is not disturbed."""
    try:
        handle = os.open(path / MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def mark_folder(handle: int, marker: Path) -> None:
    """Write today's schema into the marker of a locked folder, unless it is there."""
    mark = f"{SCHEMA}\n".encode()
    with report_os_errors(marker, "write"):
        if os.pread(handle, len(mark) + 1, 0) != mark:
            os.pwrite(handle, mark, 0)
            os.ftruncate(handle, len(mark))
            os.fsync(handle)
            sync_folder(marker.parent)


def is_ours(name: str) -> bool:
    """Whether dse writes files of this name into a run folder."""
    return name == MARKER or _OURS.fullmatch(name) is not None


def clear_folder(path: Path, last: str) -> None:
    """Remove what dse wrote into a locked run folder, `last` at the end; keep lock and the rest.

    Parameters
    ----------
    path : Path
        The folder.
    last : str
        Name of the file by which the folder is known to hold a run.

    Raises
    ------
    StoreError
        If a file cannot be removed.
    """
    with report_os_errors(path, "read"):
        entries = sorted(path.iterdir(), key=lambda entry: entry.name == last)
    for entry in entries:
        if _OURS.fullmatch(entry.name):
            with report_os_errors(entry, "remove"):
                entry.unlink()
