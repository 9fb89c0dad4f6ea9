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
# How far any two choices of an ordered axis are apart at least, in ranges of the axis: a bus of 72
# bits may be unlike both 64 and 80.
_APART = 0.5
# Share of the variance that is taken for noise: keeps the system of equations solvable.
_NOISE = 1e-6


class Surrogate:
    """Gaussian process over designs, one per column learned, all with the same kernel.

    With x the coordinates of a design, v the same about the middle of each axis and
    r = |x - x'| sqrt(3) / l,

        k(x, x') = w ((1 + v . v') / 2)^3 + (1 - w) (1 + r) exp(-r)                           (1)

    An ordered axis has one coordinate in [0, 1], logarithmic where all choices are positive
    numbers, and beside it a small one per choice; an axis without an order has one per choice.

    Parameters
    ----------
    space : Space
        What is searched.
    coding : Coding
        Says which axes have an order.

    References
    ----------
    (1) Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press 2006, sections
    4.2 (polynomial and Matern kernels), 2.2 (prediction) and 5.4.2 (leave-one-out residuals).
    """

    def __init__(self, space: Space, coding: Coding) -> None:
        axes = list(zip(space.axes, coding.orders, strict=True))
        self._places = [_places(axis, order) for axis, order in axes]
        self._middles = np.concatenate([_middle(table) for table in self._places])
        # v . v' is at most 1, reached by a design with itself at the ends of all axes.
        reach = sum(((t - _middle(t)) ** 2).sum(axis=1).max() for t in self._places)
        self._reach = float(reach) or 1.0
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
        spread: Array = values.std(axis=0)
        self.spread = np.where(spread > 0.0, spread, 1.0)
        noise = _NOISE * (1.0 + far**2)
        kernel = self._kernel(self._known, self._known)
        kernel[np.diag_indices_from(kernel)] += noise
        self._inverse = np.asarray(np.linalg.inv(kernel), dtype=np.float64)
        self._weights = self._inverse @ ((values - self._mean) / self.spread)
        # Mean square of the leave-one-out residuals over the variances that (1) gives them.
        precision = np.diagonal(self._inverse)[:, None]
        square = np.average(self._weights**2 / precision, axis=0, weights=1.0 / noise)
        self._sigma = np.sqrt(square) * self.spread

    def means(self, index: Index) -> Array:
        """Expected columns of designs, shape (n, c)."""
        return self._means(self._kernel(self._points(index), self._known))

    def means_and_sigmas(self, index: Index) -> tuple[Array, Array]:
        """Expected columns of designs and their standard deviations, each of shape (n, c)."""
        points = self._points(index)
        kernel = self._kernel(points, self._known)
        explained = np.einsum("ij,ij->i", kernel @ self._inverse, kernel)
        left = np.sqrt(np.maximum(self._variance(points) - explained, _NOISE))
        return self._means(kernel), left[:, None] * self._sigma

    def _means(self, kernel: Array) -> Array:
        means: Array = kernel @ self._weights * self.spread + self._mean
        return means

    def _points(self, index: Index) -> Array:
        tables = enumerate(self._places)
        points: Array = np.hstack([table[index[:, place]] for place, table in tables])
        return points

    def _kernel(self, first: Array, second: Array) -> Array:
        """Equation (1) for all pairs."""
        a, b = first - self._middles, second - self._middles
        product = a @ b.T
        square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * product
        distance = np.sqrt(3.0 * np.maximum(square, 0.0)) / _LENGTH
        local: Array = (1.0 + distance) * np.exp(-distance)
        return self._trend(product) + (1.0 - _TREND) * local

    def _variance(self, points: Array) -> Array:
        """Equation (1) of each point with itself."""
        return self._trend(((points - self._middles) ** 2).sum(axis=1)) + (1.0 - _TREND)

    def _trend(self, product: Array) -> Array:
        trend: Array = _TREND * ((1.0 + product / self._reach) / 2.0) ** _DEGREE
        return trend


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


def _places(axis: Axis, order: tuple[int, ...] | None) -> Array:
    """Coordinates of an axis's choices, shape (choices, columns)."""
    # Two different choices without an order are a range apart, as the ends of an ordered axis are.
    apart: Array = np.eye(len(axis.values)) / np.sqrt(2.0)
    if order is None:
        return apart
    if axis.is_numeric and 0.0 < min(axis.values) <= max(axis.values) < np.inf:
        ranks = np.log(np.array(axis.values, dtype=np.float64))
    else:
        ranks = np.argsort(order).astype(np.float64)
    span = float(np.ptp(ranks))
    along = ((ranks - ranks.min()) / (span or 1.0))[:, None]
    return np.hstack([along, _APART * apart])


def _middle(table: Array) -> Array:
    """Halfway along each coordinate of an axis."""
    middle: Array = 0.5 * (table.min(axis=0) + table.max(axis=0))
    return middle
