"""A Hugging Face ``config.json`` to the text of a model file.

The standard library's JSON parser takes duplicate keys, NaN and numbers without bound, and says
where only of broken grammar. A pass over the tokens refuses these and notes where each key stands.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dse.errors import Fault, SpecError
from dse.spec.source import read_file
from dse.spec.text import MAX_DEPTH
from dse.workload.hf import ConfigError, canonical

__all__ = ["import_hf"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+', re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]")
_COLON = re.compile(r"\s*:")
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
_MAX_DIGITS = 40
_MAX_FAULTS = 100

_Path = tuple[str | int, ...]


def import_hf(path: Path, name: str | None = None) -> tuple[str, str]:
    """Read a ``config.json`` and write it as a file of the model library.

    Parameters
    ----------
    path : Path
        A regular file of at most 1 MiB, in UTF-8.
    name : str or None
        Key in the library; None takes the file's stem, or its folder's name for a
        ``config.json``, in lower case.

    Returns
    -------
    tuple of str
        The name and the YAML text, which ends in a line break.

    Raises
    ------
    SpecError
        If the file is not plain JSON, no known architecture, or gives no usable name.
    """
    shown = str(path)
    text = read_file(path, shown)
    # The grammar first: on text that is known to be JSON the token pattern is linear.
    config = _parse(text, shown)
    offsets = _check_tokens(text, shown)
    if not isinstance(config, dict):
        raise _error(shown, (1, 1), (), "must be a JSON object", "type")
    try:
        keys = canonical(config)
    except ConfigError as error:
        place = _line_and_column(text, _nearest(error.path, offsets))
        raise _error(shown, place, error.path, error.message, error.slug) from None
    key = _name(path, shown) if name is None else name
    if not _NAME.fullmatch(key):
        rule = "must be lower-case letters, digits, '.', '_' and '-', and start with one of the"
        message = f'the name {rule} first two, but got "{key[:60]}"'
        raise _error(shown, (0, 0), (), message, "name")
    return key, _yaml(key, keys, config, path)


def _name(path: Path, shown: str) -> str:
    """Name from the file or, for one that is called config, from its folder."""
    stem = path.stem if path.stem.lower() != "config" else path.absolute().parent.name
    name = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")
    if not name:
        message = "gives no name for the model; give one"
        raise _error(shown, (0, 0), (), message, "name")
    return name[:100]


def _parse(text: str, shown: str) -> Any:
    try:
        # Longer numbers are refused with their place by the pass over the tokens.
        return json.loads(text, parse_int=lambda lexeme: int(lexeme[:_MAX_DIGITS]))
    except json.JSONDecodeError as error:
        message = f"must be valid JSON: {error.msg}"
        raise _error(shown, (error.lineno, error.colno), (), message, "syntax") from None
    except RecursionError:
        message = f"is nested deeper than {MAX_DEPTH}"
        raise _error(shown, (0, 0), (), message, "depth") from None


def _check_tokens(text: str, shown: str) -> dict[_Path, int]:
    """Offset of every key; raises if a token is of a kind that is refused."""
    offsets: dict[_Path, int] = {}
    faults: list[Fault] = []
    for path, start, lexeme, is_key in _walk(text):
        message = _objection(lexeme, is_key=is_key, is_known=path in offsets, depth=len(path))
        if is_key:
            offsets.setdefault(path, start)
        if message:
            slug, rule = message
            line, column = _line_and_column(text, start)
            dotted = ".".join(map(str, path))
            faults.append(Fault(shown, line, column, dotted, rule, slug))
        if message and (message[0] == "depth" or len(faults) == _MAX_FAULTS):
            break
    if faults:
        raise SpecError(tuple(faults))
    return offsets


def _objection(lexeme: str, *, is_key: bool, is_known: bool, depth: int) -> tuple[str, str] | None:
    """Slug and rule that a token breaks."""
    if depth > MAX_DEPTH:
        return "depth", f"is nested deeper than {MAX_DEPTH}"
    if is_key:
        return ("duplicate-key", f"the key {lexeme[:60]} is given twice") if is_known else None
    if lexeme in _NOT_FINITE:
        return "range", f"must be a finite number, but got {lexeme}"
    if _NUMBER.match(lexeme) and (len(lexeme) > _MAX_DIGITS or math.isinf(float(lexeme))):
        return "range", f"must be a number in range, but got {lexeme[:_MAX_DIGITS]}"
    return None


def _walk(text: str) -> Iterator[tuple[_Path, int, str, bool]]:
    """Keys and values with their paths, of text that is known to be JSON, without recursion."""
    stack: list[str | int] = []
    for match in _TOKEN.finditer(text):
        lexeme, start = match[0], match.start()
        if lexeme in "{[":
            stack.append("" if lexeme == "{" else 0)
            yield tuple(stack[:-1]), start, lexeme, False
            if len(stack) > MAX_DEPTH:
                yield tuple(stack), start, lexeme, False
                return
        elif lexeme in "}]":
            stack.pop()
        elif lexeme == "," and isinstance(stack[-1], int):
            stack[-1] += 1
        elif lexeme[0] == '"' and _COLON.match(text, match.end()):
            stack[-1] = str(json.loads(lexeme))
            yield tuple(stack), start, lexeme, True
        elif lexeme not in ":,":
            yield tuple(stack), start, lexeme, False


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _nearest(path: _Path, offsets: Mapping[_Path, int]) -> int:
    """Offset of a key or, where it is missing, of what should hold it."""
    known = (offsets[path[:n]] for n in range(len(path), 0, -1) if path[:n] in offsets)
    return next(known, 0)


def _error(shown: str, place: tuple[int, int], path: _Path, message: str, slug: str) -> SpecError:
    return SpecError((Fault(shown, *place, ".".join(map(str, path)), message, slug),))


def _yaml(name: str, keys: Mapping[str, object], config: object, path: Path) -> str:
    lines = ["schema: dse.model/1", f"name: {_scalar(name)}", f"title: {_scalar(name)}"]
    for key, value in keys.items():
        if isinstance(value, Mapping):
            lines += [f"{key}:", *(f"  {inner}: {_scalar(item)}" for inner, item in value.items())]
        else:
            lines.append(f"{key}: {_scalar(value)}")
    origin = f"{path.absolute().parent.name}/{path.name}"
    origin = "".join(char if char.isprintable() else "?" for char in origin)
    lines.append(f"source: {_scalar(f'Hugging Face configuration, imported from {origin}')}")
    lines.append("confidence: A")
    if isinstance(config, dict) and ("text_config" in config or "vision_config" in config):
        lines.append("note: Text tower of a multimodal model.")
    return "\n".join(lines) + "\n"


def _scalar(value: object) -> str:
    """JSON scalars are YAML scalars."""
    return json.dumps(value, ensure_ascii=False)
