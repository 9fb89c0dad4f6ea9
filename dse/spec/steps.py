"""Loads a catalogue of steps: what each changes, and which are alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dse.errors import Fault, SpecError
from dse.space import Target
from dse.spec.axis import AxisError, Varied, varied
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean, list_specs, locate, locate_name
from dse.spec.load import validate
from dse.spec.read import read_spec
from dse.spec.schema import Leaf
from dse.spec.schema.catalogue import CatalogueSpec
from dse.spec.targets import read_targets
from dse.spec.tree import FieldPath, Node, find

__all__ = ["UNIT", "Catalogue", "Change", "Step", "field_of", "load_catalogue"]

# Root of a change that names the unit, or the schedule over units, that runs the model.
UNIT = "unit"
_ALIAS = "chip.unit."
# No axis of a space varies the draft, whose value is a whole model; a step may set it.
_DRAFT = Varied("scenario", ("draft",), Leaf("draft", static=True), None, ("scenario.draft",))


@dataclass(frozen=True, slots=True)
class Change:
    """What one step does to one field.

    Parameters
    ----------
    path : str
        Such as ``chip.unit.sram.capacity``, or `UNIT`.
    operation : str
        ``set``, or one of `dse.spec.schema.catalogue.OPERATIONS`.
    value : Node
        What stands in the file: one value, the grades of ``next``, or the names of ``map``.
    """

    path: str
    operation: str
    value: Node


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a catalogue.

    Parameters
    ----------
    name, title : str
        Key in the catalogue, and the step for people.
    group : str
        Steps of the same group are alternatives; its own name where it stands alone.
    repeat : int
        How often it may be taken.
    changes : tuple of Change
        What it does.
    perplexity : float
        Perplexity over that before, as stated; 1 where the step leaves it alone.
    source : str
        Who states it.
    """

    name: str
    title: str
    group: str
    repeat: int
    changes: tuple[Change, ...]
    perplexity: float = 1.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Steps, in the order in which they are applied.

    Parameters
    ----------
    name, title : str
        Key in the library, and name for people.
    scenario : str
        Name of the scenario in the library.
    start : mapping of str to Node
        Fields of the scenario before any step.
    targets : tuple of Target
        What is asked for unless the user asks for something else.
    steps : tuple of Step
        At least one.
    """

    name: str
    title: str
    scenario: str
    start: Mapping[str, Node]
    targets: tuple[Target, ...]
    steps: tuple[Step, ...]


def load_catalogue(ref: str | Path) -> Catalogue:
    """Load a catalogue by its name in the library or by the path of its file.

    Whether a value suits its field is known only of a chip: `step_space` says so.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    draft = read_spec(locate("catalogue", ref))
    tree, faults = draft.tree, set[Fault]()
    spec = None
    try:
        spec = validate(CatalogueSpec, draft)
    except SpecError as error:
        faults.update(error.faults)
    targets = read_targets(tree, faults)
    if spec is None:
        raise SpecError(tuple(faults))
    faults |= set(_scenario_faults(tree, spec.scenario))
    faults |= set(_path_faults(tree))
    if faults:
        raise SpecError(tuple(faults))
    start = find(tree, ("start",))
    return Catalogue(
        name=spec.name,
        title=spec.title,
        scenario=spec.scenario,
        start=start.value if start is not None and start.value else {},
        targets=targets,
        steps=tuple(_steps(spec, tree)),
    )


def field_of(path: str, unit: str, given: set[str]) -> Varied:
    """Find the field that a step's path names on a chip whose model runs on `unit`.

    Raises
    ------
    AxisError
        If there is no such field, or it cannot vary.
    """
    if path == "scenario.draft":
        return _DRAFT
    if path.startswith(_ALIAS):
        path = f"chip.units.{unit}.{path.removeprefix(_ALIAS)}"
    return varied(path, given)


def _steps(spec: CatalogueSpec, tree: Node) -> Iterator[Step]:
    for name, step in spec.steps.items():
        changes = find(tree, ("steps", name, "changes"))
        stated = find(tree, ("steps", name, "perplexity"))
        yield Step(
            name=name,
            title=step.title,
            group=step.group or name,
            repeat=step.repeat,
            changes=tuple(
                _change(path, node) for path, node in (changes.value.items() if changes else ())
            ),
            perplexity=step.perplexity,
            source=stated.source if stated is not None else "",
        )


def _change(path: str, node: Node) -> Change:
    if not isinstance(node.value, dict):
        return Change(path, "set", node)
    ((operation, value),) = node.value.items()
    return Change(path, operation, value)


def _scenario_faults(tree: Node, name: str) -> Iterator[Fault]:
    if locate_name("scenario", name) is None:
        hint = did_you_mean(name, list_specs("scenario"))
        rule = "must be the name of a scenario of the library"
        yield fault_at(tree, ("scenario",), "unknown-name", rule, got=True, hint=hint)


def _path_faults(tree: Node) -> Iterator[Fault]:
    """Yield a fault for each path that names no field which can vary."""
    paths: list[FieldPath] = [("start", path) for path in _keys(tree, ("start",))]
    for name in _keys(tree, ("steps",)):
        place: FieldPath = ("steps", name, "changes")
        paths += [(*place, path) for path in _keys(tree, place) if path != UNIT]
    for at in paths:
        path = str(at[-1])
        try:
            field = field_of(path, UNIT, set())
        except AxisError as error:
            yield fault_at(tree, at, "axis", str(error), at_key=True)
            continue
        if at[0] == "start" and field.root != "scenario":
            yield fault_at(tree, at, "axis", "must begin with scenario.", at_key=True)


def _keys(tree: Node, at: FieldPath) -> list[str]:
    node = find(tree, at)
    return list(node.value) if node is not None and isinstance(node.value, dict) else []
