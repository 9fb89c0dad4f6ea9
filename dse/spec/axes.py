"""The axes of a space with their ties: every choice is put into the bases, built and read off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from dse.chip import Chip
from dse.dtype import Format
from dse.errors import Fault, SpecError
from dse.space import Axis, Setting
from dse.spec.axis import AxisError, Varied, field_fault, leaf_value, number_of, put
from dse.spec.blame import blamed, first_faults
from dse.spec.fault import fault_at
from dse.spec.load import chip_from, scenario_from
from dse.spec.read import Draft
from dse.spec.schema import RangeSpec, TieSpec
from dse.spec.spread import LATTICE, is_continuous, spread
from dse.spec.tie import Followed, followed_axis, tied_nodes
from dse.spec.tree import Node, find, plain
from dse.spec.varied import find_fields
from dse.workload import Scenario

__all__ = ["read_axes"]

_MAX_SIZE = (1 << 63) - 1
# By root, the specs that an axis may vary: the chip, and the scenario of every use case.
Bases = Mapping[str, tuple[Draft, ...]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """An axis before its values are built: fields by path, that of the axis first, with nodes."""

    is_range: bool
    is_continuous: bool
    settings: dict[str, tuple[Varied, list[Node]]]

    @property
    def lead(self) -> tuple[Varied, list[Node]]:
        return next(iter(self.settings.values()))

    def of(self, root: str, choice: int) -> Iterator[tuple[Varied, Node]]:
        """Fields of one root, with what a choice puts there."""
        for field, nodes in self.settings.values():
            if field.root == root:
                yield field, nodes[choice]


def read_axes(tree: Node, bases: Bases, faults: set[Fault]) -> tuple[Axis, ...]:
    """Read every axis whose bases and whose own form are sound, with what is tied to it.

    Parameters
    ----------
    tree : Node
        The space.
    bases : mapping of str to tuple of Draft
        By ``chip`` and ``scenario``, the specs that have no fault.
    faults : set of Fault
        Where faults are noted.
    """
    plans = _plans(tree, bases, faults)
    firsts = _first_designs(tree, bases, plans, faults)
    known: dict[str, set[Fault]] = {name: set() for name in plans}
    for root, drafts in bases.items():
        own = {name: found for name, plan in plans.items() if (found := [*plan.of(root, 0)])}
        for first, draft in zip(firsts[root], drafts, strict=True):
            build, file = _builder(root), tree.place.file
            unexplained, stay = first_faults(first, draft.tree, own, build, file)
            faults |= unexplained
            for name, left in stay.items():
                known[name] |= left
    axes = tuple(_axis(n, plan, firsts, known[n], faults) for n, plan in plans.items())
    if math.prod(len(axis.values) for axis in axes) > _MAX_SIZE:
        faults.add(_too_large(tree, axes))
    return axes


def _too_large(tree: Node, axes: tuple[Axis, ...]) -> Fault:
    bits = sum(math.log2(len(axis.values)) for axis in axes)
    count = sum(axis.is_continuous for axis in axes)
    rule = f"must span fewer than 2**63 designs, but these span 2**{bits:.1f}"
    hint = f"; a continuous axis counts for {LATTICE + 1} values" if count else ""
    return fault_at(tree, ("axes",), "range", rule, hint=hint)


def _plans(tree: Node, bases: Bases, faults: set[Fault]) -> dict[str, _Plan]:
    """Write out the choices of every axis, and what they give the fields that are tied to it."""
    axes = _well_formed(tree, "axes", _is_axis)
    ties = _well_formed(tree, "ties", lambda entry: _is_valid(TieSpec, entry))
    fields = find_fields(tree, {"axes": axes, "ties": ties}, bases, faults)
    plans: dict[str, _Plan] = {}
    for name, entry in axes.items():
        if name in fields:
            nodes = spread(entry, fields[name], faults)
            if nodes:
                is_range = not isinstance(entry.value, list)
                settings = {name: (fields[name], nodes)}
                plans[name] = _Plan(is_range, is_continuous(entry), settings)
    every = _entries(tree, "axes")
    for name in ties:
        followed = followed_axis(tree, name, every, faults)
        if name in fields and name not in axes and followed in plans:
            _tie(tree, (name, fields[name]), (followed, plans[followed]), faults)
    return plans


def _tie(
    tree: Node, tied: tuple[str, Varied], followed: tuple[str, _Plan], faults: set[Fault]
) -> None:
    """Write out what a tie gives its field, as a setting of the axis that it follows."""
    (name, field), (axis, plan) = tied, followed
    if plan.is_range and any(number_of(node, plan.lead[0]) is None for node in plan.lead[1]):
        return  # a range without numbers gives nothing to follow, and has a fault of its own
    rule = ""
    if plan.is_continuous and field.quantity is None:
        rule = f'must not follow "{axis}", which is continuous, for it counts'
    elif plan.is_continuous and field.leaf.static:
        rule = f'must not follow "{axis}", which is continuous: it tells batches apart'
    if rule:
        faults.add(fault_at(tree, ("ties", name), "tie", rule, at_key=True))
        return
    nodes = tied_nodes(tree, name, field, Followed(axis, *plan.lead, plan.is_continuous), faults)
    if nodes is not None:
        plan.settings[name] = field, nodes


def _entries(tree: Node, key: str) -> dict[str, Node]:
    node = tree.value.get(key)
    return node.value if node and isinstance(node.value, dict) else {}


def _well_formed(tree: Node, key: str, is_sound: Callable[[Node], bool]) -> dict[str, Node]:
    """Entries that validation has nothing against; of the others it says why."""
    return {name: entry for name, entry in _entries(tree, key).items() if is_sound(entry)}


def _is_axis(entry: Node) -> bool:
    if isinstance(entry.value, list):
        return bool(entry.value) and all(
            isinstance(node.value, bool | int | float | str) for node in entry.value
        )
    return _is_valid(RangeSpec, entry)


def _is_valid(schema: type[BaseModel], entry: Node) -> bool:
    try:
        schema.model_validate(plain(entry))
    except ValidationError:
        return False
    return True


def _first_designs(
    tree: Node, bases: Bases, plans: dict[str, _Plan], faults: set[Fault]
) -> dict[str, tuple[Node, ...]]:
    """Give the bases the first choice of every axis: a design of the space, unlike the bases.

    Fields whose base is unsound, or has no such section, are taken out of `plans`.
    """
    firsts = {root: tuple(draft.tree for draft in drafts) for root, drafts in bases.items()}
    for axis, plan in list(plans.items()):
        for name, (field, nodes) in list(plan.settings.items()):
            path = ("axes" if name == axis else "ties", name)
            try:
                trees = tuple(put(each, field.path, nodes[0]) for each in firsts[field.root])
            except AxisError as error:
                faults.add(fault_at(tree, path, "axis", str(error), at_key=True))
                trees = ()
            except KeyError:
                trees = ()
            if not trees:
                del plan.settings[name]
                continue
            firsts[field.root] = trees
            if field.path == ("dram", "type") and _overrides_energy(trees[0]):
                rule = (
                    "must not stand beside dram.energy of the base chip, which would hold for all"
                )
                hint = "; write `energy: null` in a chip derived from it"
                faults.add(fault_at(tree, path, "axis", rule, at_key=True, hint=hint))
        if axis not in plan.settings:
            del plans[axis]
    return firsts


def _overrides_energy(chip: Node) -> bool:
    energy = find(chip, ("dram", "energy"))
    return energy is not None and energy.value is not None


def _builder(root: str) -> Callable[[Node], Chip | Scenario]:
    load = chip_from if root == "chip" else scenario_from
    return lambda spec: load(Draft(spec, ()))


def _axis(
    name: str,
    plan: _Plan,
    firsts: Mapping[str, tuple[Node, ...]],
    known: set[Fault],
    faults: set[Fault],
) -> Axis:
    """Build the choices of an axis and read their values off; faults are noted."""
    found = _values(plan, firsts, known, faults)
    faults.update(_wrong_choices(plan, found))
    settings = [
        Setting(
            path,
            field.leaves,
            tuple(values[number] for values in found.values()),
            tuple(written[place].text for place in found),
        )
        for number, (path, (field, written)) in enumerate(plan.settings.items())
    ]
    first, *ties = settings
    return Axis(
        name,
        first.leaves,
        first.values,
        first.texts,
        static=any(field.leaf.static for field, _ in plan.settings.values()),
        ties=tuple(ties),
        is_continuous=plan.is_continuous,
    )


def _values(
    plan: _Plan, firsts: Mapping[str, tuple[Node, ...]], known: set[Fault], faults: set[Fault]
) -> dict[int, list[Any]]:
    """Values of all fields of an axis by the place of the choice."""
    places = range(len(plan.lead[1]))
    if not plan.is_continuous:
        return _built(plan, places, firsts, known, faults)
    ends = _built(plan, (places[0], places[-1]), firsts, known, faults)
    # Constraints hold between two values that both keep them, and what is read off a design is
    # the number that its file says: the ends show it, and 4,095 more need not be built.
    columns = [[number_of(node, f) for node in nodes] for f, nodes in plan.settings.values()]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if any(rows[place] != values for place, values in ends.items()):
        return _built(plan, places, firsts, known, faults)
    return dict(enumerate(rows)) if len(ends) == 2 else ends


def _built(
    plan: _Plan,
    places: Iterable[int],
    firsts: Mapping[str, tuple[Node, ...]],
    known: set[Fault],
    faults: set[Fault],
) -> dict[int, list[Any]]:
    """The same of some choices, of those that can be built; faults of the others are noted."""
    found = {}
    lead, nodes = plan.lead
    for place in places:
        built: dict[str, Chip | Scenario] = {}
        try:
            for root in dict.fromkeys(field.root for field, _ in plan.settings.values()):
                designs = [_with(first, plan, root, place) for first in firsts[root]]
                built[root], *_ = [_builder(root)(design) for design in designs]
        except SpecError as error:
            faults |= set(blamed(error.faults, nodes[place], lead, known))
            continue
        found[place] = [
            leaf_value(built[field.root], field.leaves[0].partition(".")[2])
            for field, _ in plan.settings.values()
        ]
    return found


def _with(first: Node, plan: _Plan, root: str, place: int) -> Node:
    for field, node in plan.of(root, place):
        first = put(first, field.path, node)
    return first


def _wrong_choices(plan: _Plan, found: Mapping[int, list[Any]]) -> Iterator[Fault]:
    """Faults of choices that an earlier one has the value of, and of a range of no numbers."""
    field, nodes = plan.lead
    is_whole = len(found) == len(nodes)
    if plan.is_range and is_whole and any(number_of(node, field) is None for node in nodes):
        yield field_fault(nodes[0], field, "type", "must be a number in a range", got=True)
        return
    seen = set()
    for place, (value, *_) in found.items():
        same = (value.code, value.bits) if isinstance(value, Format) else value
        if same in seen:
            rule = "must not be given twice"
            yield field_fault(nodes[place], field, "duplicate", rule, got=True)
        seen.add(same)
