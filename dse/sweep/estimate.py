"""What a sweep would cost, before it is run."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass

import numpy as np

from dse.space import Space
from dse.store import TableWriter, columns_of
from dse.sweep.designs import evaluate_designs
from dse.sweep.grid import GridSweep, is_factored
from dse.sweep.points import Points
from dse.sweep.run import KEEP, SAMPLES
from dse.sweep.survey import Survey
from dse.technology import Silicon

__all__ = ["SweepEstimate", "estimate_sweep"]

_TRIED = 4096
_BLOCKS = 4
_ROWS = 64


@dataclass(frozen=True, slots=True)
class SweepEstimate:
    """Size of a sweep.

    Parameters
    ----------
    designs : int
        Designs that would be evaluated.
    is_exhaustive : bool
        Whether these are all designs of the space.
    seconds : float
        Time of their evaluation on all cores of this machine, s, from a short trial.
    stored_bytes : float
        Size of ``results.csv``, B; the front comes on top.
    """

    designs: int
    is_exhaustive: bool
    seconds: float
    stored_bytes: float


def estimate_sweep(
    space: Space,
    silicon: Silicon,
    *,
    samples: int | None = SAMPLES,
    seed: int = 0,
    keep: int | None = KEEP,
) -> SweepEstimate:
    """Estimate a sweep from a few thousand of its designs; parameters as for `run_sweep`."""
    points = Points(space, samples, seed)
    evaluate_designs(space, points.at(np.zeros(1, dtype=np.int64)), silicon)  # counts only once
    start = time.perf_counter()
    if points.is_exhaustive and keep is not None and is_factored(space):
        tried = GridSweep(space, silicon).trial(_BLOCKS)
    else:
        tried = len(evaluate_designs(space, points.cloud(_TRIED, seed), silicon)["buildable"])
    seconds = (time.perf_counter() - start) * points.total / tried
    # Below one chunk per core the trial ran on fewer cores than the sweep will.
    cores = min(os.cpu_count() or 1, max(1, points.total // tried))
    rows = points.total if keep is None else min(keep, points.total)
    return SweepEstimate(
        designs=points.total,
        is_exhaustive=points.is_exhaustive,
        seconds=seconds / cores,
        stored_bytes=rows * _row_bytes(space, silicon, points),
    )


def _row_bytes(space: Space, silicon: Silicon, points: Points) -> float:
    """Mean length of a row of ``results.csv``."""
    stream = io.StringIO()
    table = TableWriter(stream, columns_of(space))
    header = stream.tell()
    rows = min(_ROWS, points.total)
    # Whole numbers throughout: a float cannot hold the last place of a space beyond 2^53.
    places = [i * (points.total - 1) // max(1, rows - 1) for i in range(rows)]
    sample = points.at(np.array(places, dtype=np.int64))
    table.write(Survey(space, silicon).table(sample))
    return (stream.tell() - header) / len(sample)
