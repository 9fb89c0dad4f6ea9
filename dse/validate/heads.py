"""Which formats keep the LM head wider than the other weights: a table of rules by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dse.dtype import DType, Format
from dse.errors import Fault, SpecError

__all__ = ["HeadRule", "head_format", "read_heads"]

_FORMATS = {
    "fp16": Format("fp16", int(DType.FP16), 16.0),
    "int8": Format("int8", int(DType.INT8), 8.0),
}


@dataclass(frozen=True, slots=True)
class HeadRule:
    """A format of the LM head, where engine, weight format and words match.

    Parameters
    ----------
    engine, weight_format : re.Pattern
        Whole texts that match, in lower case.
    words : re.Pattern
        Found anywhere in what the row says of itself, in lower case.
    head : Format
        How the head is stored.
    """

    engine: re.Pattern[str]
    weight_format: re.Pattern[str]
    words: re.Pattern[str]
    head: Format


@lru_cache(maxsize=4)
def read_heads(path: Path) -> tuple[HeadRule, ...]:
    """Read the table of rules, each with its source.

    Parameters
    ----------
    path : Path
        CSV with the columns engine, weight_format, words, head and source.

    Raises
    ------
    SpecError
        If a pattern cannot be read or a format is unknown.
    """
    rules = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                rules.append(_rule(row))
            except (KeyError, re.error) as error:
                message = f"must hold readable patterns and a known format, got {error}"
                raise SpecError((Fault(str(path), line, 1, "head", message, "heads"),)) from None
    return tuple(rules)


def _rule(row: Mapping[str, str]) -> HeadRule:
    engine, stored, words = (re.compile(row[n]) for n in ("engine", "weight_format", "words"))
    return HeadRule(engine, stored, words, _FORMATS[row["head"]])


def head_format(
    rules: tuple[HeadRule, ...], engine: str, weight_format: str, words: str
) -> Format | None:
    """Format of the LM head by the first rule that matches, or None: as the other weights."""
    for rule in rules:
        if (
            rule.engine.fullmatch(engine.lower())
            and rule.weight_format.fullmatch(weight_format.lower())
            and rule.words.search(words.lower())
        ):
            return rule.head
    return None
