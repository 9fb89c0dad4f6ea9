"""Labels beside points that cover neither each other nor what they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Label", "place_labels"]

Array = npt.NDArray[np.float64]

# Places are tried from near to far and, at each distance, from the right round; degrees.
_ANGLES = (0, 30, -30, 180, 150, 210, 90, 60, 120, -90, -60, -120)
_DISTANCES_POINTS = (6.0, 10.0, 16.0, 24.0, 34.0, 46.0, 60.0, 76.0, 95.0)
# From this distance on, a thin line ties the label to its point.
_LEADER_POINTS = 16.0
_LEADER_SAMPLES = 16
_FONT_POINTS = 7.0
# Air around a text: beside it so much that two in a row are not read as one.
_AIR_PIXELS = (4.0, 1.0)
# Half a marker, which no leader should touch; and what a label keeps from the markers of others,
# lest it seem to name them.
_MARKER_PIXELS, _CLEAR_PIXELS = 4.0, 9.0
# Labels that may be far from their points; a later one is written near its point or not at all.
_LEADERS = 10
# What it costs to meet one more thing: a label or the frame; a leader or a point with a leader; a
# point or a leader with a label; and to be far.
_ON_LABEL, _ON_LEADER, _ON_POINT, _PER_POINT = 1000.0, 30.0, 100.0, 0.2


@dataclass(frozen=True, slots=True)
class Label:
    """A text that belongs to a point of the axes.

    Parameters
    ----------
    x, y : float
        The point, in data coordinates.
    text : str
        What to write.
    colour : str
        Of the text and its leader.
    """

    x: float
    y: float
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in pixels, the offset in points that leads to it, and the leader to it."""

    left: float
    bottom: float
    right: float
    top: float
    dx: float
    dy: float
    side: tuple[int, int]
    leader: Array

    @property
    def is_far(self) -> bool:
        """Whether it takes a line to tell what the label belongs to."""
        return float(np.hypot(self.dx, self.dy)) >= _LEADER_POINTS

    def overlaps(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def holds(self, pixels: Array) -> bool:
        """Whether any of the points (k, 2) of a leader lies within it, or at its edge."""
        low = (self.left - _MARKER_PIXELS, self.bottom - _MARKER_PIXELS)
        high = (self.right + _MARKER_PIXELS, self.top + _MARKER_PIXELS)
        return bool(((pixels > low) & (pixels < high)).all(axis=1).any())

    def covers(self, pixels: Array) -> int:
        """How many markers at the points (k, 2) it comes too near, its own left out."""
        others = pixels[np.abs(pixels - self.leader[0]).max(axis=1) > 1.0]
        low = (self.left - _CLEAR_PIXELS, self.bottom - _MARKER_PIXELS)
        high = (self.right + _CLEAR_PIXELS, self.top + _MARKER_PIXELS)
        return int(np.count_nonzero(((others > low) & (others < high)).all(axis=1)))

    def strikes(self, pixels: Array) -> int:
        """How many markers at the points (k, 2) its leader runs through, its own left out."""
        start, way = self.leader[0], self.leader[-1] - self.leader[0]
        others = pixels[np.abs(pixels - start).max(axis=1) > 1.0] - start
        along = np.clip(others @ way / float(way @ way), 0.0, 1.0)
        distance = np.hypot(*(others - along[:, None] * way).T)
        return int(np.count_nonzero(distance < _MARKER_PIXELS))


def place_labels(axes: Axes, labels: Sequence[Label], obstacles: Array) -> None:
    """Write every label at the cheapest free place around its point.

    Greedy and deterministic: labels in the given order; a place costs what it covers, and its
    distance. A label that would cover another one, or leave the axes, is left out, and so is a
    less important one that finds no free place near its point: a crowd needs few leaders.

    Parameters
    ----------
    axes : Axes
        Their limits and layout must be final, since room is measured in pixels.
    labels : sequence of Label
        Most important first.
    obstacles : ndarray
        Points that labels should not cover, data coordinates, shape (k, 2).
    """
    if not labels:
        return
    anchors = np.array([(label.x, label.y) for label in labels], dtype=np.float64)
    anchors = axes.transData.transform(anchors)
    pixels = np.vstack([anchors, axes.transData.transform(obstacles.reshape(-1, 2))])
    sizes = _text_sizes(axes, [label.text for label in labels])
    taken: list[_Box] = []
    frame = axes.get_window_extent()
    room = (frame.x0, frame.y0, frame.x1, frame.y1)
    for number, (label, anchor, size) in enumerate(zip(labels, anchors, sizes, strict=True)):
        places = list(_places(anchor, size, axes.figure.dpi / 72.0))
        worst = _ON_LABEL
        if number >= _LEADERS:
            places, worst = [place for place in places if not place.is_far], _ON_POINT
        costs = [_cost(place, room, pixels, taken) for place in places]
        best = int(np.argmin(costs))
        if costs[best] < worst:
            taken.append(places[best])
            _write(axes, label, places[best])


def _text_sizes(axes: Axes, texts: Sequence[str]) -> list[tuple[float, float]]:
    """Width and height of the texts in pixels."""
    sizes = []
    for text in texts:
        artist = axes.text(0.5, 0.5, text, fontsize=_FONT_POINTS, transform=axes.transAxes)
        extent = artist.get_window_extent()
        artist.remove()
        beside, above = _AIR_PIXELS
        sizes.append((extent.width + 2 * beside, extent.height + 2 * above))
    return sizes


def _places(anchor: Array, size: tuple[float, float], pixels_per_point: float) -> Iterator[_Box]:
    """Every place that is tried around a point, near ones first."""
    width, height = size
    for distance in _DISTANCES_POINTS:
        for angle in _ANGLES:
            dx = distance * float(np.cos(np.radians(angle)))
            dy = distance * float(np.sin(np.radians(angle)))
            # Which edge of the text faces the point: none where the way is steep or flat.
            side = (_sign(dx, 0.25 * distance), _sign(dy, 0.25 * distance))
            x, y = anchor[0] + dx * pixels_per_point, anchor[1] + dy * pixels_per_point
            left = x - width * (1 - side[0]) / 2
            bottom = y - height * (1 - side[1]) / 2
            leader = np.linspace(anchor, (x, y), _LEADER_SAMPLES)
            yield _Box(left, bottom, left + width, bottom + height, dx, dy, side, leader)


def _sign(value: float, least: float) -> int:
    return 0 if abs(value) < least else int(np.sign(value))


def _cost(
    box: _Box, room: tuple[float, float, float, float], pixels: Array, taken: Sequence[_Box]
) -> float:
    """What a place covers, weighed, and how far it is."""
    x0, y0, x1, y1 = room
    is_outside = box.left < x0 or box.bottom < y0 or box.right > x1 or box.top > y1
    bad = is_outside + sum(box.overlaps(other) for other in taken)
    crossed = box.strikes(pixels) if box.is_far else 0
    covered = box.covers(pixels)
    for other in taken:
        covered += other.is_far and box.holds(other.leader)
        covered += box.is_far and other.holds(box.leader)
        crossed += box.is_far and _cross(box, other)
    return (
        _ON_LABEL * bad
        + _ON_LEADER * crossed
        + _ON_POINT * covered
        + _PER_POINT * float(np.hypot(box.dx, box.dy))
    )


def _cross(one: _Box, other: _Box) -> bool:
    """Whether the leaders of two boxes cross; from one point they only start together."""
    if not other.is_far or np.allclose(one.leader[0], other.leader[0]):
        return False
    p, r = one.leader[0], one.leader[-1] - one.leader[0]
    q, s = other.leader[0], other.leader[-1] - other.leader[0]
    area = float(r[0] * s[1] - r[1] * s[0])
    if area == 0.0:
        return False
    t = float((q - p)[0] * s[1] - (q - p)[1] * s[0]) / area
    u = float((q - p)[0] * r[1] - (q - p)[1] * r[0]) / area
    return 0.0 < t < 1.0 and 0.0 < u < 1.0


def _write(axes: Axes, label: Label, box: _Box) -> None:
    """Draw the text at its place, tied to its point where it is far."""
    from matplotlib.patheffects import withStroke

    leader = {
        "arrowstyle": "-",
        "color": label.colour,
        "linewidth": 0.5,
        "shrinkA": 0.0,
        "shrinkB": 3.0,
        # It leaves the text where the text begins, seen from the point.
        "relpos": tuple((1 - step) / 2 for step in box.side),
    }
    axes.annotate(
        label.text,
        (label.x, label.y),
        xytext=(box.dx, box.dy),
        textcoords="offset points",
        ha={1: "left", 0: "center", -1: "right"}[box.side[0]],
        va={1: "bottom", 0: "center", -1: "top"}[box.side[1]],
        fontsize=_FONT_POINTS,
        color=label.colour,
        arrowprops=leader if box.is_far else None,
        path_effects=[withStroke(linewidth=2.0, foreground="white")],
        zorder=8,
    )
