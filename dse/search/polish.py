"""Local search: no design within two steps of the final front improves on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dse.pareto import thin
from dse.search.coding import Coding
from dse.space import Index, Space
from dse.sweep import Survey

__all__ = ["MAX_STEPS", "polish"]

MAX_STEPS = 2

# Front designs, spread over the front, whose surroundings are evaluated in one round: the number
# of designs around each grows with the power of the steps.
_PER_ROUND = {1: 4096, 2: 256}
_MAX_ROUNDS = 100


def polish(
    survey: Survey,
    coding: Coding,
    seen: Index,
    limit: int,
    after_round: Callable[[int], None] | None = None,
) -> int:
    """Evaluate the surroundings of the front until nothing in them changes it.

    First all designs one step away, and when these improve nothing any more, two steps: trading
    one field for another takes a step in each. Without any feasible design it is the nearest
    one that is improved in the same way.

    Parameters
    ----------
    survey : Survey
        Holds the front, and takes the designs in.
    coding : Coding
        Says what is one step away.
    seen : Index
        Numbers of designs that need not be evaluated again, shape (n,).
    limit : int
        No round starts after this many evaluations, nor after `_MAX_ROUNDS` rounds: a front of
        very many equal designs could grow for ever.
    after_round : callable, optional
        Called with the evaluations so far.

    Returns
    -------
    int
        Steps within which no design improves the front: 2, or less where the limit came first.
    """
    space = survey.space
    seen = np.unique(seen)
    expanded = dict.fromkeys(_PER_ROUND, seen[:0])
    done = rounds = 0
    while True:
        steps, todo = _next_round(survey, expanded)
        if not len(todo):
            return MAX_STEPS
        if done >= limit or rounds >= _MAX_ROUNDS:
            return steps - 1
        rounds += 1
        expanded[steps] = np.union1d(expanded[steps], space.encode(todo))
        numbers = np.setdiff1d(_around(space, coding, todo, steps), seen)
        seen = np.union1d(seen, numbers)
        if len(numbers):
            survey.evaluate(space.decode(numbers))
        done += len(numbers)
        if after_round is not None:
            after_round(done)


def _next_round(survey: Survey, expanded: dict[int, Index]) -> tuple[int, Index]:
    """Find the least steps that were not tried around all of the front, and where to try them."""
    index, values = survey.front_index, survey.front_values
    nearest = survey.reach.nearest
    if not len(index) and nearest is not None:
        index, values = nearest[None], np.zeros((1, 1))
    numbers = survey.space.encode(index)
    for steps, most in _PER_ROUND.items():
        left = np.flatnonzero(~np.isin(numbers, expanded[steps]))
        if len(left):
            return steps, index[left[thin(values[left], most)] if len(left) > most else left]
    return MAX_STEPS, index[:0]


def _around(space: Space, coding: Coding, index: Index, steps: int) -> Index:
    """Numbers of all designs at most so many steps away, rising."""
    numbers = space.encode(index)
    for _ in range(steps):
        numbers = np.unique(space.encode(coding.neighbours(space.decode(numbers))))
    return numbers
