"""Run folders at a glance: what each holds, how far it came, and whether it can go on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dse.errors import StoreError, VersionMismatchError
from dse.store.journal import read_journal
from dse.store.load import JOURNAL, MANIFEST, load_manifest, missing_files, read_summary
from dse.store.lock import MARKER, is_locked, is_ours
from dse.store.manifest import Manifest

__all__ = ["STATES", "RunState", "is_run_folder", "list_runs"]

STATES = ("complete", "running", "interrupted", "empty", "corrupt", "newer")


@dataclass(frozen=True, slots=True)
class RunState:
    """What a run folder says of itself.

    Parameters
    ----------
    path : Path
        The folder.
    state : str
        ``complete``; ``running``: a process writes to it; ``interrupted``: `dse resume` goes on;
        ``empty``: killed before it began; ``corrupt``; ``newer``: of a newer dse.
    reason : str
        What is wrong with a corrupt or a newer one; else empty.
    kind, space : str
        ``sweep``, ``search`` or ``certify``, and the space's name; empty where not known.
    evaluated, total : int or None
        Designs done, and how many there are to be: proposals of a search, designs of a sweep.
        A proof has no total.
    front : int or None
        Size of the front; None before the first summary.
    started : str or None
        UTC time in ISO 8601.
    size_bytes : int
        Of the files that dse wrote.
    """

    path: Path
    state: str
    reason: str = ""
    kind: str = ""
    space: str = ""
    evaluated: int | None = None
    total: int | None = None
    front: int | None = None
    started: str | None = None
    size_bytes: int = 0


def list_runs(folder: str | Path) -> Iterator[RunState]:
    """Look at a run folder, or at the run folders in a folder, by name.

    What is no run folder is passed over. Nothing is written, and a writer is not disturbed.

    Raises
    ------
    StoreError
        If there is no such folder, or it cannot be read.
    """
    place = Path(folder)
    if is_run_folder(place):
        yield _state(place)
        return
    try:
        with os.scandir(place) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise StoreError(f"{place}: cannot read: {error.strerror or error}") from error
    for name in names:
        if is_run_folder(place / name):
            yield _state(place / name)


def is_run_folder(place: Path) -> bool:
    """Whether dse keeps a run there."""
    try:
        return (place / MARKER).is_file()
    except OSError:
        return False


def _state(place: Path) -> RunState:
    size = _size(place)
    try:
        if not (place / MANIFEST).exists():
            state = "running" if is_locked(place) else "empty"
            return RunState(place, state, size_bytes=size)
        manifest = load_manifest(place)
        state, reason = _verdict(place, manifest)
        return RunState(place, state, reason, size_bytes=size, **_account(place, manifest))
    except VersionMismatchError as error:
        return RunState(place, "newer", str(error), size_bytes=size)
    except (StoreError, OSError) as error:
        return RunState(place, "corrupt", str(error), size_bytes=size)
    except (KeyError, TypeError, ValueError) as error:  # JSON, but not ours
        return RunState(place, "corrupt", f"{place}: not a run: {error!r}", size_bytes=size)


def _verdict(place: Path, manifest: Manifest) -> tuple[str, str]:
    if manifest.ended is None:
        return ("running" if is_locked(place) else "interrupted"), ""
    missing = [str(place / name) for name in missing_files(place)]
    if missing:
        return "corrupt", f"{', '.join(missing)}: missing; `dse resume` makes it anew"
    return "complete", ""


def _account(place: Path, manifest: Manifest) -> dict[str, Any]:
    """Name the run, and count what it has done; from its summary, or else from its journal."""
    summary = read_summary(place)
    settings = manifest.settings
    is_proof = "certify" in settings
    # A space no larger than the first sweep is enumerated, and nothing is proposed.
    is_swept = manifest.kind == "sweep" or bool(summary.get("is_exhaustive"))
    is_search = not (is_proof or is_swept)
    done = summary.get("trials" if is_search else "evaluated")
    if done is None and (place / JOURNAL).exists():
        done = _told(read_journal(place / JOURNAL)[1:])
    total = None if is_proof else _total(manifest, is_search=is_search)
    return {
        "kind": "certify" if is_proof else manifest.kind,
        "space": str(manifest.space["name"]),
        "evaluated": done,
        "total": total,
        "front": summary.get("front"),
        "started": manifest.started,
    }


def _told(records: list[dict[str, Any]]) -> int:
    """Distinct designs of a search's batches, or those of the pieces of a sweep."""
    rows = {tuple(entry["row"]) for record in records for entry in record.get("trials", ())}
    pieces = [int(record["evaluated"]) for record in records if "evaluated" in record]
    return len(rows) or max(pieces, default=0)


def _total(manifest: Manifest, *, is_search: bool) -> int | None:
    settings, size = manifest.settings, int(manifest.space["size"])
    if is_search:
        return settings.get("trials")
    samples = settings.get("samples")
    return size if samples is None else min(int(samples), size)


def _size(place: Path) -> int:
    total = 0
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if is_ours(entry.name) and entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass
    return total
