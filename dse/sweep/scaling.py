"""How long a grid takes, and how much memory, by its size: each size in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.space import Axis, Setting, Space
from dse.sweep.bench import peak_rss_bytes
from dse.sweep.run import run_sweep
from dse.technology import Silicon

__all__ = ["ScalingRow", "resized", "scaling"]


@dataclass(frozen=True, slots=True)
class ScalingRow:
    """What one grid took.

    Parameters
    ----------
    designs : int
        Its size.
    seconds : float
        Time of the sweep with its front and its account, s; of the process's start nothing.
    core_seconds : float
        Time that cores worked on it, s: on a machine that others use, the better measure.
    peak_rss_bytes : float
        Most memory that its process held, B.
    """

    designs: int
    seconds: float
    core_seconds: float
    peak_rss_bytes: float


def scaling(space: Space, silicon: Silicon, sizes: Sequence[int]) -> tuple[ScalingRow, ...]:
    """Sweep grids of about these sizes, each in a fresh process.

    Parameters
    ----------
    space : Space
        The space whose grid is made smaller or finer; see `resized`.
    silicon : Silicon
        Constants of the reference node.
    sizes : sequence of int
        Designs wanted.

    Returns
    -------
    tuple of ScalingRow
        One for each size, in their order.

    Raises
    ------
    subprocess.CalledProcessError
        If a process fails, as it does for want of memory.
    """
    return tuple(_measured(resized(space, size), silicon) for size in sizes)


def resized(space: Space, size: int) -> Space:
    """Return a space with about so many designs: its numeric axes cut short, or made finer.

    The longest axis is halved until the space is no larger than asked; then numeric axes get as
    many values between the same ends as bring it nearest, the last axis that shapes no operator
    first.

    Parameters
    ----------
    space : Space
        The space.
    size : int
        Designs wanted, >= 1.

    Returns
    -------
    Space
        Its size is within a factor of 1.5 of what was asked, from 1 to what its clocks and data
        rates allow: 8 times as many values each.
    """
    axes = list(space.axes)
    resized = dataclasses.replace(space, axes=tuple(axes))
    while resized.size > size and max(resized.shape) > 1:
        longest = int(np.argmax(resized.shape))
        axes[longest] = _shortened(axes[longest], (len(axes[longest].values) + 1) // 2)
        resized = dataclasses.replace(space, axes=tuple(axes))
    for place in _refinable(space):
        factor = size / resized.size
        wanted = round(len(axes[place].values) * min(factor, _FINEST))
        if wanted > len(axes[place].values):
            axes[place] = _refined(space.axes[place], wanted)
            resized = dataclasses.replace(space, axes=tuple(axes))
    return resized


# How many times as many values one axis gets at most.
_FINEST = 8


def _refinable(space: Space) -> list[int]:
    """Numeric axes of which any number between the ends will do: clocks and rates."""
    return [
        place
        for place, axis in reversed(list(enumerate(space.axes)))
        if axis.is_numeric
        and not (axis.static or axis.ties)
        and axis.path.endswith(("clock", "data_rate"))
    ]


def _shortened(axis: Axis, count: int) -> Axis:
    """Return an axis of so many of its values, from the first to the last."""
    places = np.unique(np.linspace(0, len(axis.values) - 1, count).round().astype(int)).tolist()
    ties = tuple(dataclasses.replace(tie, **_chosen(tie, places)) for tie in axis.ties)
    return dataclasses.replace(axis, **_chosen(axis, places), ties=ties)


def _chosen(setting: Setting, places: list[int]) -> dict[str, Any]:
    values, texts = setting.values, setting.texts
    return {"values": tuple(values[p] for p in places), "texts": tuple(texts[p] for p in places)}


def _refined(axis: Axis, count: int) -> Axis:
    """Return an axis of so many numbers between its ends."""
    values = tuple(np.linspace(min(axis.values), max(axis.values), count).tolist())
    return dataclasses.replace(axis, values=values, texts=tuple(map(repr, values)))


def _measured(space: Space, silicon: Silicon) -> ScalingRow:
    """Sweep one space in a fresh process, which reads it from its standard input."""
    program = "from dse.sweep.scaling import measure; measure()"
    done = subprocess.run(  # noqa: S603 - this very interpreter, and a programme of our own
        [sys.executable, "-c", program],
        input=pickle.dumps((space, silicon)),
        stdout=subprocess.PIPE,
        check=True,
    )
    return ScalingRow(**json.loads(done.stdout))


def measure() -> None:
    """Sweep the space that a parent hands over, and tell what it took."""
    space, silicon = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `_measured`
    start, worked = time.perf_counter(), time.process_time()
    result = run_sweep(space, silicon, samples=None)
    seconds, cores = time.perf_counter() - start, time.process_time() - worked
    row = ScalingRow(result.evaluated, seconds, cores, peak_rss_bytes())
    json.dump(dataclasses.asdict(row), sys.stdout)
