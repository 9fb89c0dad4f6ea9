"""The fields that the axes and the ties of a space set, and conflicts among them."""

from __future__ import annotations

from collections.abc import Mapping

from dse.errors import Fault
from dse.spec.axis import AxisError, Varied, varied
from dse.spec.fault import fault_at
from dse.spec.read import Draft
from dse.spec.tree import Node

__all__ = ["find_fields"]


def find_fields(
    tree: Node,
    entries: Mapping[str, Mapping[str, Node]],
    bases: Mapping[str, tuple[Draft, ...]],
    faults: set[Fault],
) -> dict[str, Varied]:
    """Find what each axis and each tie sets, and refuse two that set the same.

    Parameters
    ----------
    tree : Node
        The space.
    entries : mapping
        By ``axes`` and ``ties``, their well-formed entries by path.
    bases : mapping of str to tuple of Draft
        By ``chip`` and ``scenario``, the specs that are varied.
    faults : set of Fault
        Where faults are noted.

    Returns
    -------
    dict of str to Varied
        By path; axes first.
    """
    names = [(key, name) for key in ("axes", "ties") for name in entries[key]]
    set_here = {name.removeprefix("scenario.") for _, name in names}
    scenarios = [
        {key for key, node in draft.tree.value.items() if node.value is not None}
        for draft in bases.get("scenario", ())
    ] or [set()]
    fields: dict[str, Varied] = {}
    for key, name in names:
        try:
            found = [varied(name, given | set_here) for given in scenarios]
        except AxisError as error:
            faults.add(fault_at(tree, (key, name), "axis", str(error), at_key=True))
            continue
        wrong = _conflict(found, fields, entries)
        if wrong is not None:
            faults.add(fault_at(tree, (key, name), *wrong, at_key=True))
        fields.setdefault(name, found[0])
    return fields


def _conflict(
    found: list[Varied],
    fields: Mapping[str, Varied],
    entries: Mapping[str, Mapping[str, Node]],
) -> tuple[str, str] | None:
    """Slug and rule of what speaks against a field, beside those before it."""
    first, *others = found
    rival = next((name for name, other in fields.items() if _overlap(first, other)), None)
    if rival is not None:
        kind = "axis" if rival in entries["axes"] else "tie"
        return "duplicate", f'must not set what the {kind} "{rival}" sets'
    odd = {leaf for other in others for leaf in {*other.leaves} ^ {*first.leaves}}
    if odd:
        names = " and ".join(sorted(leaf.rpartition(".")[2] for leaf in odd))
        return "axis", f"must set the same in every use case, but {names} is given in some alone"
    return None


def _overlap(one: Varied, other: Varied) -> bool:
    return any(
        f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.")
        for a in one.leaves
        for b in other.leaves
    )
