"""Picking from a front: its knee, its crowding, and a thinned copy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto.dominance import non_dominated

__all__ = ["crowding", "knee", "thin"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def knee(values: npt.ArrayLike) -> int:
    """Index of the front point that bulges furthest from the plane through the extremes.

    Objectives are scaled to [0, 1] over the front, x; E holds, row by row, the point that is
    best in each objective (ties: the one with the smallest sum). With the normal a of that
    hyperplane, E a = 1, the knee maximises

        d(x) = (1 - a . x) / |a|                                                              (1)

    Parameters
    ----------
    values : array_like
        Shape (n, k), minimised; only finite, non-dominated rows are candidates.

    Returns
    -------
    int
        Row of the knee; the first of equal ones.

    Raises
    ------
    ValueError
        If no row is finite.

    Notes
    -----
    Where the extremes span no plane, or its normal does not point away from the ideal in every
    objective, a = (1, ..., 1) is taken: the knee is then the smallest sum of scaled objectives.
    In two dimensions both are the chord between the ends of the front.

    References
    ----------
    (1) Das, Structural Optimization 18, 1999: the point of maximum bulge.

    Examples
    --------
    >>> knee([[0, 10], [1, 1], [10, 0]])
    1
    """
    points = np.asarray(values, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(points).all(axis=1))
    rows = rows[non_dominated(points[rows])]
    if not len(rows):
        raise ValueError("a knee needs at least one finite point")
    scaled = _scaled(points[rows])
    normal = _normal(scaled)
    bulge = (1.0 - scaled @ normal) / float(np.sqrt(normal @ normal))
    return int(rows[np.argmax(bulge)])


def crowding(values: npt.ArrayLike) -> Array:
    """Crowding distance: summed gap to the neighbours along each objective, over its range.

    Parameters
    ----------
    values : array_like
        Finite points of one front, shape (n, k).

    Returns
    -------
    ndarray
        Shape (n,), ratios; infinite for the two ends of each objective.

    References
    ----------
    Deb et al., IEEE TEC 6(2), 2002, section III-B.

    Examples
    --------
    >>> crowding([[0, 4], [1, 2], [4, 0]])
    array([inf,  2., inf])
    """
    scaled = _scaled(np.asarray(values, dtype=np.float64))
    distance = np.zeros(len(scaled))
    for column in scaled.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        distance[order[1:-1]] += ordered[2:] - ordered[:-2]
        distance[order[:1]] = np.inf
        distance[order[-1:]] = np.inf
    return distance


def thin(values: npt.ArrayLike, keep: int) -> Index:
    """Rows of at most `keep` points that still span the front, most crowded ones dropped.

    Half of the surplus goes in each round and the distances are taken anew, so that a cluster
    is thinned and not removed. Copies of a point are dropped before anything else.

    Parameters
    ----------
    values : array_like
        Finite points of one front, shape (n, k).
    keep : int
        Points wanted, >= 0.

    Returns
    -------
    ndarray of int64
        Rising row numbers.

    Examples
    --------
    >>> thin([[0, 9], [1, 8], [1.1, 7.9], [5, 5], [9, 0]], 4)
    array([0, 2, 3, 4])
    """
    points = np.asarray(values, dtype=np.float64)
    rows = np.arange(len(points))
    if len(rows) > keep:
        rows = np.sort(np.unique(points, axis=0, return_index=True)[1])
    while len(rows) > keep:
        surplus = len(rows) - keep
        order = np.argsort(crowding(points[rows]), kind="stable")
        rows = np.sort(rows[order[(surplus + 1) // 2 :]])
    return rows


def _scaled(points: Array) -> Array:
    """Every column over its range: 0 at the best, 1 at the worst; 0 where all are equal."""
    if not len(points):
        return points
    low = points.min(axis=0)
    span = points.max(axis=0) - low
    scaled: Array = (points - low) / np.where(span > 0.0, span, 1.0)
    return scaled


def _normal(scaled: Array) -> Array:
    """Find the normal of the plane through the extremes; ones where none is of use."""
    ones = np.ones(scaled.shape[1])
    total = scaled.sum(axis=1)
    extremes = np.array([scaled[np.lexsort((total, column))[0]] for column in scaled.T])
    if np.linalg.matrix_rank(extremes) < len(ones):
        return ones
    normal = np.linalg.solve(extremes, ones)
    return normal if (normal > 0.0).all() else ones
