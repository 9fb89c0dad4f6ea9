"""The queueing formulas against their limits, and against a simulation of the scheduler."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.device.queue import Sharing, background_busy, fair_share, priority_share

Draw = Callable[[random.Random], float]
LOADS = st.floats(0.0, 0.9)


def exponential(mean: float) -> Draw:
    return lambda dice: dice.expovariate(1.0 / mean)


def constant(mean: float) -> Draw:
    return lambda dice: mean


def spread(mean: float) -> Draw:
    """Nine short tasks to a long one: a squared coefficient of variation of about 7."""
    return lambda dice: dice.expovariate(1.0 / (mean * (5.5 if dice.random() < 0.1 else 0.5)))


class RoundRobin:
    """Event by event: threads or a stream of tasks, slices, switches, one endless foreground."""

    def __init__(self, sharing: Sharing, draw: Draw, seed: int) -> None:
        self.sharing, self.draw, self.dice = sharing, draw, random.Random(seed)  # noqa: S311
        self.ready: deque[float] = deque()
        self.wakes: list[float] = []
        self.now = 0.0
        for _ in range(sharing.threads or 1):
            self._sleep(self.now)

    def _sleep(self, at: float) -> None:
        """Plan when a thread works again, or when the next task of the stream comes."""
        load, count = float(self.sharing.load), self.sharing.threads
        share = load / count if count else load
        busy = float(self.sharing.task_s) / share
        # A thread pauses after its work; a stream does not wait for it.
        pause = busy - (float(self.sharing.task_s) if count else 0.0)
        heapq.heappush(self.wakes, at + (self.dice.expovariate(1.0 / pause) if pause else 0.0))

    def _admit(self) -> None:
        while self.wakes and self.wakes[0] <= self.now:
            at = heapq.heappop(self.wakes)
            self.ready.append(self.draw(self.dice))
            if self.sharing.threads is None:
                self._sleep(at)

    def rate(self, seconds: float) -> float:
        """Share of the time in which the foreground, which never ends, gets work done."""
        s, start, own = self.sharing, self.now, 0.0
        while self.now < start + seconds:
            self._admit()
            if not self.ready:  # alone: no switch until somebody comes
                own += self.wakes[0] - self.now
                self.now = self.wakes[0]
                continue
            own += float(s.slice_s)
            self.now += float(s.slice_s) + float(s.switch_s)
            for _ in range(len(self.ready)):
                self._turn(self.ready.popleft())
                self._admit()
        return own / (self.now - start)

    def _turn(self, left: float) -> None:
        s = self.sharing
        run = min(left, float(s.slice_s))
        self.now += run + float(s.switch_s)
        if left - run > 0.0:
            self.ready.append(left - run)
        elif s.threads is not None:
            self._sleep(self.now)


CASES = [
    (0.3, None, 10.0, 0.5, 0.0, exponential),
    (0.3, None, 10.0, 0.5, 0.05, exponential),
    (0.6, None, 10.0, 2.0, 0.1, exponential),
    (0.5, None, 10.0, 0.2, 0.0, constant),
    (0.5, None, 10.0, 0.2, 0.0, spread),
    (0.3, 4, 10.0, 0.5, 0.05, exponential),
    (2.0, 3, 10.0, 0.5, 0.05, exponential),
    (0.8, 1, 10.0, 2.0, 0.5, exponential),
    (3.0, 3, 10.0, 0.5, 0.05, exponential),
]


@pytest.mark.parametrize(("load", "threads", "task", "slice_s", "switch", "law"), CASES)
def test_fair_slices_against_a_simulation(load, threads, task, slice_s, switch, law):
    sharing = Sharing(load, threads, task, slice_s, switch)
    simulation = RoundRobin(sharing, law(task), seed=11)
    simulation.rate(200.0)  # begin in the middle
    parts = [simulation.rate(5000.0) for _ in range(20)]
    error = np.std(parts, ddof=1) / math.sqrt(len(parts))
    predicted = 1.0 / float(fair_share(sharing).stretch)
    # Three standard errors of the simulation, and 1 % for what is left of a task's last slice.
    assert abs(np.mean(parts) - predicted) < 3.0 * error + 0.01 * predicted
    assert error < 0.02


@given(LOADS)
def test_short_slices_without_switches_are_processor_sharing(load):
    share = fair_share(Sharing(load, None, 1.0, 1e-6, 0.0))
    assert float(share.stretch) == pytest.approx(1.0 / (1.0 - load), rel=1e-5)
    assert float(share.background) == pytest.approx(load, abs=1e-5)


@given(LOADS)
def test_many_threads_are_a_stream(load):
    sharing = Sharing(load, 2000, 1.0, 1e-2, 1e-3)
    stream = Sharing(load, None, 1.0, 1e-2, 1e-3)
    bound = 40.0 / 2000 / (1.0 - load) ** 2
    assert float(fair_share(sharing).stretch) == pytest.approx(
        float(fair_share(stream).stretch), rel=bound
    )
    assert float(background_busy(sharing)) == pytest.approx(load, abs=bound)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_that_never_pause_take_equal_parts(threads):
    share = fair_share(Sharing(float(threads), threads, 1.0, 1e-5, 0.0))
    assert float(share.stretch) == pytest.approx(threads + 1.0, rel=1e-4)
    assert float(background_busy(Sharing(float(threads), threads, 1.0, 1.0, 0.0))) == 1.0


def test_two_threads_by_hand():
    # p = 0.25: weights 9/16, 6/16 x 2, 1/16 x 2 x 3 at rates 1, 1/2, 1/3.
    share = fair_share(Sharing(0.5, 2, 1.0, 1e-7, 0.0))
    rate = (9 + 12 / 2 + 6 / 3) / (9 + 12 + 6)
    assert float(share.stretch) == pytest.approx(1.0 / rate, rel=1e-5)


@given(LOADS, st.floats(1e-3, 1.0), st.floats(0.0, 0.5), st.sampled_from([None, 1, 3, 20]))
def test_time_is_conserved_and_more_load_or_switching_never_helps(load, slice_s, switch, threads):
    share = fair_share(Sharing(load, threads, 1.0, slice_s, switch))
    rate = 1.0 / float(share.stretch)
    lost = float(share.switches_per_s) * switch
    assert rate + float(share.background) + lost == pytest.approx(1.0, rel=1e-9)
    assert float(share.stretch) >= 1.0 - 1e-12
    dearer = fair_share(Sharing(load, threads, 1.0, slice_s, switch + 0.1))
    busier = fair_share(Sharing(min(0.95, load + 0.05), threads, 1.0, slice_s, switch))
    assert float(dearer.stretch) >= float(share.stretch) * (1.0 - 1e-12)
    assert float(busier.stretch) >= float(share.stretch) * (1.0 - 1e-12)


def test_a_full_unit_never_ends():
    share = fair_share(Sharing(0.9, None, 1.0, 0.1, 0.1))
    assert math.isinf(float(share.stretch))


def test_designs_are_arrays():
    loads = np.array([0.1, 0.3, 0.5])
    for threads in (None, 4):
        together = fair_share(Sharing(loads, threads, 1.0, 0.05, np.array([0.0, 0.01, 0.02])))
        apart = [
            fair_share(Sharing(load, threads, 1.0, 0.05, switch))
            for load, switch in zip(loads, (0.0, 0.01, 0.02), strict=True)
        ]
        assert together.stretch == pytest.approx([float(each.stretch) for each in apart])
        delays = priority_share(Sharing(loads, threads, 1.0, 0.05, 0.01)).delay_s
        assert delays.shape == (3,)


@given(LOADS, st.sampled_from([None, 1, 5]))
def test_priority_without_slices_sees_an_empty_unit(load, threads):
    share = priority_share(Sharing(load, threads, 1.0, 1e-9, 0.0))
    assert float(share.stretch) == 1.0
    assert float(share.delay_s) == pytest.approx(0.0, abs=1e-8)


def test_priority_waits_for_a_running_slice_only():
    # Poisson arrivals see time averages: wait until the running turn ends, then a switch.
    load, task, slice_s, switch = 0.5, 10.0, 2.0, 0.1
    sharing = Sharing(load, None, task, slice_s, switch)
    dice = random.Random(5)  # noqa: S311
    turns: list[tuple[float, float]] = []
    now = left = 0.0
    while now < 2e5:
        if left <= 0.0:  # idle long enough for a load of one half
            now += dice.expovariate(load / (task * (1.0 - load)))
            left = dice.expovariate(1.0 / task)
        run = min(left, slice_s)
        turns.append((now, now + run))
        now, left = now + run, left - run
    waits, place = [], 0
    for at in sorted(dice.uniform(0.0, now) for _ in range(40000)):
        while turns[place][1] < at and place < len(turns) - 1:
            place += 1
        begin, end = turns[place]
        waits.append(end - at + switch if begin <= at <= end else 0.0)
    error = np.std(waits) / math.sqrt(len(waits) / 20)  # neighbours share a turn
    assert abs(np.mean(waits) - float(priority_share(sharing).delay_s)) < 3.0 * error
    assert error < 0.05 * np.mean(waits) + 0.02
