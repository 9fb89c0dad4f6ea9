"""Exact hypervolume: sweeps in two and three dimensions, slicing by exclusive parts beyond."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto.dominance import non_dominated
from dse.pareto.stairs import Stairs

__all__ = ["hypervolume"]

Array = npt.NDArray[np.float64]


def hypervolume(values: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Volume that the points dominate, bounded by a reference point; smaller is better.

    Parameters
    ----------
    values : array_like
        n points, shape (n, k). Rows with a NaN, and rows that do not lie below the reference
        in every objective, add nothing.
    reference : array_like
        Shape (k,), finite.

    Returns
    -------
    float
        In the product of the objectives' units; 0 for an empty set.

    Notes
    -----
    k = 2: one sort. k = 3: sweep along the third objective over the staircase of the first two,
    O(n log n) (Beume et al., IEEE TEC 13(5), 2009). k >= 4: the sum of the exclusive volumes,
    each the point's own box less the volume of the others cut to that box (WFG; While,
    Bradstreet and Barone, IEEE TEC 16(1), 2012): exponential in the worst case, meant for fronts
    of about a hundred points.

    Examples
    --------
    >>> hypervolume([[1, 3], [2, 2], [3, 1]], [4, 4])
    6.0
    """
    points = np.asarray(values, dtype=np.float64)
    corner = np.asarray(reference, dtype=np.float64)
    if points.ndim != 2 or corner.shape != (points.shape[1],) or not corner.size:
        raise ValueError(
            f"values (n, k) and reference (k,) must agree, but got {points.shape}, {corner.shape}"
        )
    if not np.isfinite(corner).all():
        raise ValueError(f"the reference must be finite, but got {corner.tolist()}")
    inside = points[(points < corner).all(axis=1)]
    front = inside[non_dominated(inside)]
    return _volume(np.unique(front, axis=0), corner) if len(front) else 0.0


def _volume(front: Array, corner: Array) -> float:
    """Volume of distinct non-dominated points below the corner."""
    dimensions = front.shape[1]
    if dimensions == 1:
        return float(corner[0] - front[:, 0].min())
    if dimensions == 2:
        return _area(front, corner)
    if dimensions == 3:
        return _volume_3d(front, corner)
    return _volume_by_parts(front, corner)


def _area(front: Array, corner: Array) -> float:
    ordered = front[np.argsort(front[:, 0])]
    tops = np.concatenate([corner[1:], ordered[:-1, 1]])
    return float(np.sum((corner[0] - ordered[:, 0]) * (tops - ordered[:, 1])))


def _volume_3d(front: Array, corner: Array) -> float:
    ordered = front[np.argsort(front[:, 2], kind="stable")].tolist()
    end = (float(corner[0]), float(corner[1]))
    stairs = Stairs()
    total = 0.0
    # Each point adds a prism from its own height up to the corner, over the area it opens.
    for x, y, z in ordered:
        total += stairs.gain(x, y, end) * (float(corner[2]) - z)
        stairs.insert(x, y)
    return total


def _volume_by_parts(front: Array, corner: Array) -> float:
    # Worst in the last objective first: its limit set then collapses to fewer dimensions' worth
    # of distinct points, which is what makes the recursion affordable.
    ordered = front[np.argsort(-front[:, -1], kind="stable")]
    total = 0.0
    for place, point in enumerate(ordered):
        total += float(np.prod(corner - point))
        rest = ordered[place + 1 :]
        if len(rest):
            cut = np.maximum(rest, point)
            cut = np.unique(cut[non_dominated(cut)], axis=0)
            # All cut points share the last coordinate of `point`: one dimension falls away.
            total -= _volume(cut[:, :-1], corner[:-1]) * float(corner[-1] - point[-1])
    return total
