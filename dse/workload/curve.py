"""`Curve`: a measured ratio over bits, which falls, and is never carried past its ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["BEST", "PLAIN", "REFERENCE_BITS", "Curve", "curve_of"]

Array = npt.NDArray[np.float64]

# Bits of the formats that every ratio is taken over.
REFERENCE_BITS = 16.0
# Rounding to nearest, which a format alone asks for; and the least over the methods measured.
PLAIN, BEST = "rtn", "best"


@dataclass(frozen=True, slots=True)
class Curve:
    """Ratio over bits, of one method on one model.

    Parameters
    ----------
    method : str
        Name of the method.
    activation_bits : float
        Bits of the activations, the same throughout.
    bits : tuple of float
        Where it was measured, rising.
    ratios : tuple of float
        Perplexity there over that with 16 bits, never rising.
    rows : tuple of int
        Place of each measurement among those of the model.
    is_grouped : bool
        Whether scales go by groups of weights, or by whole channels, which loses more.
    is_coarse : bool
        Whether so few digits were printed that the ratios tell small losses from none no more.
    """

    method: str
    activation_bits: float
    bits: tuple[float, ...]
    ratios: tuple[float, ...]
    rows: tuple[int, ...]
    is_grouped: bool = True
    is_coarse: bool = False

    def at(self, bits: npt.ArrayLike) -> Array:
        """Ratio at any bits: as measured, or between two measurements; NaN outside.

            r - 1 = (r_0 - 1) ((r_1 - 1) / (r_0 - 1))^w,  w = (b - b_0) / (b_1 - b_0)         (1)

        The power of a uniform quantiser's error falls by the same factor with each bit
        (Bennett, Bell Syst. Tech. J. 27(3), 1948), and the loss rises with that power, so the
        excess is a geometric line; a straight one to a measurement without excess.

        Examples
        --------
        >>> Curve("rtn", 16.0, (4.0, 8.0), (1.1, 1.001), (0, 1)).at([3.9, 4.0, 6.0, 8.1])
        array([ nan, 1.1 , 1.01,  nan])
        """
        wanted = np.asarray(bits, dtype=np.float64)
        x, y = np.array(self.bits), np.array(self.ratios)
        if len(x) == 1:
            return np.where(wanted == x[0], y[0], np.nan)
        place = np.clip(np.searchsorted(x, wanted, side="right") - 1, 0, len(x) - 2)
        low, high = y[place], y[place + 1]
        w = np.clip((wanted - x[place]) / (x[place + 1] - x[place]), 0.0, 1.0)
        straight = low + w * (high - low)
        is_curved = (high > 1.0) & (w > 0.0) & (w < 1.0)
        excess = np.where(is_curved, low - 1.0, 1.0), np.where(is_curved, high - 1.0, 1.0)
        curved = 1.0 + excess[0] * (excess[1] / excess[0]) ** w
        inside = (wanted >= x[0]) & (wanted <= x[-1])
        return np.where(inside, np.where(is_curved, curved, straight), np.nan)

    def bound(self, bits: npt.ArrayLike) -> Array:
        """Ratio at any bits, and above the last measurement that one: more are no worse."""
        wanted = np.asarray(bits, dtype=np.float64)
        return np.where(wanted > self.bits[-1], self.ratios[-1], self.at(wanted))

    def around(self, bits: float) -> tuple[int, ...]:
        """Rows that `bound` rests on: two between measurements, else one."""
        if bits > self.bits[-1]:
            return (self.rows[-1],)
        if bits in self.bits:
            return (self.rows[self.bits.index(bits)],)
        above = int(np.searchsorted(self.bits, bits))
        return self.rows[above - 1 : above + 1]


def curve_of(
    method: str,
    activation_bits: float,
    points: Iterable[tuple[float, float, int]],
    *,
    is_grouped: bool = True,
    is_coarse: bool = False,
) -> Curve:
    """Make a curve of measurements, of which several may have the same bits.

    Parameters
    ----------
    method, activation_bits, is_grouped, is_coarse
        As in `Curve`.
    points : iterable of (float, float, int)
        Bits, ratio and row. Of the same bits the least ratio counts, since a worse one tells of
        that attempt and not of the method; a ratio above that of fewer bits is taken for noise,
        and the lesser holds.
    """
    kept: list[tuple[float, float, int]] = []
    for bits, ratio, row in sorted(points):
        if kept and bits == kept[-1][0]:
            continue
        kept.append(
            (bits, ratio, row) if not kept or ratio < kept[-1][1] else (bits, *kept[-1][1:])
        )
    at, ratios, rows = (tuple(column) for column in zip(*kept, strict=True))
    return Curve(method, activation_bits, at, ratios, rows, is_grouped, is_coarse)
