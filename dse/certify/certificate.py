"""What is proven of a front, and all that a certified search found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from dse.space import Index, Space
from dse.store import Table
from dse.sweep import Reach

__all__ = ["Certificate", "CertifyResult"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proven of a front.

    To every design of the space that meets the requirements there is one of the front that is, in
    every objective, at least as good within a factor of 1 + `eps_reached`.

    Parameters
    ----------
    space_size : int
        Designs in the space.
    eps : float
        EPS asked for; 0 for the exact front, to the rounding of float64.
    eps_reached : float
        EPS proven; infinite where nothing is.
    boxes : int
        Boxes taken up.
    open_boxes : int
        Boxes left.
    seconds : float
        Time of all sessions, s.
    complete : bool
        Whether EPS is proven.
    """

    space_size: int
    eps: float
    eps_reached: float
    boxes: int
    open_boxes: int
    seconds: float
    complete: bool

    def to_json(self) -> dict[str, Any]:
        """Give the certificate as its document holds it; null for an EPS that is infinite."""
        reached = self.eps_reached if math.isfinite(self.eps_reached) else None
        return asdict(self) | {"eps_reached": reached}


@dataclass(frozen=True, slots=True)
class CertifyResult:
    """What a certified search found.

    Parameters
    ----------
    space : Space
        What was searched.
    certificate : Certificate
        What is proven of the front.
    evaluated, feasible : int
        Evaluations, and how many met every requirement; a design may be evaluated again.
    front_index : Index
        Designs of the front, one per vector of objectives, shape (m, axes).
    front : dict of str to ndarray
        The same as a table.
    reach : Reach
        How near the first sample came to each requirement.
    is_interrupted : bool
        Whether Ctrl-C ended it.
    resumed : int
        Boxes that were open in the run folder.
    """

    space: Space
    certificate: Certificate
    evaluated: int
    feasible: int
    front_index: Index
    front: Table
    reach: Reach
    is_interrupted: bool
    resumed: int

    @property
    def is_exhaustive(self) -> bool:
        """Whether no design was left out: an empty front is then certain."""
        return self.certificate.complete
