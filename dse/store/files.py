"""Files that are either whole or absent: temporary name, fsync, rename."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from dse.errors import CorruptRunError, StoreError

__all__ = [
    "TEMPORARY",
    "atomic_path",
    "atomic_text",
    "read_arrays",
    "read_json",
    "report_os_errors",
    "sync_folder",
    "write_arrays",
    "write_json",
]

# Nothing that dse reads back at once comes near this; a larger file is not one of ours.
_MAX_JSON_BYTES = 1 << 28

# Names of the files of `atomic_path` before they have their own, and of SQLite's journal of one.
TEMPORARY = r"\.dse-[0-9a-f]{16}\.tmp(-journal)?"


@contextmanager
def report_os_errors(path: Path, action: str) -> Iterator[None]:
    """Turn what the operating system refuses into a `StoreError` that names the path."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: cannot {action}: {error.strerror or error}") from error


@contextmanager
def atomic_text(path: Path) -> Iterator[IO[str]]:
    """Open a text file for writing that takes its name only when it is complete and on disk.

    Parameters
    ----------
    path : Path
        Final name, in a folder with one writer at a time; an older file of that name stays until
        the new one replaces it.

    Yields
    ------
    text file
        UTF-8, line ends as written.
    """
    with _atomic(path, "w", encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def atomic_path(path: Path, *, follow: bool = True) -> Iterator[Path]:
    """Name a file for others to write, which takes its own name when it is on disk.

    Parameters
    ----------
    path : Path
        Final name, in any folder.
    follow : bool
        Whether a link stays and what it names is replaced, or the link itself.

    Yields
    ------
    Path
        Absolute name of a file that is not there yet; no other writer has the same.
    """
    final = Path(os.path.realpath(path)) if follow else Path(os.path.abspath(path))
    temporary = final.with_name(f".dse-{secrets.token_hex(8)}.tmp")
    with report_os_errors(path, "write"), _renamed(temporary, final):
        yield temporary
        handle = os.open(temporary, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _atomic(path: Path, mode: str, **how: Any) -> Iterator[IO[Any]]:
    temporary = path.with_name(f".{path.name}.tmp")
    with (
        report_os_errors(path, "write"),
        _renamed(temporary, path),
        temporary.open(mode, **how) as stream,
    ):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _renamed(temporary: Path, path: Path) -> Iterator[None]:
    """Give the temporary file its name at the end; after a fault, remove it."""
    try:
        yield
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        for name in (temporary.name, f"{temporary.name}-journal"):  # the second is SQLite's
            with suppress(OSError):
                temporary.with_name(name).unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, data: Any) -> None:
    """Write JSON atomically, indented, keys in the order given, no NaN or infinity."""
    with atomic_text(path) as stream:
        json.dump(data, stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays atomically, as NumPy's ``.npz``."""
    with _atomic(path, "wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read what `write_arrays` wrote.

    Raises
    ------
    StoreError
        If there is no such file, or it cannot be read.
    CorruptRunError
        If it holds something else.
    """
    with report_os_errors(path, "read"), path.open("rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as file:
                return dict(file.items())
        except (OSError, MemoryError):
            raise
        except Exception as error:  # of a damaged archive any part of two libraries may complain
            raise CorruptRunError(f"{path}: not arrays of dse: {error}") from error


def read_json(path: Path) -> Any:
    """Read a JSON file of a run folder.

    Raises
    ------
    StoreError
        If there is no such file, or it cannot be read.
    CorruptRunError
        If it is not JSON.
    """
    with report_os_errors(path, "read"):
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise CorruptRunError(f"{path}: larger than {_MAX_JSON_BYTES} B, not one of ours")
        content = path.read_bytes()
    try:
        return json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise CorruptRunError(f"{path}: not valid JSON: {error}") from error


def _finite(text: str) -> float:
    """Read a number; what is none, or beyond all floats, JSON does not have."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number
