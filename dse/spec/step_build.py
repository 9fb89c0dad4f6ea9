"""Works out what the steps of a catalogue are on one chip, by building every combination.

A value is never converted here: each combination of steps is put into the files' trees, the whole
is validated and built, and what it changed is read off the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import open_die, team_units
from dse.errors import Fault, SpecError
from dse.spec.axis import AxisError, Varied, leaf_value, put, written
from dse.spec.fault import fault_at
from dse.spec.load import chip_from, load_technology, scenario_from
from dse.spec.read import Draft
from dse.spec.step_space import Choice, StepLeaf, StepSpace, together
from dse.spec.steps import UNIT, Catalogue, Change, Step, field_of
from dse.spec.tree import Node, find

__all__ = ["start_draft", "step_space"]

# Published rates are rounded: a grade this near is the one that the chip has.
_SAME_GRADE = 1.02


def start_draft(scenario: Draft, start: Mapping[str, Node]) -> Draft:
    """Lay the start of a catalogue over a scenario; what follows a field that it sets, follows."""
    tree = scenario.tree
    followers = {"scenario.weights": ("head", "embedding"), "scenario.head": ("embedding",)}
    dropped = {name for path in start for name in followers.get(path, ())}
    kept = {key: node for key, node in tree.value.items() if key not in dropped}
    tree = replace(tree, value=kept)
    for path, node in start.items():
        tree = put(tree, tuple(path.split(".")[1:]), node)
    return Draft(tree, scenario.faults)


def step_space(
    catalogue: Catalogue,
    base: Chip,
    drafts: Mapping[str, Draft],
    model: str,
    unit: str | None = None,
) -> StepSpace:
    """Work out what the steps of a catalogue are on one chip.

    Parameters
    ----------
    catalogue : Catalogue
        The steps.
    base : Chip
        What the draft of the chip builds; its published die area, where it has one, is replaced
        by parts.
    drafts : mapping of str to Draft
        The start, as trees: ``chip`` and ``scenario``.
    model : str
        Name of the model that runs.
    unit : str, optional
        Unit that runs the model; the chip's first by default.

    Raises
    ------
    SpecError
        With the faults of values that do not suit the fields of this chip.
    KeyError
        If the chip has no such unit.
    """
    core = base.unit(unit)
    ground = _Ground(catalogue, drafts, model, core.name)
    steps, left_out = ground.on_offer()
    names = list(dict.fromkeys(step.group for step in steps))
    groups = tuple(
        (Choice(), *(c for step in steps if step.group == name for c in _choices(step)))
        for name in names
    )
    clusters: list[tuple[tuple[int, ...], npt.NDArray[np.bool_]]] = []
    leaves: list[StepLeaf] = []
    for members in ground.clusters(groups):
        mask, found = ground.table(groups, members, len(clusters))
        clusters.append((members, mask))
        leaves += found
    return StepSpace(
        catalogue,
        open_die(base, core, load_technology().silicon),
        scenario_from(drafts["scenario"]),
        core.name,
        groups,
        tuple(clusters),
        tuple(leaves),
        left_out,
    )


def _choices(step: Step) -> tuple[Choice, ...]:
    return tuple(Choice(step, times) for times in range(1, step.repeat + 1))


class _NoneLeftError(Exception):
    """A step finds nothing to change; the text says why."""


class _Ground:
    """The trees that steps change, and what comes of them."""

    def __init__(
        self, catalogue: Catalogue, drafts: Mapping[str, Draft], model: str, unit: str
    ) -> None:
        trees = {root: draft.tree for root, draft in drafts.items()}
        self.catalogue, self.trees, self.model, self.unit = catalogue, trees, model, unit
        given = {key for key, node in trees["scenario"].value.items() if node.value is not None}
        changed = {change.path for step in catalogue.steps for change in step.changes}
        self.given = given | {path.removeprefix("scenario.") for path in changed}

    def on_offer(self) -> tuple[tuple[Step, ...], tuple[tuple[Step, str], ...]]:
        """Steps that change something, and the others with the reason."""
        steps, left_out = [], []
        start = self._built(self.trees)
        for step in self.catalogue.steps:
            try:
                trees, unit = self._after([Choice(step, 1)])
            except (_NoneLeftError, AxisError) as error:
                left_out.append((step, str(error)))
                continue
            built = self._built(trees)
            if unit != self.unit and len(team_units(built["chip"], unit)) == 1:
                left_out.append((step, "it has no other unit"))
            elif unit == self.unit and built == start:
                left_out.append((step, "it is so already"))
            else:
                steps.append(step)
        return tuple(steps), tuple(left_out)

    def clusters(self, groups: Sequence[Sequence[Choice]]) -> list[tuple[int, ...]]:
        """Groups that share a field, directly or through others."""
        found: list[tuple[set[int], set[str]]] = []
        for place, group in enumerate(groups):
            steps = {choice.step.name: choice.step for choice in group if choice.step}
            leaves = {leaf for step in steps.values() for leaf in self._leaves(step)}
            members = {place}
            for other in [entry for entry in found if _touch(entry[1], leaves)]:
                found.remove(other)
                members |= other[0]
                leaves |= other[1]
            found.append((members, leaves))
        return [tuple(sorted(members)) for members, _ in found]

    def table(
        self, groups: Sequence[Sequence[Choice]], members: tuple[int, ...], cluster: int
    ) -> tuple[npt.NDArray[np.bool_], list[StepLeaf]]:
        """Which combinations of a cluster there are, and the fields that they change."""
        combinations = together(groups, members)
        fields = self._fields([c.step for place in members for c in groups[place] if c.step])
        rows = [self._row(combination, fields) for combination in combinations]
        mask = np.array([row is not None for row in rows])
        first = next(row for row in rows if row is not None)
        columns = list(zip(*(row or first for row in rows), strict=True))
        leaves = [
            StepLeaf(path, cluster, column, static)
            for (path, static), column in zip(fields, columns, strict=True)
        ]
        return mask, leaves

    def _row(
        self, combination: Sequence[Choice], fields: Sequence[tuple[str, bool]]
    ) -> tuple[Any, ...] | None:
        """Values of the fields after these choices; None where one finds nothing to change."""
        order = [step.name for step in self.catalogue.steps]
        chosen = [choice for choice in combination if choice.step is not None]
        chosen.sort(key=lambda choice: order.index(choice.step.name) if choice.step else -1)
        try:
            trees, unit = self._after(chosen)
        except _NoneLeftError:
            return None
        built = self._built(trees)
        return tuple(
            unit
            if path == UNIT
            else leaf_value(built[path.partition(".")[0]], path.split(".", 1)[1])
            for path, _ in fields
        )

    def _fields(self, steps: Sequence[Step]) -> list[tuple[str, bool]]:
        """Leaves that steps set, and whether each is static."""
        fields: dict[str, bool] = {}
        for step in steps:
            for change in step.changes:
                if change.path == UNIT:
                    fields[UNIT] = True
                    continue
                field = field_of(change.path, self.unit, self.given)
                fields |= dict.fromkeys(field.leaves, field.leaf.static)
        return list(fields.items())

    def _leaves(self, step: Step) -> Iterator[str]:
        yield from (path for path, _ in self._fields([step]))

    def _built(self, trees: Mapping[str, Node]) -> dict[str, Any]:
        return {
            "chip": chip_from(Draft(trees["chip"], ())),
            "scenario": scenario_from(Draft(trees["scenario"], ())),
        }

    def _after(self, choices: Sequence[Choice]) -> tuple[dict[str, Node], str]:
        """Trees, and the unit, after these choices in this order."""
        trees, unit = dict(self.trees), self.unit
        for choice in choices:
            for change in choice.step.changes * choice.times if choice.step else ():
                if change.path == UNIT:
                    unit = str(change.value.value)
                    continue
                field = field_of(change.path, self.unit, self.given)
                node = _changed(trees[field.root], field, change, self.model)
                trees[field.root] = put(trees[field.root], field.path, node)
        return trees, unit


def _touch(one: set[str], other: set[str]) -> bool:
    return any(
        f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.") for a in one for b in other
    )


def _changed(tree: Node, field: Varied, change: Change, model: str) -> Node:
    """What a field becomes.

    Raises
    ------
    _NoneLeftError
        If it has no higher grade, no next name, or no value to start from.
    """
    if change.operation == "set":
        return change.value
    if change.operation == "by_model":
        return _named(change, model, f"the catalogue has none for {model}")
    present = find(tree, field.path)
    if present is None or present.value is None:
        raise _NoneLeftError("its file does not say what it has")
    if change.operation == "map":
        return _named(change, str(present.value), f"nothing follows {present.text}")
    if change.operation == "next":
        least = _SAME_GRADE * _number(present, field)
        grades = (node for node in change.value.value if _number(node, field) > least)
        found: Node | None = next(grades, None)
        if found is None:
            raise _NoneLeftError(f"nothing is above {present.text}")
        return found
    return _computed(present, field, change)


def _named(change: Change, name: str, otherwise: str) -> Node:
    """What the step has for a name."""
    names: dict[str, Node] = change.value.value
    if name not in names:
        raise _NoneLeftError(otherwise)
    return names[name]


def _computed(present: Node, field: Varied, change: Change) -> Node:
    """Add to a value, or multiply it."""
    faults: set[Fault] = set()
    base = _number(present, field)
    value = (
        base + _number(change.value, field)
        if change.operation == "add"
        else base * float(change.value.value)
    )
    node = written(value, replace(change.value, key=present.key), field, faults)
    if node is None:
        raise SpecError(tuple(faults))
    return node


def _number(node: Node, field: Varied) -> float:
    """Value of a node in the base unit of its field.

    Raises
    ------
    SpecError
        If it is no such value.
    """
    if field.quantity is not None:
        from pydantic_core import PydanticCustomError

        try:
            return field.quantity.read(node.value)
        except PydanticCustomError as error:
            rule = str(error.context["rule"]) if error.context else str(error)
            raise SpecError((fault_at(node, (), "unit", rule),)) from None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise SpecError((fault_at(node, (), "type", "must be a number", got=True),))
    return float(node.value)
