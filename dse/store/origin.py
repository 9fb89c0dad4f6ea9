"""The space of a run again, from the texts of its input files that its manifest keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dse.errors import StoreError, VersionMismatchError
from dse.space import Space, Target
from dse.spec import load_model, load_space, load_technology
from dse.spec.check import kind_of_text
from dse.spec.hf_file import import_hf
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
    chip : str
        File of the base chip, by its name among the run's inputs.
    """

    space: Space
    silicon: Silicon
    chip: str


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
        title=summary["title"],
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


def _ref(kind: str, name: str, manifest: Manifest, place: Path) -> str:
    """File of an input; the user's own comes before the library's, which may be its base."""
    files = [shown for shown, entry in manifest.inputs.items() if _is(kind, name, shown, entry)]
    if not files:
        raise StoreError(f'{place}: the manifest does not hold the file of the {kind} "{name}"')
    own = [shown for shown in files if shown != f"{FOLDERS[kind]}/{name}.yaml"]
    return (own or files)[0]


def _is(kind: str, name: str, shown: str, entry: Mapping[str, str]) -> bool:
    """Whether an input of the run is that spec, as it was read."""
    path = Path(shown)
    if path.suffix == ".json":
        return kind == "model" and import_hf(path)[0] == name
    return path.stem == name and kind_of_text(entry["text"], shown) == kind
