"""The space of a run again from the files that its manifest names, if they are still the same."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from dse.errors import StoreError, VersionMismatchError
from dse.space import Space, Target
from dse.spec import load_model, load_space, load_technology
from dse.spec.library import FOLDERS, root
from dse.store.manifest import Manifest, resolved_sha256, text_sha256
from dse.technology import Silicon

__all__ = ["Origin", "load_origin"]


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


def load_origin(manifest: Manifest, place: Path) -> Origin:
    """Load a run's space from the files that it was read from, which must be the same today.

    Parameters
    ----------
    manifest : Manifest
        Of the run.
    place : Path
        Its folder, for messages.

    Raises
    ------
    VersionMismatchError
        If a file is gone or has changed, or what was read then is not what is read now.
    StoreError
        If the manifest does not name the files.
    SpecError
        If a file cannot be read.
    """
    changed = [name for name in manifest.inputs if not _is_same(name, manifest)]
    if changed:
        raise VersionMismatchError(
            f"{place}: changed or gone since the run: {', '.join(changed)}; repeat the run"
        )
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


def _file(name: str) -> Path:
    """Where an input lies: in the library, or where the user's command found it."""
    inside = root() / name
    return inside if name.startswith(tuple(FOLDERS.values())) and inside.is_file() else Path(name)


def _is_same(name: str, manifest: Manifest) -> bool:
    try:
        text = _file(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text_sha256(text) == manifest.inputs[name]["sha256"]


def _ref(kind: str, name: str, manifest: Manifest, place: Path) -> str | Path:
    """Name in the library, or path, of an input."""
    if f"{FOLDERS[kind]}/{name}.yaml" in manifest.inputs:
        return name
    for recorded in manifest.inputs:
        if Path(recorded).stem == name and not recorded.startswith(tuple(FOLDERS.values())):
            return _file(recorded)
    raise StoreError(f'{place}: the manifest does not hold the file of the {kind} "{name}"')
