"""YAML text to a tree of nodes, with the place of every key and value.

Built on parser events, so nothing is constructed that a spec has no use for: anchors, aliases,
tags, merge keys, duplicate keys, directives and further documents are faults. Scalars follow
YAML 1.2 (``1e9`` is a number; ``010``, ``1_000``, ``no``, ``on`` and dates are text).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml
from yaml import events

from dse.errors import Fault, SpecError
from dse.spec.fault import shown
from dse.spec.tree import FieldPath, Node, Place, dotted

__all__ = ["MAX_DEPTH", "parse_text"]

MAX_DEPTH = 32
# libyaml looks ahead, and of very deep nesting meets its own limit before it tells of the first
# levels; it tells of them if the text ends there.
_TOO_DEEP = "maximum nesting depth"
_MAX_NODES = 50_000
_MAX_FAULTS = 100
_MAX_KEY = 100
_MAX_INT = 1 << 63
_MAX_INT_LENGTH = 20

# libyaml's parser keeps its state on the heap; its composer, which recurses, is never called.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Control characters, the line breaks that only YAML 1.1 knows, the marks that reorder text, and
# the lone surrogates by which Python smuggles bytes of a command line.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)


class _StopError(Exception):
    """Nothing more can be read from this file."""


def parse_text(text: str, name: str) -> Node:
    """Parse one YAML document whose top is a mapping.

    Parameters
    ----------
    text : str
        The document.
    name : str
        The file's name for messages.

    Returns
    -------
    Node
        The top mapping; its keys are text.

    Raises
    ------
    SpecError
        With every fault found, up to the first after which nothing can be understood.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    faults = tuple(islice(_character_faults(text, name), _MAX_FAULTS))
    if faults:
        raise SpecError(faults)
    return _Builder(text, name).document()


