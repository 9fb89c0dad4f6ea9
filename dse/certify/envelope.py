"""The best, and the worst, coefficients that any design of a box can have.

Every coefficient of a chip is monotone along most axes: its best value over a box is then that of
one corner of the box, and coefficients that ask for the same corner share one derivation. The
directions are found by deriving the coefficients along whole lines of the space, all of them in a
small one and a sample in a large one, and at both ends of each axis beside every choice of every
other; an axis along which one of them turns back has no order, and
its choices are enumerated instead. So are those of an axis to which other fields are tied: two
fields that pull a coefficient either way could turn it back where no line of a sample is, while
one field by itself moves it one way wherever it stands, by the equations of `derive`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from dse.certify.frame import Frame, Ranks, by_value
from dse.chip import Chip
from dse.cost import ChipBatch, coefficient, derive, senses, with_coefficients
from dse.space import Index, Space
from dse.technology import Silicon
from dse.workload import Mix, Precision

__all__ = ["Envelope", "coefficients", "directions"]

Array = npt.NDArray[np.float64]
Signs = npt.NDArray[np.int8]
# A coefficient: the number of the formats that it belongs to, and its path in their batch.
Path = tuple[int, str]
# Boxes of a group, the coefficients by the number of the formats, and the mixes.
Extreme = tuple[Index, list[ChipBatch], tuple[Mix, ...]]

# Lines of the space along which each coefficient is followed, per axis: half from random designs,
# half from corners; fewer where the lines are long.
_LINES = 1536
_LEAST_LINES = 64
_ON_LINES = 1 << 17
# Designs with each choice of each axis, through which both ends of every axis are compared.
_EACH = 8
# Differences below this share of a value are rounding.
ROUNDING = 1e-12
# What a box is not judged by here: `Buildable` asks it of the box as a whole.
_ELSEWHERE = ("buildable",)


def _senses(batch: ChipBatch) -> dict[str, int]:
    """Sense of every coefficient by its path; 0 for one that must not vary within a box."""
    return {path: sense for path, sense in senses(batch).items() if path not in _ELSEWHERE}


class Formats:
    """The different formats of the scenarios of a space: coefficients are derived for each.

    Scenarios of equal base formats have equal formats in every design.

    Parameters
    ----------
    space : Space
        The space.
    """

    def __init__(self, space: Space) -> None:
        bases = [each.precision for mix in space.mixes for each in mix.scenarios]
        distinct = [base for place, base in enumerate(bases) if base not in bases[:place]]
        self._firsts = [bases.index(base) for base in distinct]
        # By scenario of all mixes, the number of its formats.
        self.numbers = [distinct.index(base) for base in bases]

    def of(self, mixes: tuple[Mix, ...]) -> list[Precision]:
        """Formats of designs, by number."""
        every = [each.precision for mix in mixes for each in mix.scenarios]
        return [every[place] for place in self._firsts]


def coefficients(space: Space, index: Index, silicon: Silicon) -> dict[Path, Array]:
    """Every coefficient of the designs by its path, (n,) each."""
    result: dict[Path, Array] = {}
    formats = Formats(space)
    for rows, chip, mixes in space.groups(index):
        for number, precision in enumerate(formats.of(mixes)):
            batch = derive(chip, precision, silicon, space.unit)
            for path in _senses(batch):
                column = result.setdefault((number, path), np.empty(len(index)))
                column[rows] = coefficient(batch, path)
    return result


def directions(space: Space, silicon: Silicon, seed: int = 0) -> dict[Path, Signs]:
    """Which way each coefficient moves with the rank on every axis.

    Returns
    -------
    dict of str to ndarray of int8
        By path, shape (axes,): 1 where it never falls, -1 where it never rises, 0 where it does
        not move, 2 where it does both, or where the axis has no order.
    """
    starts, everywhere = _starts(space, seed), _covering(space, seed)
    result: dict[Path, Signs] = {}
    for place, axis in enumerate(space.axes):
        size = len(axis.values)
        count = max(_LEAST_LINES, _ON_LINES // size)
        lines = np.repeat(starts[:count], size, axis=0)
        lines[:, place] = np.tile(by_value(axis.values), len(starts[:count]))
        has_order = axis.is_numeric and not (axis.static or axis.ties)
        for path, values in coefficients(space, lines, silicon).items():
            signs = result.setdefault(path, np.zeros(len(space.axes), dtype=np.int8))
            signs[place] = _sign(values.reshape(-1, size)) if has_order else 2
        if has_order and size > 1:
            _add_ends(result, place, space, everywhere, silicon)
    return result


def _add_ends(
    result: dict[Path, Signs], place: int, space: Space, everywhere: Index, silicon: Silicon
) -> None:
    """Add what a coefficient does from end to end of an axis, by every choice of the others.

    It may move along an axis where another has one choice, and stand still beside all others: no
    sample of lines is sure to meet that one.
    """
    order = by_value(space.axes[place].values)
    ends = np.repeat(everywhere, 2, axis=0)
    ends[:, place] = np.tile(order[[0, -1]], len(everywhere))
    for path, values in coefficients(space, ends, silicon).items():
        known, also = int(result[path][place]), _sign(values.reshape(-1, 2))
        if also and known != also:
            result[path][place] = 2 if known else also


def _covering(space: Space, seed: int) -> Index:
    """Random designs, of which `_EACH` have each choice of each axis."""
    random = np.random.default_rng(seed)
    parts = []
    for place, size in enumerate(space.shape):
        some = random.integers(0, space.shape, (_EACH * size, len(space.axes)))
        some[:, place] = np.tile(np.arange(size), _EACH)
        parts.append(some)
    return np.concatenate(parts)


def _starts(space: Space, seed: int) -> Index:
    """Designs through which the lines run, distinct: all of a small space."""
    if space.size <= _LINES:
        return space.decode(np.arange(space.size))
    random = np.random.default_rng(seed)
    anywhere = random.integers(0, space.shape, (_LINES // 2, len(space.axes)))
    corners = random.integers(0, 2, anywhere.shape) * (np.array(space.shape) - 1)
    both = np.stack([corners, anywhere], axis=1).reshape(-1, len(space.axes))
    ends = np.stack([0 * corners[0], np.array(space.shape) - 1])
    _, first = np.unique(np.concatenate([ends, both]), axis=0, return_index=True)
    return np.asarray(np.concatenate([ends, both])[np.sort(first)])


def _sign(lines: Array) -> int:
    with np.errstate(invalid="ignore"):  # infinite all along a line: it does not move
        steps = np.nan_to_num(np.diff(lines, axis=1))
    slack = ROUNDING * np.abs(lines[:, :1])
    rises, falls = bool(np.any(steps > slack)), bool(np.any(steps < -slack))
    return 2 if rises and falls else int(rises) - int(falls)


class Envelope:
    """Best and worst coefficients over boxes of a space.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    signs : mapping
        What `directions` found.

    Attributes
    ----------
    frame : Frame
        The ranks and the roots of the space.
    """

    def __init__(self, space: Space, silicon: Silicon, signs: Mapping[Path, Signs]) -> None:
        self.space, self.silicon = space, silicon
        self.formats = Formats(space)
        (_, chip, mixes), *_ = space.groups(np.zeros((1, len(space.axes)), dtype=np.int64))
        self._senses = {
            (number, path): sense
            for number, batch in enumerate(self._derive(chip, mixes))
            for path, sense in _senses(batch).items()
        }
        axes = np.ones(len(space.axes), dtype=np.bool_)
        for path, sense in self._senses.items():
            axes &= signs[path] != 2 if sense else signs[path] == 0
        self.frame = Frame(space, axes)
        self._corners = self._share(signs)

    def _derive(self, chip: Chip, mixes: tuple[Mix, ...]) -> list[ChipBatch]:
        """Coefficients by the number of the formats."""
        return [
            derive(chip, precision, self.silicon, self.space.unit)
            for precision in self.formats.of(mixes)
        ]

    def _share(self, signs: Mapping[Path, Signs]) -> list[tuple[Signs, list[Path]]]:
        """Corners of a box, and the coefficients that are best there.

        A corner is a row of 1 for the last rank and -1 for the first; a coefficient goes to the
        first corner that agrees wherever it moves.
        """
        corners: list[tuple[Signs, list[Path]]] = []
        for path, sense in self._senses.items():
            wanted = np.where(self.frame.ordered, signs[path] * np.int8(sense), 0).astype(np.int8)
            for corner, paths in corners:
                if np.all((wanted == 0) | (corner == 0) | (wanted == corner)):
                    np.copyto(corner, wanted, where=corner == 0)
                    paths.append(path)
                    break
            else:
                corners.append((wanted.copy(), [path]))
        return corners

    def best(self, low: Ranks, high: Ranks) -> Iterator[Extreme]:
        """Best coefficients of boxes, group by group as `Space.groups` makes them."""
        return self._extreme(low, high, 1)

    def worst(self, low: Ranks, high: Ranks) -> Iterator[Extreme]:
        """Worst coefficients of boxes, likewise."""
        return self._extreme(low, high, -1)

    def _extreme(self, low: Ranks, high: Ranks, side: int) -> Iterator[Extreme]:
        places = [
            self.frame.index(np.where(side * corner > 0, high, low)) for corner, _ in self._corners
        ]
        for rows, chip, mixes in self.space.groups(places[0]):
            merged = self._derive(chip, mixes)
            for (_, paths), index in zip(self._corners[1:], places[1:], strict=True):
                ((_, other, formats),) = self.space.groups(index[rows])
                for number, batch in enumerate(self._derive(other, formats)):
                    own = {p: coefficient(batch, p) for place, p in paths if place == number}
                    merged[number] = with_coefficients(merged[number], own)
            yield rows, merged, mixes
