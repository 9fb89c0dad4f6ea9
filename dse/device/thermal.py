"""Heat: a package and a case, two nodes between the chip and the air, in closed form.

    C1 T1' = P - (T1 - T2) / R1                                                               (1)
    C2 T2' = (T1 - T2) / R1 + P_rest - (T2 - T_air) / R2                                      (2)

Node 1 is the chip with its package and board, node 2 the case. The chip heats node 1; display and
the rest of the device heat node 2. The skin is hottest over the chip:

    T_skin = T2 + w (T1 - T2),   w = R2 (1 / CTS - 1) / R1                                    (3)

with CTS the coefficient of thermal spreading, the mean over the largest rise of the skin; so the
skin follows the chip within the first node's time constant and not only the case's.

References
----------
(1, 2) The usual Foster-Cauer network of two nodes, e.g. Szekely, "On the representation of
infinite-length distributed RC one-ports", IEEE Trans. Circuits and Systems 38(7), 1991.
(3) Chiriac, Malloy, Anderson, Goodson, "A figure of merit for smart phone thermal management",
Electronics Cooling, 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "Heat",
    "Hold",
    "ThermalPath",
    "hold",
    "hold_end",
    "seconds_to",
    "skin_degc",
    "skin_weight",
    "steady",
    "steady_w",
    "temperatures",
]

Array = npt.NDArray[np.float64]
Number = float | Array

# Halvings of a logarithmic bracket: 12 decades down to a rounding error.
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class ThermalPath:
    """Way of heat from chip to air; every number a float or an array of shape (n,).

    Parameters
    ----------
    package_k_per_w, case_k_per_w : float
        R1 from chip to case and R2 from case to air, K/W.
    package_j_per_k, case_j_per_k : float
        Heat capacities C1 and C2, J/K.
    spreading : float
        Coefficient of thermal spreading, mean over largest rise of the skin; above 0, below 1.
    ambient_degc : float
        Air, degC.
    skin_limit_degc, package_limit_degc : float
        Temperatures at which the governor lowers the power, degC.
    """

    package_k_per_w: float
    package_j_per_k: float
    case_k_per_w: float
    case_j_per_k: float
    spreading: float
    ambient_degc: float
    skin_limit_degc: float
    package_limit_degc: float


@dataclass(frozen=True, slots=True)
class Heat:
    """Temperatures of the two nodes, degC, arrays that broadcast together."""

    package_degc: Array
    case_degc: Array


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a node at its limit: temperatures, and the chip power that does it, W."""

    heat: Heat
    chip_w: Array


def skin_weight(path: ThermalPath) -> Array:
    """Share w of the drop from package to case that shows on the skin over the chip, (3)."""
    hot_spot = path.case_k_per_w * (1.0 / np.asarray(path.spreading) - 1.0)
    return np.minimum(hot_spot / path.package_k_per_w, 1.0)


def skin_degc(path: ThermalPath, heat: Heat) -> Array:
    """Hottest spot of the skin, degC, (3)."""
    return heat.case_degc + skin_weight(path) * (heat.package_degc - heat.case_degc)


def steady(path: ThermalPath, chip_w: Number, rest_w: Number) -> Heat:
    """Temperatures after a long time under constant power.

    T2 = T_air + (P + P_rest) R2,  T1 = T2 + P R1

    Examples
    --------
    >>> path = ThermalPath(4.0, 12.0, 4.0, 180.0, 0.7, 25.0, 43.0, 95.0)
    >>> heat = steady(path, 3.0, 1.0)
    >>> float(heat.case_degc), float(heat.package_degc), round(float(skin_degc(path, heat)), 2)
    (41.0, 53.0, 46.14)
    """
    chip = np.asarray(chip_w, dtype=np.float64)
    case = path.ambient_degc + (chip + np.asarray(rest_w)) * path.case_k_per_w
    return Heat(case + chip * path.package_k_per_w, case)


def steady_w(path: ThermalPath, rest_w: Number) -> tuple[Array, Array]:
    """Chip power that in the end brings the skin, and the package, just to its limit, W.

    0 where the rest of the device alone passes it.
    """
    rest = np.asarray(rest_w) * path.case_k_per_w
    on_skin = path.case_k_per_w + skin_weight(path) * path.package_k_per_w
    to_skin = (path.skin_limit_degc - path.ambient_degc - rest) / on_skin
    whole = path.case_k_per_w + np.asarray(path.package_k_per_w)
    to_package = (path.package_limit_degc - path.ambient_degc - rest) / whole
    return np.maximum(to_skin, 0.0), np.maximum(to_package, 0.0)


