"""Checking of spec files by what they say they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.units import UNLIMITED

if TYPE_CHECKING:
    from dse.errors import Fault

__all__ = ["check_file", "files_below", "json_schema_of", "kind_of_file"]

_LOADED = ("chip", "model", "scenario", "space")
_TECHNOLOGY = ("nodes", "dram", "silicon")


def files_below(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files named, and every YAML file below the folders named, in order."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return tuple(dict.fromkeys(found))


def kind_of_file(path: Path) -> str:
    """Kind that a file's ``schema:`` line states: ``chip``, ``model`` ... or ``nodes`` ...

    Raises
    ------
    SpecError
        If it cannot be parsed, or states none.
    """
    from dse.errors import Fault, SpecError
    from dse.spec.text import parse_text, read_file

    shown = str(path)
    tree = parse_text(read_file(path, shown), shown)
    node = tree.value.get("schema")
    text = node.text if node is not None else ""
    kind = text.removeprefix("dse.").partition("/")[0]
    if text.startswith("dse.") and kind in (*_LOADED, *_TECHNOLOGY):
        return kind
    place = (node or tree).place
    known = ", ".join(f"dse.{each}/1" for each in (*_LOADED, *_TECHNOLOGY))
    message = f'must be one of {known}, but got "{text}"'
    raise SpecError((Fault(shown, place.line, place.column, "schema", message, "schema"),))


def check_file(path: Path) -> tuple[Fault, ...]:
    """All faults of a file, and of those that it leans on."""
    from dse import spec
    from dse.errors import SpecError
    from dse.spec.library import Located
    from dse.spec.load import validate
    from dse.spec.read import read_spec

    try:
        kind = kind_of_file(path)
        if kind in _LOADED:
            getattr(spec, f"load_{kind}")(path)
        else:
            validate(_schemas()[kind], read_spec(Located("technology", path, str(path))))
    except SpecError as error:
        return error.faults
    return ()


def _schemas() -> Mapping[str, Any]:
    """The pydantic model of every kind of file."""
    from dse.spec import schema

    return {
        "chip": schema.ChipSpec,
        "model": schema.ModelSpec,
        "scenario": schema.ScenarioSpec,
        "space": schema.SpaceSpec,
        "nodes": schema.NodesFile,
        "dram": schema.DramFile,
        "silicon": schema.SiliconFile,
    }


def json_schema_of(kind: str) -> dict[str, Any]:
    """JSON Schema of a kind of file, its first line included.

    Notes
    -----
    It describes the fields; that any scalar may be written with its source beside it, and that a
    chip may name a base, is checked by dse and not by the schema.
    """
    schema: dict[str, Any] = _without_infinity(_schemas()[kind].model_json_schema())
    version = f"dse.{kind}/1"
    properties = {"schema": {"const": version}, **schema.get("properties", {})}
    required = ["schema", *schema.get("required", [])]
    return schema | {"title": version, "properties": properties, "required": required}


def _without_infinity(value: Any) -> Any:
    """Write an infinite default as the word that the files use for it; JSON has none."""
    if isinstance(value, dict):
        return {key: _without_infinity(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_infinity(inner) for inner in value]
    return UNLIMITED if isinstance(value, float) and math.isinf(value) else value
