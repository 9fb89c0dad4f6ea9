"""Loads specs: finds, reads, merges with a base, validates, and builds.

All faults of a file, and of the files that it leans on, are raised together, each at the place
where its text stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dse.chip import Chip
from dse.cost import Stack
from dse.errors import Fault, SpecError
from dse.spec.build import to_chip, to_scenario, to_stack
from dse.spec.build_model import to_model
from dse.spec.build_quality import to_qualities
from dse.spec.build_technology import Technology, to_drams, to_nodes, to_silicon
from dse.spec.explain import explain
from dse.spec.fault import fault_at
from dse.spec.hf_file import import_hf
from dse.spec.library import FOLDERS, Located, did_you_mean, list_specs, locate, locate_name, root
from dse.spec.read import Draft, read_spec, read_text
from dse.spec.schema import (
    ChipSpec,
    DramFile,
    ModelSpec,
    NodesFile,
    QuantisationSpec,
    ScenarioSpec,
    SiliconFile,
    StackSpec,
)
from dse.spec.source import reading_session
from dse.spec.tree import FieldPath, Node, find, plain
from dse.workload import Model, Quality, Scenario

__all__ = [
    "chip_from",
    "load_chip",
    "load_model",
    "load_qualities",
    "load_scenario",
    "load_stack",
    "load_technology",
    "model_from",
    "scenario_from",
    "validate",
]

_Spec = TypeVar("_Spec", bound=BaseModel)
_TECHNOLOGY_FILES = ("nodes", "dram", "silicon")
_QUALITIES = "quant"


def load_chip(ref: str | Path) -> Chip:
    """Load a chip by its name in the library or by the path of its file.

    Raises
    ------
    SpecError
        With all faults of the file, located.

    Examples
    --------
    >>> load_chip("no-such-chip")
    Traceback (most recent call last):
        ...
    dse.errors.SpecError: no-such-chip: must be the name of a chip of the library [unknown-name]
    1 error in 1 file
    """
    return chip_from(read_spec(locate("chip", ref)))


def load_model(ref: str | Path) -> Model:
    """Load a model by its name in the library or by the path of its file.

    A ``.json`` file is read as a Hugging Face ``config.json``.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    located = locate("model", ref)
    if located.path.suffix != ".json":
        return model_from(read_spec(located))
    name, text = import_hf(located.path)
    return model_from(read_text(text, replace(located, path=Path(f"{name}.yaml"))))


def load_scenario(ref: str | Path) -> Scenario:
    """Load a scenario by its name in the library or by the path of its file.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    return scenario_from(read_spec(locate("scenario", ref)))


def load_qualities(ref: str | Path = _QUALITIES) -> Mapping[str, Quality]:
    """Load what was measured of models under quantisation, by the names of the models.

    Parameters
    ----------
    ref : str or Path
        Another file than the library's.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    if ref == _QUALITIES and locate_name("quantisation", _QUALITIES) is None:
        return {}  # a library of one's own may have none
    located = locate("quantisation", ref)
    try:
        info = located.path.stat()
    except OSError:
        return _read_qualities(located)
    return _qualities(located, (info.st_mtime_ns, info.st_size), reading_session())


@lru_cache(maxsize=4)
def _qualities(
    located: Located, _stamp: tuple[int, int], _session: object
) -> Mapping[str, Quality]:
    """Read the file; kept until it changes."""
    return _read_qualities(located)


def _read_qualities(located: Located) -> Mapping[str, Quality]:
    draft = read_spec(located)
    return to_qualities(validate(QuantisationSpec, draft), draft.tree)


