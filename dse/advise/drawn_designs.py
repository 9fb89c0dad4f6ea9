"""Designs of a space under draws of the numbers behind them: the same draw for all designs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dse.advise.draws import Machine, draw_factors, each_alone
from dse.advise.extremes import OVER_TIME, bounds, extreme_coefficients
from dse.advise.uncertainty import PERCENTILES
from dse.chip import Chip
from dse.cost import (
    ChipBatch,
    mean_columns,
    metric,
    model_columns,
    team_units,
    with_times,
    worst_columns,
)
from dse.space import Index, Space, replace_leaf
from dse.spec.ranges import Range, load_ranges
from dse.sweep import (
    Columns,
    asked_metrics,
    objective_values,
    violations,
)
from dse.technology import Silicon
from dse.workload import Mix

__all__ = ["DrawnDesigns"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Designs times draws in one kernel call.
_CHUNK = 1 << 16
# Designs of one call that looks for extremes.
_EXTREMES = 8
# Axes that say which numbers of the technology files a design has.
_SOURCES = ("chip.node", "chip.dram.type", "chip.dram.type.efficiency")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Designs of one structure that lean on the same numbers.

    Parameters
    ----------
    rows : Index
        Their places among all designs, (m,).
    chip : Chip
        Leaves of shape (m, 1).
    mixes : tuple of Mix
        Likewise.
    ranges : tuple of Range
        Of the numbers.
    """

    rows: Index
    chip: Chip
    mixes: tuple[Mix, ...]
    ranges: tuple[Range, ...]


