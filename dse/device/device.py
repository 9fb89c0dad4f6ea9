"""`Device`: what lies around a chip, its cooling and its battery among it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.device.battery import Battery
from dse.device.thermal import ThermalPath

__all__ = ["Device"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Device:
    """What lies around a chip; every number a float or an array of shape (n,).

    Parameters
    ----------
    title : str
        For people, e.g. ``Galaxy S25 Ultra``.
    rest_w : float
        Power of display, radios and system beside the chip, W.
    regulator : float
        Power of the chip over what its regulators take from the battery, 0 to 1.
    peak_w, sustained_w : float
        Limits of the chip file, W. The second holds from the start where there is no `thermal`.
    thermal : ThermalPath or None
        None where the cooler is as good as `sustained_w` says.
    battery : Battery or None
        None for a device on the mains.
    """

    title: str
    rest_w: float
    regulator: float
    peak_w: float
    sustained_w: float
    thermal: ThermalPath | None = None
    battery: Battery | None = None

    def device_w(self, chip_w: Array) -> Array:
        """Power from the battery: P_chip / regulator + P_rest, W."""
        return chip_w / self.regulator + self.rest_w
