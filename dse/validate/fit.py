"""Fits the parameters of software stacks to measured times, robustly, with a weak prior."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import Stack
from dse.validate.predict import Features, seconds

__all__ = ["FITTED", "Data", "Fit", "fit_stack", "point_of", "stack_at"]

Array = npt.NDArray[np.float64]

_STATED = ("name", "has_narrow_sums")
FITTED = tuple(each.name for each in dataclasses.fields(Stack) if each.name not in _STATED)
# Scatter of a row, and of a parameter about its family's centre, both as natural logarithms. What
# a streaming kernel reaches is the chip's own: stacks differ little in their share of it.
_ROW_SIGMA = 0.1
_WIDTHS = {
    "dram_efficiency": 0.06,
    "matrix_efficiency": 0.6,
    "lane_efficiency": 0.6,
    "dispatches_per_op": 0.8,
    "prompt_s": 1.2,
    "step_s": 1.0,
    "convert_ops": 0.6,
    "score_bytes": 1.0,
}
_BOUNDS = {
    "dram_efficiency": (0.1, 1.2),
    "matrix_efficiency": (0.01, 1.0),
    "lane_efficiency": (0.01, 1.0),
    "dispatches_per_op": (0.3, 1e3),
    "prompt_s": (1e-6, 1.0),
    "step_s": (1e-6, 0.1),
    "convert_ops": (0.05, 64.0),
    "score_bytes": (0.01, 64.0),
}
_STEP = 1e-6
# Where searches begin: shares of the matrix engine and of the lanes.
STARTS = ((0.6, 0.1), (0.2, 0.6))
# A parameter is identified where the data narrow its prior to less than this share.
_IDENTIFIED = 0.5
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Data:
    """Rows to fit.

    Parameters
    ----------
    parts : Features
        n rows.
    observed_s : Array
        Measured times, s, (n,).
    stacks, chips : ndarray of str
        Stack and silicon of each row, (n,).
    kinds : mapping of str to str
        Unit kind of each stack.
    narrow : frozenset of str
        Stacks that keep sums no wider than their operands.
    """

    parts: Features
    observed_s: Array
    stacks: npt.NDArray[np.str_]
    chips: npt.NDArray[np.str_]
    kinds: Mapping[str, str]
    narrow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted stack.

    Parameters
    ----------
    stack : Stack
        The optimum.
    low, high : mapping of str to float
        Approximate 95 % interval of each parameter, from the Jacobian at the optimum.
    identified : frozenset of str
        Parameters that the data narrow to less than half of their prior.
    learned : Array
        Share of each parameter's prior variance that the data remove, in the order of `FITTED`.
    rows, chips : int
        How much data.
    error : Array
        Predicted over measured time, less one, of the rows fitted.
    """

    stack: Stack
    low: Mapping[str, float]
    high: Mapping[str, float]
    identified: frozenset[str]
    learned: Array
    rows: int
    chips: int
    error: Array


def stack_at(name: str, point: Array) -> Stack:
    """Stack whose parameters have these logarithms, in the order of `FITTED`."""
    values = dict(zip(FITTED, np.exp(point).tolist(), strict=True))
    return Stack(name=name, **values)


def _stacks(points: Array) -> Stack:
    """One stack, or m stacks as one whose parameters are arrays of shape (m, 1, 1)."""
    values = np.exp(points)
    shaped = values if points.ndim == 1 else values.T[:, :, None, None]
    return Stack(name="", **dict(zip(FITTED, shaped, strict=True)))


def point_of(stack: Stack) -> Array:
    """Logarithms of the parameters, in the order of `FITTED`, within their bounds."""
    low, high = _limits()
    values = np.log([getattr(stack, name) for name in FITTED])
    return np.clip(values, low + 1e-6, high - 1e-6)


def _limits() -> tuple[Array, Array]:
    pairs = np.log([_BOUNDS[name] for name in FITTED])
    return pairs[:, 0], pairs[:, 1]


def fit_stack(
    name: str,
    data: Data,
    rows: npt.NDArray[np.intp],
    prior: Stack,
) -> Fit:
    """Fit one stack by least squares of the logarithms of time ratios.

        minimise  sum_i rho((ln t_i - ln T_i) / s) + sum_j ((x_j - p_j) / w_j)^2             (1)

    with rho the smooth absolute value, so that a row that disagrees with all others counts
    linearly, s = 0.1 the scatter of a row, x the logarithms of the parameters, and p, w their
    prior.

    Parameters
    ----------
    name : str
        Name of the stack.
    data : Data
        All rows.
    rows : ndarray of int
        Those to fit; may be empty, which returns the prior.
    prior : Stack
        Centre of the prior.

    References
    ----------
    (1) Triggs et al., "Bundle adjustment: a modern synthesis", 2000, section 4 (robust cost).
    """
    from scipy.optimize import least_squares

    centre = point_of(prior)
    widths = np.array([_WIDTHS[name] for name in FITTED])
    low, high = _limits()
    parts, target = data.parts.take(rows), np.log(data.observed_s[rows])

    def residuals(points: Array) -> Array:
        """Residuals of one point (k,), or of m of them (m, k), one row each."""
        misfit = (np.log(seconds(parts, _stacks(points))) - target) / _ROW_SIGMA
        robust = np.sign(misfit) * np.sqrt(2.0 * (np.sqrt(1.0 + misfit**2) - 1.0))
        return np.concatenate([robust, (points - centre) / widths], axis=-1)

    def slopes_at(point: Array) -> Array:
        """Forward differences, all in one evaluation; a step inwards at the upper bound."""
        sizes = np.where(point + _STEP < high, _STEP, -_STEP)
        moved = residuals(np.vstack([point, point + np.diag(sizes)]))
        slopes: Array = ((moved[1:] - moved[0]) / sizes[:, None]).T
        return slopes

    fits = [
        least_squares(residuals, begin, jac=slopes_at, bounds=(low, high), xtol=1e-4, ftol=1e-5)
        for begin in (_starts(centre) if rows.size else [centre])
    ]
    found = min(fits, key=lambda each: float(each.cost))
    point: Array = found.x
    slopes = np.asarray(found.jac)
    spread = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    half = _NORMAL_95 * spread
    error = np.exp(np.log(seconds(parts, stack_at(name, point))) - target) - 1.0
    return Fit(
        stack=dataclasses.replace(stack_at(name, point), has_narrow_sums=name in data.narrow),
        low=dict(zip(FITTED, np.exp(point - half).tolist(), strict=True)),
        high=dict(zip(FITTED, np.exp(point + half).tolist(), strict=True)),
        identified=frozenset(
            name
            for name, sd, width in zip(FITTED, spread, widths, strict=True)
            if sd < _IDENTIFIED * width
        ),
        learned=np.clip(1.0 - (spread / widths) ** 2, 0.0, 1.0),
        rows=len(rows),
        chips=len(set(data.chips[rows])),
        error=error,
    )


def _starts(centre: Array) -> list[Array]:
    """Where searches begin: whether products run on the matrix engine or the lanes, decides."""
    engine, lanes = FITTED.index("matrix_efficiency"), FITTED.index("lane_efficiency")
    starts = []
    for shares in STARTS:
        start = centre.copy()
        start[[engine, lanes]] = np.log(shares)
        starts.append(start)
    return starts
