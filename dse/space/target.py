"""`Target`: a limit that a design must meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a design must meet.

    Parameters
    ----------
    metric : str
        Name of a metric.
    limit : float
        Limit in the metric's SI unit.
    sense : int
        -1 for metric <= limit, +1 for metric >= limit.
    """

    metric: str
    limit: float
    sense: int

    def violation(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Relative distance beyond the limit, positive where it is missed.

        value / limit - 1 for <=, 1 - value / limit for >=; absolute where the limit is 0.
        """
        scale = abs(self.limit) or 1.0
        return -self.sense * (np.asarray(values, dtype=np.float64) - self.limit) / scale
