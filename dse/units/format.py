"""Writes quantities for people."""

from __future__ import annotations

import math

from dse.units.table import DIMENSIONS, TWOS, Dimension

__all__ = ["UNLIMITED", "format_quantity"]

# What stands for no limit, in specs and in reports.
UNLIMITED = "unlimited"


def format_quantity(value: float, dimension: str, digits: int = 4) -> str:
    """Write a value of the base unit for people, in the unit that suits its size.

    Parameters
    ----------
    value : float
        In the dimension's base unit; infinity is "unlimited", NaN "unknown".
    dimension : str
        Key of `DIMENSIONS`.
    digits : int
        Significant digits; digits before the point are never dropped below 10**7.

    Examples
    --------
    >>> format_quantity(8 * 2**20, "capacity"), format_quantity(12e9, "capacity")
    ('8 MiB', '12 GB')
    >>> format_quantity(1.37e9, "frequency")
    '1.37 GHz'
    """
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return UNLIMITED if value > 0 else f"-{UNLIMITED}"
    entry = DIMENSIONS[dimension]
    decimal = [name for name in entry.shown if not _is_binary(name)]
    binary = [name for name in entry.shown if _is_binary(name)]
    numbers = [
        _in_best_unit(value, entry, names, digits) for names in (decimal, binary) if names
    ] or [(_number(value, digits), "")]
    number, name = min(numbers, key=lambda pair: len(pair[0]))
    return f"{number} {name}".rstrip()


def _is_binary(name: str) -> bool:
    return any(prefix + "B" in name for prefix in TWOS)


def _in_best_unit(
    value: float, entry: Dimension, names: list[str], digits: int
) -> tuple[str, str]:
    """Express the value in the largest unit that leaves a number of at least one."""
    rounded = float(f"{value:.{digits}g}")
    best = entry.base if rounded == 0.0 and entry.base in names else names[0]
    for name in names:
        if abs(entry.units[name].from_base(rounded)) >= 1.0:
            best = name
    return _number(entry.units[best].from_base(value), digits), best


def _number(value: float, digits: int) -> str:
    if 1.0 <= abs(value) < 1e7:
        digits = max(digits, len(str(int(abs(value)))))
    return f"{value:.{digits}g}"
