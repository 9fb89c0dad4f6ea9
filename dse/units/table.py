"""The closed table of dimensions and of the units that each accepts.

Areas and lengths are kept in mm2 and mm, everything else in SI.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "DIMENSIONS",
    "TWOS",
    "Dimension",
    "Unit",
    "dimension_of",
]

_TENS = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
TWOS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as its factor to the base unit, 10**ten x 2**two x by."""

    ten: int = 0
    two: int = 0
    by: int = 1

    def to_base(self, number: str, exponent: int) -> float:
        """Value of `number` x 10**`exponent` units, in the base unit.

        The powers of ten are added before the text becomes a float, so that texts of equal value
        ("0.1 pJ", "100 fJ") give equal floats.
        """
        return math.ldexp(float(f"{number}e{exponent + self.ten}"), self.two) * self.by

    def from_base(self, value: float) -> float:
        """Express a value of the base unit in this unit."""
        scaled = math.ldexp(value, -self.two) / self.by
        return scaled / 10.0**self.ten if self.ten >= 0 else scaled * 10.0**-self.ten


@dataclass(frozen=True, slots=True)
class Dimension:
    """One kind of quantity.

    Parameters
    ----------
    title : str
        Name for people, with its article: ``an energy per bit``.
    base : str
        Unit of the floats that `parse_quantity` returns; empty for pure numbers.
    example : str
        A quantity as one would write it.
    units : mapping of str to Unit
        All accepted units.
    shown : tuple of str
        The units that `format_quantity` chooses from.
    """

    title: str
    base: str
    example: str
    units: Mapping[str, Unit]
    shown: tuple[str, ...]


def _scaled(symbol: str, prefixes: str, two: int = 0) -> dict[str, Unit]:
    """Name the units of `symbol` with each space-separated prefix; "1" stands for none."""
    table = {}
    for prefix in prefixes.split():
        name = symbol if prefix == "1" else prefix + symbol
        table[name] = Unit(_TENS.get(prefix, 0), TWOS.get(prefix, 0) + two)
    return table


def _per(top: Mapping[str, Unit], bottom: Mapping[str, Unit]) -> dict[str, Unit]:
    """Quotients of the units of two tables, as ``top/bottom``."""
    return {
        f"{above}/{below}": Unit(x.ten - y.ten, x.two - y.two)
        for above, x in top.items()
        for below, y in bottom.items()
    }


def _dimension(
    example: str, title: str, base: str, units: dict[str, Unit], shown: str
) -> Dimension:
    """Complete one row of the table with the two other spellings of micro."""
    micro = {mu + name[1:]: unit for name, unit in units.items() for mu in "µμ" if name[:1] == "u"}
    return Dimension(title, base, example, units | micro, tuple(shown.split()))


_BIT = {"bit": Unit()}
_BITS = _scaled("bit", "k M G T Ki Mi Gi", two=-3)
_BYTES = _scaled("B", "1 k M G T Ki Mi Gi Ti")
_JOULES = _scaled("J", "1 k m u n p f")
_WATTS = _scaled("W", "1 k M m u n")
_MM = {"mm": Unit(), "um": Unit(-3), "nm": Unit(-6), "cm": Unit(1), "m": Unit(3)}
_MM2 = {"mm2": Unit(), "um2": Unit(-6), "cm2": Unit(2)}
_RATES = _scaled("B/s", "1 k M G T P Ki Mi Gi Ti") | _scaled("bit/s", "1 k M G T", two=-3)
_OPS = _scaled("op/s", "1 k M G T P") | _scaled("OPS", "M G T P") | _scaled("FLOPS", "M G T P")
_HOURS = {"min": Unit(by=60), "h": Unit(by=3600)}
_INVERSE_AREA = {f"{one}/{unit}": Unit(-x.ten) for one in ("1", "") for unit, x in _MM2.items()}
_BINARY_AND_DECIMAL = "B kB KiB MB MiB GB GiB TB TiB"

