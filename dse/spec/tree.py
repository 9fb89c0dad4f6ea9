"""A spec as a tree of nodes that know where they stand and who vouches for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "FieldPath",
    "Node",
    "Place",
    "children",
    "dotted",
    "find",
    "nearest",
    "overlay",
    "plain",
    "walk",
]

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key or a value stands: the file's name, line and column counted from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a spec.

    Parameters
    ----------
    value : scalar, dict of Node or list of Node
        A scalar is None, bool, int, float or str.
    place : Place
        Where the value stands.
    text : str
        A scalar as it was written.
    key : Place or None
        Where its key stands, for a value of a mapping.
    source, confidence : str
        Who vouches for it, and how far (A, B or C); empty where nobody does.
    """

    value: Any
    place: Place
    text: str = ""
    key: Place | None = None
    source: str = ""
    confidence: str = ""


def children(node: Node) -> Iterator[tuple[str | int, Node]]:
    """Yield the keys, or indices, and the nodes directly below `node`."""
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif isinstance(node.value, list):
        yield from enumerate(node.value)


def walk(node: Node, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Node]]:
    """Yield every scalar of the tree with its path, in file order."""
    if not isinstance(node.value, dict | list):
        yield path, node
    for key, child in children(node):
        yield from walk(child, (*path, key))


def plain(node: Node) -> Any:
    """Plain data of the tree. A key whose value is null is as good as absent."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.value is not None}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def find(node: Node, path: FieldPath) -> Node | None:
    """Node at `path`, or None."""
    found, depth = nearest(node, path)
    return found if depth == len(path) else None


def nearest(node: Node, path: FieldPath) -> tuple[Node, int]:
    """Deepest node on the way to `path`, and how many steps of the path lead to it."""
    for depth, step in enumerate(path):
        child = dict(children(node)).get(step)
        if child is None:
            return node, depth
        node = child
    return node, len(path)


def overlay(base: Node, top: Node) -> Node:
    """Lay `top` over `base`: mappings merge key by key, anything else replaces."""
    if not (isinstance(base.value, dict) and isinstance(top.value, dict)):
        return top
    merged = dict(base.value)
    for key, child in top.value.items():
        merged[key] = overlay(merged[key], child) if key in merged else child
    return replace(top, value=merged)


def dotted(path: FieldPath) -> str:
    """Write a path as people read it: ``units.npu.matrix.rates[0].rate``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
