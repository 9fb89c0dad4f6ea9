"""A model of the metrics over the space, learned from the designs evaluated so far."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.search.coding import Coding
from dse.space import Axis, Index, Space

__all__ = ["Surrogate", "straightened"]

Array = npt.NDArray[np.float64]

# Variance of what is learned: half a cubic trend over the space, half what is local to a design.
_TREND = 0.5
_DEGREE = 3
# Length over which the local part forgets, in ranges of an axis.
_LENGTH = 2.0
# Share of the variance that is taken for noise: keeps the system of equations solvable.
_NOISE = 1e-6


class Surrogate:
    """Gaussian process over designs, one per column learned, all with the same kernel.

    With u the axes scaled to [0, 1], v = 2 u - 1 over m columns and r = |u - u'| sqrt(3) / l,

        k(u, u') = w ((1 + v . v' / m) / 2)^3 + (1 - w) (1 + r) exp(-r)                       (1)

    Parameters
    ----------
    space : Space
        Its ordered axes are columns of their own, logarithmic where all choices are positive
        numbers; an axis without an order has one column per choice.
    coding : Coding
        Says which axes have an order.

    References
    ----------
    (1) Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press 2006, sections
    4.2 (polynomial and Matern kernels), 2.2 (prediction) and 5.4.2 (leave-one-out residuals).
    """

    def __init__(self, space: Space, coding: Coding) -> None:
        self._scales = [
            _scale(axis, order) for axis, order in zip(space.axes, coding.orders, strict=True)
        ]
        self._known: Array = np.empty((0, 0))
        self._inverse: Array = np.empty((0, 0))
        self._weights: Array = np.empty((0, 0))
        self._mean: Array = np.empty(0)
        self.spread: Array = np.empty(0)
        self._sigma: Array = np.empty(0)

    def learn(self, index: Index, values: Array, far: Array) -> None:
        """Fit to what is known.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        values : ndarray
            Columns to learn, finite, shape (n, c).
        far : ndarray
            How little each design matters, >= 0, shape (n,): its noise grows with the square.
        """
        self._known = self._points(index)
        self._mean = values.mean(axis=0)
        spread = values.std(axis=0)
        self.spread = np.where(spread > 0.0, spread, 1.0)
        noise = _NOISE * (1.0 + far**2)
        kernel = _kernel(self._known, self._known)
        kernel[np.diag_indices_from(kernel)] += noise
        self._inverse = np.linalg.inv(kernel)
        self._weights = self._inverse @ ((values - self._mean) / self.spread)
        # Mean square of the leave-one-out residuals over the variances that (1) gives them.
        precision = np.diagonal(self._inverse)[:, None]
        square = np.average(self._weights**2 / precision, axis=0, weights=1.0 / noise)
        self._sigma = np.sqrt(square) * self.spread

    def means(self, index: Index) -> Array:
        """Expected columns of designs, shape (n, c)."""
        return self._means(_kernel(self._points(index), self._known))

    def means_and_sigmas(self, index: Index) -> tuple[Array, Array]:
        """Expected columns of designs and their standard deviations, each of shape (n, c)."""
        points = self._points(index)
        kernel = _kernel(points, self._known)
        explained = np.einsum("ij,ij->i", kernel @ self._inverse, kernel)
        left = np.sqrt(np.maximum(_variance(points) - explained, _NOISE))
        return self._means(kernel), left[:, None] * self._sigma

    def _means(self, kernel: Array) -> Array:
        means: Array = kernel @ self._weights * self.spread + self._mean
        return means

    def _points(self, index: Index) -> Array:
        return np.hstack([scale[index[:, place]] for place, scale in enumerate(self._scales)])


def straightened(values: Array) -> Array:
    """Columns as logarithms where they are all of one sign, for then most are products.

    Examples
    --------
    >>> straightened(np.array([[1.0, -1.0], [np.e, 1.0]]))
    array([[ 0., -1.],
           [ 1.,  1.]])
    """
    columns = []
    for column in values.T:
        if (column > 0.0).all():
            columns.append(np.log(column))
        elif (column < 0.0).all():
            columns.append(-np.log(-column))
        else:
            columns.append(column)
    return np.stack(columns, axis=1)


def _scale(axis: Axis, order: tuple[int, ...] | None) -> Array:
    """Coordinates of an axis's choices, shape (choices, columns)."""
    count = len(axis.values)
    if order is None:
        # Two different choices are a range apart, as the ends of an ordered axis are.
        return np.eye(count) / np.sqrt(2.0)
    if axis.is_numeric and min(axis.values) > 0.0:
        places = np.log(np.array(axis.values, dtype=np.float64))
    else:
        places = np.argsort(order).astype(np.float64)
    span = float(np.ptp(places))
    return ((places - places.min()) / (span or 1.0))[:, None]


def _kernel(first: Array, second: Array) -> Array:
    """Equation (1) for all pairs."""
    square = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2.0 * first @ second.T
    distance = np.sqrt(3.0 * np.maximum(square, 0.0)) / _LENGTH
    cosine = (2.0 * first - 1.0) @ (2.0 * second - 1.0).T / first.shape[1]
    local: Array = (1.0 + distance) * np.exp(-distance)
    return _TREND * ((1.0 + cosine) / 2.0) ** _DEGREE + (1.0 - _TREND) * local


def _variance(points: Array) -> Array:
    """Equation (1) of each point with itself."""
    cosine = ((2.0 * points - 1.0) ** 2).mean(axis=1)
    variance: Array = _TREND * ((1.0 + cosine) / 2.0) ** _DEGREE + (1.0 - _TREND)
    return variance
