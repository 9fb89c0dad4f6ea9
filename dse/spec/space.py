"""Loads a space: its base chip, its models and what they are asked, and what may vary."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from dse.chip import Chip
from dse.cost import open_die, team_units
from dse.errors import Fault, SpecError
from dse.space import Space
from dse.spec.axes import read_axes
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean, list_specs, locate, locate_name
from dse.spec.load import chip_from, load_technology, model_from, scenario_from, validate
from dse.spec.read import Draft, read_spec
from dse.spec.schema import SpaceSpec
from dse.spec.targets import check_objectives, read_targets
from dse.spec.tree import FieldPath, Node, find
from dse.spec.use_cases import mixes_from, scenario_paths
from dse.workload import Model, Scenario

__all__ = ["load_space"]

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
    of_chip = _named("chip", tree, ("chip",), faults)
    if chip is not None:
        of_chip = read_spec(locate("chip", chip))
    base = _try(faults, chip_from, of_chip)
    if base:
        _check_unit(tree, base, faults)
    of_scenarios, scenarios = _scenarios(tree, faults)
    bases = {"chip": (of_chip,) if of_chip and base else (), "scenario": of_scenarios}
    models = _models(tree, faults)
    axes = read_axes(tree, {root: drafts for root, drafts in bases.items() if drafts}, faults)
    check_objectives(tree, faults)
    targets = read_targets(tree, faults)
    if faults or not (spec and base and scenarios):
        raise SpecError(tuple(faults))
    if any(leaf.startswith("chip.") for axis in axes for leaf in axis.all_leaves()):
        lead = (team_units(base, spec.unit) or (base.unit(spec.unit),))[0]
        base = open_die(base, lead, load_technology().silicon)
    mixes, goals = mixes_from(spec, scenarios), tuple(spec.objectives)
    return Space(spec.name, spec.title, base, models, mixes, spec.unit, axes, goals, targets)


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
        if kind == "model" and locate_name("network", node.value):
            hint = "; it is a network of layers, which no space is of"
        rule = f"must be the name of a {kind} of the library"
        faults.add(fault_at(tree, path, "unknown-name", rule, got=True, hint=hint))
        return None
    try:
        return read_spec(found)
    except SpecError as error:
        faults.update(error.faults)
        return None


def _scenarios(tree: Node, faults: set[Fault]) -> tuple[tuple[Draft, ...], tuple[Scenario, ...]]:
    """Read the scenarios that are sound, as drafts and built."""
    drafts, built = [], []
    for path in scenario_paths(tree, faults):
        draft = _named("scenario", tree, path, faults)
        scenario = _try(faults, scenario_from, draft)
        if draft and scenario:
            drafts.append(draft)
            built.append(scenario)
    return tuple(drafts), tuple(built)


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
