"""Metrics of designs of a space, what they miss of its targets, and what they are judged by."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dse.cost import JUDGE, evaluate_mix, metric, metrics_of, worst_columns
from dse.space import Index, Space, Target
from dse.sweep.tables import WorkTables
from dse.technology import Silicon

__all__ = [
    "ALWAYS",
    "Evaluates",
    "Evaluator",
    "asked_metrics",
    "evaluate_designs",
    "keep_freed_memory",
    "objective_values",
    "requirements",
    "shortfall_parts",
    "shortfalls",
    "violations",
    "worst_columns",
]

Array = npt.NDArray[np.float64]
Columns = dict[str, Array]

# What every design must do, whatever else is asked of it.
ALWAYS = (Target("memory_free_bytes", 0.0, 1), Target("buildable", 1.0, 1))

# Designs per kernel call: few enough that the temporaries of one operator stay in the L2 cache, so
# many that threads seldom wait for each other's interpreter lock between two array operations.
_CHUNK = 32_768
# The largest block whose release raises the size from which the GNU C library maps memory anew,
# and with it how much freed memory it keeps, to their ends (mallopt(3), M_MMAP_THRESHOLD).
_KEPT_BYTES = 31 << 20


def evaluate_designs(space: Space, index: Index, silicon: Silicon) -> Columns:
    """All metrics of designs, each by its worst model and worst mix of requests.

    Parameters
    ----------
    space : Space
        The space; a design must run each of its models.
    index : Index
        Designs, shape (n, k).
    silicon : Silicon
        Constants of the reference node.

    Returns
    -------
    dict of str to ndarray
        One array of shape (n,) per metric, over models and mixes as `worst_columns` says, and
        within a mix as `mean_columns` does.

    Notes
    -----
    Chunks are spread over threads (NumPy releases the interpreter lock), and each writes rows of
    its own: the result does not depend on the number of cores.
    """
    return Evaluator(space, silicon).evaluate(index)


@cache
def keep_freed_memory() -> None:
    """Have the C library reuse what temporaries free: fresh pages cost as much as the sums do.

    A block that is never written takes no memory; other C libraries do not mind.
    """
    np.empty(_KEPT_BYTES, dtype=np.uint8)


class Evaluates(Protocol):
    """Who evaluates designs of a space: this process, or a farm."""

    def evaluate(self, index: Index, names: Collection[str] | None = None) -> Columns:
        """Some metrics of designs, or all of them; see `Evaluator.evaluate`."""


class Evaluator:
    """Metrics of designs of one space, with what it learned of it kept between calls.

    Parameters
    ----------
    space : Space
        The space; a design must run each of its models.
    silicon : Silicon
        Constants of the reference node.
    threads : int, optional
        Threads of one call; as many as there are cores if not given.
    """

    def __init__(self, space: Space, silicon: Silicon, threads: int | None = None) -> None:
        self.space = space
        self._threads = threads or os.cpu_count() or 1
        self._silicon = silicon
        self._tables = WorkTables(space, silicon)
        self._seen = 0

    def evaluate(self, index: Index, names: Collection[str] | None = None) -> Columns:
        """Some metrics of designs, or all of them; see `evaluate_designs`.

        Parameters
        ----------
        index : Index
            Designs, shape (n, k).
        names : collection of str, optional
            Metrics asked for.
        """
        space = self.space
        rows = np.asarray(index, dtype=np.int64).reshape(-1, len(space.axes))
        known = [entry.name for entry in metrics_of(space.models)]
        wanted = [name for name in known if names is None or name in names]
        columns = {name: np.empty(len(rows)) for name in wanted}
        self._seen += len(rows)
        # The tables pay once there are more designs than combinations in them.
        is_known = self._tables.is_usable and self._seen > self._tables.size
        places = self._tables.order(rows) if is_known else np.arange(len(rows))

        def fill(chunk: Index) -> None:
            # Axis by axis, since every look-up reads one of them.
            designs = np.asfortranarray(rows[chunk])
            for group, worst in self._worst(designs, wanted, is_known=is_known):
                target = chunk[group]
                for name, values in worst.items():
                    columns[name][target] = values

        chunks = _chunks(space, rows, places)
        threads = min(len(chunks), self._threads)
        if threads <= 1:
            for chunk in chunks:
                fill(chunk)
        else:
            keep_freed_memory()
            with ThreadPoolExecutor(max_workers=threads) as pool:
                for _ in pool.map(fill, chunks):
                    pass
        return columns

    def _worst(
        self, rows: Index, wanted: Sequence[str], *, is_known: bool
    ) -> Iterator[tuple[Index, Columns]]:
        """Worst metrics over models and mixes, batch by batch, with the places of its rows."""
        space = self.space
        jobs = [(model, mix) for model in space.models for mix in range(len(space.mixes))]
        has_judge = len(jobs) > 1 and any(not metric(name).sense for name in wanted)
        asked = dict.fromkeys([*wanted, *([JUDGE] if has_judge else [])])
        for places, chip, mixes in space.groups(rows):
            group = rows if len(places) == len(rows) else rows[places]
            known = self._tables.counts(group) if is_known else [None] * len(jobs)
            by_job = [
                evaluate_mix((chip, model, mixes[mix]), self._silicon, space.unit, asked, each)
                for (model, mix), each in zip(jobs, known, strict=True)
            ]
            yield places, worst_columns(by_job, wanted)


def objective_values(space: Space, columns: Mapping[str, Array]) -> Array:
    """Objectives as numbers to minimise: those where more is better change their sign.

    Returns
    -------
    ndarray
        Shape (n, number of objectives).
    """
    signs = [-1.0 if metric(name).sense > 0 else 1.0 for name in space.objectives]
    parts = [
        sign * columns[name] + 0.0 for name, sign in zip(space.objectives, signs, strict=True)
    ]
    return np.stack(parts, axis=1)


def asked_metrics(space: Space) -> tuple[str, ...]:
    """Metrics that the objectives and the requirements of a space are made of."""
    asked = [*space.objectives, *(target.metric for target in requirements(space)), "memory_bytes"]
    return tuple(dict.fromkeys(asked))


def requirements(space: Space) -> tuple[Target, ...]:
    """Everything that a design must meet: the targets, that it fits its DRAM, and can be built."""
    return (*space.targets, *ALWAYS)


def violations(space: Space, columns: Mapping[str, Array]) -> Array:
    """How far designs miss each requirement, as a share of its limit.

    Parameters
    ----------
    space : Space
        The space with its targets.
    columns : mapping of str to ndarray
        Metrics, each of shape (n,).

    Returns
    -------
    ndarray
        Shape (n, t), one column per entry of `requirements`: value / limit - 1 for a limit from
        above, 1 - value / limit for one from below; missing DRAM as a share of the capacity;
        infinity where the design cannot be built.
        A design is feasible where all are <= 0. Designs whose objectives are not all finite,
        and metrics that are not numbers, miss by infinity.
    """
    result = shortfalls(space.targets, columns)
    result[~np.isfinite(objective_values(space, columns)).all(axis=1)] = np.inf
    return result


def shortfalls(targets: Sequence[Target], columns: Mapping[str, Array]) -> Array:
    """What `violations` says, of targets that belong to no space; the objectives left out."""
    parts = shortfall_parts(targets, columns)
    return np.stack(np.broadcast_arrays(*parts), axis=1)


def shortfall_parts(targets: Sequence[Target], columns: Mapping[str, Array]) -> list[Array]:
    """The columns of `shortfalls`, each of the shape of its own metrics."""
    capacity = columns["memory_bytes"] + columns["memory_free_bytes"]
    shortage = -columns["memory_free_bytes"] / np.where(capacity > 0.0, capacity, 1.0)
    parts = [target.violation(columns[target.metric]) for target in targets]
    # Without end, so that no design that cannot be built passes for the nearest one.
    unbuildable = np.where(columns["buildable"] >= 1.0, 0.0, np.inf)
    return [_known(part) for part in (*parts, shortage, unbuildable)]


def _known(violation: Array) -> Array:
    """Take what is not a number for a miss without end; a maximum says whether there is any."""
    if not np.isnan(np.max(violation, initial=-np.inf)):
        return violation
    return np.where(np.isnan(violation), np.inf, violation)


def _chunks(space: Space, rows: Index, places: Index) -> list[Index]:
    """Cut places of rows into chunks in which no static axis varies, so that each is one batch."""
    static = [place for place, axis in enumerate(space.axes) if axis.static]
    if not static or not len(rows):
        return [part for part in _cut(places) if len(part)]
    _, group = np.unique(rows[places][:, static], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    borders = np.flatnonzero(np.diff(group.ravel()[order])) + 1
    return [part for same in np.split(places[order], borders) for part in _cut(same)]


def _cut(places: Index) -> list[Index]:
    return [places[start : start + _CHUNK] for start in range(0, len(places), _CHUNK)]
