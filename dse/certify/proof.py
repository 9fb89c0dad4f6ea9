"""The proof under way: boxes that are open, boxes put aside, and the designs found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dse.certify.archive import Archive, relaxed
from dse.certify.bound import Bounder
from dse.certify.branch import bounded, branch, is_live
from dse.certify.frame import Boxes, Ranks, designs_of
from dse.space import Index, Space
from dse.sweep import Evaluator, asked_metrics, objective_values, violations
from dse.technology import Silicon

__all__ = ["Counts", "Proof", "ProofState", "stages_to"]

Array = npt.NDArray[np.float64]

# Boxes cut at once.
_BATCH = 2048
# A box of no more designs is enumerated: that costs less than bounding its halves.
_LEAF = 16
# Relative slack between a design and the bound of its box before the bound counts as false.
_TOLERANCE = 1e-9
# EPS is lowered step by step, so that what was reached is known at any time.
_STAGES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
# Rounds of the climb before the proof; the proof itself finds what it misses.
_CLIMBS = 60
_CLIMBED = 1024


def stages_to(eps: float) -> tuple[float, ...]:
    """Values of EPS to prove one after the other, the last one asked for.

    Examples
    --------
    >>> stages_to(0.2)
    (1.0, 0.5, 0.2)
    """
    return (*(stage for stage in _STAGES if stage > eps), eps)


@dataclass(slots=True)
class Counts:
    """What a proof has cost: boxes taken up, bounds, designs evaluated and feasible, and steps."""

    boxes: int = 0
    bounds: int = 0
    evaluated: int = 0
    feasible: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class ProofState:
    """A proof between two steps: one that takes it up does what the other would have done.

    Parameters
    ----------
    open, parked : Boxes
        Boxes to be cut, and those that wait for a lower EPS.
    values, ids : ndarray
        Objectives and designs of the front.
    counts : Counts
        The cost so far.
    reached : float
        EPS that is proven.
    stage : float
        EPS that is being proven, NaN before the first.
    """

    open: Boxes
    parked: Boxes
    values: Array
    ids: Index
    counts: Counts
    reached: float
    stage: float


class Proof:
    """Branch and bound over the boxes of a space.

    Every design of the space is dead (a limit or a design found rules it out), has been
    evaluated, or lies in a box that is open or put aside.

    Parameters
    ----------
    space, silicon : Space, Silicon
        What is searched, and the constants of the reference node.
    eps : float
        Factor by which designs may be better than the front, >= 0.
    seed : int
        Seed of the random designs in open boxes.

    Attributes
    ----------
    archive : Archive
        The designs found.
    open, parked : Boxes
        Boxes to be cut, and those that wait for a lower EPS.
    counts : Counts
        The cost so far.
    reached : float
        EPS that is proven; infinite before the first stage ends.
    stage : float
        EPS that is being proven; NaN before the first stage begins.
    """

    def __init__(self, space: Space, silicon: Silicon, eps: float, seed: int) -> None:
        self.space, self.eps = space, eps
        self._evaluator, self._asked = Evaluator(space, silicon), asked_metrics(space)
        self.bounder = Bounder(space, silicon)
        self.frame = self.bounder.frame
        self.archive = Archive(len(space.objectives), len(space.axes), eps)
        self.counts = Counts()
        self.reached, self.stage = float("inf"), float("nan")
        self.open = self.parked = self._none()
        self._seed = seed

    def _none(self) -> Boxes:
        none = np.empty((0, len(self.frame.shape)), dtype=np.int32)
        return bounded(none, none, self.bounder)

    def state(self) -> ProofState:
        """What `restore` needs; nothing is copied but the counts."""
        front = self.archive.front
        boxes = (self.open, self.parked)
        counts = replace(self.counts)
        return ProofState(*boxes, front.values, front.ids, counts, self.reached, self.stage)

    def restore(self, state: ProofState) -> None:
        """Take up a proof, before anything else was done."""
        self.open, self.parked = state.open, state.parked
        self.archive.add(state.values, state.ids)
        self.counts = replace(state.counts)
        self.reached, self.stage = state.reached, state.stage

    def close(self) -> None:
        """End the threads."""
        self.bounder.close()

    def evaluate(self, index: Index, bound: Array | None = None) -> int:
        """Evaluate designs and take in those that meet the requirements.

        Parameters
        ----------
        index : Index
            Designs, shape (n, axes).
        bound : ndarray, optional
            Bounds of the boxes that they are in, shape (n, objectives).

        Returns
        -------
        int
            How many are new on the front.

        Raises
        ------
        ArithmeticError
            If a design is better than the bound of its box: then no proof would hold.
        """
        columns = self._evaluator.evaluate(index, self._asked)
        usable = (violations(self.space, columns) <= 0.0).all(axis=1)
        values = objective_values(self.space, columns)[usable]
        if bound is not None:
            least = bound[usable] - _TOLERANCE * np.abs(bound[usable])
            if np.any(values < least):
                row = int(np.flatnonzero((values < least).any(axis=1))[0])
                name = self.space.texts(index[usable][row])
                raise ArithmeticError(f"a design is better than the bound of its box: {name}")
        self.counts.evaluated += len(index)
        self.counts.feasible += len(values)
        return self.archive.add(values, index[usable])

    def climb(self) -> None:
        """Step from the front to its neighbours on every axis, until none is better."""
        seen = np.empty(0, dtype=np.int64)
        for _ in range(_CLIMBS):
            numbers = np.setdiff1d(self.space.encode(self.archive.front.ids), seen)[:_CLIMBED]
            if not len(numbers):
                break
            seen = np.union1d(seen, numbers)
            self.evaluate(self._neighbours(self.frame.ranks(self.space.decode(numbers))))

    def _neighbours(self, ranks: Ranks) -> Index:
        parts = []
        for axis, size in enumerate(self.frame.shape.tolist()):
            is_ordered = self.frame.ordered[axis]
            strides = self.space.axes[axis].strides
            steps = [sign * by for by in strides for sign in (-1, 1)]
            for step in steps if is_ordered else range(1, min(size, _LEAF)):
                moved = ranks.copy()
                moved[:, axis] += step
                inside = (moved[:, axis] >= 0) & (moved[:, axis] < size)
                if not is_ordered:
                    moved[:, axis] %= size
                parts.append(moved if not is_ordered else moved[inside])
        return self.frame.index(np.unique(np.concatenate(parts), axis=0))

    def cover(self) -> None:
        """Open the boxes that make up the whole space."""
        boxes = bounded(*self.frame.roots(), self.bounder)
        self.open = boxes[is_live(boxes, self.archive, self.eps)]
        self.counts.bounds += len(boxes)

    def run(self, deadline: float, report: Callable[[Proof], None]) -> bool:
        """Cut boxes until EPS is proven, or the clock (`time.monotonic`) passes the deadline.

        Returns
        -------
        bool
            Whether EPS is proven.
        """
        for stage in stages_to(self.eps):
            if stage >= self.reached:
                continue
            if stage != self.stage:
                self.open, self.parked = Boxes.joined(self.open, self.parked), self._none()
                self.stage = stage
            while len(self.open):
                if time.monotonic() >= deadline:
                    return False
                self._step(stage)
                report(self)
            self.reached = stage
        return True

    def _step(self, stage: float) -> None:
        """Take up the last boxes: depth first, so that their number stays small."""
        batch, rest = self.open[-_BATCH:], self.open[:-_BATCH]
        batch = batch[is_live(batch, self.archive, self.eps)]
        is_covered = self.archive.covers(relaxed(batch.bound, stage))
        waiting, batch = batch[is_covered], batch[~is_covered]
        is_leaf = batch.volumes <= _LEAF
        self._enumerate(batch[is_leaf])
        large = batch[~is_leaf]
        self._probe(large)
        children, bounds = self._none(), 0
        if len(large):
            children, bounds = branch(large, self.bounder, self.archive, self.eps)
        # Nothing of the state changed before: an interrupt up to here loses no box.
        self.open, self.parked = (
            Boxes.joined(rest, children),
            Boxes.joined(self.parked, waiting) if len(waiting) else self.parked,
        )
        self.counts.steps += 1
        self.counts.boxes += len(batch)
        self.counts.bounds += bounds

    def _enumerate(self, boxes: Boxes) -> None:
        if len(boxes):
            ranks, box = designs_of(boxes)
            self.evaluate(self.frame.index(ranks), boxes.bound[box])

    def _probe(self, boxes: Boxes) -> None:
        """Evaluate the middle and a random design of each box."""
        if len(boxes):
            # Seeded by the step, so that a proof that was cut short goes on alike.
            random_numbers = np.random.default_rng([self._seed, self.counts.steps])
            share = random_numbers.random(boxes.low.shape)
            random = boxes.low + (share * (boxes.widths + 1)).astype(np.int32)
            middle = boxes.low + boxes.widths // 2
            ranks = np.concatenate([middle, random])
            self.evaluate(self.frame.index(ranks), np.tile(boxes.bound, (2, 1)))

    def measure(self) -> float:
        """EPS that is proven by now, inf if none: of the boxes still there, and of those dropped.

        A box is dropped once it is covered within `eps`, and no nearer.
        """
        boxes = Boxes.joined(self.open, self.parked)
        gap = float(np.max(self.archive.gap(boxes.bound), initial=0.0))
        return min(self.reached, max(self.eps, gap))
