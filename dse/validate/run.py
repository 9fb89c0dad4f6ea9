"""Predicts a whole file: with the library's stacks, or each chip with stacks that never saw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dse.cost import Stack
from dse.spec import list_specs, load_chip, load_model, load_stack, load_technology, root
from dse.technology import Silicon
from dse.validate.energy import energy_outcomes
from dse.validate.family import FAMILIES
from dse.validate.fit import Data, Fit
from dse.validate.formats import read_formats
from dse.validate.heads import read_heads
from dse.validate.image import image_outcomes, load_networks
from dse.validate.kernel_rows import predict_tflops, read_calls
from dse.validate.measurement import ENERGY, Measurement
from dse.validate.names import read_names
from dse.validate.pooling import Pool, pool
from dse.validate.predict import Features, features, predicted, seconds
from dse.validate.rules import set_aside
from dse.validate.scope import read_scopes
from dse.validate.subject import Library, Subject, Unpredictable, subject
from dse.validate.summary import Outcome
from dse.workload import Network

__all__ = [
    "SHIPPED",
    "Validation",
    "load_library",
    "observations",
    "shipped_measurements",
    "validate_rows",
]

Array = npt.NDArray[np.float64]

_FOLDER = "hw_configs/measurements"
SHIPPED = f"{_FOLDER}/measured.csv"
# Reported on every run, whatever the data call clean, and never fitted.
_UNFITTED = (*ENERGY, "image_s", "gemm_tflops")
_PATHS = ("text", "energy", "product", "image")


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of a file.

    Parameters
    ----------
    outcomes : tuple of Outcome
        Rows predicted, in the file's order.
    unpredictable : tuple of Unpredictable
        Rows wanted and not predicted.
    set_aside : mapping of str to int
        Rows not asked for, counted by the rule that sets them aside.
    fits : mapping of str to Fit
        Stacks fitted to all clean rows; empty where the library's were used.
    generics : mapping of str to Stack
        Centre of the fitted stacks of each unit kind.
    is_left_out : bool
        Whether each row was predicted by stacks fitted without its chip.
    """

    outcomes: tuple[Outcome, ...]
    unpredictable: tuple[Unpredictable, ...]
    set_aside: Mapping[str, int]
    fits: Mapping[str, Fit]
    generics: Mapping[str, Stack]
    is_left_out: bool


def shipped_measurements() -> Path:
    """The measurements that come with the package."""
    return root() / SHIPPED


def load_library(rows: Sequence[Measurement]) -> Library:
    """Load every chip and stack, and the models that the rows name."""
    names = read_names(root() / _FOLDER / "names.csv")
    formats = read_formats(root() / _FOLDER / "formats.csv")
    wanted = {names.models[row.model] for row in rows if row.model in names.models}
    # A name of the library itself needs no entry in the table.
    known = set(list_specs("model"))
    networks = load_networks(wanted | {row.model for row in rows})
    own = {row.model for row in rows if row.model in known}
    chips = {name: load_chip(name) for name in list_specs("chip")}
    names = replace(
        names,
        models={**{name: name for name in (*own, *networks)}, **names.models},
        chips={**{name: name for name in chips}, **names.chips},
        formats=formats,
    )
    technology = load_technology()
    return Library(
        chips=chips,
        models={**{name: load_model(name) for name in sorted((wanted | own) & known)}, **networks},
        names=names,
        heads=read_heads(root() / _FOLDER / "heads.csv"),
        scopes=read_scopes(root() / _FOLDER / "scopes.csv"),
        stacks={name: load_stack(name) for name in list_specs("stack")},
        silicon=technology.silicon,
        drams=technology.drams,
    )


def observations(subjects: Sequence[Subject]) -> Array:
    """Measured time of each row, s; not a number for rows of energy."""
    return np.array([_observed(each) for each in subjects])


def _observed(subject: Subject) -> float:
    value, request = subject.row.value, subject.scenario
    return {
        "decode_tok_s": request.batch_size / value,
        "prefill_tok_s": request.batch_size * request.prompt_tokens / value,
        "ttft_s": value,
    }.get(subject.row.metric, float("nan"))


def _data(subjects: Sequence[Subject], parts: Features, rows: npt.NDArray[np.intp]) -> Data:
    """Rows to fit."""
    chosen = [subjects[i] for i in rows]
    return Data(
        parts=parts.take(rows),
        observed_s=observations(chosen),
        stacks=np.array([each.stack for each in chosen]),
        chips=np.array([each.chip_key for each in chosen]),
        kinds={each.stack: each.unit.kind for each in subjects},
        narrow=frozenset(each.stack for each in subjects if each.has_narrow_sums),
    )


def _is_fitted(subject: Subject) -> bool:
    row = subject.row
    return row.is_clean and not set_aside(row) and row.metric not in _UNFITTED


