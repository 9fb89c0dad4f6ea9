"""A front that grows from a stream of batches, in memory bounded by its own size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.pareto.dominance import non_dominated

__all__ = ["Front"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


class Front:
    """The non-dominated rows of everything seen so far, with their identities.

    Batches may come in any number and size: the set of points kept is the same, and `values`
    and `ids` are in lexicographic order of values, then ids.

    Parameters
    ----------
    objectives : int
        Columns of the values, k >= 1; all minimised.
    id_width : int
        Integers that identify one row, >= 1.

    Examples
    --------
    >>> front = Front(objectives=2)
    >>> front.update([[1, 4], [3, 3]], [[10], [11]])
    2
    >>> front.update([[2, 2], [5, 5]], [[12], [13]])
    1
    >>> front.ids.ravel()
    array([10, 12])
    """

    def __init__(self, objectives: int, id_width: int = 1) -> None:
        if objectives < 1 or id_width < 1:
            raise ValueError(f"a front needs {objectives=} >= 1 and {id_width=} >= 1")
        self._values: Array = np.empty((0, objectives))
        self._ids: Index = np.empty((0, id_width), dtype=np.int64)

    @property
    def values(self) -> Array:
        """Objectives of the front, shape (m, k)."""
        return self._values

    @property
    def ids(self) -> Index:
        """Identities of the front's rows, shape (m, id_width)."""
        return self._ids

    def __len__(self) -> int:
        return len(self._values)

    def update(self, values: npt.ArrayLike, ids: npt.ArrayLike) -> int:
        """Take in a batch; rows seen before (same ids) are ignored.

        Parameters
        ----------
        values : array_like
            Shape (n, k); rows with a NaN never enter.
        ids : array_like
            Shape (n, id_width), integers.

        Returns
        -------
        int
            How many new rows are on the front now.
        """
        batch = np.asarray(values, dtype=np.float64).reshape(-1, self._values.shape[1]) + 0.0
        names = np.asarray(ids, dtype=np.int64).reshape(-1, self._ids.shape[1])
        if len(batch) != len(names):
            raise ValueError(f"values and ids must agree, but got {len(batch)}, {len(names)} rows")
        # The batch's own front first: it is far smaller than the batch, and what it loses can
        # not be on the joint front.
        mask = non_dominated(batch)
        old = len(self)
        values_now = np.concatenate([self._values, batch[mask]])
        ids_now = np.concatenate([self._ids, names[mask]])
        # The first of equal ids is the known one, or the earliest of the batch.
        unique = np.unique(ids_now, axis=0, return_index=True)[1]
        rows = unique[non_dominated(values_now[unique])]
        keys = [*ids_now[rows].T[::-1], *values_now[rows].T[::-1]]
        order = rows[np.lexsort(keys)]
        self._values, self._ids = values_now[order], ids_now[order]
        return int(np.count_nonzero(rows >= old))
