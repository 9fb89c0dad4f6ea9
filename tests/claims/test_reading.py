"""Verdicts follow from numbers alone, by the stated rule."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.claims import VERDICTS, Reading, judge

FIGURES = st.floats(1e-3, 1e3)


def read(modelled: float, limit: float, **fields) -> Reading:
    return Reading(fields.pop("label", "it is read so"), modelled, limit, "compute", **fields)


@pytest.mark.parametrize(
    ("modelled", "limit", "kind"),
    [
        (2.0, 3.0, "holds"),
        (1.85, 3.0, "holds"),  # within the model's error of 10 %
        (1.7, 3.0, "holds only if"),
        (1.7, 1.9, "physically impossible"),
        (1.85, 1.9, "physically impossible"),  # the error of a prediction moves no bound
    ],
)
def test_at_least(modelled, limit, kind):
    assert judge(2.0, "at least", [read(modelled, limit, tolerance=0.1)]).kind == kind


@pytest.mark.parametrize(
    ("modelled", "limit", "kind"),
    [
        (10.0, 5.0, "holds"),
        (16.0, 5.0, "holds"),
        (17.0, 5.0, "holds only if"),
        (40.0, 16.0, "physically impossible"),
    ],
)
def test_at_most(modelled, limit, kind):
    assert judge(15.0, "at most", [read(modelled, limit, tolerance=0.1)]).kind == kind


def test_about_misses_on_both_sides():
    kinds = [
        judge(10.0, "about", [read(value, math.inf, tolerance=0.2, needs="it rains")]).kind
        for value in (8.0, 8.5, 11.9, 12.1)
    ]
    assert kinds == ["holds only if", "holds", "holds", "holds only if"]


def test_conditions_are_those_of_the_readings_that_are_kept():
    readings = [read(3.0, 4.0, label="it is warm"), read(1.0, 1.5, label="it is cold")]
    verdict = judge(2.0, "at least", readings)
    assert (verdict.words, verdict.reading) == ("holds only if it is warm", 0)
    both = judge(2.0, "at least", [*readings, read(2.5, 4.0, label="it is dry")])
    assert both.words == "holds only if it is warm or it is dry"


def test_a_miss_within_the_error_is_said():
    verdict = judge(2.0, "at least", [read(1.9, 3.0, tolerance=0.1)])
    assert verdict.words == "holds, within the model's error of 10 %"


def test_a_share_of_the_bound_is_named():
    assert judge(20.0, "at least", [read(10.0, 25.0)]).words == (
        "holds only if 80 % of what compute allows is reached (modelled: 40 %)"
    )
    assert judge(10.0, "at most", [read(20.0, 5.0)]).words == (
        "holds only if 50 % of what compute allows is reached (modelled: 25 %)"
    )


def test_what_lacks_something_does_not_count():
    lacking = read(9.0, 9.0, missing="the price of tea")
    assert judge(2.0, "at least", [lacking]).words == "cannot be judged: the price of tea"
    assert judge(2.0, "at least", [lacking, read(1.0, 1.0)]).kind == "physically impossible"
    assert judge(2.0, "at least", [], "a workload").words == "cannot be judged: a workload"


@given(FIGURES, FIGURES, st.floats(1.0, 10.0), st.floats(0.0, 0.5))
def test_a_greater_claim_is_never_judged_kinder(claimed, modelled, room, tolerance):
    readings = [read(modelled, modelled * room, tolerance=tolerance)]
    small = judge(claimed, "at least", readings).kind
    great = judge(2.0 * claimed, "at least", readings).kind
    assert VERDICTS.index(small) <= VERDICTS.index(great)


@given(st.sampled_from(("at least", "at most", "about")), FIGURES, FIGURES, FIGURES)
def test_every_verdict_starts_with_its_kind(sense, claimed, modelled, limit):
    verdict = judge(claimed, sense, [read(modelled, limit)])
    assert verdict.words.startswith(verdict.kind)