def _is_wanted(row: Measurement, is_all: bool) -> str:
    """Rule that sets a row aside, or nothing."""
    if is_all:
        return ""
    if row.metric in _UNFITTED:
        return "a claim without a source" if row.tier == "claim" else ""
    return set_aside(row) if row.is_clean else "not clean by the data's rule"


def validate_rows(
    rows: Sequence[Measurement],
    library: Library,
    *,
    is_all: bool = False,
    is_left_out: bool = False,
) -> Validation:
    """Predict rows and compare.

    Parameters
    ----------
    rows : sequence of Measurement
        A whole file.
    library : Library
        Chips, models, names and stacks.
    is_all : bool
        Whether to predict the rows that are not clean, too.
    is_left_out : bool
        Whether to fit the stacks to the clean rows, for each row without those of its chip;
        else the library's stacks are taken.

    Returns
    -------
    Validation
        Every row is in it once: predicted, unpredictable with its reason, or counted.
    """
    aside = {row.id: _is_wanted(row, is_all) for row in rows}
    found = [subject(row, library) for row in rows if not aside[row.id]]
    subjects = [each for each in found if isinstance(each, Subject)]
    texts, energies, products, images = (
        [each for each in subjects if _path(each) == path] for path in _PATHS
    )
    every = [*texts, *energies]
    parts = features(texts, library.silicon) if texts else None
    fits: Mapping[str, Fit] = {}
    generics: Mapping[str, Stack] = {}
    if parts is not None and is_left_out:
        data = _data(texts, parts, np.flatnonzero([_is_fitted(s) for s in texts]))
        whole = pool(data)
        fits = whole.fits()
        generics = {kind: whole.generic(kind) for kind in FAMILIES}
        stacks = _without_own_chip(every, whole, fits)
    else:
        stacks = [_shipped(each, library.stacks) for each in every]
    outcomes = _outcomes(texts, parts, stacks[: len(texts)]) if parts is not None else ()
    outcomes += energy_outcomes(energies, stacks[len(texts) :], library.silicon, library.scopes)
    outcomes += tuple(_product(each, library.silicon) for each in products)
    outcomes += image_outcomes(images, library.silicon)
    return Validation(
        outcomes=tuple(sorted(outcomes, key=lambda each: each.subject.row.line)),
        unpredictable=tuple(each for each in found if isinstance(each, Unpredictable)),
        set_aside=Counter(reason for reason in aside.values() if reason),
        fits=fits,
        generics=generics,
        is_left_out=is_left_out,
    )


def _path(subject: Subject) -> str:
    """Which of `_PATHS` predicts a row."""
    if subject.row.metric in ENERGY:
        return "energy"
    if subject.row.metric == "gemm_tflops":
        return "product"
    return "image" if isinstance(subject.model, Network) else "text"


def _product(subject: Subject, silicon: Silicon) -> Outcome:
    row = subject.row
    call_s = read_calls(root() / _FOLDER / "calls.csv").get(row.engine.lower())
    found = predict_tflops(row, subject.chip, silicon, subject.unit.name, call_s)
    return Outcome(subject, found, row.value)


def _without_own_chip(
    subjects: Sequence[Subject], whole: Pool, fits: Mapping[str, Fit]
) -> list[Stack]:
    """Stack of each row, fitted without any row of its chip, as are the siblings' it leans on."""
    keys = [(each.chip_key, each.stack, each.unit.kind) for each in subjects]
    measured = sorted({chip for chip, _, _ in keys} & set(whole.data.chips))
    pools = {chip: whole.without(chip) for chip in measured}

    def stack(chip: str, name: str, kind: str) -> Stack:
        if name not in fits:
            return pools.get(chip, whole).generic(kind)
        return pools[chip].fit(name).stack if chip in pools else fits[name].stack

    found = {key: stack(*key) for key in dict.fromkeys(keys)}
    return [found[key] for key in keys]


def _shipped(subject: Subject, stacks: Mapping[str, Stack]) -> Stack:
    """The library's stack, its generic one for the unit, or the assumption."""
    generic = stacks.get(f"generic-{subject.unit.kind}", FAMILIES[subject.unit.kind])
    return stacks.get(subject.stack, generic)


def _outcomes(
    subjects: Sequence[Subject], parts: Features, stacks: Sequence[Stack]
) -> tuple[Outcome, ...]:
    """Predict each row with its own stack; rows that share one go together."""
    groups: dict[Stack, list[int]] = {}
    for i, stack in enumerate(stacks):
        groups.setdefault(stack, []).append(i)
    values = np.empty(len(subjects))
    for stack, places in groups.items():
        times = seconds(parts.take(np.array(places)), stack)
        for place, time_s in zip(places, times.tolist(), strict=True):
            values[place] = predicted(subjects[place], time_s)
    return tuple(
        Outcome(each, float(value), each.row.value)
        for each, value in zip(subjects, values, strict=True)
    )