# Every kind of quantity that a spec or a report may hold.
DIMENSIONS: Mapping[str, Dimension] = {
    "frequency": _dimension(
        "1.2 GHz", "a frequency", "Hz", _scaled("Hz", "1 k M G"), "Hz kHz MHz GHz"
    ),
    "data_rate": _dimension(
        "8533 MT/s", "a data rate", "T/s", _scaled("T/s", "1 k M G"), "T/s kT/s MT/s"
    ),
    "width": _dimension("64 bit", "a width", "bit", _BIT, "bit"),
    "capacity": _dimension("8 MiB", "a capacity", "B", _BYTES | _BITS, _BINARY_AND_DECIMAL),
    "bandwidth": _dimension(
        "77 GB/s", "a bandwidth", "B/s", _RATES, "B/s kB/s MB/s GB/s TB/s PB/s"
    ),
    "bandwidth_per_cycle": _dimension(
        "256 B/cycle",
        "a bandwidth per cycle",
        "B/cycle",
        _per(_BYTES | _scaled("bit", "1 k", two=-3), {"cycle": Unit()}),
        "B/cycle",
    ),
    "time": _dimension("5 us", "a time", "s", _scaled("s", "1 m u n p") | _HOURS, "ps ns us ms s"),
    "power": _dimension("4 W", "a power", "W", _WATTS, "nW uW mW W kW MW"),
    "energy": _dimension(
        "0.1 pJ",
        "an energy",
        "J",
        _JOULES | {"Wh": Unit(by=3600), "mWh": Unit(-3, by=3600)},
        "fJ pJ nJ uJ mJ J kJ",
    ),
    "energy_per_bit": _dimension(
        "5 pJ/bit", "an energy per bit", "J/bit", _per(_JOULES, _BIT), "fJ/bit pJ/bit nJ/bit J/bit"
    ),
    "energy_per_byte": _dimension(
        "1.6 pJ/B", "an energy per byte", "J/B", _per(_JOULES, {"B": Unit()}), "fJ/B pJ/B nJ/B J/B"
    ),
    "energy_per_bit_length": _dimension(
        "50 fJ/bit/mm",
        "an energy per bit and length",
        "J/bit/mm",
        _per(_per(_JOULES, _BIT), {"mm": Unit(), "um": Unit(-3)}),
        "fJ/bit/mm pJ/bit/mm J/bit/mm",
    ),
    "area": _dimension("25 mm2", "an area", "mm2", _MM2, "um2 mm2"),
    "area_per_byte": _dimension(
        "0.45 mm2/MiB", "an area per byte", "mm2/B", _per(_MM2, _BYTES), "mm2/MiB mm2/KiB mm2/B"
    ),
    "area_per_bit": _dimension(
        "0.0575 mm2/bit", "an area per bit", "mm2/bit", _per(_MM2, _BIT), "um2/bit mm2/bit"
    ),
    "length": _dimension("300 mm", "a length", "mm", _MM, "nm um mm m"),
    "length_per_bit": _dimension(
        "0.04 mm/bit", "a length per bit", "mm/bit", _per(_MM, _BIT), "um/bit mm/bit"
    ),
    "power_density": _dimension(
        "20 mW/mm2", "a power density", "W/mm2", _per(_WATTS, _MM2), "nW/mm2 uW/mm2 mW/mm2 W/mm2"
    ),
    "power_per_byte": _dimension(
        "12 mW/GB", "a power per byte", "W/B", _per(_WATTS, _BYTES), "mW/GB mW/MiB W/GB W/MiB W/B"
    ),
    "voltage": _dimension("0.75 V", "a voltage", "V", _scaled("V", "1 m"), "mV V"),
    "temperature": _dimension("43 degC", "a temperature", "degC", {"degC": Unit()}, "degC"),
    "thermal_resistance": _dimension(
        "4 K/W", "a thermal resistance", "K/W", {"K/W": Unit()}, "K/W"
    ),
    "heat_capacity": _dimension("180 J/K", "a heat capacity", "J/K", {"J/K": Unit()}, "J/K"),
    "money": _dimension("16000 USD", "a price", "USD", {"USD": Unit()}, "USD"),
    "money_per_byte": _dimension(
        "3.5 USD/GB", "a price per byte", "USD/B", _per({"USD": Unit()}, _BYTES), "USD/GB USD/B"
    ),
    "defect_density": _dimension(
        "0.1 1/cm2", "a defect density", "1/mm2", _INVERSE_AREA, "1/cm2 1/mm2"
    ),
    "token_rate": _dimension(
        "10 tok/s",
        "a token rate",
        "token/s",
        {unit: Unit() for unit in ("token/s", "tok/s", "tokens/s")},
        "tok/s",
    ),
    "ops_rate": _dimension(
        "45 TOPS", "an operation rate", "op/s", _OPS, "op/s kop/s MOPS GOPS TOPS POPS"
    ),
    "ratio": _dimension("0.8", "a ratio", "", {"": Unit(), "%": Unit(-2)}, ""),
    "count": _dimension("128", "a count", "", {"": Unit()}, ""),
}


def dimension_of(base: str) -> str:
    """Name the dimension whose base unit is `base`; a pure number is a ratio.

    Raises
    ------
    KeyError
        If no dimension has that base unit.

    Examples
    --------
    >>> dimension_of("B/s")
    'bandwidth'
    """
    for name, dimension in DIMENSIONS.items():
        if dimension.base == base:
            return name
    raise KeyError(base)
