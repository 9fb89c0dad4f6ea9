"""One operator split over units that share DRAM, solved exactly and for n designs at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dse.cost.batch import Array

__all__ = ["Part", "best_split", "part_seconds", "split_seconds", "whole_parts"]

# Stands for a supply that takes no time at all, so that its inverse is finite.
_NO_TIME_S = 1e-30


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit pays for a share x of an operator; arrays of shape (n,).

    Parameters
    ----------
    fixed_s : Array
        Launch and exposed latency, whatever the share, s.
    engine_s : Array
        The slowest of its engines and memories but DRAM, for the whole operator, s.
    offset_s, stream_s : Array
        DRAM at what the unit alone can draw: what every share reads again, and the rest of the
        whole operator, s.
    shared_offset_s, shared_s : Array
        The same bytes at what the memory controller gives all units together, s.
    """

    fixed_s: Array
    engine_s: Array
    offset_s: Array
    stream_s: Array
    shared_offset_s: Array
    shared_s: Array

    @property
    def lines(self) -> tuple[tuple[Array, Array], ...]:
        """Intercept and slope, s, of every line below which no share x can finish."""
        return (
            (self.fixed_s, np.maximum(self.engine_s, _NO_TIME_S)),
            (self.fixed_s + self.offset_s, np.maximum(self.stream_s, _NO_TIME_S)),
        )


def part_seconds(part: Part, share: Array) -> Array:
    """Time in which one unit finishes its share, s; none where it has none."""
    slowest = np.maximum(*(start + slope * share for start, slope in part.lines))
    return np.where(share > 0.0, slowest, 0.0)


def split_seconds(parts: Sequence[Part], shares: Array) -> Array:
    """Time of a split operator: its slowest unit, or all their bytes at the shared controller.

        t = max(max_u t_u(x_u),  max_u f_u + sum over u of (o_u + x_u w_u))                   (1)

    over the units with x_u > 0: f_u is the launch, o_u what each of them reads again, w_u the
    rest of the operator's bytes. The shared bandwidth counts from the last launch on, which is
    on the safe side by what the others moved before it.

    Parameters
    ----------
    parts : sequence of Part
        One per unit.
    shares : Array
        Shape (units, n); each column adds up to 1.

    Returns
    -------
    Array
        s, (n,).
    """
    times = [part_seconds(part, x) for part, x in zip(parts, shares, strict=True)]
    last: Array = np.zeros(1)
    moved: Array = np.zeros(1)
    for part, x in zip(parts, shares, strict=True):
        last = np.where(x > 0.0, np.maximum(last, part.fixed_s), last)
        moved = moved + np.where(x > 0.0, part.shared_offset_s + x * part.shared_s, 0.0)
    return np.asarray(np.maximum(np.max(np.stack(np.broadcast_arrays(*times)), 0), last + moved))


def best_split(parts: Sequence[Part]) -> Array:
    """Shares of the least time when every unit takes part.

        minimise T  over x >= 0, sum of x = 1                                                 (1)
        with  T >= a_ur + b_ur x_u   for every unit u and each of its lines r                 (2)
              T >= s + sum over u of w_u x_u                                                  (3)

    For a given T, (2) lets unit u take at most X_u = min over r of (T - a_ur) / b_ur, a concave
    function, and the least bytes in (3) come from filling the units with the smallest w first. By
    the duality of that fractional knapsack, with one line r(u) chosen per unit, T must meet

        sum over u of X_u >= 1:    T >= (1 + sum a/b) / (sum 1/b)                             (4)
        for each unit j:           T >= s + w_j - sum over u of (w_j - w_u)+ X_u              (5)

    for every such choice, each linear in T: the optimum is the largest of their roots and of the
    intercepts a_ur. No search, and no ordering of the designs.

    Parameters
    ----------
    parts : sequence of Part
        Two or more units that take part.

    Returns
    -------
    Array
        Shares, shape (units, n), each column adding up to 1.

    References
    ----------
    Dantzig, "Discrete-variable extremum problems", Operations Research 5(2), 1957 (filling by
    the smallest weight, and its dual).
    """
    seconds = _optimum_s(parts)
    room = [_room(part, seconds) for part in parts]
    shares = []
    for u, part in enumerate(parts):
        taken: Array = np.zeros(1)
        for v, other in enumerate(parts):
            before = (other.shared_s < part.shared_s) | (
                (other.shared_s == part.shared_s) & (v < u)
            )
            taken = taken + np.where(before, room[v], 0.0)
        shares.append(np.clip(1.0 - taken, 0.0, room[u]))
    stacked = np.stack(np.broadcast_arrays(*shares))
    result: Array = stacked / np.sum(stacked, axis=0)
    return result


def _optimum_s(parts: Sequence[Part]) -> Array:
    """Least time T of equations (4) and (5) of `best_split`."""
    last = np.max(np.stack(np.broadcast_arrays(*(part.fixed_s for part in parts))), axis=0)
    start = sum((part.shared_offset_s for part in parts), last)
    best: Array = np.zeros(1)
    for choice in itertools.product(*(part.lines for part in parts)):
        rates = [1.0 / slope for _, slope in choice]
        heads = [intercept * rate for (intercept, _), rate in zip(choice, rates, strict=True)]
        best = np.maximum(best, (1.0 + sum(heads)) / sum(rates))
        for intercept, _ in choice:
            best = np.maximum(best, intercept)
        for part in parts:
            saved = [np.maximum(part.shared_s - other.shared_s, 0.0) for other in parts]
            top = sum((s * head for s, head in zip(saved, heads, strict=True)), start)
            below = sum((s * rate for s, rate in zip(saved, rates, strict=True)), np.ones(1))
            best = np.maximum(best, (top + part.shared_s) / below)
    return best


def _room(part: Part, seconds: Array) -> Array:
    """Largest share that a unit finishes in a time that no intercept exceeds."""
    limits = [
        np.where(slope > _NO_TIME_S, (seconds - intercept) / slope, 1.0)
        for intercept, slope in part.lines
    ]
    return np.clip(np.minimum(*limits), 0.0, 1.0)


def whole_parts(parts: Sequence[Part], shares: Array, pieces: float) -> Array:
    """Round shares to whole pieces (the heads of an attention): the fastest of the neighbours.

    Every share goes down to a multiple of 1 / pieces, and the pieces that remain go to the units
    that finish soonest with them. For two units that is the best split of all into whole pieces,
    for their time is convex in the share.

    Parameters
    ----------
    parts, shares
        As for `split_seconds`.
    pieces : float
        Number of equal pieces.
    """
    down = np.minimum(np.floor(shares * pieces + 1e-9), pieces)
    left = pieces - np.sum(down, axis=0)
    best, found = np.full(1, np.inf), shares
    for extra in itertools.product((0.0, 1.0), repeat=len(parts)):
        tried = (down + np.reshape(extra, (-1, 1))) / pieces
        seconds = np.where(left == sum(extra), split_seconds(parts, tried), np.inf)
        found = np.where(seconds < best, tried, found)
        best = np.minimum(best, seconds)
    return found
