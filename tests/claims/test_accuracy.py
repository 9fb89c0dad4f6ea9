"""The errors that verdicts allow for are those that validation finds."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from dse.spec.claims import load_accuracy
from dse.spec.schema.accuracy import PhaseErrors
from dse.validate import (
    load_library,
    read_measurements,
    shipped_measurements,
    validate_rows,
)

PHASES = {
    "decode_tok_s": "decode",
    "prefill_tok_s": "prefill",
    "ttft_s": "prefill",
    "energy_j_per_token": "energy",
    "power_w": "energy",
    "image_s": "image",
}
CLASSES = {"phone": "phone", "datacentre": "dc_gpu"}
# By how much the file may lag behind a new calibration before somebody has to look.
LAG = 0.06


@pytest.fixture(scope="module")
def outcomes():
    rows = read_measurements(shipped_measurements())
    result = validate_rows(rows, load_library(rows), is_all=False, is_left_out=True)
    return [each for each in result.outcomes if each.subject.row.metric in PHASES]


def check(said: PhaseErrors, found: dict[str, list[float]]) -> None:
    medians = {phase: float(np.median(errors)) for phase, errors in found.items()}
    assert medians == pytest.approx(said.model_dump(), abs=LAG)


@pytest.mark.slow
@pytest.mark.parametrize("segment", CLASSES)
def test_errors_of_a_segment(outcomes, segment):
    found = defaultdict(list)
    for each in outcomes:
        if each.subject.row.chip_class == CLASSES[segment]:
            found[PHASES[each.subject.row.metric]].append(abs(each.error))
    check(load_accuracy().segments[segment], found)


@pytest.mark.slow
def test_errors_of_ratios(outcomes):
    alike = defaultdict(list)
    for each in outcomes:
        subject = each.subject
        alike[subject.stack, subject.model.name, subject.row.metric].append(each)
    found = defaultdict(list)
    for (_, _, metric), group in alike.items():
        for one, other in combinations(group, 2):
            if one.subject.chip_key != other.subject.chip_key:
                error = (1.0 + one.error) / (1.0 + other.error) - 1.0
                found[PHASES[metric]].append(abs(error))
    check(load_accuracy().ratios, found)
