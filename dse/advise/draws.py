"""Uncertain numbers: draws within their ranges, and coefficients of chips that have them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dse.chip import Chip
from dse.cost import ChipBatch, Stack, derive
from dse.spec.ranges import Range
from dse.technology import Silicon
from dse.workload import Precision

__all__ = ["Machine", "draw_factors", "each_alone", "reach"]

Array = npt.NDArray[np.float64]

# Divided, so that its range is that of the voltages over it.
_INVERSE = "silicon.voltage.reference_v"


@dataclass(frozen=True, slots=True)
class Machine:
    """What coefficients are derived from: one chip, or many whose leaves have the shape (m, 1).

    Parameters
    ----------
    chip : Chip
        The chip.
    precision : Precision
        Formats; leaves likewise.
    silicon : Silicon
        Constants of the reference node.
    unit : str or None
        The one unit that runs the model; the chip's first if None.
    stack : Stack or None
        Software that runs it.
    """

    chip: Chip
    precision: Precision
    silicon: Silicon
    unit: str | None = None
    stack: Stack | None = None

    def scaled(self, ranges: Sequence[Range], factors: Array) -> ChipBatch:
        """Coefficients with the numbers scaled.

        Parameters
        ----------
        ranges : sequence of Range
            Which numbers.
        factors : ndarray
            Shape (..., d, numbers); the leaves of the chip broadcast to (..., d).

        Returns
        -------
        ChipBatch
            Of arrays that broadcast to (..., d).
        """
        roots: dict[str, Any] = {"chip": self.chip, "silicon": self.silicon}
        mac: Array = np.ones(1)
        for number, factor in zip(ranges, np.moveaxis(factors, -1, 0), strict=True):
            path = number.leaf.removeprefix("silicon.")
            root = "chip" if path == number.leaf else "silicon"
            if path == "mac_energy_j":
                mac = factor
                continue
            scale = 1.0 / factor if number.leaf == _INVERSE else factor
            roots[root] = _scaled(roots[root], path.split("."), scale)
        batch = self._derived(roots["chip"], roots["silicon"])
        # By hand, for pairs of types are resolved, and kept, by the energies as they are written.
        plain = self._derived(roots["chip"], _without_macs(roots["silicon"]))
        operands = tuple(
            dataclasses.replace(one, mac_j=none.mac_j + (one.mac_j - none.mac_j) * mac)
            for one, none in zip(batch.operands, plain.operands, strict=True)
        )
        return dataclasses.replace(batch, operands=operands)

    def _derived(self, chip: Chip, silicon: Silicon) -> ChipBatch:
        return derive(chip, self.precision, silicon, self.unit, self.stack)


def reach(ranges: Sequence[Range]) -> tuple[Array, Array]:
    """Low and high ends of the ranges, two arrays of shape (numbers,)."""
    low, high = (np.array([getattr(r, end) for r in ranges]) for end in ("low", "high"))
    return low, high


def each_alone(ranges: Sequence[Range]) -> Array:
    """Factors of all numbers as stated, then each at its low end, then each at its high end.

    Returns
    -------
    ndarray
        Shape (1 + 2 numbers, numbers).

    Examples
    --------
    >>> each_alone([Range("a", "node.logic_area", 0.8, 1.2, "B")]).ravel()
    array([1. , 0.8, 1.2])
    """
    size, ends = len(ranges), reach(ranges)
    alone = np.ones((2, size, size))
    for rows, end in zip(alone, ends, strict=True):
        np.fill_diagonal(rows, end)
    return np.concatenate([np.ones((1, size)), *alone])


def draw_factors(ranges: Sequence[Range], draws: int, seed: int) -> Array:
    """Draws of the numbers: a Latin hypercube, each number uniform within its range.

    Numbers of one estimate get the same place in their ranges, in every chip that has them. The
    place follows from the seed and the estimate alone: chips with other numbers beside it see
    the same draw.

    Parameters
    ----------
    ranges : sequence of Range
        Of the numbers.
    draws, seed : int
        Number of draws, and their seed.

    Returns
    -------
    ndarray
        Shape (draws, numbers).

    References
    ----------
    McKay, Beckman and Conover, Technometrics 21(2), 1979.

    Examples
    --------
    >>> one = Range("a", "node.logic_area", 0.0, 4.0, "C")
    >>> sorted(np.floor(draw_factors([one], 4, seed=1)).ravel().tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    low, high = reach(ranges)
    places = [_places(number.estimate, draws, seed) for number in ranges]
    drawn: Array = low + (high - low) * np.array(places).reshape(len(ranges), draws).T
    return drawn


def _places(estimate: str, draws: int, seed: int) -> Array:
    """One uniform number in each of the equal parts of [0, 1], in random order."""
    digest = hashlib.sha256(estimate.encode()).digest()
    rng = np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])
    return (rng.permutation(draws) + rng.random(draws)) / draws


def _without_macs(silicon: Silicon) -> Silicon:
    """Silicon whose matrix engines take no energy, so that what the lanes take stands alone."""
    return dataclasses.replace(silicon, mac_energy_j=dict.fromkeys(silicon.mac_energy_j, 0.0))


def _scaled(owner: Any, path: list[str], factor: Array) -> Any:
    """Copy with the number at a path scaled; of a table, all of its numbers."""
    if not path:
        if isinstance(owner, Mapping):
            return {key: value * factor for key, value in owner.items()}
        return owner * factor
    head, *rest = path
    if isinstance(owner, Mapping):
        return {k: _scaled(v, rest, factor) if k == head else v for k, v in owner.items()}
    if isinstance(owner, tuple):
        return tuple(_scaled(v, rest, factor) if v.name == head else v for v in owner)
    return dataclasses.replace(owner, **{head: _scaled(getattr(owner, head), rest, factor)})