class DrawnDesigns:
    """Objectives and requirements of a space's designs under other numbers than those stated.

    Parameters
    ----------
    space, silicon : Space, Silicon
        The space, and the constants of the reference node.
    chip : str or Path, optional
        File of the base chip; see `load_ranges`. What an axis sets is chosen, and has no range.

    Raises
    ------
    ValueError
        If several units share the work.
    """

    def __init__(self, space: Space, silicon: Silicon, chip: str | Path | None = None) -> None:
        if team_units(space.chip, space.unit):
            raise ValueError(f'ranges are known of one unit, not of "{space.unit}"')
        self.space = space
        self._silicon = silicon
        self._chip = chip
        self._known: dict[tuple[int, ...], tuple[Range, ...]] = {}

    def draw(self, index: Index, draws: int, seed: int) -> tuple[Array, Mask]:
        """Objectives of designs in every draw, and whether all requirements are met.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        draws, seed : int
            As for `draw_factors`.

        Returns
        -------
        ndarray
            Objectives to minimise, shape (draws, n, objectives).
        ndarray of bool
            Shape (draws, n).
        """
        space = self.space
        objectives = np.empty((draws, len(index), len(space.objectives)))
        is_met = np.empty((draws, len(index)), dtype=np.bool_)
        factors_of = cache(lambda ranges: draw_factors(ranges, draws, seed))

        def fill(batch: _Batch) -> None:
            drawn = factors_of(batch.ranges)
            shape = (len(batch.rows), draws)
            columns = self._columns(batch, drawn, shape)
            flat = {name: values.reshape(-1) for name, values in columns.items()}
            found = objective_values(space, flat).reshape(*shape, -1)
            objectives[:, batch.rows] = found.swapaxes(0, 1)
            missed = violations(space, flat) > 0.0
            is_met[:, batch.rows] = ~missed.any(axis=1).reshape(shape).T

        self._each(index, max(1, _CHUNK // draws), fill)
        return objectives, is_met

    def nominal(self, index: Index) -> Columns:
        """What objectives and requirements are made of at the numbers as stated, each (n,)."""
        found = {name: np.empty(len(index)) for name in asked_metrics(self.space)}

        def fill(batch: _Batch) -> None:
            as_stated = np.ones((1, len(batch.ranges)))
            columns = self._columns(batch, as_stated, (len(batch.rows), 1))
            for name, values in found.items():
                values[batch.rows] = columns[name][:, 0]

        self._each(index, _CHUNK, fill)
        return found

    def bounds(self, index: Index) -> tuple[Columns, Columns]:
        """Least and largest value of each objective that any numbers within their ranges allow."""
        low, high = ({n: np.empty(len(index)) for n in self.space.objectives} for _ in range(2))

        def fill(batch: _Batch) -> None:
            size = len(batch.rows)

            def ends(machine: Machine) -> ChipBatch:
                return extreme_coefficients(machine, batch.ranges, (size,))

            by_job = [self._bounds_of(columns, size) for columns in self._by_job(batch, ends)]
            for place, result in enumerate((low, high)):
                worst = worst_columns([pair[place] for pair in by_job], self.space.objectives)
                for name, values in result.items():
                    values[batch.rows] = worst[name]

        self._each(index, _EXTREMES, fill)
        return low, high

    def alone(
        self, index: Index
    ) -> Iterator[tuple[tuple[Range, ...], dict[str, tuple[Array, Array]]]]:
        """What each number does alone: logarithms of the objectives over those as stated.

        Yields
        ------
        tuple
            Ranges, and by objective two arrays of shape (m, numbers): with each number at its
            low end, and at its high end.
        """
        for batch in self._batches(index, 256):
            size = len(batch.ranges)
            factors = each_alone(batch.ranges)
            columns = self._columns(batch, factors, (len(batch.rows), len(factors)))
            effects = {}
            for name in self.space.objectives:
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratio = np.log(columns[name][:, 1:] / columns[name][:, :1])
                ratio = np.where(np.isfinite(ratio), ratio, 0.0)
                effects[name] = (ratio[:, :size], ratio[:, size:])
            yield batch.ranges, effects

    def percentiles(self, objectives: Array) -> Columns:
        """Percentiles of drawn objectives by name, each of shape (n, percentiles)."""
        return {
            name: np.percentile(_sign(name) * objectives[..., place], PERCENTILES, axis=0).T
            for place, name in enumerate(self.space.objectives)
        }

    def _columns(self, batch: _Batch, factors: Array, shape: tuple[int, int]) -> Columns:
        """What objectives and requirements are made of, by the worst; all of one shape."""
        by_job = self._by_job(batch, lambda machine: machine.scaled(batch.ranges, factors))
        worst = worst_columns(by_job, asked_metrics(self.space))
        return {name: np.broadcast_to(values, shape) for name, values in worst.items()}

    def _by_job(
        self, batch: _Batch, coefficients: Callable[[Machine], ChipBatch]
    ) -> list[Columns]:
        """Metrics of each model under each mix, and the times that bounds of powers need."""
        asked = asked_metrics(self.space)
        names = dict.fromkeys([*asked, *(OVER_TIME[name] for name in asked if name in OVER_TIME)])
        single = with_times(names)
        chips = [
            [
                coefficients(Machine(batch.chip, each.precision, self._silicon, self.space.unit))
                for each in mix.scenarios
            ]
            for mix in batch.mixes
        ]
        return [
            mean_columns(
                [
                    model_columns(one, model, scenario, single)
                    for one, scenario in zip(ones, mix.scenarios, strict=True)
                ],
                mix,
                names,
            )
            for model in self.space.models
            for mix, ones in zip(batch.mixes, chips, strict=True)
        ]

    def _bounds_of(self, columns: Mapping[str, Array], size: int) -> tuple[Columns, Columns]:
        ends = {name: np.broadcast_to(values, (size, 2)) for name, values in columns.items()}
        pairs = {name: bounds(name, ends) for name in self.space.objectives}
        low, high = ({name: pair[end] for name, pair in pairs.items()} for end in (0, 1))
        return low, high

    def _each(self, index: Index, size: int, fill: Callable[[_Batch], None]) -> None:
        """Call for every batch, on all cores; each writes rows of its own."""
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for _ in pool.map(fill, self._batches(index, size)):
                pass

    def _batches(self, index: Index, size: int) -> Iterator[_Batch]:
        """Designs in batches of at most `size` of one structure and one set of numbers."""
        axes = self.space.axes
        apart = [i for i, a in enumerate(axes) if a.static or set(a.all_leaves()) & set(_SOURCES)]
        _, group = np.unique(index[:, apart], axis=0, return_inverse=True)
        for number in range(int(group.max(initial=-1)) + 1):
            same = np.flatnonzero(group.reshape(-1) == number)
            ranges = self._ranges(index[same[0]])
            for start in range(0, len(same), size):
                rows = same[start : start + size]
                chip, mixes = self.space.build(index[rows].T[..., None])
                yield _Batch(rows, chip, mixes, ranges)

    def _ranges(self, row: Index) -> tuple[Range, ...]:
        """Ranges of the numbers that a design has."""
        axes = [
            (axis, int(place))
            for axis, place in zip(self.space.axes, row, strict=True)
            if set(axis.all_leaves()) & set(_SOURCES)
        ]
        key = tuple(place for _, place in axes)
        if key not in self._known:
            chip = self.space.chip
            for axis, place in axes:
                for setting in axis.settings:
                    for leaf in setting.leaves:
                        chip = replace_leaf(chip, leaf.split(".")[1:], setting.values[place])
            paths = {
                setting.path.removeprefix("chip.")
                for axis in self.space.axes
                for setting in axis.settings
            }
            self._known[key] = load_ranges(chip, self._chip, paths)
        return self._known[key]


def _sign(name: str) -> float:
    """Sign that an objective has among numbers to minimise."""
    return -1.0 if metric(name).sense > 0 else 1.0