def temperatures(
    path: ThermalPath,
    start: Heat,
    chip_w: Number,
    rest_w: Number,
    seconds: Number,
) -> Heat:
    """Temperatures a time after `start` under constant power: the exact solution of (1, 2).

    T(t) = T_end + sum over i of exp(l_i t) (A - l_j) (T_0 - T_end) / (l_i - l_j)             (4)

    with the two eigenvalues l of the system's matrix A, real and negative for any resistances
    and capacities.

    Parameters
    ----------
    path : ThermalPath
        Numbers or arrays of shape (n,).
    start : Heat
        Temperatures at time 0.
    chip_w, rest_w : array_like
        Power into package and into case, W.
    seconds : array_like
        Times, e.g. of shape (m, 1) against (n,) designs.

    References
    ----------
    (4) Sylvester's formula for the exponential of a matrix.
    """
    a = 1.0 / (np.asarray(path.package_k_per_w) * path.package_j_per_k)
    b = 1.0 / (np.asarray(path.package_k_per_w) * path.case_j_per_k)
    c = 1.0 / (np.asarray(path.case_k_per_w) * path.case_j_per_k)
    root = np.sqrt((a + b - c) ** 2 + 4.0 * b * c)
    fast = -0.5 * (a + b + c + root)
    slow = a * c / fast  # the product of both is a c; their sum would cancel digits
    end = steady(path, chip_w, rest_w)
    one, two = start.package_degc - end.package_degc, start.case_degc - end.case_degc
    time = np.asarray(seconds, dtype=np.float64)
    f, s = np.exp(fast * time) / (fast - slow), np.exp(slow * time) / (slow - fast)
    first, second = -a * one + a * two, b * one - (b + c) * two
    return Heat(
        end.package_degc + f * (first - slow * one) + s * (first - fast * one),
        end.case_degc + f * (second - slow * two) + s * (second - fast * two),
    )


def seconds_to(
    path: ThermalPath, start: Heat, chip_w: Number, rest_w: Number
) -> tuple[Array, Array]:
    """Time until the skin, and until the package, reaches its limit; infinite where never.

    The power must not be below the one that `start` is the steady state of: both temperatures
    then rise for ever, and halving an interval finds the moment.
    """
    end = steady(path, chip_w, rest_w)
    longest = 1e3 * np.asarray(path.case_j_per_k) * (path.case_k_per_w + path.package_k_per_w)

    def moment(limit: Number, weight: Number) -> Array:
        def excess(heat: Heat) -> Array:
            seen = heat.case_degc + weight * (heat.package_degc - heat.case_degc)
            return np.asarray(seen - limit)

        low, high = np.log(longest) - 30.0, np.log(longest)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            is_late = excess(temperatures(path, start, chip_w, rest_w, np.exp(middle))) >= 0.0
            low, high = np.where(is_late, low, middle), np.where(is_late, middle, high)
        found = np.where(excess(end) > 0.0, np.exp(high), np.inf)
        return np.where(excess(start) >= 0.0, 0.0, found)

    skin = moment(path.skin_limit_degc, skin_weight(path))
    return skin, moment(path.package_limit_degc, 1.0)


def hold(
    path: ThermalPath,
    weight: Number,
    limit_degc: Number,
    case_degc: Number,
    rest_w: Number,
    seconds: Number,
) -> Hold:
    """Temperatures and power while w T1 + (1 - w) T2 is kept at a limit.

    With T1 bound to T2 one equation remains, and T2 goes to its end as one exponential:

        T2' = ((L - T2) / (w R1) + P_rest - (T2 - T_air) / R2) / C2                           (5)
        P = (T1 - T2) / R1 + C1 T1'                                                           (6)

    Where the package follows faster than the case, as in any real device, the power falls
    smoothly from what the chip drew to what the case can pass on for ever. It is never below 0: a
    governor cannot cool.

    Parameters
    ----------
    path : ThermalPath
        Numbers or arrays of shape (n,).
    weight : array_like
        `skin_weight` to hold the skin, 1 to hold the package.
    limit_degc, case_degc : array_like
        L, and T2 at time 0, degC.
    rest_w, seconds : array_like
        As for `temperatures`.
    """
    w = np.asarray(weight, dtype=np.float64)
    end, rate = hold_end(path, w, limit_degc, rest_w)
    fading = (np.asarray(case_degc) - end) * np.exp(-rate * np.asarray(seconds))
    case = end + fading
    package = (limit_degc - (1.0 - w) * case) / w
    # T1' = -(1 - w) / w T2', and T2' = -rate x fading.
    slope = (1.0 - w) / w * rate * fading
    power = (package - case) / path.package_k_per_w + path.package_j_per_k * slope
    return Hold(Heat(package, case), np.maximum(power, 0.0))


def hold_end(
    path: ThermalPath, weight: Number, limit_degc: Number, rest_w: Number
) -> tuple[Array, Array]:
    """Case temperature that a held limit leads to, degC, and the rate at which, 1/s; of (5)."""
    near = 1.0 / (np.asarray(weight) * path.package_k_per_w)
    far = 1.0 / np.asarray(path.case_k_per_w)
    heat = limit_degc * near + path.ambient_degc * far + np.asarray(rest_w)
    return np.asarray(heat / (near + far)), np.asarray((near + far) / path.case_j_per_k)
