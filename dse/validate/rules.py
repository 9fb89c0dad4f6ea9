"""Which rows say of themselves that they are no measure of a chip running a model alone.

A file's own ``clean`` column is taken as it stands; these rules come on top of it. They look at
the row's words only (its engine, the title of its source, its notes), never at its value, and
each counts the rows that it sets aside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dse.validate.measurement import Measurement

__all__ = ["RULES", "Rule", "set_aside"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that set a row aside.

    Parameters
    ----------
    reason : str
        What the words say.
    words : re.Pattern
        Found anywhere in ``engine; source; notes``, in lower case.
    """

    reason: str
    words: re.Pattern[str]


def _rule(reason: str, words: str) -> Rule:
    return Rule(reason, re.compile(words))


RULES = (
    _rule("sparse: a runtime that skips weights", r"^powerinfer"),
    _rule("a step of an ablation, no whole runtime", r"^naive |^\+(?!.*\bfull\b)"),
    _rule(
        "throttled, sustained or not at full power", r"clock floored|mean of runs|mode likely not"
    ),
    _rule("short of memory", r"memory pressure"),
    _rule("called anomalous by its source", r"\banomalous\b|do not use"),
    _rule(
        "disputed: its source failed to reproduce it", r"failed reproduction|users reproduced only"
    ),
    _rule("a bound, no value", r"\"over \d+\""),
    _rule(
        "a build that its source replaced", r"\bbefore pr\b|early (backend|driver)|initial port"
    ),
    _rule("another phase in the time", r"incl\. (prefill|image tokens)"),
    _rule("number format not stated", r"quantization not stated"),
)


def set_aside(row: Measurement) -> str:
    """Reason of the first rule that sets a row aside, or nothing.

    Parameters
    ----------
    row : Measurement
        One row.
    """
    words = f"{row.engine}; {row.words}".lower()
    return next((rule.reason for rule in RULES if rule.words.search(words)), "")
