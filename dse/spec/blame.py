"""Faults that a choice of an axis causes elsewhere in a spec, laid at the door of the axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dse.errors import Fault, SpecError
from dse.spec.axis import Varied, put
from dse.spec.fault import shown
from dse.spec.tree import Node, dotted, find

__all__ = ["blamed", "first_faults"]

_Build = Callable[[Node], object]


def blamed(
    faults: Iterable[Fault], choice: Node, field: Varied, known: Iterable[Fault]
) -> Iterator[Fault]:
    """Yield faults of a design, those in the base's file moved to the choice that caused them.

    Parameters
    ----------
    faults : iterable of Fault
        Of the base with this choice in it.
    choice, field : Node, Varied
        The choice, and what it varies.
    known : iterable of Fault
        Those that are not this axis's doing: left out.
    """
    for fault in faults:
        if fault.file == choice.place.file:
            yield fault
        elif fault not in known:
            yield _moved(fault, choice, field)


def first_faults(
    first: Node,
    base: Node,
    choices: Mapping[str, Sequence[tuple[Varied, Node]]],
    build: _Build,
    file: str,
) -> tuple[set[Fault], dict[str, set[Fault]]]:
    """Faults of the base's own file that the first choices of all axes have together.

    Parameters
    ----------
    first, base : Node
        The base with those choices, and without.
    choices : mapping of str to sequence of (Varied, Node)
        By axis, what it and its ties vary, and their first values.
    build : callable
        Takes a spec to its object, or raises `SpecError`.
    file : str
        The space's file.

    Returns
    -------
    set of Fault
        Those that no single axis causes.
    dict of str to set of Fault
        By axis, those that stay without its choice: they are not its doing.
    """
    known = {fault for fault in _faults(first, build) if fault.file != file}
    stay = {}
    for name, settings in choices.items():
        without = first
        for field, choice in settings:
            before = find(base, field.path) or replace(choice, value=None)
            without = put(without, field.path, before)
        stay[name] = known & (_faults(without, build) if known else set())
    return known.intersection(*stay.values()), stay


def _faults(spec: Node, build: _Build) -> set[Fault]:
    try:
        build(spec)
    except SpecError as error:
        return set(error.faults)
    return set()


def _moved(fault: Fault, choice: Node, field: Varied) -> Fault:
    place = choice.place
    message = f"with {shown(choice)}, {fault.path} {fault.message}"
    path = dotted((field.root, *field.path))
    return Fault(place.file, place.line, place.column, path, message, fault.slug)
