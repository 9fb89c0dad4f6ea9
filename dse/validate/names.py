"""From the names that publications use to the names of the library."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from dse.errors import Fault, SpecError

__all__ = ["EngineRule", "Names", "read_names"]

_KINDS = ("model", "chip", "engine")


@dataclass(frozen=True, slots=True)
class EngineRule:
    """Which stack an engine is, where its text, the unit and the chip match.

    Parameters
    ----------
    engine, chip : re.Pattern
        Whole texts that match, in lower case.
    words : re.Pattern
        Found anywhere in what the row says of itself, in lower case: what the title of its
        source or its notes call another build, or another host.
    unit : str
        Unit that it holds for; empty for any.
    stack : str
        Name of the stack; ``{unit}`` stands for the unit.
    """

    engine: re.Pattern[str]
    chip: re.Pattern[str]
    words: re.Pattern[str]
    unit: str
    stack: str


@dataclass(frozen=True, slots=True)
class Names:
    """What the library calls the models, chips and engines of publications.

    Parameters
    ----------
    models, chips : mapping of str to str
        Library name by published name.
    engines : tuple of EngineRule
        The first that matches holds.
    formats : mapping of str to float
        Effective bits per weight by the name of a format.
    """

    models: Mapping[str, str]
    chips: Mapping[str, str]
    engines: tuple[EngineRule, ...]
    formats: Mapping[str, float] = field(default_factory=dict)

    def with_stack(self, name: str) -> Names:
        """Names that take an engine called so for a stack of its own."""
        anything = re.compile("")
        own = EngineRule(re.compile(re.escape(name)), re.compile(".*"), anything, "", name)
        return replace(self, engines=(own, *self.engines))

    def stack(self, engine: str, unit: str, chip: str, words: str = "") -> str:
        """Stack of an engine on a unit; an unknown engine is a ``generic`` one."""
        for rule in self.engines:
            if (
                rule.unit in ("", unit)
                and rule.engine.fullmatch(engine.lower())
                and rule.chip.fullmatch(chip.lower())
                and rule.words.search(words.lower())
            ):
                return rule.stack.replace("{unit}", unit)
        return f"generic-{unit}"


@lru_cache(maxsize=4)
def read_names(path: Path) -> Names:
    """Read the table of names.

    Parameters
    ----------
    path : Path
        CSV with the columns kind (model, chip or engine), text, unit, chip and name, and
        maybe words.

    Raises
    ------
    SpecError
        If a kind is unknown or a pattern cannot be read.
    """
    tables: dict[str, dict[str, str]] = {"model": {}, "chip": {}}
    rules: list[EngineRule] = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                if row["kind"] == "engine":
                    rules.append(_rule(row))
                else:
                    tables[row["kind"]][row["text"]] = row["name"]
            except (KeyError, re.error) as error:
                message = f"must be one of {', '.join(_KINDS)} with a readable text, got {error}"
                raise SpecError((Fault(str(path), line, 1, "kind", message, "names"),)) from None
    return Names(tables["model"], tables["chip"], tuple(rules))


def _rule(row: Mapping[str, str]) -> EngineRule:
    engine, chip = re.compile(row["text"]), re.compile(row["chip"] or ".*")
    words = re.compile(row.get("words") or "")
    return EngineRule(engine, chip, words, row["unit"], row["name"])
