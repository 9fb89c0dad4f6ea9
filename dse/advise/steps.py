"""The shortest set of steps that brings a model onto a chip.

Every set of a catalogue is tried, by the number of its steps: all sets of one step, all of two,
and so on, each number in one batch. The answer is exact: no set with fewer steps meets the
targets, and none with as many is cheaper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.advise.step_judge import Judge, StepSet
from dse.advise.step_order import Taken, order_of
from dse.cost import Stack
from dse.errors import TooLargeError
from dse.space import Index, Target
from dse.spec.step_space import StepSpace
from dse.sweep import ALWAYS, Reach, RequirementReach, shortfalls
from dse.technology import Silicon
from dse.workload import Model

__all__ = ["MAX_SETS", "StepsResult", "find_steps"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int16]

# Sets that a catalogue may have; one takes some microseconds, of many units together up to 100.
MAX_SETS = 5_000_000
# Sets that a batch holds at least.
_LEAST = 512
# Sets of equal length that are told beside the cheapest.
_OTHERS = 3
# Digits after the point to which cost, quality and power are compared: beyond them is noise.
_CENTS = 2
_QUALITY = 4
_MILLIWATTS = 3


@dataclass(frozen=True, slots=True)
class StepsResult:
    """What came of a search for steps.

    Parameters
    ----------
    requirements : tuple of Target
        The targets, that the model fits, and that the chip can be built.
    start, found : StepSet
        Without any step; and the cheapest of the shortest sets that meet every requirement, or
        the nearest set where none does.
    is_met : bool
        Whether `found` meets every requirement.
    taken : tuple of Taken
        Its steps, in the order of `order_of`.
    equals : int
        Sets with as few steps that meet every requirement, `found` among them.
    others : tuple of StepSet
        The next cheapest of them.
    tried : int
        Sets evaluated.
    most : int
        Steps of the largest set tried.
    is_all : bool
        Whether no set is longer.
    reach : tuple of RequirementReach
        How near the sets tried come to each requirement.
    """

    requirements: tuple[Target, ...]
    start: StepSet
    found: StepSet
    is_met: bool
    taken: tuple[Taken, ...]
    equals: int
    others: tuple[StepSet, ...]
    tried: int
    most: int
    is_all: bool
    reach: tuple[RequirementReach, ...]


def find_steps(
    space: StepSpace,
    model: Model,
    targets: Sequence[Target],
    silicon: Silicon,
    *,
    stack: Stack | None = None,
    most: int | None = None,
) -> StepsResult:
    """Shortest set of steps whose design meets the targets; of equal ones the cheapest.

    Cheapest is the least cost in USD, to the cent; then the least perplexity; then the least
    power while decoding; then the first in the catalogue.

    Parameters
    ----------
    space : StepSpace
        The steps on one chip.
    model : Model
        What runs.
    targets : sequence of Target
        What is asked; that the model fits and the chip can be built is asked always.
    silicon, stack : Silicon, Stack
        As for `dse.cost.evaluate`.
    most : int, optional
        Steps of the largest set to try; all sets by default.

    Returns
    -------
    StepsResult
        Where no set meets the targets, with the set whose largest miss is least; then the least
        sum of misses; then the fewest steps.

    Raises
    ------
    TooLargeError
        If there are more than `MAX_SETS` sets.
    """
    if space.size > MAX_SETS:
        text = f"the catalogue has {space.size} sets of steps, but at most {MAX_SETS} are tried"
        raise TooLargeError(f"{text}: leave steps out or let them repeat less")
    targets = tuple(target for target in targets if target not in ALWAYS)
    judge = Judge(space, model, silicon, stack)
    requirements = (*targets, *ALWAYS)
    reach, tried, length = Reach(requirements), 0, 0
    best = _Best()
    for levels, steps in _batches(space, most):
        columns = judge.columns(levels)
        missed = shortfalls(targets, columns)
        reach.update(levels, columns, missed)
        tried, length = tried + len(levels), int(steps.max())
        met = (missed <= 0.0).all(axis=1)
        kept = {name: values[met] for name, values in columns.items()}
        best.update(levels[met], kept, steps[met])
        if best.count:
            break
    chosen = best.levels if best.count else [reach.nearest]
    sets = [judge.of(levels) for levels in chosen if levels is not None]
    start = judge.of(np.zeros(len(space.groups), dtype=np.int64))
    taken = order_of(space, sets[0].levels, requirements, judge.columns)
    return StepsResult(
        requirements,
        start,
        sets[0],
        bool(best.count),
        taken,
        best.count,
        tuple(sets[1:]),
        tried,
        length,
        most is None or most >= int(space.counts().max(initial=0)),
        reach.requirements,
    )


def _batches(space: StepSpace, most: int | None) -> Iterator[tuple[Index, Counts]]:
    """All sets that can be had with their numbers of steps, the shortest first.

    No number of steps is torn between batches; small ones share one, for a kernel call has a
    price of its own.
    """
    counts = space.counts()
    last = int(counts.max(initial=0)) if most is None else min(most, int(counts.max(initial=0)))
    numbers = np.zeros(0, dtype=np.int64)
    for length in range(last + 1):
        numbers = np.concatenate([numbers, np.flatnonzero(counts == length)])
        if len(numbers) < _LEAST and length < last:
            continue
        levels = space.decode(numbers)
        there = space.exists(levels)
        if there.any():
            yield levels[there], counts[numbers[there]]
        numbers = numbers[:0]


class _Best:
    """The cheapest of the shortest sets of the first batch that has any, and their number."""

    def __init__(self) -> None:
        self.count = 0
        self.levels: list[Index] = []

    def update(self, levels: Index, columns: Mapping[str, Array], steps: Counts) -> None:
        """Take in sets that meet the requirements."""
        if not len(levels):
            return
        fewest = steps == steps.min()
        levels, columns = levels[fewest], {name: v[fewest] for name, v in columns.items()}
        keys = (
            np.round(columns["cost_usd"], _CENTS),
            np.round(columns["perplexity_ratio"], _QUALITY),
            np.round(columns["decode_power_w"], _MILLIWATTS),
        )
        order = np.lexsort(keys[::-1])[: _OTHERS + 1]  # stable: equal sets stay in their order
        self.count = len(levels)
        self.levels = list(levels[order])
