"""`Chip`: the frozen whole that a chip file describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dse.chip.memory import Cache, Dram, Storage
from dse.chip.unit import ComputeUnit
from dse.dtype import DType
from dse.technology import Node

__all__ = ["Area", "Chip", "Power", "Rails"]


@dataclass(frozen=True, slots=True)
class Rails:
    """Measured power of a board's compute and memory rails, by what happens on the chip.

    Parameters
    ----------
    idle_w, active_w : float
        Compute rail between kernels, and while one runs before its work is counted, W.
    mac_j : mapping of DType to float
        Energy of one multiply-accumulate on the compute rail, J; other types cost what the
        technology says.
    cache_j_per_byte : float
        Energy of one byte that a core loads from the cache, J/B.
    score_j : float
        Energy of one attention score beside its multiply-accumulates, J: exponential, scaling, and
        the registers and local SRAM that it passes.
    memory_idle_w, memory_active_w : float
        Memory rail between kernels, and while one runs before its bytes are counted, W.
    memory_j_per_byte : float
        Energy of one byte moved, J/B.
    """

    idle_w: float
    active_w: float
    mac_j: Mapping[DType, float]
    cache_j_per_byte: float
    score_j: float
    memory_idle_w: float
    memory_active_w: float
    memory_j_per_byte: float


@dataclass(frozen=True, slots=True)
class Power:
    """Power limits of a chip.

    Parameters
    ----------
    idle_w : float
        Power of the awake chip and its regulators that no other term counts, W.
    sustained_w, peak_w : float
        What can be dissipated for ever, and for a burst, W; infinite where unknown.
    rails : Rails or None
        Measured rails, for the energy of single kernels; None where no board was measured.
    """

    idle_w: float
    sustained_w: float
    peak_w: float
    rails: Rails | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """What of the die the description leaves out.

    Parameters
    ----------
    other_mm2 : float
        Area that blocks which are not described (modem, camera, other units) would take on the
        reference node, mm2: a search over nodes shrinks them with the rest.
    die_mm2 : float or None
        Published die area, mm2; None to model it as the sum of the parts.
    """

    other_mm2: float
    die_mm2: float | None

    @property
    def is_partial(self) -> bool:
        """Whether the die is only what the file describes, so that area and cost are too small."""
        return self.die_mm2 is None and not np.any(self.other_mm2)


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip, or n of them: every numeric leaf is a float or an array of shape (n,).

    Parameters
    ----------
    name, title, segment : str
        Key in the library, name for people, and market segment (``phone``, ``laptop`` ...).
    year : int
        Year of introduction.
    units : tuple of ComputeUnit
        At least one; the first is the default.
    system_reserved_bytes : float
        Share of DRAM that the operating system and its apps keep, B.
    is_template : bool
        Whether it is a base of design studies and no product.
    sync_s : float or None
        One rendezvous of two units that share an operator or hand one over, s; None for what the
        technology says.
    """

    name: str
    title: str
    segment: str
    year: int
    node: Node
    units: tuple[ComputeUnit, ...]
    cache: Cache
    dram: Dram
    storage: Storage | None
    power: Power
    area: Area
    system_reserved_bytes: float
    is_template: bool = False
    sync_s: float | None = None

    def unit(self, name: str | None = None) -> ComputeUnit:
        """Find a unit by its key or its kind; the first one if no name is given.

        Raises
        ------
        KeyError
            If the chip has no such unit.
        """
        if name is None:
            return self.units[0]
        for unit in self.units:
            if name in (unit.name, unit.kind):
                return unit
        raise KeyError(name)
