"""What a measurement of energy includes beside the chip and its memory, read from a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dse.errors import Fault, SpecError
from dse.validate.measurement import Measurement

__all__ = ["Scope", "read_scopes", "scope_of"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the power of a row was measured, and what lies between there and the chip.

    Parameters
    ----------
    words : re.Pattern
        Found in ``class; chip; source; notes`` of a row, in lower case.
    name : str
        ``wall``, ``phone``, ``card``, ``module``, ``package`` or ``chip``.
    regulator, supply : float
        Efficiency of the regulators at the chip and of the power supply, 0 to 1.
    rest_w : float
        Host, display, radio, fans: all that runs beside chip and memory, W.
    """

    words: re.Pattern[str]
    name: str
    regulator: float
    rest_w: float
    supply: float

    def watts(self, chip_w: float) -> float:
        """Power where it is measured.

        P = (P_chip / regulator + P_rest) / supply                                            (1)

        Parameters
        ----------
        chip_w : float
            Power of the chip and its memory at their pins, W.
        """
        return (chip_w / self.regulator + self.rest_w) / self.supply


@lru_cache(maxsize=4)
def read_scopes(path: Path) -> tuple[Scope, ...]:
    """Read the table of scopes; the first rule that matches a row holds.

    Parameters
    ----------
    path : Path
        CSV with the columns words, scope, regulator, rest_w, supply, source and confidence.

    Raises
    ------
    SpecError
        If a pattern or a number cannot be read, or an efficiency is not above 0 and at most 1.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return tuple(_scope(row, path, reader.line_num) for row in reader)


def _scope(row: Mapping[str, str], path: Path, line: int) -> Scope:
    try:
        scope = Scope(
            words=re.compile(row["words"]),
            name=row["scope"],
            regulator=float(row["regulator"]),
            rest_w=float(row["rest_w"]),
            supply=float(row["supply"]),
        )
    except (KeyError, ValueError, re.error) as error:
        rule = f"must hold a readable pattern and numbers, got {error}"
        raise SpecError((Fault(str(path), line, 1, "words", rule, "scope"),)) from None
    if not (0.0 < scope.regulator <= 1.0 and 0.0 < scope.supply <= 1.0 and scope.rest_w >= 0.0):
        rule = "must have efficiencies above 0 and at most 1, and no negative power"
        raise SpecError((Fault(str(path), line, 1, "regulator", rule, "range"),))
    return scope


def scope_of(row: Measurement, scopes: tuple[Scope, ...]) -> Scope:
    """First scope whose words a row uses.

    Raises
    ------
    LookupError
        If none matches; the shipped table ends with one that matches every row.
    """
    words = f"{row.chip_class}; {row.chip}; {row.words}".lower()
    for scope in scopes:
        if scope.words.search(words):
            return scope
    raise LookupError(row.id)