def load_stack(ref: str | Path) -> Stack:
    """Load a software stack by its name in the library or by the path of its file.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    return to_stack(validate(StackSpec, read_spec(locate("stack", ref))))


def load_technology() -> Technology:
    """Load the library's process nodes, DRAM types and silicon constants.

    Raises
    ------
    SpecError
        With all faults of the three files, located.
    """
    folder = root() / FOLDERS["technology"]
    try:
        stats = [(name, (folder / f"{name}.yaml").stat()) for name in _TECHNOLOGY_FILES]
    except OSError:
        stats = []
    stamps = tuple((name, info.st_mtime_ns, info.st_size) for name, info in stats)
    return _technology(folder, stamps, reading_session())


@lru_cache(maxsize=4)
def _technology(
    _folder: Path, _stamps: tuple[tuple[str, int, int], ...], _session: object
) -> Technology:
    """Read the technology files; kept until one of them changes."""
    faults: list[Fault] = []
    nodes = _attempt(NodesFile, "nodes", faults)
    drams = _attempt(DramFile, "dram", faults)
    silicon = _attempt(SiliconFile, "silicon", faults)
    if nodes is None or drams is None or silicon is None:
        raise SpecError(tuple(faults))
    if silicon.reference_node not in nodes.nodes:
        tree = read_spec(locate("technology", "silicon")).tree
        hint = did_you_mean(silicon.reference_node, nodes.nodes)
        rule = "must be a node of nodes.yaml"
        raise SpecError(
            (fault_at(tree, ("reference_node",), "unknown-name", rule, got=True, hint=hint),)
        )
    return Technology(to_nodes(nodes), to_drams(drams), to_silicon(silicon))


def _attempt(schema: type[_Spec], name: str, faults: list[Fault]) -> _Spec | None:
    try:
        return validate(schema, read_spec(locate("technology", name)))
    except SpecError as error:
        faults.extend(error.faults)
        return None


def chip_from(draft: Draft) -> Chip:
    """Validate and build a chip.

    Raises
    ------
    SpecError
        With all its faults.
    """
    technology = load_technology()
    faults = (
        *_unknown(draft.tree, ("node",), "node", technology.nodes),
        *_unknown(draft.tree, ("dram", "type"), "DRAM type", technology.drams),
    )
    return to_chip(validate(ChipSpec, Draft(draft.tree, draft.faults + faults)), technology)


def model_from(draft: Draft) -> Model:
    """Validate and build a model, and attach what was measured of it under quantisation.

    Raises
    ------
    SpecError
        With all its faults.
    """
    model = to_model(validate(ModelSpec, draft))
    return replace(model, quality=load_qualities().get(model.name, Quality()))


def scenario_from(draft: Draft) -> Scenario:
    """Validate and build a scenario.

    Raises
    ------
    SpecError
        With all its faults.
    """
    spec = validate(ScenarioSpec, draft)
    if spec.draft is None:
        return to_scenario(spec)
    found = locate_name("model", spec.draft)
    if found is None:
        rule = "must be the name of a model of the library"
        hint = did_you_mean(spec.draft, list_specs("model"))
        raise SpecError(
            (fault_at(draft.tree, ("draft",), "unknown-name", rule, got=True, hint=hint),)
        )
    return to_scenario(spec, model_from(read_spec(found)))


def _unknown(tree: Node, path: FieldPath, kind: str, known: Iterable[str]) -> Iterator[Fault]:
    """Yield a fault if the text at `path` is none of the known names."""
    node = find(tree, path)
    if node is not None and isinstance(node.value, str) and node.value not in known:
        rule = f"must be a {kind} of hw_configs/technology"
        hint = did_you_mean(node.value, known)
        yield fault_at(tree, path, "unknown-name", rule, got=True, hint=hint)


def validate(schema: type[_Spec], draft: Draft) -> _Spec:
    """Validate a draft.

    Raises
    ------
    SpecError
        With the draft's own faults and all that validation finds.
    """
    faults = list(draft.faults)
    spec = None
    try:
        spec = schema.model_validate(plain(draft.tree))
    except ValidationError as error:
        # What a base that could not be had would have given is not missing.
        has_base = all(fault.path != "base" for fault in draft.faults)
        found = explain(error, draft.tree, schema)
        faults.extend(fault for fault in found if has_base or fault.slug != "missing-key")
    if spec is None or faults:
        raise SpecError(tuple(faults))
    return spec
