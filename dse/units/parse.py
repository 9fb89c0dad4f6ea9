"""Reads quantities: a number, a unit of the stated dimension, and nothing else."""

from __future__ import annotations

import math
import re

from dse.errors import UnitError
from dse.units.table import DIMENSIONS, Dimension

__all__ = ["is_quantity", "parse_quantity"]

_MAX_LENGTH = 64
# [0-9] and not \d: the digits of other scripts are no numbers here.
_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[eE]([+-]?[0-9]+))? *(.*)", re.DOTALL
)

# The digits of a unit stand alone, after "m" or "m^": "mm2", "mm^2".
_NUMERIC = re.compile(r"(?<![mM^])[0-9]|[0-9]{2}|^[.,_'^*]")


def is_quantity(text: str) -> bool:
    """Whether `text` is a number with a unit of any dimension, or a bare number."""
    match = _QUANTITY.fullmatch(text.strip(" "))
    return match is not None and any(match[3] in entry.units for entry in DIMENSIONS.values())


def parse_quantity(text: str, dimension: str) -> float:
    """Read a number with a unit.

    Parameters
    ----------
    text : str
        Such as ``8533 MT/s``; the space is optional. Decimal digits, no separators.
    dimension : str
        Key of `DIMENSIONS`.

    Returns
    -------
    float
        Value in the dimension's base unit, finite.

    Raises
    ------
    UnitError
        If there is no number, no unit, a unit of another dimension, or a number out of range.

    Examples
    --------
    >>> parse_quantity("8533 MT/s", "data_rate")
    8533000000.0
    >>> parse_quantity("64 GiB", "capacity") == parse_quantity("65536 MiB", "capacity")
    True
    """
    entry = DIMENSIONS[dimension]
    match = _QUANTITY.fullmatch(text.strip(" ")) if len(text) <= _MAX_LENGTH else None
    if match is None:
        raise UnitError(f'must be {entry.title} such as "{entry.example}", but got "{_cut(text)}"')
    number, exponent, name = match[1], int(match[2] or 0), match[3]
    unit = entry.units.get(name)
    if unit is None:
        raise UnitError(_wrong_unit(text.strip(" "), name, entry))
    try:
        value = unit.to_base(number, exponent)
    except OverflowError:
        value = math.inf
    if math.isinf(value) or (value == 0.0 and number.strip("+-0.")):
        raise UnitError(f'must be a number in range, but got "{text}"', "range")
    return value + 0.0  # turns -0.0 into 0.0


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "..."


def _wrong_unit(text: str, name: str, entry: Dimension) -> str:
    """Say what is wrong with a unit that `entry` does not list, and what may have been meant."""
    number = text[: len(text) - len(name)].rstrip()
    if not name:
        return f'must have a unit, such as "{entry.example}", but got "{text}"'
    # What follows the number with digits is a misspelt number: "0x40 bit", "1,5 GHz".
    near = [] if _NUMERIC.search(name.removeprefix("1/")) else _near_units(name, entry)
    if len(near) > 1:
        choices = [f'"{number} {unit}"' for unit in near]
        return f'"{text}" is ambiguous: write {", ".join(choices[:-1])} or {choices[-1]}'
    rule = f'must be {entry.title} such as "{entry.example}", but got "{text}"'
    if near:
        return f'{rule}; did you mean "{number} {near[0]}"?'
    for other in DIMENSIONS.values():
        if name in other.units:
            return f"{rule}, {other.title}"
    return rule


def _near_units(name: str, entry: Dimension) -> list[str]:
    """Units that `name` may stand for: another case, b for bit or byte, or one slip away."""
    folded = name.replace("ps", "/s") if name.endswith("ps") else name
    folded = folded.replace("bytes", "B").replace("byte", "B").replace("bits", "bit")
    lower = folded.lower()
    byte_or_bit = re.sub(r"(^|(?<=[kmgtpi/]))b(?=$|/)", "bit", lower)
    near = [unit for unit in entry.units if unit.lower() in (lower, byte_or_bit)]
    if near:
        # "gb" may also mean the binary unit, which is what memory is usually counted in.
        binary = lower.replace("b", "ib", 1) if lower != byte_or_bit else ""
        return near + [unit for unit in entry.units if unit.lower() == binary]
    if name in {unit for other in DIMENSIONS.values() for unit in other.units}:
        return []
    from difflib import get_close_matches

    return get_close_matches(name, entry.units, n=1, cutoff=0.6)
