"""Files that a user asks for by name: what may be written there, and how."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dse.errors import StoreError
from dse.store.files import atomic_path, report_os_errors
from dse.store.lock import MARKER, is_ours

__all__ = ["Destination", "destination"]

# Links on the way to a file at most, as the system has it.
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an output goes; made by `destination`.

    Parameters
    ----------
    path : Path
        As the user named it.
    is_stream : bool
        Whether it is written straight through, as a pipe, a device or what ``/dev/stdout`` stands
        for; else it is a regular file, which is replaced when the new one is complete.
    """

    path: Path
    is_stream: bool

    @contextmanager
    def open_text(self) -> Iterator[IO[str]]:
        """Open it for a text in UTF-8, line ends as written; `StoreError` if that fails."""
        with self._place() as place, open(place, "w", encoding="utf-8", newline="") as stream:
            yield stream

    @contextmanager
    def _place(self) -> Iterator[Path | int]:
        """What to write into; of a file that is open already a copy, to go on where it stands."""
        if not self.is_stream:
            with atomic_path(self.path) as place:
                yield place
            return
        with report_os_errors(self.path, "write"):
            number = _descriptor(self.path)
            yield self.path if number is None else os.dup(number)


def destination(path: Path, *, force: bool = False) -> Destination:
    """Look at the place of an output before it is made.

    Parameters
    ----------
    path : Path
        As the user named it; links are followed.
    force : bool
        Whether a regular file that is there may be replaced.

    Raises
    ------
    StoreError
        If it is part of the record of a run, or is there and `force` is not set, or cannot be
        looked at.
    """
    final = Path(os.path.realpath(path))
    with report_os_errors(path, "write"):
        mode = _mode(path)
        is_record = is_ours(final.name) and (final.parent / MARKER).is_file()
    if is_record:
        raise StoreError(f"{path}: is part of a run folder; choose another file")
    is_stream = mode is not None and (not stat.S_ISREG(mode) or _descriptor(path) is not None)
    if mode is not None and not is_stream and not force:
        raise StoreError(f"{path}: exists; overwrite it with --force")
    return Destination(path, is_stream)


def _mode(path: Path) -> int | None:
    """Type and permissions of what lies there, or None if nothing does."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _descriptor(path: Path) -> int | None:
    """Number of the open file of this process that a path stands for, as /dev/stdout does."""
    open_files = os.path.realpath("/proc/self/fd")
    for _ in range(_MOST_LINKS):
        if os.path.realpath(path.parent) == open_files:
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None
