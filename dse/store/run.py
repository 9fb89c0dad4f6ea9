"""A run folder: one writer at a time, whole files only, recognisable as ours."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.errors import CorruptRunError, VersionMismatchError
from dse.space import Space
from dse.store.files import read_arrays, write_arrays, write_json
from dse.store.journal import Journal
from dse.store.load import BOXES, JOURNAL, MANIFEST, SUMMARY, load_manifest
from dse.store.lock import MARKER, clear_folder, lock_folder, mark_folder
from dse.store.manifest import Manifest, make_manifest
from dse.store.table import Table, TableWriter, open_table
from dse.technology import Silicon

__all__ = ["Output", "RunFolder", "start_run"]

# Differences from another run that are named.
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run goes, and what its manifest says of how it was asked for.

    Parameters
    ----------
    path : Path
        The run folder; made if absent.
    force : bool
        Clear the folder first of the run that it holds; other files in it, and a folder that is
        not ours, are never touched.
    argv : tuple of str
        Command line.
    inputs : mapping of str to str
        Text of each file that was read, by name.
    """

    path: Path
    force: bool = False
    argv: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


class RunFolder:
    """A run folder open for writing; use it in a ``with`` statement.

    Parameters
    ----------
    path : Path
        The folder.
    manifest : Manifest
        The run about to start or to go on.
    force : bool
        Whether to clear a run that is there.

    Attributes
    ----------
    is_resumed : bool
        Whether the folder already held this very run.

    Raises
    ------
    LockedRunError
        If another process writes to it.
    VersionMismatchError
        If it holds a run of another manifest or another version, and `force` is not set.
    StoreError
        If it holds files and is not a run folder, or cannot be written.
    """

    def __init__(self, path: Path, manifest: Manifest, *, force: bool = False) -> None:
        self.path = path
        self._lock = lock_folder(path)
        self._journal: Journal | None = None
        try:
            if force:
                clear_folder(path, last=MANIFEST)
            known = load_manifest(path) if (path / MANIFEST).exists() else None
            if known is not None:
                _check_same(path, known, manifest)
            self.is_resumed = known is not None
            started = known.started if known else _now()
            seconds = known.seconds if known else None
            self._write_manifest(manifest, started=started, ended=None, seconds=seconds)
            mark_folder(self._lock, path / MARKER)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._journal is not None:
            self._journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def journal(self) -> Journal:
        """Open the run's journal, a torn last line cut off; the same object on each call.

        Raises
        ------
        CorruptRunError
            If it is damaged, or is the journal of another run.
        """
        if self._journal is None:
            place = self.path / JOURNAL
            header = self.manifest.journal_header
            journal = self._journal = Journal(place)
            if not journal.records:
                journal.append(header)
            elif journal.records.pop(0) != header:
                raise CorruptRunError(f"{place}:1: is not the journal of this run")
        return self._journal

    @contextmanager
    def open_table(self, name: str) -> Iterator[TableWriter]:
        """Open a table for writing block by block; it appears when the block ends well."""
        with open_table(self.path / f"{name}.csv", self.manifest.columns) as writer:
            yield writer

    def write_table(self, name: str, table: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write a whole table."""
        with self.open_table(name) as writer:
            writer.write(table)

    def save(self, state: Table) -> None:
        """Write the state of a proof under way; the file before it stays until it is whole."""
        run = np.array(self.manifest.fingerprint)
        write_arrays(self.path / BOXES, {"run": run, **state})

    def saved(self) -> Table:
        """Read what `save` wrote last; empty if nothing was.

        Raises
        ------
        CorruptRunError
            If it is damaged, or is the state of another run.
        """
        place = self.path / BOXES
        state = read_arrays(place) if place.exists() else {}
        if state and str(state.pop("run", "")) != self.manifest.fingerprint:
            raise CorruptRunError(f"{place}: is not the state of this run")
        return state

    def pause(self, summary: Mapping[str, Any], seconds: float | None = None) -> None:
        """Write the summary of a run that is not complete yet, and the time it took so far."""
        self._write_summary(summary)
        self._write_manifest(self.manifest, seconds=seconds)

    def finish(self, summary: Mapping[str, Any], seconds: float | None = None) -> None:
        """Write the summary, then the manifest with its end: the run is complete."""
        self._write_summary(summary)
        self._write_manifest(self.manifest, seconds=seconds, ended=_now())

    def _write_summary(self, summary: Mapping[str, Any]) -> None:
        write_json(self.path / SUMMARY, {"schema": "dse.summary/1", **summary})

    def _write_manifest(self, manifest: Manifest, **changes: Any) -> None:
        self.manifest = dataclasses.replace(manifest, **changes)
        write_json(self.path / MANIFEST, self.manifest.to_json())


def start_run(
    kind: str, space: Space, silicon: Silicon, settings: Mapping[str, Any], out: Output | Path
) -> RunFolder:
    """Open the folder of a run of a space, new or to be gone on with.

    Parameters
    ----------
    kind : str
        ``sweep`` or ``search``.
    space, silicon : Space, Silicon
        What is explored, and the constants of the reference node.
    settings : mapping
        JSON values that the result depends on.
    out : Output or Path
        Where to.

    Returns
    -------
    RunFolder
        Locked; raises as `RunFolder` does.
    """
    place = out if isinstance(out, Output) else Output(Path(out))
    manifest = make_manifest(kind, space, silicon, settings, inputs=place.inputs, argv=place.argv)
    return RunFolder(place.path, manifest, force=place.force)


def _check_same(path: Path, known: Manifest, manifest: Manifest) -> None:
    differences = manifest.differences(known)
    if differences:
        raise VersionMismatchError(
            f"{path}: holds another run ({_shown(differences)}); {_remedy(known, manifest)}"
        )


def _shown(differences: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(differences) - _SHOWN
    return "; ".join(differences[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _remedy(known: Manifest, manifest: Manifest) -> str:
    """What opens a folder of another run; `dse resume`, which has its command, has no --force."""
    if known.argv and known.argv == manifest.argv:
        force = () if "--force" in known.argv else ("--force",)
        command = shlex.join(("dse", *known.argv, *force))
        return f"begin it again: {command}"
    return "choose another folder, or clear it with --force"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
