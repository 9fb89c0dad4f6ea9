"""The order in which the steps of a set are told, and what each of them did."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dse.space import Index, Target
from dse.spec.step_space import StepSpace
from dse.spec.steps import Step
from dse.sweep import ALWAYS, shortfalls

__all__ = ["MEASURED", "Taken", "doublings", "order_of"]

Array = npt.NDArray[np.float64]
# Column that says whether the perplexity of a set is a measurement of the model.
MEASURED = "perplexity_is_measured"
Evaluate = Callable[[Index], Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of a set, in its place.

    Parameters
    ----------
    step : Step
        What was done.
    before, after : mapping of str to float
        All metrics, SI, of the steps before it and of those with it.
    is_measured : bool
        Whether the perplexity after it is a measurement of the model.
    gain : float
        Doublings by which it came nearer to the targets, `doublings` of all of them together.
    met, lost : tuple of Target
        Requirements that it meets for the first time, and that it undoes.
    """

    step: Step
    before: Mapping[str, float]
    after: Mapping[str, float]
    is_measured: bool
    gain: float
    met: tuple[Target, ...]
    lost: tuple[Target, ...]


def doublings(targets: Sequence[Target], missed: Array) -> Array:
    """How far designs are from each requirement, as the logarithm to base 2 of a factor.

        d = log2 max(1, value / limit)   or   log2 max(1, limit / value)                      (1)

    Parameters
    ----------
    targets : sequence of Target
        Requirements, (t,).
    missed : ndarray
        Of `dse.sweep.shortfalls`, (n, t).

    Returns
    -------
    ndarray
        Shape (n, t); 0 where met, infinite where no factor would do.

    Examples
    --------
    >>> doublings((Target("tpot_s", 0.1, -1), Target("decode_tok_s", 10.0, 1)),
    ...           np.array([[3.0, 0.75]]))
    array([[2., 2.]])
    """
    above = np.maximum(missed, 0.0)
    # 1 - value / limit turns into limit / value; the shortage of memory is a share of what is.
    from_below = [t.sense > 0 and t not in ALWAYS for t in targets]
    with np.errstate(divide="ignore"):
        inverse = np.where(above < 1.0, -np.log2(1.0 - np.minimum(above, 1.0)), np.inf)
    return np.where(from_below, inverse, np.log2(1.0 + above))


def order_of(
    space: StepSpace, levels: Sequence[int], requirements: Sequence[Target], evaluate: Evaluate
) -> tuple[Taken, ...]:
    """Tell the steps of a set one by one: at each place the one that then gains most.

    The gain is the fall of the sum of `doublings`; of equal steps the one after which a request
    is answered sooner, then the first in the catalogue.

    Parameters
    ----------
    space : StepSpace
        The steps.
    levels : sequence of int
        The set.
    requirements : sequence of Target
        What is asked, as `StepsResult` has it.
    evaluate : callable
        Takes sets (n, groups) to their metrics.
    """
    todo = [c.step for c in space.choices(levels) if c.step is not None for _ in range(c.times)]
    present = np.zeros(len(levels), dtype=np.int64)
    view = _View(space, requirements, evaluate)
    now = view.look(present[None])
    taken = []
    while todo:
        candidates = list({step.name: step for step in todo}.values())
        nexts = np.stack([_with(space, present, step) for step in candidates])
        seen = view.look(nexts)
        row = seen.best()
        taken.append(_taken(candidates[row], requirements, now, 0, seen, row))
        todo.remove(candidates[row])
        present, now = nexts[row], seen.only(row)
    return tuple(taken)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Sets as the ordering sees them."""

    columns: Mapping[str, Array]
    missed: Array
    distance: Array

    def best(self) -> int:
        latency = self.columns["e2e_latency_s"]
        return int(np.lexsort((latency, np.round(self.distance, 9)))[0])

    def only(self, row: int) -> _Seen:
        kept = slice(row, row + 1)
        columns = {name: values[kept] for name, values in self.columns.items()}
        return _Seen(columns, self.missed[kept], self.distance[kept])

    def metrics(self, row: int) -> dict[str, float]:
        return {name: float(self.columns[name][row]) for name in self.columns if name != MEASURED}


class _View:
    def __init__(
        self, space: StepSpace, requirements: Sequence[Target], evaluate: Evaluate
    ) -> None:
        self.space, self.requirements, self.evaluate = space, requirements, evaluate

    def look(self, levels: Index) -> _Seen:
        """Evaluate sets; one that cannot be had is infinitely far."""
        columns = self.evaluate(levels)
        targets = [target for target in self.requirements if target not in ALWAYS]
        missed = shortfalls(targets, columns)
        missed[~self.space.exists(levels)] = np.inf
        distance = doublings((*targets, *ALWAYS), missed).sum(axis=1)
        return _Seen(columns, missed, distance)


def _with(space: StepSpace, levels: Index, step: Step) -> Index:
    """Levels with the step taken once more."""
    for place, choices in enumerate(space.groups):
        names = [choice.step.name if choice.step else "" for choice in choices]
        if step.name in names:
            result = levels.copy()
            now = int(levels[place])
            result[place] = now + 1 if names[now] == step.name else names.index(step.name)
            return result
    raise KeyError(step.name)


def _taken(
    step: Step, requirements: Sequence[Target], before: _Seen, at: int, after: _Seen, row: int
) -> Taken:
    was, now = before.missed[at] <= 0.0, after.missed[row] <= 0.0
    apart = float(before.distance[at]), float(after.distance[row])
    gain = apart[0] - apart[1] if math.isfinite(sum(apart)) else math.nan
    return Taken(
        step,
        before.metrics(at),
        after.metrics(row),
        bool(after.columns[MEASURED][row]),
        gain,
        tuple(t for t, old, new in zip(requirements, was, now, strict=True) if new and not old),
        tuple(t for t, old, new in zip(requirements, was, now, strict=True) if old and not new),
    )
