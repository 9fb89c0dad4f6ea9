"""Fits the parameters of software stacks to measured times, robustly, with a weak prior."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.cost import Stack
from dse.validate.family import FAMILIES
from dse.validate.predict import Features, seconds

__all__ = [
    "FITTED",
    "Data",
    "FamilyFit",
    "Fit",
    "family_prior",
    "fit_family",
    "fit_stack",
    "leave_one_out",
]

Array = npt.NDArray[np.float64]

# Nothing tells more kernels from longer ones: one of the two is fixed.
_FIXED = {"kernels_per_op": 1.0}
FITTED = tuple(
    field.name for field in dataclasses.fields(Stack) if field.name not in {"name", *_FIXED}
)
# Scatter of a row, and of a parameter about its family's median, both as natural logarithms.
_ROW_SIGMA = 0.1
_WIDTHS = {"dram_efficiency": 0.3}
_WIDTH = 0.8
_BOUNDS = {
    "dram_efficiency": (0.1, 1.0),
    "matrix_efficiency": (0.01, 1.0),
    "lane_efficiency": (0.01, 1.0),
    "kernel_s": (1e-7, 2e-3),
    "step_s": (1e-6, 0.1),
    "convert_ops": (0.05, 64.0),
}
_BOUND = (1e-6, 1e3)
_STEP = 1e-6
# Where searches begin: shares of the matrix engine and of the lanes.
STARTS = ((0.6, 0.1), (0.2, 0.6))
# A parameter is identified where the data narrow its prior to less than this share.
_IDENTIFIED = 0.5
_NORMAL_95 = 1.96
# Least stacks of a kind whose median is worth more than the assumption below.
_LEAST_SIBLINGS = 3


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
    """

    parts: Features
    observed_s: Array
    stacks: npt.NDArray[np.str_]
    chips: npt.NDArray[np.str_]
    kinds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted stack.

    Parameters
    ----------
    stack, prior : Stack
        The optimum, and where each parameter stays that the data do not move.
    low, high : mapping of str to float
        Approximate 95 % interval of each parameter, from the Jacobian at the optimum.
    identified : frozenset of str
        Parameters that the data narrow to less than half of their prior.
    rows, chips : int
        How much data.
    error : Array
        Predicted over measured time, less one, of the rows fitted.
    """

    stack: Stack
    prior: Stack
    low: Mapping[str, float]
    high: Mapping[str, float]
    identified: frozenset[str]
    rows: int
    chips: int
    error: Array


def _stack(name: str, point: Array) -> Stack:
    values = dict(zip(FITTED, np.exp(point).tolist(), strict=True))
    return Stack(name=name, **_FIXED, **values)


def _stacks(points: Array) -> Stack:
    """One stack, or m stacks as one whose parameters are arrays of shape (m, 1, 1)."""
    values = np.exp(points)
    shaped = values if points.ndim == 1 else values.T[:, :, None, None]
    return Stack(name="", **_FIXED, **dict(zip(FITTED, shaped, strict=True)))


def _point(stack: Stack) -> Array:
    low, high = _limits()
    values = np.log([getattr(stack, name) for name in FITTED])
    return np.clip(values, low + 1e-6, high - 1e-6)


def _limits() -> tuple[Array, Array]:
    pairs = np.log([_BOUNDS.get(name, _BOUND) for name in FITTED])
    return pairs[:, 0], pairs[:, 1]


def fit_stack(name: str, data: Data, rows: npt.NDArray[np.intp], prior: Stack) -> Fit:
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

    centre = _point(prior)
    widths = np.array([_WIDTHS.get(name, _WIDTH) for name in FITTED])
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
        least_squares(residuals, start, jac=slopes_at, bounds=(low, high), xtol=1e-4, ftol=1e-5)
        for start in _starts(centre)
    ]
    found = min(fits, key=lambda each: float(each.cost))
    point: Array = found.x
    slopes = np.asarray(found.jac)
    spread = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    half = _NORMAL_95 * spread
    error = np.exp(np.log(seconds(parts, _stack(name, point))) - target) - 1.0
    return Fit(
        stack=_stack(name, point),
        prior=prior,
        low=dict(zip(FITTED, np.exp(point - half).tolist(), strict=True)),
        high=dict(zip(FITTED, np.exp(point + half).tolist(), strict=True)),
        identified=frozenset(
            name
            for name, sd, width in zip(FITTED, spread, widths, strict=True)
            if sd < _IDENTIFIED * width
        ),
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


def _median(name: str, stacks: Sequence[Stack]) -> Stack:
    return _stack(name, np.median([_point(stack) for stack in stacks], axis=0))


def family_prior(kind: str, siblings: Sequence[Stack]) -> Stack:
    """Median of the fitted stacks of one unit kind, or the assumption where they are few."""
    if len(siblings) < _LEAST_SIBLINGS:
        return FAMILIES[kind]
    return _median(FAMILIES[kind].name, siblings)


@dataclass(frozen=True, slots=True)
class FamilyFit:
    """Fits about the assumed family, and about the median of their siblings."""

    first: Mapping[str, Fit]
    second: Mapping[str, Fit]


def fit_family(data: Data) -> FamilyFit:
    """Fit every stack twice: about the assumed family, then about the median of its siblings.

    Parameters
    ----------
    data : Data
        All rows.
    """
    rows = {name: np.flatnonzero(data.stacks == name) for name in sorted(set(data.stacks))}
    first = {name: fit_stack(name, data, rows[name], FAMILIES[data.kinds[name]]) for name in rows}
    return FamilyFit(first, _second(data, rows, first))


def _second(
    data: Data,
    rows: Mapping[str, npt.NDArray[np.intp]],
    first: Mapping[str, Fit],
) -> dict[str, Fit]:
    """Fit the stacks of `rows` about the median of the others of `first`."""
    found = {}
    for name in rows:
        kind = data.kinds[name]
        others = [fit.stack for key, fit in first.items() if key != name]
        prior = family_prior(kind, [s for s in others if data.kinds[s.name] == kind])
        found[name] = fit_stack(name, data, rows[name], prior)
    return found


def leave_one_out(data: Data, whole: FamilyFit) -> dict[tuple[str, str], Fit]:
    """Refit, for each chip, every stack that it was measured with, without any row of it.

    Parameters
    ----------
    data : Data
        All rows.
    whole : FamilyFit
        The fit to all of them, which the other stacks keep.

    Returns
    -------
    dict
        Fit by (stack, chip left out).
    """
    found = {}
    for chip in sorted(set(data.chips)):
        kept = data.chips != chip
        touched = sorted(set(data.stacks[~kept]))
        rows = {name: np.flatnonzero(kept & (data.stacks == name)) for name in touched}
        first = dict(whole.first)
        for name in touched:
            siblings = [each for each in touched if data.kinds[each] == data.kinds[name]]
            if not rows[name].size:
                del first[name]
            elif len(siblings) > 1:  # only a sibling's prior asks for it
                first[name] = fit_stack(name, data, rows[name], FAMILIES[data.kinds[name]])
        for name, fit in _second(data, rows, first).items():
            found[name, chip] = fit
    return found