def _character_faults(text: str, name: str) -> Iterator[Fault]:
    for match in _FORBIDDEN.finditer(text):
        line, column = _line_and_column(text, match.start())
        what = f"U+{ord(match[0]):04X}"
        if match.start() == 0 and match[0] == "\ufeff":
            what = "a byte-order mark"
        yield Fault(name, line, column, "", f"must be plain text, but holds {what}", "character")
    for match in _TAB_INDENT.finditer(text):
        line, column = _line_and_column(text, match.end() - 1)
        yield Fault(name, line, column, "", "must be indented with spaces, not tabs", "tab")


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Builder:
    """Turns the events of one document into nodes and gathers faults."""

    def __init__(self, text: str, name: str) -> None:
        self.name, self.text = name, text
        self.faults: list[Fault] = []
        self.nodes = 0
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> Node:
        root = None
        try:
            root = self._only_document()
        except yaml.YAMLError as error:
            mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", error)
            if mark is not None and _TOO_DEEP in str(problem) and mark.index < len(self.text):
                return type(self)(self.text[: mark.index], self.name).document()
            self._fault(mark, (), f"must be valid YAML: {problem}", "syntax")
        except _StopError:
            pass
        if self.faults or root is None:
            raise SpecError(tuple(self.faults))
        return root

    def _only_document(self) -> Node | None:
        root = None
        for event in self.events:
            if isinstance(event, events.DocumentStartEvent):
                if event.version or event.tags:
                    self._fault(event.start_mark, (), "directives are not allowed", "directive")
                if root is not None:
                    message = "must hold one document, but a second one starts here"
                    self._stop(event.start_mark, (), message, "documents")
                root = self._node(next(self.events), (), 0)
        if root is None or (root.value is None and not root.text):
            self._fault(None, (), "must not be empty", "empty")
        elif not isinstance(root.value, dict):
            message = f"must be a mapping of keys to values, but got {shown(root)}"
            self._fault_at(root.place, (), message, "type")
        return root

    def _node(self, event: Any, path: FieldPath, depth: int, key: Place | None = None) -> Node:
        self._refuse_extras(event, path)
        place = self._place(event.start_mark)
        self.nodes += 1
        if self.nodes > _MAX_NODES:
            self._stop(
                event.start_mark, path, f"must hold at most {_MAX_NODES} values", "too-large"
            )
        if isinstance(event, events.AliasEvent):
            return Node(None, place, key=key)
        if isinstance(event, events.ScalarEvent):
            return Node(self._scalar(event, path), place, event.value, key)
        if depth == MAX_DEPTH:
            # The path would be a line of brackets.
            self._stop(event.start_mark, (), f"is nested deeper than {MAX_DEPTH}", "depth")
        if isinstance(event, events.SequenceStartEvent):
            return Node(self._sequence(path, depth), place, key=key)
        return Node(self._mapping(path, depth), place, key=key)

    def _sequence(self, path: FieldPath, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self.events), events.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: FieldPath, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), events.MappingEndEvent):
            key = self._key(event, path, depth)
            place = self._place(event.start_mark)
            node = self._node(next(self.events), (*path, key), depth + 1, place)
            if key in entries:
                first = entries[key].key
                message = f'the key "{key}" is given twice, first in line {first and first.line}'
                self._fault_at(place, (*path, key), message, "duplicate-key")
            else:
                entries[key] = node
        return entries

    def _key(self, event: Any, path: FieldPath, depth: int) -> str:
        """Read a key; one that is no scalar is read to its end and reported."""
        if not isinstance(event, events.ScalarEvent | events.AliasEvent):
            self._fault(event.start_mark, path, "a key must be text", "key")
            self._node(event, path, depth + 1)
            return ""
        self._refuse_extras(event, path)
        key = getattr(event, "value", "")
        if key == "<<" and not getattr(event, "style", None):
            self._fault(event.start_mark, path, "merge keys are not allowed", "merge-key")
        elif not key.strip() and isinstance(event, events.ScalarEvent):
            self._fault(event.start_mark, path, "a key must not be empty", "key")
        elif _FORBIDDEN.search(key) or "\n" in key:
            self._fault(event.start_mark, path, "a key must be plain text", "character")
            return ""
        elif len(key) > _MAX_KEY:
            message = f"a key must be at most {_MAX_KEY} characters long"
            self._fault(event.start_mark, path, message, "length")
            return key[:_MAX_KEY]
        return str(key)

    def _scalar(self, event: Any, path: FieldPath) -> Any:
        text: str = event.value
        if event.style:
            if _FORBIDDEN.search(text):
                message = "must be plain text, but holds an escaped control character"
                self._fault(event.start_mark, path, message, "character")
            return text
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        if _NOT_FINITE.fullmatch(text):
            message = f'must be a finite number, but got "{text}"'
            self._fault(event.start_mark, path, message, "range")
            return None
        return self._number(event, text, path)

    def _number(self, event: Any, text: str, path: FieldPath) -> Any:
        value: int | float
        if _INT.fullmatch(text):
            value = int(text) if len(text) <= _MAX_INT_LENGTH else _MAX_INT
            fits = abs(value) < _MAX_INT
        elif _FLOAT.fullmatch(text):
            value = float(text)
            fits = math.isfinite(value) and (value != 0.0 or not re.search("[1-9]", text))
        else:
            return text
        if not fits:
            shown = text if len(text) <= 40 else text[:40] + "..."
            message = f'must be a number in range, but got "{shown}"'
            self._fault(event.start_mark, path, message, "range")
        return value

    def _refuse_extras(self, event: Any, path: FieldPath) -> None:
        if isinstance(event, events.AliasEvent) or getattr(event, "anchor", None) is not None:
            message = "anchors and aliases are not allowed"
            self._fault(event.start_mark, path, message, "alias")
        if getattr(event, "tag", None) is not None:
            self._fault(event.start_mark, path, "tags are not allowed", "tag")

    def _place(self, mark: Any) -> Place:
        return Place(self.name, mark.line + 1, mark.column + 1)

    def _fault(self, mark: Any, path: FieldPath, message: str, slug: str) -> None:
        place = self._place(mark) if mark is not None else Place(self.name, 0, 0)
        self._fault_at(place, path, message, slug)

    def _fault_at(self, place: Place, path: FieldPath, message: str, slug: str) -> None:
        where = dotted(path)
        self.faults.append(Fault(place.file, place.line, place.column, where, message, slug))
        if len(self.faults) >= _MAX_FAULTS:
            raise _StopError

    def _stop(self, mark: Any, path: FieldPath, message: str, slug: str) -> None:
        self._fault(mark, path, message, slug)
        raise _StopError
