"""Checks spec files of any kind, which say themselves what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dse.errors import Fault, SpecError
from dse.spec.claims import load_claim
from dse.spec.fault import fault_at
from dse.spec.library import Located
from dse.spec.load import (
    load_chip,
    load_model,
    load_qualities,
    load_scenario,
    load_stack,
    validate,
)
from dse.spec.network import load_network
from dse.spec.read import read_spec
from dse.spec.schema import FORMATS
from dse.spec.source import read_file
from dse.spec.space import load_space
from dse.spec.steps import load_catalogue
from dse.spec.text import parse_text

__all__ = ["check_file", "kind_of_file", "spec_files"]

_SCHEMA = re.compile(r"dse\.([a-z]+)/[0-9]+")
_LOADERS: dict[str, Callable[[Path], object]] = {
    "catalogue": load_catalogue,
    "chip": load_chip,
    "claim": load_claim,
    "model": load_model,
    "network": load_network,
    "quantisation": load_qualities,
    "scenario": load_scenario,
    "space": load_space,
    "stack": load_stack,
}
# Forms without a loader of their own: the files of hw_configs/technology.
_TECHNOLOGY = {form: spec for form, spec in FORMATS.items() if form not in _LOADERS}


def spec_files(path: Path) -> Iterator[Path]:
    """Yield the YAML files of a folder and of the folders in it, sorted; a file yields itself."""
    if path.is_dir():
        yield from sorted(entry for entry in path.rglob("*.yaml") if entry.is_file())
    else:
        yield path


def kind_of_file(path: Path) -> str:
    """Kind of spec that a file says it is: a key of `dse.spec.library.FOLDERS`.

    Raises
    ------
    SpecError
        If it cannot be parsed, or names no format.
    """
    form = _form(path)
    return "technology" if form in _TECHNOLOGY else form


def check_file(path: Path) -> tuple[Fault, ...]:
    """Every fault of one spec file, and of the files that it leans on.

    Parameters
    ----------
    path : Path
        A spec of any kind.
    """
    try:
        form = _form(path)
        if form in _LOADERS:
            _LOADERS[form](path)
        else:
            validate(_TECHNOLOGY[form], read_spec(Located("technology", path, str(path))))
    except SpecError as error:
        return error.faults
    return ()


def _form(path: Path) -> str:
    tree = parse_text(read_file(path, str(path)), str(path))
    node = tree.value.get("schema")
    match = _SCHEMA.fullmatch(node.text) if node else None
    forms: Iterable[str] = (*_LOADERS, *_TECHNOLOGY)
    if match is None or match[1] not in forms:
        known = ", ".join(f"dse.{form}/1" for form in forms)
        raise SpecError((fault_at(tree, ("schema",), "schema", f"must be one of {known}"),))
    return match[1]
