"""What a run was: its space, settings, inputs and versions; enough to repeat it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import version
from typing import Any

import numpy as np

import dse
from dse.errors import CorruptRunError, VersionMismatchError
from dse.space import Space
from dse.store.columns import columns_of
from dse.store.table import Column
from dse.technology import Silicon

__all__ = ["READABLE", "SCHEMA", "Manifest", "make_manifest", "use_cases_object"]

SCHEMA = "dse.run/2"
# Formats that this dse reads; a folder of an older one becomes one of today's when it is gone on
# with. Format 1 knew no host and no seconds, and its inputs lacked what a file was derived from.
READABLE = ("dse.run/1", SCHEMA)

# Packages whose version can change the last digits of a number, or the order of proposals.
_PACKAGES = ("numpy", "scipy", "optuna")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of one run; rows of its tables carry no times, only this does.

    Parameters
    ----------
    kind : str
        ``sweep`` or ``search``.
    space : mapping
        Name, title, models, use cases, unit, objectives, targets and size of the space.
    settings : mapping
        Every choice that the result depends on: seed, samples, sampler, trials ...
    resolved_sha256 : str
        Hash of everything the numbers depend on: the space with its chip, models,
        scenarios and axes, and the silicon constants, after all files were read.
    inputs : mapping
        Text and SHA-256 of each file that was read, bases included, by the name in messages.
    columns : tuple of Column
        Columns of the tables.
    versions : mapping
        Versions of dse, numpy, scipy, optuna and Python.
    argv : tuple of str
        Command line, with what came from the environment; empty where there was none.
    host : str
        Name of the machine that ran it last.
    seconds : float or None
        Time of all sessions, where the run keeps account of it, s.
    started, ended : str or None
        UTC times in ISO 8601; `ended` is None while the run is under way.
    """

    kind: str
    space: Mapping[str, Any]
    settings: Mapping[str, Any]
    resolved_sha256: str
    inputs: Mapping[str, Mapping[str, str]]
    columns: tuple[Column, ...]
    versions: Mapping[str, str]
    argv: tuple[str, ...] = ()
    host: str = ""
    seconds: float | None = None
    started: str | None = None
    ended: str | None = None
    schema: str = field(default=SCHEMA)

    @property
    def journal_header(self) -> dict[str, str]:
        """First record of the run's journal, by which it is known to be of this run."""
        return {"schema": "dse.journal/1", "run": self.fingerprint}

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides the result, by which a run folder is recognised."""
        return text_sha256(_canonical(self._identity()))

    def differences(self, other: Manifest) -> tuple[str, ...]:
        """Name what decides the result and is not the same in another manifest."""
        here, there = _flatten(self._identity()), _flatten(other._identity())
        return tuple(
            f"{key} is {there.get(key)} there, {here.get(key)} here"
            for key in dict.fromkeys([*here, *there])
            if here.get(key) != there.get(key)
        )

    def to_json(self) -> dict[str, Any]:
        """Give the manifest as its file holds it."""
        names = [entry.name for entry in dataclasses.fields(self)]
        data = {name: getattr(self, name) for name in ["schema", *names[:-1]]}
        return data | {"columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, data: Any, place: str) -> Manifest:
        """Read a manifest back.

        Parameters
        ----------
        data : object
            Content of the file.
        place : str
            Its path, for messages.

        Raises
        ------
        VersionMismatchError
            If a newer version of dse wrote it.
        CorruptRunError
            If it is no manifest.
        """
        from dse.store.shapes import check_manifest

        check_schema(data.get("schema") if isinstance(data, dict) else None, place)
        check_manifest(data, place)
        try:
            columns = tuple(Column.from_json(entry) for entry in data["columns"])
            return cls(**(data | {"columns": columns, "argv": tuple(data.get("argv", ()))}))
        except TypeError as error:
            raise CorruptRunError(f"{place}: not a run manifest: {error}") from error

    def _identity(self) -> dict[str, Any]:
        versions = {name: text for name, text in self.versions.items() if name != "python"}
        return {
            "kind": self.kind,
            "settings": dict(self.settings),
            "space": dict(self.space),
            "inputs as read": self.resolved_sha256[:16],
            "versions": versions,
        }


def check_schema(schema: object, place: str) -> None:
    """Refuse a schema that is not ours, or newer than this dse.

    Raises
    ------
    VersionMismatchError
        If it is a newer version of the run format.
    CorruptRunError
        If it is something else.
    """
    if schema in READABLE:
        return
    family, _, number = str(schema).strip().partition("/")
    if family == "dse.run" and number.isdecimal() and number.isascii():
        raise VersionMismatchError(
            f"{place}: schema {schema} is newer than the {SCHEMA} of this dse {dse.__version__};"
            " use the version that wrote it"
        )
    raise CorruptRunError(f'{place}: schema must be "{SCHEMA}", but got "{schema}"')


def make_manifest(
    kind: str,
    space: Space,
    silicon: Silicon,
    settings: Mapping[str, Any],
    *,
    inputs: Mapping[str, str] | None = None,
    argv: Sequence[str] = (),
) -> Manifest:
    """Describe a run that is about to start.

    Parameters
    ----------
    kind : str
        ``sweep`` or ``search``.
    space : Space
        What is explored.
    silicon : Silicon
        Constants of the reference node.
    settings : mapping
        JSON values that the result depends on.
    inputs : mapping of str to str
        Text of each file that was read, by name.
    argv : sequence of str
        Command line.

    Returns
    -------
    Manifest
        Without times.
    """
    texts = dict(inputs or {})
    return Manifest(
        kind=kind,
        space=_summary(space),
        settings=dict(settings),
        resolved_sha256=resolved_sha256(space, silicon),
        inputs={name: {"sha256": text_sha256(text), "text": text} for name, text in texts.items()},
        columns=columns_of(space),
        versions={
            "dse": dse.__version__,
            **{name: version(name) for name in _PACKAGES},
            "python": platform.python_version(),
        },
        argv=tuple(argv),
        host=platform.node(),
    )


def resolved_sha256(space: Space, silicon: Silicon) -> str:
    """Hash of everything that the numbers of a space depend on, after all files were read."""
    return text_sha256(_canonical(describe([space, silicon])))


def text_sha256(text: str) -> str:
    """SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def describe(value: Any) -> Any:
    """Turn a tree of dataclasses into JSON values, the same for equal trees.

    Examples
    --------
    >>> describe([float("inf"), (1, "x")])
    ['inf', [1, 'x']]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: describe(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(describe(key)): describe(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [describe(entry) for entry in value]
    if isinstance(value, np.generic):
        return describe(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def use_cases_object(space: Space) -> list[dict[str, Any]]:
    """Name the scenarios of a space, each with its share; none where the worst of them counts."""
    is_mix = len(space.mixes) == 1
    return [
        {"scenario": scenario.name, "weight": weight if is_mix else None}
        for mix in space.mixes
        for scenario, weight in zip(mix.scenarios, mix.weights, strict=True)
    ]


def _summary(space: Space) -> dict[str, Any]:
    return {
        "name": space.name,
        "title": space.title,
        "chip": space.chip.name,
        "segment": space.chip.segment,
        "models": [model.name for model in space.models],
        "scenario": space.asks,
        "use_cases": use_cases_object(space),
        "unit": space.unit,
        "size": space.size,
        "objectives": list(space.objectives),
        "targets": [describe(target) for target in space.targets],
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _flatten(value: Any, prefix: str = "") -> dict[str, str]:
    if not isinstance(value, dict):
        return {prefix: json.dumps(value)}
    flat: dict[str, str] = {}
    for key, entry in value.items():
        flat |= _flatten(entry, f"{prefix}.{key}" if prefix else key)
    return flat
