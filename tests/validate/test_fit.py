from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from dse.cost import Stack
from dse.validate import Library, Validation, phase_of
from dse.validate.family import FAMILIES
from dse.validate.fit import FITTED, Data, fit_stack
from dse.validate.pooling import generic, pool
from dse.validate.predict import features, seconds
from dse.validate.run import _data, validate_rows

TRUTH = dataclasses.replace(
    FAMILIES["gpu"],
    dram_efficiency=0.8,
    matrix_efficiency=0.8,
    dispatches_per_op=9.0,
    name="truth",
)
# Cards whose matrix engines outrun their lanes by far: what is never used cannot be found.
MEASURED = "llama.cpp-cuda-2024"


@pytest.fixture(scope="module")
def data(shipped: Validation, library: Library) -> Data:
    """Rows of one stack, their times those of a stack that is known."""
    subjects = [o.subject for o in shipped.outcomes if o.subject.stack == MEASURED]
    parts = features(subjects, library.silicon)
    return Data(
        parts=parts,
        observed_s=seconds(parts, TRUTH),
        stacks=np.array(["truth"] * len(subjects)),
        chips=np.array([each.chip_key for each in subjects]),
        kinds={"truth": "gpu"},
    )


def test_a_known_stack_is_found_again(data: Data) -> None:
    fit = fit_stack("truth", data, np.arange(len(data.chips)), FAMILIES["gpu"])
    assert fit.stack.dram_efficiency == pytest.approx(0.9, rel=0.1)
    for name in ("matrix_efficiency", "dispatches_per_op"):
        assert getattr(fit.stack, name) == pytest.approx(getattr(TRUTH, name), rel=0.1)
        assert fit.low[name] < getattr(fit.stack, name) < fit.high[name]
        assert name in fit.identified
    assert np.max(np.abs(fit.error)) < 0.05


def test_outliers_hardly_move_it(data: Data) -> None:
    wild = data.observed_s.copy()
    wild[::10] *= 30.0
    spoilt = dataclasses.replace(data, observed_s=wild)
    fit = fit_stack("truth", spoilt, np.arange(len(data.chips)), FAMILIES["gpu"])
    assert fit.stack.dram_efficiency == pytest.approx(0.9, rel=0.1)


def test_without_rows_the_prior_stays(data: Data) -> None:
    prior = FAMILIES["npu"]
    fit = fit_stack("none", data, np.arange(0), prior)
    assert not fit.identified
    for name in FITTED:
        assert getattr(fit.stack, name) == pytest.approx(getattr(prior, name), rel=1e-3)


@pytest.fixture(scope="module")
def siblings(shipped: Validation, library: Library) -> Data:
    """Rows of all stacks of CPUs, several of which ran on one chip and several on others."""
    subjects = [
        each.subject
        for each in shipped.outcomes
        if each.subject.unit.kind == "cpu" and phase_of(each) in ("decode", "prefill")
    ]
    return _data(subjects, features(subjects, library.silicon), np.arange(len(subjects)))


def test_a_chip_left_out_has_no_say_in_its_own_prediction(siblings: Data) -> None:
    counts = Counter(siblings.chips[np.unique(siblings.stacks, return_index=True)[1]])
    chip = str(counts.most_common(1)[0][0])
    touched = set(siblings.stacks[siblings.chips == chip])
    assert len(touched) > 1
    assert set(siblings.stacks) - touched
    lied = np.where(siblings.chips == chip, 7.0 * siblings.observed_s, siblings.observed_s)
    honest = pool(siblings)
    liar = pool(dataclasses.replace(siblings, observed_s=lied))
    name = str(sorted(touched)[0])
    assert liar.fit(name).stack != honest.fit(name).stack
    for name in sorted(set(siblings.stacks)):
        assert liar.without(chip).fit(name).stack == honest.without(chip).fit(name).stack
    assert liar.without(chip).generic("cpu") == honest.without(chip).generic("cpu")


def test_a_stack_without_a_row_left_is_the_centre_of_its_siblings(siblings: Data) -> None:
    only = "executorch-xnnpack"
    chips = set(siblings.chips[siblings.stacks == only])
    assert len(chips) == 1
    others = pool(siblings).without(str(chips.pop()))
    stack = dataclasses.replace(others.fit(only).stack, name="generic-cpu")
    for name in FITTED:
        assert getattr(stack, name) == pytest.approx(
            getattr(others.generic("cpu"), name), rel=1e-3
        )


def test_every_row_is_accounted_for(rows: tuple[object, ...], shipped: Validation) -> None:
    total = len(shipped.outcomes) + len(shipped.unpredictable) + sum(shipped.set_aside.values())
    assert total == len(rows)


def test_other_files_take_the_stacks_as_they_are(library: Library, shipped: Validation) -> None:
    row = shipped.outcomes[0].subject.row
    slow = Stack("slow", 0.1, 0.1, 0.1, 1e3, 1.0, 1.0, 1.0, 0.0)
    names = [shipped.outcomes[0].subject.stack]
    spoilt = dataclasses.replace(library, stacks=dict.fromkeys(names, slow))
    done = validate_rows((row,), spoilt)
    assert not done.is_left_out
    assert not done.fits
    assert done.outcomes[0].predicted < 0.2 * row.value


def test_a_parameter_that_no_sibling_was_asked_for_keeps_the_assumption(data: Data) -> None:
    silent = {"none": fit_stack("none", data, np.arange(0), FAMILIES["gpu"])}
    centre = generic("gpu", silent, {"none": "gpu"})
    for name in FITTED:
        assert getattr(centre, name) == pytest.approx(getattr(FAMILIES["gpu"], name), rel=1e-3)


def test_siblings_that_know_outvote_the_assumption(data: Data) -> None:
    rows = np.arange(len(data.chips))
    fits = {name: fit_stack(name, data, rows, FAMILIES["gpu"]) for name in ("a", "b")}
    centre = generic("gpu", fits, {"a": "gpu", "b": "gpu"})
    assumed = FAMILIES["gpu"].dispatches_per_op
    learned = sum(fit.learned[FITTED.index("dispatches_per_op")] for fit in fits.values())
    expected = (9.0**learned * assumed) ** (1.0 / (1.0 + learned))
    assert centre.dispatches_per_op == pytest.approx(expected, rel=0.1)
    assert centre.dispatches_per_op > 2.0 * assumed
    other = generic("cpu", fits, {"a": "gpu", "b": "gpu"})
    assert other.dispatches_per_op == pytest.approx(FAMILIES["cpu"].dispatches_per_op)
