"""Predicts rows of images: networks of layers, through the kernel itself.

No image is ever fitted. Stacks are fitted to language models, and what they reach in thin products
of quantised weights says little of convolutions over whole images by another part of the runtime:
an image is predicted with the assumption for its kind of unit (`FAMILIES`), so that every row is a
test of the physics and of that assumption alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from dse.cost import ChipBatch, derive, evaluate_pipeline
from dse.cost.batch import OperandCoefficients
from dse.spec import list_specs, load_network
from dse.technology import Silicon
from dse.validate.family import FAMILIES
from dse.validate.subject import Subject
from dse.validate.summary import Outcome
from dse.workload import Network, Scenario, unroll_network

__all__ = ["image_outcomes", "load_networks"]


def load_networks(names: Iterable[str]) -> dict[str, Network]:
    """Load those of the names that are networks of the library.

    Parameters
    ----------
    names : iterable of str
        Such as ``sdxl-base``; ``stable-diffusion-1.5:unet`` is one run of one stage.
    """
    known = set(list_specs("network"))
    found = {}
    for name in sorted(set(names)):
        whole, _, stage = name.partition(":")
        if whole in known:
            network = load_network(whole)
            found[name] = network.only(stage) if stage else network
    return found


def image_outcomes(subjects: Sequence[Subject], silicon: Silicon) -> tuple[Outcome, ...]:
    """Predict the time per image of rows whose model is a network.

    Rows that ask the same of chips of one structure are one batch.

    Parameters
    ----------
    subjects : sequence of Subject
        n rows.
    silicon : Silicon
        Constants of the reference node.
    """
    chips = [_chips(each, silicon) for each in subjects]
    groups: dict[object, list[int]] = {}
    for i, (each, batch) in enumerate(zip(subjects, chips, strict=True)):
        asked = dataclasses.replace(each.scenario, name="", precision=Scenario().precision)
        key = (each.model, asked, batch.dataflow, batch.is_double_buffered)
        groups.setdefault(key, []).append(i)
    times = np.empty(len(subjects))
    for places in groups.values():
        first = subjects[places[0]]
        assert isinstance(first.model, Network)  # noqa: S101 -- chosen by the caller
        work = unroll_network(first.model, first.scenario)
        batch = _joined([chips[i] for i in places])
        times[places] = evaluate_pipeline(batch, work)["image_s"]
    return tuple(
        Outcome(each, time_s, each.row.value)
        for each, time_s in zip(subjects, times.tolist(), strict=True)
    )


def _chips(subject: Subject, silicon: Silicon) -> ChipBatch:
    """Coefficients of a row's chip under the assumption for its kind of unit."""
    assert isinstance(subject.model, Network)  # noqa: S101 -- chosen by the caller
    precision = subject.model.asked(subject.scenario).precision
    stack = FAMILIES[subject.unit.kind]
    return derive(subject.chip, precision, silicon, subject.unit.name, stack)


_Part = TypeVar("_Part", ChipBatch, OperandCoefficients)


def _joined(parts: Sequence[_Part]) -> _Part:
    """Batches of one as one batch; what is no array is the same in all."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(parts[0]):
        values = [getattr(part, field.name) for part in parts]
        if isinstance(values[0], np.ndarray):
            changes[field.name] = np.concatenate([np.ravel(value) for value in values])
        elif isinstance(values[0], tuple):
            changes[field.name] = tuple(map(_joined, zip(*values, strict=True)))
    return dataclasses.replace(parts[0], **changes)
