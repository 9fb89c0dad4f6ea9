"""What a row leaves out and its other columns imply: bits of a format, bandwidth of a memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dse.technology import DramType
from dse.validate.formats import effective_bits
from dse.validate.measurement import Measurement

__all__ = ["complete", "memory_bandwidth"]

_TYPE = re.compile(r"(lpddr\dx?|ddr\d|gddr\dx?)(?:-(\d+))?")


def complete(
    row: Measurement, formats: Mapping[str, float], drams: Mapping[str, DramType] | None
) -> Measurement:
    """Fill in what follows from the row's own words; a cell that is there stays.

    Parameters
    ----------
    row : Measurement
        One row.
    formats : mapping of str to float
        Effective bits per weight by the name of a format.
    drams : mapping of str to DramType, or None
        DRAM types of the technology files; None where the bandwidth is not to be filled in.
    """
    if row.weight_bits is None:
        row = replace(row, weight_bits=effective_bits(row.weight_format, formats))
    if drams is not None and row.peak_bytes_per_s is None and row.bus_bits is not None:
        bandwidth = memory_bandwidth(row.memory_type, row.bus_bits, drams)
        row = replace(row, peak_bytes_per_s=bandwidth)
    return row


def memory_bandwidth(text: str, bus_bits: float, drams: Mapping[str, DramType]) -> float | None:
    """Peak bandwidth of a bus, B/s: width / 8 x data rate x payload.

    Parameters
    ----------
    text : str
        A type, maybe with its data rate in MT/s: ``LPDDR5-6400``. Without one the fastest grade
        of the type is taken; of two types or two rates none is.
    bus_bits : float
        Width, bit.
    drams : mapping of str to DramType
        DRAM types of the technology files.

    Returns
    -------
    float or None
        None where the text does not say the type, or names one that is not known, and no rate.

    Examples
    --------
    >>> memory_bandwidth("DDR4-3200", 128, {}) / 1e9
    51.2
    """
    found = _TYPE.fullmatch(text.strip().lower())
    if found is None:
        return None
    kind, rate = drams.get(found[1]), found[2]
    per_s = float(rate) * 1e6 if rate else kind.max_data_rate_per_s if kind else None
    if per_s is None:
        return None
    return bus_bits / 8.0 * per_s * (kind.payload_fraction if kind else 1.0)
