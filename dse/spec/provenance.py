"""Who vouches for each number of a spec: ``value``, ``source``, ``confidence`` and ``note``.

Any scalar may be written ``{value: 1.2 GHz, source: "...", confidence: B}``, and any mapping may
carry ``source``, ``confidence`` and ``note``, which hold for every number inside it that has none
of its own. Confidence A: datasheet, vendor text or measurement; B: estimate or third party;
C: recalled or inferred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dse.errors import Fault
from dse.spec.fault import fault_at, shown
from dse.spec.tree import FieldPath, Node, children, dotted, walk
from dse.units import is_quantity

__all__ = ["CONFIDENCES", "RESERVED", "Provenance", "provenance", "resolve"]

CONFIDENCES = ("A", "B", "C")
RESERVED = ("source", "confidence", "note")


@dataclass(frozen=True, slots=True)
class Provenance:
    """One number of a spec and who vouches for it.

    Parameters
    ----------
    path : str
        Dotted path of the number in its file.
    text : str
        The number as written.
    source, confidence : str
        Its own or those of the nearest section around it; empty where there are none.
    file : str
        Where it stands (a derived chip takes most of its numbers from its base).
    line : int
        Line in `file`.
    """

    path: str
    text: str
    source: str
    confidence: str
    file: str
    line: int


def resolve(node: Node) -> tuple[Node, tuple[Fault, ...]]:
    """Take provenance out of the data and write it on the nodes.

    Parameters
    ----------
    node : Node
        A parsed file.

    Returns
    -------
    Node
        The same without reserved keys, every node with its source and confidence.
    tuple of Fault
        What is wrong with the reserved keys.
    """
    faults: list[Fault] = []
    return _resolve(node, (), faults), tuple(faults)


def provenance(node: Node) -> Iterator[Provenance]:
    """Yield every number of a resolved tree, in file order; texts, names and flags are none."""
    for path, leaf in walk(node):
        number = isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool)
        if number or (isinstance(leaf.value, str) and is_quantity(leaf.value)):
            place = leaf.place
            yield Provenance(
                dotted(path), leaf.text, leaf.source, leaf.confidence, place.file, place.line
            )


def _resolve(node: Node, path: FieldPath, faults: list[Fault]) -> Node:
    if isinstance(node.value, dict):
        source = _text(node.value.get("source"), (*path, "source"), faults) or node.source
        confidence = _confidence(node.value.get("confidence"), path, faults) or node.confidence
        _text(node.value.get("note"), (*path, "note"), faults)
        node = replace(node, source=source, confidence=confidence)
        if "value" in node.value:
            return _resolve(_unwrap(node, path, faults), path, faults)
    resolved = {
        key: _resolve(
            replace(child, source=node.source, confidence=node.confidence), (*path, key), faults
        )
        for key, child in children(node)
        if not (isinstance(node.value, dict) and key in RESERVED)
    }
    if isinstance(node.value, dict):
        return replace(node, value=resolved)
    return replace(node, value=list(resolved.values())) if isinstance(node.value, list) else node


def _unwrap(node: Node, path: FieldPath, faults: list[Fault]) -> Node:
    """Put the value of a ``{value, source, confidence}`` mapping in the mapping's place."""
    for key, child in node.value.items():
        if key not in ("value", *RESERVED):
            message = 'unknown key; beside "value" only source, confidence and note may stand'
            faults.append(
                _fault(
                    replace(child, place=child.key or child.place),
                    (*path, key),
                    message,
                    "unknown-key",
                )
            )
    inner: Node = node.value["value"]
    if isinstance(inner.value, dict):
        message = "must be a single value, but got a mapping"
        faults.append(_fault(inner, (*path, "value"), message, "type"))
        inner = replace(inner, value=None)
    return replace(inner, key=node.key, source=node.source, confidence=node.confidence)


def _text(node: Node | None, path: FieldPath, faults: list[Fault]) -> str:
    """Read a source or a note: text, or a list of texts."""
    if node is None:
        return ""
    items = node.value if isinstance(node.value, list) else [node]
    texts = [item.value for item in items if isinstance(item.value, str) and item.value.strip()]
    if not items or len(texts) < len(items):
        message = "must be text or a list of texts"
        faults.append(_fault(node, path, message, "type"))
    return "; ".join(" ".join(text.split()) for text in texts)


def _confidence(node: Node | None, path: FieldPath, faults: list[Fault]) -> str:
    if node is None:
        return ""
    if node.value not in CONFIDENCES:
        message = f"must be A, B or C, but got {shown(node)}"
        faults.append(_fault(node, (*path, "confidence"), message, "choice"))
        return ""
    return str(node.value)


def _fault(node: Node, path: FieldPath, message: str, slug: str) -> Fault:
    return replace(fault_at(node, (), slug, message), path=dotted(path))
