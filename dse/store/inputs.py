"""The input files of a run: the texts that its manifest keeps, and what became of the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dse.errors import CorruptRunError
from dse.spec.library import FOLDERS, root
from dse.store.manifest import Manifest, text_sha256

__all__ = ["changed_inputs", "input_texts"]


def input_texts(manifest: Manifest, place: Path) -> dict[str, str]:
    """Texts of a run's input files by name, each checked against its hash.

    Parameters
    ----------
    manifest : Manifest
        Of the run.
    place : Path
        Its folder, for messages.

    Raises
    ------
    CorruptRunError
        If one does not match.
    """
    texts = {name: entry["text"] for name, entry in manifest.inputs.items()}
    for name, text in texts.items():
        if text_sha256(text) != manifest.inputs[name]["sha256"]:
            raise CorruptRunError(
                f"{place}/manifest.json: the text of {name} does not match its SHA-256; "
                "restore the file, or begin its command again with --force"
            )
    return texts


def changed_inputs(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Name the files that no longer hold the texts of a run, and say what became of each."""
    for name, entry in manifest.inputs.items():
        inside = root() / name
        is_library = name.startswith(tuple(FOLDERS.values())) and inside.is_file()
        try:
            content = (inside if is_library else Path(name)).read_bytes()
        except OSError:
            yield name, "cannot be read any more"
            continue
        if content != entry["text"].encode():
            yield name, "has changed"
