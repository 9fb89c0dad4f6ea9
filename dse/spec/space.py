"""Loads a space: its base chip, scenario and models, and what may vary about them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from dse.chip import Chip
from dse.cost import open_die, team_units
from dse.errors import Fault, SpecError
from dse.space import Axis, Space
from dse.spec.axis import AxisError, Varied, choices, leaf_value, put, varied
from dse.spec.blame import blamed, first_faults
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean, list_specs, locate, locate_name
from dse.spec.load import chip_from, load_technology, model_from, scenario_from, validate
from dse.spec.read import Draft, read_spec
from dse.spec.schema import RangeSpec, SpaceSpec
from dse.spec.targets import check_objectives, read_targets
from dse.spec.tree import FieldPath, Node, find, plain
from dse.workload import Model, Scenario

__all__ = ["load_space"]

_MAX_SIZE = (1 << 63) - 1
_T = TypeVar("_T")


def load_space(ref: str | Path, chip: str | Path | None = None) -> Space:
    """Load a space by its name in the library or by the path of its file.

    `chip`, a name or a path, takes the place of the base chip that the file names.

    What the axes do not vary keeps the base's value. An override of ``dram.efficiency`` in the
    base chip holds for every DRAM type of an axis, for it describes the chip's controller; one of
    ``dram.energy`` describes the devices, so beside such an axis it is a fault. Where an axis
    varies the chip, its published die area is replaced by parts.

    Raises
    ------
    SpecError
        With all faults of the file and of the files that it names, located.
    """
    draft = read_spec(locate("space", ref))
    tree, faults = draft.tree, set[Fault]()
    spec = _try(faults, partial(validate, SpaceSpec), draft)
    drafts = {root: _named(root, tree, (root,), faults) for root in ("chip", "scenario")}
    if chip is not None:
        drafts["chip"] = read_spec(locate("chip", chip))
    base = _try(faults, chip_from, drafts["chip"])
    scenario = _try(faults, scenario_from, drafts["scenario"])
    bases = {}
    if drafts["chip"] and base:
        bases["chip"] = drafts["chip"]
        _check_unit(tree, base, faults)
    if drafts["scenario"] and scenario:
        bases["scenario"] = drafts["scenario"]
    models = _models(tree, faults)
    axes = _axes(tree, bases, faults)
    check_objectives(tree, faults)
    targets = read_targets(tree, faults)
    if faults or not (spec and base and scenario):
        raise SpecError(tuple(faults))
    if any(axis.path.startswith("chip.") for axis in axes):
        lead = (team_units(base, spec.unit) or (base.unit(spec.unit),))[0]
        base = open_die(base, lead, load_technology().silicon)
    goals = tuple(spec.objectives)
    return Space(spec.name, spec.title, base, models, scenario, spec.unit, axes, goals, targets)


def _try(faults: set[Fault], build: Callable[[Draft], _T], draft: Draft | None) -> _T | None:
    """Build from a draft; None if there is none, or with the faults noted."""
    try:
        return build(draft) if draft else None
    except SpecError as error:
        faults.update(error.faults)
        return None


def _named(kind: str, tree: Node, path: FieldPath, faults: set[Fault]) -> Draft | None:
    """Read the spec of the library that the text at `path` names."""
    node = find(tree, path)
    if node is None or not isinstance(node.value, str):
        return None
    found = locate_name(kind, node.value)
    if found is None:
        hint = did_you_mean(node.value, list_specs(kind))
        rule = f"must be the name of a {kind} of the library"
        faults.add(fault_at(tree, path, "unknown-name", rule, got=True, hint=hint))
        return None
    try:
        return read_spec(found)
    except SpecError as error:
        faults.update(error.faults)
        return None


def _models(tree: Node, faults: set[Fault]) -> tuple[Model, ...]:
    models: list[Model] = []
    node = tree.value.get("models")
    for place, _ in enumerate(node.value if node and isinstance(node.value, list) else ()):
        draft = _named("model", tree, ("models", place), faults)
        model = _try(faults, model_from, draft)
        if model and any(model.name == other.name for other in models):
            path = ("models", place)
            faults.add(fault_at(tree, path, "duplicate", "must not be given twice", got=True))
        if model:
            models.append(model)
    return tuple(models)


def _axes(tree: Node, bases: Mapping[str, Draft], faults: set[Fault]) -> tuple[Axis, ...]:
    """Read every axis whose base and whose own form are sound."""
    node = tree.value.get("axes")
    entries = node.value if node and isinstance(node.value, dict) else {}
    fields = _fields(tree, entries, bases, faults)
    firsts = _first_design(tree, bases, fields, faults)
    known: dict[str, set[Fault]] = {}
    for root, base in bases.items():
        own = {name: (f, _first(entries[name])) for name, f in fields.items() if f.root == root}
        build, file = partial(_build, root), tree.place.file
        unexplained, stay = first_faults(firsts[root], base.tree, own, build, file)
        faults |= unexplained
        known |= stay
    axes = []
    for name, field in fields.items():
        read = partial(_value_in, firsts[field.root], field, known[name])
        found, wrong = choices(entries[name], field, read)
        faults |= wrong
        values, texts = tuple(v for v, _ in found), tuple(t for _, t in found)
        axes.append(Axis(name, field.leaves, values, texts, field.leaf.static))
    if math.prod(len(axis.values) for axis in axes) > _MAX_SIZE:
        faults.add(fault_at(tree, ("axes",), "range", "must span fewer than 2**63 designs"))
    return tuple(axes)


def _fields(
    tree: Node, entries: Mapping[str, Node], bases: Mapping[str, Draft], faults: set[Fault]
) -> dict[str, Varied]:
    """Find what each well-formed axis varies, and refuse two that vary the same."""
    scenario = bases["scenario"].tree.value if "scenario" in bases else {}
    given = {key for key, node in scenario.items() if node.value is not None}
    given |= {name.removeprefix("scenario.") for name in entries}
    fields: dict[str, Varied] = {}
    for name, entry in entries.items():
        if not _is_well_formed(entry):
            continue
        try:
            field = varied(name, given)
        except AxisError as error:
            faults.add(fault_at(tree, ("axes", name), "axis", str(error), at_key=True))
            continue
        rival = next((n for n, other in fields.items() if _overlap(field, other)), None)
        if rival:
            rule = f'must not set what the axis "{rival}" sets'
            faults.add(fault_at(tree, ("axes", name), "duplicate", rule, at_key=True))
        fields[name] = field
    return fields


def _is_well_formed(entry: Node) -> bool:
    """Whether an axis is a list of scalars or a whole range; if not, validation says why."""
    if isinstance(entry.value, list):
        return bool(entry.value) and all(
            isinstance(node.value, bool | int | float | str) for node in entry.value
        )
    try:
        RangeSpec.model_validate(plain(entry))
    except ValidationError:
        return False
    return True


def _overlap(one: Varied, other: Varied) -> bool:
    return any(
        f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.")
        for a in one.leaves
        for b in other.leaves
    )


def _first_design(
    tree: Node, bases: Mapping[str, Draft], fields: dict[str, Varied], faults: set[Fault]
) -> dict[str, Node]:
    """Give the bases the first choice of every axis: a design of the space, unlike the bases.

    Axes whose base is unsound, or has no such section, are taken out of `fields`.
    """
    firsts = {root: draft.tree for root, draft in bases.items()}
    for name, field in list(fields.items()):
        first = _first(tree.value["axes"].value[name])
        try:
            if field.root in firsts:
                firsts[field.root] = put(firsts[field.root], field.path, first)
        except AxisError as error:
            faults.add(fault_at(tree, ("axes", name), "axis", str(error), at_key=True))
            del fields[name]
        if field.root not in firsts:
            del fields[name]
        elif field.path == ("dram", "type") and _overrides_energy(firsts["chip"]):
            rule = "must not stand beside dram.energy of the base chip, which would hold for all"
            hint = "; write `energy: null` in a chip derived from it"
            faults.add(fault_at(tree, ("axes", name), "axis", rule, at_key=True, hint=hint))
    return firsts


def _first(entry: Node) -> Node:
    node: Node = entry.value[0] if isinstance(entry.value, list) else entry.value["from"]
    return node


def _overrides_energy(chip: Node) -> bool:
    energy = find(chip, ("dram", "energy"))
    return energy is not None and energy.value is not None


def _value_in(spec: Node, field: Varied, known: set[Fault], choice: Node) -> Any:
    """Value of the varied field in the design with this choice."""
    try:
        built = _build(field.root, put(spec, field.path, choice))
    except SpecError as error:
        raise SpecError(tuple(blamed(error.faults, choice, field, known))) from None
    return leaf_value(built, field.leaves[0].partition(".")[2])


def _build(root: str, spec: Node) -> Chip | Scenario:
    return (chip_from if root == "chip" else scenario_from)(Draft(spec, ()))


def _check_unit(tree: Node, chip: Chip, faults: set[Fault]) -> None:
    node = find(tree, ("unit",))
    if node is None or node.value is None:
        return
    try:
        _ = team_units(chip, node.value) or chip.unit(node.value)
    except KeyError:
        names = [unit.name for unit in chip.units]
        rule = f'must be a unit of the chip "{chip.name}" ({", ".join(names)})'
        faults.add(fault_at(tree, ("unit",), "unknown-name", rule, got=True))
