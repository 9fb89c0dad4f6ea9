"""Quantities with units: "8533 MT/s" to an SI float for a stated dimension, and back."""

from dse.units.format import UNLIMITED, format_quantity
from dse.units.parse import is_quantity, parse_quantity
from dse.units.table import DIMENSIONS, Dimension, Unit, dimension_of

__all__ = [
    "DIMENSIONS",
    "UNLIMITED",
    "Dimension",
    "Unit",
    "dimension_of",
    "format_quantity",
    "is_quantity",
    "parse_quantity",
]
