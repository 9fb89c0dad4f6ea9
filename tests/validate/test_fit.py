from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.cost import Stack
from dse.validate import Library, Validation
from dse.validate.family import FAMILIES
from dse.validate.fit import FITTED, Data, fit_family, fit_stack, leave_one_out
from dse.validate.predict import features, seconds
from dse.validate.run import validate_rows

TRUTH = dataclasses.replace(
    FAMILIES["gpu"], dram_efficiency=0.62, matrix_efficiency=0.8, kernel_s=4e-5, name="truth"
)


@pytest.fixture(scope="module")
def data(shipped: Validation, library: Library) -> Data:
    """Rows of one stack, their times those of a stack that is known."""
    subjects = [o.subject for o in shipped.outcomes if o.subject.stack == "llama.cpp-metal"]
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
    for name in ("dram_efficiency", "matrix_efficiency", "kernel_s"):
        assert getattr(fit.stack, name) == pytest.approx(getattr(TRUTH, name), rel=0.05)
        assert fit.low[name] < getattr(fit.stack, name) < fit.high[name]
        assert name in fit.identified
    assert np.max(np.abs(fit.error)) < 0.02


def test_outliers_hardly_move_it(data: Data) -> None:
    wild = data.observed_s.copy()
    wild[::10] *= 30.0
    spoilt = dataclasses.replace(data, observed_s=wild)
    fit = fit_stack("truth", spoilt, np.arange(len(data.chips)), FAMILIES["gpu"])
    assert fit.stack.dram_efficiency == pytest.approx(0.62, rel=0.05)


def test_without_rows_the_prior_stays(data: Data) -> None:
    prior = FAMILIES["npu"]
    fit = fit_stack("none", data, np.arange(0), prior)
    assert not fit.identified
    for name in FITTED:
        assert getattr(fit.stack, name) == pytest.approx(getattr(prior, name), rel=1e-3)


def test_a_chip_left_out_has_no_say_in_its_own_prediction(data: Data) -> None:
    chip = str(data.chips[0])
    lied = np.where(data.chips == chip, 7.0 * data.observed_s, data.observed_s)
    honest = leave_one_out(data, fit_family(data))["truth", chip].stack
    liar = dataclasses.replace(data, observed_s=lied)
    other = leave_one_out(liar, fit_family(liar))["truth", chip].stack
    for name in FITTED:
        assert getattr(other, name) == pytest.approx(getattr(honest, name), rel=0.02)


def test_every_row_is_accounted_for(rows: tuple[object, ...], shipped: Validation) -> None:
    total = len(shipped.outcomes) + len(shipped.unpredictable) + sum(shipped.set_aside.values())
    assert total == len(rows)


def test_other_files_take_the_stacks_as_they_are(library: Library, shipped: Validation) -> None:
    row = shipped.outcomes[0].subject.row
    slow = Stack("slow", 0.1, 0.1, 0.1, 1e-3, 1.0, 1.0, 1.0)
    names = [shipped.outcomes[0].subject.stack]
    spoilt = dataclasses.replace(library, stacks=dict.fromkeys(names, slow))
    done = validate_rows((row,), spoilt)
    assert not done.is_left_out
    assert not done.fits
    assert done.outcomes[0].predicted < 0.2 * row.value
