"""Faults that point to where a node stands and quote what stands there."""

from __future__ import annotations

from dse.errors import Fault
from dse.spec.tree import FieldPath, Node, dotted, nearest

__all__ = ["fault_at", "shown"]

_MAX_SHOWN = 60


def fault_at(
    root: Node,
    path: FieldPath,
    slug: str,
    rule: str,
    *,
    got: bool = False,
    at_key: bool = False,
    hint: str = "",
) -> Fault:
    """Make a fault that points to the value at `path`, or to the nearest section above it.

    Parameters
    ----------
    root, path : Node, FieldPath
        The spec, and the culprit in it.
    slug, rule : str
        As in `Fault`.
    got : bool
        Whether to add what stands there.
    at_key : bool
        Whether to point to the key rather than the value.
    hint : str
        End of the sentence, from `did_you_mean`.
    """
    node, depth = nearest(root, path)
    is_there = depth == len(path) and not at_key
    place = node.place if is_there or node.key is None else node.key
    if got and depth == len(path):
        rule = f"{rule}, but got {shown(node)}"
    return Fault(place.file, place.line, place.column, dotted(path), rule + hint, slug)


def shown(node: Node) -> str:
    """Quote what a file says at a node, cut to a readable length."""
    if isinstance(node.value, dict | list):
        return "a mapping" if isinstance(node.value, dict) else f"a list of {len(node.value)}"
    text = node.text if len(node.text) <= _MAX_SHOWN else node.text[:_MAX_SHOWN] + "..."
    return f'"{text}"'
