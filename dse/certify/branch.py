"""One step of branch and bound: halve every box along every axis, and keep the best cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dse.certify.archive import Archive, relaxed
from dse.certify.bound import Bounder
from dse.certify.frame import Boxes, Ranks

__all__ = ["bounded", "branch", "is_live"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What a cut is worth that raises the bounds of one half alone.
_LEAST_GAIN = 1e-3


def bounded(low: Ranks, high: Ranks, bounder: Bounder) -> Boxes:
    """Boxes with their bounds."""
    return Boxes(low, high, *bounder.bound(low, high))


def is_live(boxes: Boxes, archive: Archive, eps: float) -> Mask:
    """Whether a box may still hold a design that no design of the archive stands for."""
    result: Mask = np.asarray((boxes.missed <= 0.0).all(axis=1))
    result[result] = ~archive.covers(relaxed(boxes.bound[result], eps))
    return result


def branch(boxes: Boxes, bounder: Bounder, archive: Archive, eps: float) -> tuple[Boxes, int]:
    """Cut boxes into smaller ones, and drop what cannot matter.

    Both halves of a box along each of its axes are bounded, all of them in one batch. Where one
    half is dead the box shrinks to the other, on all axes at once; a box that does not shrink is
    cut along the axis that brings both halves nearest to their end.

    Parameters
    ----------
    boxes : Boxes
        Boxes of more than one design each.
    bounder : Bounder
        Bounds of the halves.
    archive : Archive
        Designs found.
    eps : float
        Factor by which a design of the archive may miss.

    Returns
    -------
    tuple
        The boxes that are left, none larger than half of its own; how many were bounded.

    References
    ----------
    Land, Doig, "An automatic method of solving discrete programming problems", Econometrica
    28(3), 1960; choosing the cut by the bounds of all: Achterberg, Koch, Martin, "Branching rules
    revisited", Operations Research Letters 33(1), 2005.
    """
    low, high, box, axis = _halves(boxes)
    halves = bounded(low, high, bounder)
    np.maximum(halves.bound, boxes.bound[box], out=halves.bound)
    np.maximum(halves.missed, boxes.missed[box], out=halves.missed)
    alive = is_live(halves, archive, eps).reshape(2, -1)
    box, axis = box[: alive.shape[1]], axis[: alive.shape[1]]
    gone = np.zeros(len(boxes), dtype=np.bool_)
    gone[box[~alive.any(axis=0)]] = True
    one_sided = (alive[0] != alive[1]) & ~gone[box]
    has_shrunk = np.zeros(len(boxes), dtype=np.bool_)
    has_shrunk[box[one_sided]] = True
    shrunk = _shrunk(boxes, halves, (box, axis), one_sided & alive)
    gains = _gains(halves, boxes, box)
    score = np.full(boxes.low.shape, -np.inf)
    score[box, axis] = (gains[0] + _LEAST_GAIN) * (gains[1] + _LEAST_GAIN)
    cut = score.argmax(axis=1)[box] == axis
    cut &= ~gone[box] & ~has_shrunk[box]
    return Boxes.joined(shrunk[has_shrunk], halves[np.tile(cut, 2)]), len(halves)


def _halves(
    boxes: Boxes,
) -> tuple[Ranks, Ranks, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Lower halves of every box along every axis, then the upper ones; their boxes and axes."""
    widths = boxes.widths
    box, axis = np.nonzero(widths)
    low, high = boxes.low[box], boxes.high[box]
    each = np.arange(len(box))
    middle = low[each, axis] + widths[box, axis] // 2
    lower, upper = high.copy(), low.copy()
    lower[each, axis] = middle
    upper[each, axis] = middle + 1
    return (
        np.concatenate([low, upper]),
        np.concatenate([lower, high]),
        np.tile(box, 2),
        np.tile(axis, 2),
    )


def _gains(halves: Boxes, boxes: Boxes, box: npt.NDArray[np.intp]) -> Array:
    """How much nearer the halves are to their end, shape (2, m).

    The sum of the relative gains of the objectives, and of the shares of what was left until a
    limit is missed.
    """
    whole, left = np.tile(boxes.bound[box], (2, 1)), -np.tile(boxes.missed[box], (2, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        better = np.nan_to_num((halves.bound - whole) / np.abs(whole), nan=0.0, posinf=1.0)
        used = np.nan_to_num((halves.missed + left) / left, nan=0.0, posinf=1.0)
    gains = np.minimum(better, 1.0).sum(axis=1) + np.minimum(used, 1.0).sum(axis=1)
    return np.asarray(gains.reshape(2, -1))


def _shrunk(
    boxes: Boxes,
    halves: Boxes,
    place: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    kept: Mask,
) -> Boxes:
    """Boxes cut down to the half that is kept, on every axis where one of the two is."""
    low, high = boxes.low.copy(), boxes.high.copy()
    bound, missed = boxes.bound.copy(), boxes.missed.copy()
    for side in (0, 1):
        rows = np.flatnonzero(kept[side])
        box, axis = place[0][rows], place[1][rows]
        half = rows + side * kept.shape[1]
        low[box, axis], high[box, axis] = halves.low[half, axis], halves.high[half, axis]
        np.maximum.at(bound, box, halves.bound[half])
        np.maximum.at(missed, box, halves.missed[half])
    return Boxes(low, high, bound, missed)
