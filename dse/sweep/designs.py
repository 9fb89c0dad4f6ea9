"""Metrics of designs of a space, what they miss of its targets, and what they are judged by."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from dse.cost import METRICS, Metric, evaluate, metric
from dse.space import Index, Space, Target
from dse.technology import Silicon

__all__ = ["evaluate_designs", "objective_values", "requirements", "violations"]

Array = npt.NDArray[np.float64]
Columns = dict[str, Array]

# Designs per kernel call: the temporaries of one operator stay in the L2 cache.
_CHUNK = 16384
# What a metric of neither sense is taken from: the model that makes the slowest decode.
_JUDGE = "tpot_s"


def evaluate_designs(space: Space, index: Index, silicon: Silicon) -> Columns:
    """All metrics of designs, each by its worst model.

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
        One array of shape (n,) per metric: the largest over the models where less is better,
        the least where more is, and that of the model with the largest ``tpot_s`` where neither.

    Notes
    -----
    Chunks are spread over threads (NumPy releases the interpreter lock), and each writes rows of
    its own: the result does not depend on the number of cores.
    """
    rows = np.asarray(index, dtype=np.int64).reshape(-1, len(space.axes))
    columns = {entry.name: np.empty(len(rows)) for entry in METRICS}

    def fill(chunk: Index) -> None:
        for places, worst in _worst(space, rows[chunk], silicon):
            for name, values in worst.items():
                columns[name][chunk[places]] = values

    chunks = _chunks(space, rows)
    if len(chunks) == 1:
        fill(chunks[0])
    elif chunks:
        with ThreadPoolExecutor(max_workers=min(len(chunks), os.cpu_count() or 1)) as pool:
            for _ in pool.map(fill, chunks):
                pass
    return columns


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


def requirements(space: Space) -> tuple[Target, ...]:
    """Everything that a design must meet: the targets, that it fits its DRAM, and can be built."""
    return (*space.targets, Target("memory_free_bytes", 0.0, 1), Target("buildable", 1.0, 1))


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
    capacity = columns["memory_bytes"] + columns["memory_free_bytes"]
    shortage = -columns["memory_free_bytes"] / np.where(capacity > 0.0, capacity, 1.0)
    parts = [target.violation(columns[target.metric]) for target in space.targets]
    # Without end, so that no design that cannot be built passes for the nearest one.
    unbuildable = np.where(columns["buildable"] >= 1.0, 0.0, np.inf)
    result = np.stack([*parts, shortage, unbuildable], axis=1)
    result[np.isnan(result)] = np.inf
    result[~np.isfinite(objective_values(space, columns)).all(axis=1)] = np.inf
    return result


def _chunks(space: Space, rows: Index) -> list[Index]:
    """Cut rows into chunks in which no static axis varies, so that each is one batch."""
    static = [place for place, axis in enumerate(space.axes) if axis.static]
    if not static or not len(rows):
        return [part for part in _cut(np.arange(len(rows))) if len(part)]
    _, group = np.unique(rows[:, static], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    borders = np.flatnonzero(np.diff(group.ravel()[order])) + 1
    return [part for same in np.split(order, borders) for part in _cut(same)]


def _cut(places: Index) -> list[Index]:
    return [places[start : start + _CHUNK] for start in range(0, len(places), _CHUNK)]


def _worst(space: Space, rows: Index, silicon: Silicon) -> Iterator[tuple[Index, Columns]]:
    """Worst metrics over the models, batch by batch, with the places of the batch's rows."""
    for places, chip, scenario in space.groups(rows):
        by_model = [
            evaluate(chip, model, scenario, silicon, space.unit).columns for model in space.models
        ]
        shape = (len(places),)
        slowest = np.argmax([np.broadcast_to(c[_JUDGE], shape) for c in by_model], axis=0)
        yield (
            places,
            {
                entry.name: _worst_of(
                    entry, [np.broadcast_to(c[entry.name], shape) for c in by_model], slowest
                )
                for entry in METRICS
            },
        )


def _worst_of(entry: Metric, values: list[Array], slowest: npt.NDArray[np.intp]) -> Array:
    stack = np.stack(values)
    if entry.sense == 0:
        chosen: Array = np.take_along_axis(stack, slowest[None], axis=0)[0]
        return chosen
    worst: Array = stack.max(axis=0) if entry.sense < 0 else stack.min(axis=0)
    return worst
