"""Writes quantities for people."""

from __future__ import annotations

import math

from dse.units.table import DIMENSIONS, TWOS, Dimension

__all__ = ["UNLIMITED", "format_quantity"]

# What stands for no limit, in specs and in reports.
UNLIMITED = "unlimited"


def format_quantity(value: float, dimension: str, digits: int = 4) -> str:
    """Write a value of the base unit for people, in the unit that suits its size.

    Binary units are used where they say the value exactly and in fewer digits.

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
    if not decimal:
        return _number(value, digits)
    number, name = _in_best_unit(value, entry, decimal, digits)
    if binary:
        whole, unit = _in_best_unit(value, entry, binary, digits)
        is_exact = float(whole) == entry.units[unit].from_base(value)
        if is_exact and len(whole) < len(number):
            number, name = whole, unit
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
