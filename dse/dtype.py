"""Data types, their widths, and storage formats with group scales.

A `DType` is what an engine multiplies; a `Format` is how an operand is stored: ``int4-g32`` holds
4-bit integers with one FP16 scale per group of 32, so it costs 4.5 bits per element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from dse.errors import UnitError

__all__ = ["FORMAT_ALIASES", "DType", "Format", "parse_format"]


class DType(IntEnum):
    """Element types; the integer value is a stable index into per-type tables."""

    INT2 = 0
    INT3 = 1
    INT4 = 2
    INT5 = 3
    INT6 = 4
    INT8 = 5
    INT16 = 6
    FP4 = 7
    FP8 = 8
    FP16 = 9
    BF16 = 10
    FP32 = 11

    @property
    def bits(self) -> int:
        """Width of one element in bits."""
        return int(re.sub(r"\D", "", self.name))

    @property
    def is_float(self) -> bool:
        """Whether the type has an exponent."""
        return not self.name.startswith("INT")


@dataclass(frozen=True, slots=True)
class Format:
    """How one operand is stored.

    Leaves may be arrays of shape (n,) when a search varies the format: then `name` is
    meaningless and `code` and `bits` carry the choice of each design.

    Parameters
    ----------
    name : str
        Canonical text, e.g. ``int4-g32``.
    code : int
        `DType` of one element, as its index.
    bits : float
        Effective bits per element with group scales and zero points counted, in bits.
    """

    name: str
    code: int
    bits: float

    @property
    def bytes_per_element(self) -> float:
        """Effective bytes per element, group scales counted."""
        return self.bits / 8.0


# Block formats of llama.cpp and the Open Compute microscaling formats, by their effective bits:
# 18 bytes hold 32 four-bit values (Q4_0), 34 bytes hold 32 eight-bit values (Q8_0), and so on
# (ggml-common.h, block structs); MX formats hold 32 values with one 8-bit scale (OCP MX v1.0).
FORMAT_ALIASES: dict[str, tuple[DType, float]] = {
    "q4_0": (DType.INT4, 4.5),
    "q4_1": (DType.INT4, 5.0),
    "q5_0": (DType.INT5, 5.5),
    "q8_0": (DType.INT8, 8.5),
    "q2_k": (DType.INT2, 2.625),
    "q3_k": (DType.INT3, 3.4375),
    "q4_k": (DType.INT4, 4.5),
    "q5_k": (DType.INT5, 5.5),
    "q6_k": (DType.INT6, 6.5625),
    "mxfp4": (DType.FP4, 4.25),
    "mxfp8": (DType.FP8, 8.25),
}

_FORM = re.compile(r"(int[234568]|int16|fp4|fp8|fp16|bf16|fp32)(?:-g([1-9][0-9]{0,4}))?(-zp)?")
_SCALE_BITS = 16


def parse_format(text: str) -> Format:
    """Read a storage format such as ``int4-g32``, ``int8``, ``fp16`` or ``q4_k``.

    ``-gN`` adds one FP16 scale per N elements, a further ``-zp`` one zero point of the element's
    own width: bits = b + (16 + [zp] b) / N.

    Raises
    ------
    UnitError
        If the text is no known format.

    Examples
    --------
    >>> parse_format("int4-g32").bits
    4.5
    >>> parse_format("int4-g128-zp").bits
    4.15625
    """
    name = text.strip().lower()
    if name in FORMAT_ALIASES:
        dtype, bits = FORMAT_ALIASES[name]
        return Format(name, int(dtype), bits)
    match = _FORM.fullmatch(name)
    if match is None or (match[3] and not match[2]):
        known = ", ".join(["int4-g32", "int8", "fp8", "fp16", "bf16", "mxfp4", "q4_k"])
        raise UnitError(f'must be a number format such as {known}, but got "{text}"', "format")
    dtype = DType[match[1].upper()]
    bits = float(dtype.bits)
    if match[2]:
        bits += (_SCALE_BITS + (dtype.bits if match[3] else 0)) / int(match[2])
    return Format(name, int(dtype), bits)
