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
from dse.validate.family import FAMILIES
from dse.validate.fit import Data, FamilyFit, Fit, family_prior, fit_family
from dse.validate.fit import leave_one_out as refit_without
from dse.validate.measurement import Measurement
from dse.validate.names import read_names
from dse.validate.predict import Features, features, predicted, seconds
from dse.validate.subject import Library, Subject, Unpredictable, subject
from dse.validate.summary import Outcome

__all__ = [
    "SHIPPED",
    "Validation",
    "generic",
    "load_library",
    "observations",
    "shipped_measurements",
    "validate_rows",
]

Array = npt.NDArray[np.float64]

_FOLDER = "hw_configs/measurements"
SHIPPED = f"{_FOLDER}/measured.csv"
_ENERGY = ("energy_j_per_token", "power_w")


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
        Median of the fitted stacks of each unit kind.
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
    wanted = {names.models[row.model] for row in rows if row.model in names.models}
    # A name of the library itself needs no entry in the table.
    known = set(list_specs("model"))
    own = {row.model for row in rows if row.model in known}
    chips = {name: load_chip(name) for name in list_specs("chip")}
    names = replace(
        names,
        models={**{name: name for name in own}, **names.models},
        chips={**{name: name for name in chips}, **names.chips},
    )
    return Library(
        chips=chips,
        models={name: load_model(name) for name in sorted((wanted | own) & known)},
        names=names,
        stacks={name: load_stack(name) for name in list_specs("stack")},
        silicon=load_technology().silicon,
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
    )


def _is_fitted(subject: Subject) -> bool:
    return subject.row.is_clean and subject.row.metric not in _ENERGY


def _is_wanted(row: Measurement, is_all: bool) -> str:
    """Rule that sets a row aside, or nothing."""
    if is_all:
        return ""
    if row.metric in _ENERGY:
        return "a claim without a source" if row.tier == "claim" else ""
    return "" if row.is_clean else "not clean by the data's rule"


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
    fits: Mapping[str, Fit] = {}
    generics: Mapping[str, Stack] = {}
    if not subjects:
        outcomes: tuple[Outcome, ...] = ()
    else:
        parts = features(subjects, library.silicon)
        if is_left_out:
            data = _data(subjects, parts, np.flatnonzero([_is_fitted(s) for s in subjects]))
            whole = fit_family(data)
            fits = whole.second
            generics = {kind: generic(kind, data, whole) for kind in FAMILIES}
            stacks = _without_own_chip(subjects, data, whole, generics)
        else:
            stacks = [_shipped(each, library.stacks) for each in subjects]
        outcomes = _outcomes(subjects, parts, stacks)
    return Validation(
        outcomes=outcomes,
        unpredictable=tuple(each for each in found if isinstance(each, Unpredictable)),
        set_aside=Counter(reason for reason in aside.values() if reason),
        fits=fits,
        generics=generics,
        is_left_out=is_left_out,
    )


def _without_own_chip(
    subjects: Sequence[Subject], data: Data, whole: FamilyFit, generics: Mapping[str, Stack]
) -> list[Stack]:
    """Stack of each row, fitted without any row of its chip."""
    folds = refit_without(data, whole)

    def stack(each: Subject) -> Stack:
        fit = folds.get((each.stack, each.chip_key)) or whole.second.get(each.stack)
        return fit.stack if fit else generics[each.unit.kind]

    return [stack(each) for each in subjects]


def generic(kind: str, data: Data, whole: FamilyFit) -> Stack:
    """Median of all fitted stacks of a unit kind: what an unknown engine is taken for."""
    stacks = [fit.stack for name, fit in whole.first.items() if data.kinds[name] == kind]
    return family_prior(kind, stacks)


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
    dynamic = np.sum(parts.repeat * parts.dynamic_j, axis=1)
    for stack, places in groups.items():
        times = seconds(parts.take(np.array(places)), stack)
        for place, time_s in zip(places, times.tolist(), strict=True):
            static = float(parts.static_w[place, 0])
            values[place] = predicted(subjects[place], time_s, float(dynamic[place]), static)
    return tuple(
        Outcome(each, float(value), each.row.value)
        for each, value in zip(subjects, values, strict=True)
    )
