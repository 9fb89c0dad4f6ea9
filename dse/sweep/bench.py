"""How many designs per second this machine evaluates, beside what its memory would allow."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dse.space import Space
from dse.sweep.designs import Evaluator, asked_metrics
from dse.sweep.grid import GridSweep
from dse.technology import Silicon

__all__ = ["BenchResult", "SpaceRate", "load_average", "peak_rss_bytes", "run_bench"]

# Designs of one call at random places: what a sampled sweep takes at a time.
_BATCH = 131_072
# What one thread copies at a time to find the floor: far beyond any cache.
_COPIED = 1 << 25
_REPEATS = 3


@dataclass(frozen=True, slots=True)
class SpaceRate:
    """What was measured on one space.

    Parameters
    ----------
    space, model : str
        Names of the space and of its model.
    designs : int
        Designs of the space.
    metrics : tuple of str
        Metrics evaluated of every design.
    random_per_s, grid_per_s : float
        Designs per second at random places, and of the grid with its front.
    floor_per_s : float
        Designs per second whose metrics, as 64-bit numbers, the memory copies.
    """

    space: str
    model: str
    designs: int
    metrics: tuple[str, ...]
    random_per_s: float
    grid_per_s: float
    floor_per_s: float


@dataclass(frozen=True, slots=True)
class BenchResult:
    """All that was measured.

    Parameters
    ----------
    rates : tuple of SpaceRate
        By space; at least one.
    cores : int
        Processors used.
    copied_bytes_per_s : float
        Bytes that all of them together copy through memory, B/s.
    peak_rss_bytes : float
        Most memory that the process held, B; NaN where the system does not say.
    load : float
        Processes that wanted a core just before, in the mean of a minute: of an idle machine next
        to none; NaN where the system does not say.
    """

    rates: tuple[SpaceRate, ...]
    cores: int
    copied_bytes_per_s: float
    peak_rss_bytes: float
    load: float

    @property
    def random_per_s(self) -> float:
        """Designs per second at random places, on the slowest space."""
        return min(rate.random_per_s for rate in self.rates)

    @property
    def grid_per_s(self) -> float:
        """Designs per second of a grid, on the slowest space."""
        return min(rate.grid_per_s for rate in self.rates)

    @property
    def floor_per_s(self) -> float:
        """Designs per second at the speed of memory, on the slowest space."""
        return min(rate.floor_per_s for rate in self.rates)


def load_average() -> float:
    """Processes that wanted a core in the last minute; NaN where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has none; a container may hide its own
        return float("nan")


def run_bench(spaces: Sequence[Space], silicon: Silicon, seconds: float) -> BenchResult:
    """Measure designs per second on spaces of one model each, and the floor of this machine.

    Each figure is the best of three stretches: other work on the machine only ever slows it.

    Parameters
    ----------
    spaces : sequence of Space
        What to evaluate; at least one.
    silicon : Silicon
        Constants of the reference node.
    seconds : float
        Length of one stretch, s.
    """
    load = load_average()
    copied = max(_copied_bytes_per_s(seconds / 4.0) for _ in range(_REPEATS))
    rates = tuple(
        SpaceRate(
            space=space.name,
            model="+".join(model.name for model in space.models),
            designs=space.size,
            metrics=asked_metrics(space),
            random_per_s=max(_rates(_random(space, silicon), seconds)),
            grid_per_s=max(_rates(_grid(space, silicon), seconds)),
            floor_per_s=copied / (8.0 * len(asked_metrics(space))),
        )
        for space in spaces
    )
    return BenchResult(rates, os.cpu_count() or 1, copied, peak_rss_bytes(), load)


def _rates(steps: Iterator[int], seconds: float) -> Iterator[float]:
    """Designs per second over each of several stretches; what the first step learns is free."""
    next(steps)
    for _ in range(_REPEATS):
        start, designs = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            designs += next(steps)
        yield designs / (time.perf_counter() - start)


def _random(space: Space, silicon: Silicon) -> Iterator[int]:
    """Evaluate batches of designs at random places without end, and count them.

    The designs are drawn beforehand; nothing is kept of one batch that would help with another.
    """
    evaluator, names = Evaluator(space, silicon), asked_metrics(space)
    random = np.random.default_rng(0)
    drawn = [random.integers(0, space.shape, (_BATCH, len(space.axes))) for _ in range(2)]
    for index in itertools.cycle(drawn):
        evaluator.evaluate(index, names)
        yield len(index)


def _grid(space: Space, silicon: Silicon) -> Iterator[int]:
    """Sweep the grid, once and again, and count designs."""
    while True:
        grid, before = GridSweep(space, silicon), 0
        for _ in grid.steps():
            yield grid.evaluated - before
            before = grid.evaluated


def _copied_bytes_per_s(seconds: float) -> float:
    """Bytes per second that all cores together copy from memory to memory."""
    cores = os.cpu_count() or 1

    def make_copier() -> Callable[[], int]:
        source, target = np.ones(_COPIED // 8), np.zeros(_COPIED // 8)

        def copy() -> int:
            np.copyto(target, source)
            return target.nbytes

        return copy

    copiers = [make_copier() for _ in range(cores)]
    with ThreadPoolExecutor(max_workers=cores) as pool:
        start, copied = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            copied += sum(pool.map(lambda copy: copy(), copiers))
        return copied / (time.perf_counter() - start)


def peak_rss_bytes() -> float:
    """Most memory that this process has held so far, B; NaN where the system does not say."""
    if sys.platform == "win32":
        return float("nan")
    # What getrusage says includes the process that this one was forked from, however it went on.
    with suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        line = next(row for row in status if row.startswith("VmHWM:"))
        return 1024.0 * float(line.split()[1])
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(largest if sys.platform == "darwin" else largest * 1024)
