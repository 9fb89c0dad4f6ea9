"""The non-dominated mask, exact and fast, and ranks by repeated peeling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto.stairs import Stairs

__all__ = ["non_dominated", "rank"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

# Pruning by single strong points stops when one of them removes less than this share.
_MIN_PRUNED = 0.02
_MAX_PIVOTS = 64
# Pairs compared in one step; the mask of that many bytes stays in the cache.
_BLOCK_PAIRS = 1 << 20


def non_dominated(values: npt.ArrayLike) -> Mask:
    """Mask of the rows that no other row dominates; smaller is better in every column.

    A row dominates another if it is nowhere larger and somewhere smaller.

    Parameters
    ----------
    values : array_like
        n points of k >= 1 objectives, shape (n, k). Rows with a NaN are never on the front and
        dominate nothing; infinities are compared as numbers.

    Returns
    -------
    ndarray of bool
        Shape (n,); every copy of a non-dominated row is marked.

    Notes
    -----
    A few strong points prune first. k <= 2: one sort, O(n log n). k = 3: the rest pass in
    lexicographic order over a staircase, O(n log n) (Kung, Luccio and Preparata, J. ACM 22(4),
    1975). k >= 4: the survivors are compared in blocks with the front found so far, O(n m).

    Examples
    --------
    >>> non_dominated([[1, 4], [2, 2], [3, 3], [2, 2]])
    array([ True,  True, False,  True])
    """
    points = _points(values)
    mask = np.zeros(len(points), dtype=np.bool_)
    rows = np.flatnonzero(~np.isnan(points).any(axis=1))
    if points.shape[1] >= 2:
        rows = _prune(points, rows)
    if len(rows):
        mask[rows] = _front_of(points[rows])
    return mask


def rank(values: npt.ArrayLike) -> Index:
    """Front number of every row: 0 for the front, 1 for the front of the rest, and so on.

    Parameters
    ----------
    values : array_like
        Shape (n, k), minimised.

    Returns
    -------
    ndarray of int64
        Shape (n,); rows with a NaN get the number after the last front.

    Examples
    --------
    >>> rank([[1, 4], [2, 2], [3, 3], [4, 4]])
    array([0, 0, 1, 2])
    """
    points = _points(values)
    ranks = np.zeros(len(points), dtype=np.int64)
    rows = np.flatnonzero(~np.isnan(points).any(axis=1))
    level = 0
    while len(rows):
        on_front = non_dominated(points[rows])
        ranks[rows[on_front]] = level
        rows = rows[~on_front]
        level += 1
    ranks[np.isnan(points).any(axis=1)] = level
    return ranks


def _points(values: npt.ArrayLike) -> Array:
    """Values as a float matrix in which -0 has become +0."""
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(f"values must have the shape (n, k) with k >= 1, but got {points.shape}")
    return points + 0.0


def _prune(points: Array, rows: Index) -> Index:
    """Drop rows that a few strong points dominate; what is left may still be dominated."""
    strength = _strength(points, rows)
    for _ in range(_MAX_PIVOTS):
        if len(rows) < 2:
            break
        pivot = points[rows[np.argmin(strength)]]
        keep = np.zeros(len(rows), dtype=np.bool_)
        same = np.ones(len(rows), dtype=np.bool_)
        for column, best in enumerate(pivot):
            entries = points[rows, column]
            keep |= entries < best
            same &= entries == best
        strength[same] = np.inf
        keep |= same
        pruned = len(rows) - np.count_nonzero(keep)
        rows, strength = rows[keep], strength[keep]
        if pruned < _MIN_PRUNED * len(keep):
            break
    return rows


def _strength(points: Array, rows: Index) -> Array:
    """Sum of the objectives, each scaled to its finite range: small for likely dominators."""
    total = np.zeros(len(rows))
    for column in range(points.shape[1]):
        entries = points[rows, column]
        finite = entries[np.isfinite(entries)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
        # Halves, so that the range of two huge numbers of opposite sign does not overflow.
        span = high / 2.0 - low / 2.0
        total += np.clip((entries / 2.0 - low / 2.0) / (span or 1.0), -1.0, 2.0)
    return total


def _front_of(points: Array) -> Mask:
    """Mask of the front of rows without NaN."""
    order = np.lexsort(points.T[::-1])
    ordered = points[order]
    is_new = np.ones(len(ordered), dtype=np.bool_)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    unique = ordered[is_new]
    columns = points.shape[1]
    if columns == 1:
        on_front = np.arange(len(unique)) == 0
    elif columns == 2:
        on_front = _sweep_plane(unique)
    elif columns == 3:
        stairs = Stairs()
        pairs = unique[:, 1:].tolist()
        on_front = np.array([stairs.insert(y, z) for y, z in pairs], dtype=np.bool_)
    else:
        on_front = _sweep_blocks(unique)
    mask = np.empty(len(points), dtype=np.bool_)
    mask[order] = on_front[np.cumsum(is_new) - 1]
    return mask


def _sweep_plane(unique: Array) -> Mask:
    """Front of distinct pairs in lexicographic order: each strict new minimum of the second."""
    second = unique[:, 1]
    on_front = np.ones(len(second), dtype=np.bool_)
    on_front[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    return on_front


def _sweep_blocks(unique: Array) -> Mask:
    """Front of distinct rows in lexicographic order, compared block by block.

    Only an earlier row can dominate a later one, and the first column never speaks against it.
    """
    on_front = np.zeros(len(unique), dtype=np.bool_)
    front = unique[:0, 1:]
    start = 0
    while start < len(unique):
        size = int(np.clip(_BLOCK_PAIRS // max(1, len(front)), 64, 1024))
        block = unique[start : start + size, 1:]
        alive = np.flatnonzero(~_is_covered(block, front))
        block = block[alive]
        earlier = np.tri(len(block), k=-1, dtype=np.bool_)
        alive = alive[~(_covers(block, block) & earlier).any(axis=1)]
        on_front[start + alive] = True
        front = np.concatenate([front, unique[start + alive, 1:]])
        start += size
    return on_front


def _is_covered(block: Array, front: Array) -> Mask:
    """Which rows of the block some row of the front reaches or beats in every column."""
    covered = np.zeros(len(block), dtype=np.bool_)
    step = max(1, _BLOCK_PAIRS // max(1, len(block)))
    for start in range(0, len(front), step):
        covered |= _covers(block, front[start : start + step]).any(axis=1)
    return covered


def _covers(block: Array, front: Array) -> Mask:
    """Pairwise: entry (i, j) says that front row j is nowhere larger than block row i."""
    result = np.ones((len(block), len(front)), dtype=np.bool_)
    for column in range(block.shape[1]):
        result &= front[:, column] <= block[:, column, None]
    return result
