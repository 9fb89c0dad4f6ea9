"""The staircase of a two-dimensional front, grown point by point."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["Stairs"]


class Stairs:
    """Non-dominated points of the plane, by rising x and falling y.

    An insertion costs a bisection; each point is removed at most once, so that n insertions
    cost O(n log n) comparisons.
    """

    def __init__(self) -> None:
        self._xs: list[float] = []
        self._ys: list[float] = []

    def insert(self, x: float, y: float) -> bool:
        """Add a point unless one at least as good in both is there; say whether it went in."""
        xs, ys = self._xs, self._ys
        start = bisect_left(xs, x)
        if self._is_covered(start, x, y):
            return False
        stop = self._first_below(start, y)
        xs[start:stop] = [x]
        ys[start:stop] = [y]
        return True

    def gain(self, x: float, y: float, corner: tuple[float, float]) -> float:
        """Area below `corner` that the point would add to what the stairs dominate.

        The point must lie below the corner in both coordinates.
        """
        xs, ys = self._xs, self._ys
        start = bisect_left(xs, x)
        if self._is_covered(start, x, y):
            return 0.0
        stop = self._first_below(start, y)
        edges = [x, *xs[start:stop], xs[stop] if stop < len(xs) else corner[0]]
        roof = [ys[start - 1] if start else corner[1], *ys[start:stop]]
        return sum(
            (right - left) * (top - y)
            for left, right, top in zip(edges, edges[1:], roof, strict=False)
        )

    def _is_covered(self, start: int, x: float, y: float) -> bool:
        xs, ys = self._xs, self._ys
        if start and ys[start - 1] <= y:
            return True
        return start < len(xs) and xs[start] == x and ys[start] <= y

    def _first_below(self, start: int, y: float) -> int:
        """Index of the first step from `start` on that the height y does not cover."""
        ys = self._ys
        stop = start
        while stop < len(ys) and ys[stop] >= y:
            stop += 1
        return stop
