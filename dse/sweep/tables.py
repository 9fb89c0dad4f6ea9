"""Counts of work over the few axes that they depend on, looked up for designs at random places."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dse.cost import Counts, OpWork, count_work, team_units
from dse.space import Axis, Index, Space
from dse.technology import Silicon
from dse.workload import Model, Scenario

__all__ = ["WorkTables"]

Array = npt.NDArray[np.float64]

# Combinations of values beyond which the tables would take longer than what they save.
_LARGEST = 1 << 17
# What makes a design faster, dearer or hotter, and leaves its work as it is.
_RATES = re.compile(
    r"chip\.(node|power\..*|area\..*|cache\.bandwidth_bytes_per_s"
    r"|dram\.(type|data_rate_per_s|bus_width_bits|max_outstanding_bytes)"
    r"|units\.[^.]+\.(clock_hz|max_clock_hz|dispatch_s|max_dram_bytes_per_s"
    r"|vector\.lanes|sram\.bytes_per_cycle))"
)


class WorkTables:
    """What every operator asks for, by the combination of the axes that it depends on.

    Cycles follow from the shape of the array, bytes from capacities and formats; clocks,
    bandwidths, nodes and DRAM types leave them alone. There are few such combinations, and each
    is worked out once.

    Parameters
    ----------
    space : Space
        The space.
    silicon : Silicon
        Constants of the reference node.
    """

    def __init__(self, space: Space, silicon: Silicon) -> None:
        self._space = space
        self._silicon = silicon
        self._varied = [not axis.static and not _is_rate(axis) for axis in space.axes]
        self._tables: dict[tuple[int, ...], list[list[Counts]]] = {}
        pairs = zip(space.shape, self._varied, strict=True)
        self.size = math.prod(length for length, varied in pairs if varied)
        cases = sum(len(mix.scenarios) for mix in space.mixes)
        self.is_usable = self.size * cases <= _LARGEST and not team_units(space.chip, space.unit)

    def order(self, index: Index) -> Index:
        """Places of designs with those of the same entries together, which reads them faster."""
        code = np.zeros(len(index), dtype=np.int64)
        for axis, (length, varied) in enumerate(zip(self._space.shape, self._varied, strict=True)):
            if varied:
                code = code * length + index[:, axis]
        # Sixteen bits sort in linear time, and neighbours need no finer order.
        coarse = (code * (1 << 16) // max(1, self.size)).astype(np.uint16)
        return np.argsort(coarse, kind="stable")

    def counts(self, index: Index) -> list[list[Counts]]:
        """Counts of designs that share the values of all static axes.

        One entry per model and mix, models first, with one entry per scenario of the mix.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k), n >= 1.
        """
        spread = _spreader(index)
        return [
            [_spread_all(counts, spread) for counts in of_mix]
            for of_mix in self._of_group(index[0])
        ]

    def _of_group(self, row: Index) -> list[list[Counts]]:
        static = tuple(
            int(i) for i, axis in zip(row, self._space.axes, strict=True) if axis.static
        )
        if static not in self._tables:
            self._tables[static] = self._made(row)
        return self._tables[static]

    def _made(self, row: Index) -> list[list[Counts]]:
        columns: list[Index] = []
        for place, (axis, varied) in enumerate(zip(self._space.axes, self._varied, strict=True)):
            along = [1] * len(row)
            along[place] = len(axis.values) if varied else 1
            places = np.arange(along[place]) if varied else row[place : place + 1] * axis.static
            columns.append(places.reshape(along))
        chip, mixes = self._space.build(columns)

        def count(model: Model, scenario: Scenario) -> Counts:
            made = count_work((chip, model, scenario), self._silicon, self._space.unit)
            # Whole in memory, so that no look-up copies them.
            return _spread_all(made, np.ascontiguousarray)

        return [
            [count(model, scenario) for scenario in mix.scenarios]
            for model in self._space.models
            for mix in mixes
        ]


def _is_rate(axis: Axis) -> bool:
    return all(_RATES.fullmatch(leaf) for leaf in axis.all_leaves())


def _spread_all(counts: Counts, spread: Callable[[Array], Array]) -> Counts:
    prefill, decode = ([_spread(work, spread) for work in each] for each in counts)
    return prefill, decode


def _spread(work: OpWork, spread: Callable[[Array], Array]) -> OpWork:
    parts = {f.name: spread(getattr(work, f.name)) for f in dataclasses.fields(work)}
    return OpWork(**parts)


def _spreader(index: Index) -> Callable[[Array], Array]:
    """Look up one table: entries of designs, (n,), or the one that holds for all of them."""
    places: dict[tuple[int, ...], npt.NDArray[np.intp]] = {}
    # Operators share terms, such as the bytes of equal products.
    done: dict[int, tuple[Array, Array]] = {}

    def spread(table: Array) -> Array:
        if table.size == 1:
            return table.reshape(1)
        if id(table) in done:
            return done[id(table)][1]
        if table.shape not in places:
            total = np.zeros(len(index), dtype=np.intp)
            for axis, length in enumerate(table.shape):
                if length > 1:
                    total = total * length + index[:, axis]
            places[table.shape] = total
        values = np.take(table.ravel(), places[table.shape], mode="clip")
        done[id(table)] = table, values
        return values

    return spread
