"""The space of a run again, from the texts of its input files that its manifest keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dse.errors import StoreError, VersionMismatchError
from dse.space import Space, Target
from dse.spec import load_model, load_space, load_technology
from dse.spec.library import FOLDERS
from dse.spec.source import given_texts
from dse.store.inputs import input_texts
from dse.store.manifest import Manifest, resolved_sha256
from dse.technology import Silicon

__all__ = ["Origin", "open_origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run explored.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    chip : str or Path
        Name in the library, or file, of the base chip.
    """

    space: Space
    silicon: Silicon
    chip: str | Path


@contextmanager
def open_origin(manifest: Manifest, place: Path) -> Iterator[Origin]:
    """Load a run's space, and have the run's own input files read within the block.

    Parameters
    ----------
    manifest : Manifest
        Of the run.
    place : Path
        Its folder, for messages.

    Raises
    ------
    VersionMismatchError
        If this version of dse reads something else from them.
    StoreError
        If the manifest does not name the files.
    CorruptRunError
        If a text is damaged.
    SpecError
        If a file cannot be read.
    """
    with given_texts(input_texts(manifest, place)):
        yield _load(manifest, place)


def _load(manifest: Manifest, place: Path) -> Origin:
    summary = manifest.space
    chip = _ref("chip", summary["chip"], manifest, place)
    space = load_space(_ref("space", summary["name"], manifest, place), chip)
    models = [load_model(_ref("model", name, manifest, place)) for name in summary["models"]]
    space = dataclasses.replace(
        space,
        models=tuple(models),
        objectives=tuple(summary["objectives"]),
        targets=tuple(Target(**target) for target in summary["targets"]),
    )
    silicon = load_technology().silicon
    if resolved_sha256(space, silicon) != manifest.resolved_sha256:
        raise VersionMismatchError(
            f"{place}: the space that its manifest names is no longer the one that was explored "
            f"by dse {manifest.versions.get('dse')}; repeat the run"
        )
    return Origin(space, silicon, chip)


def _ref(kind: str, name: str, manifest: Manifest, place: Path) -> str | Path:
    """Name in the library, or path, of an input."""
    if f"{FOLDERS[kind]}/{name}.yaml" in manifest.inputs:
        return name
    for recorded in manifest.inputs:
        if Path(recorded).stem == name and not recorded.startswith(tuple(FOLDERS.values())):
            return Path(recorded)
    raise StoreError(f'{place}: the manifest does not hold the file of the {kind} "{name}"')
