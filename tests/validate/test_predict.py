"""The fast function of the stack equals the kernel."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import NEUTRAL, Stack, derive
from dse.cost.evaluate import evaluate_batch
from dse.validate import Library, Measurement, Subject, Validation, phase_of
from dse.validate.predict import features, is_prefill, predicted, seconds
from dse.workload import unroll

STACKS = (
    NEUTRAL,
    dataclasses.replace(
        NEUTRAL, dram_efficiency=0.7, dispatches_per_op=12.0, prompt_s=5e-2, step_s=2e-3
    ),
    dataclasses.replace(NEUTRAL, lane_efficiency=0.2, convert_ops=6.0),
    dataclasses.replace(NEUTRAL, score_bytes=14.0),
    Stack("all", 1.05, 0.37, 0.6, 1.5, 2e-2, 1e-3, 3.0, 7.0),
)


def texts(shipped: Validation) -> list[Subject]:
    """Rows that time a language model."""
    timed = ("decode", "prefill")
    return [each.subject for each in shipped.outcomes if phase_of(each) in timed]


def by_kernel(each: Subject, stack: Stack, library: Library) -> float:
    own = dataclasses.replace(stack, has_narrow_sums=each.has_narrow_sums)
    chips = derive(each.chip, each.scenario.precision, library.silicon, each.unit.name, own)
    done = evaluate_batch(chips, unroll(each.model, each.scenario)).row()
    return done["ttft_s" if is_prefill(each) else "tpot_s"]


@pytest.mark.parametrize("stack", STACKS, ids=["neutral", "memory", "lanes", "scores", "all"])
def test_equals_the_kernel(shipped: Validation, library: Library, stack: Stack) -> None:
    subjects = texts(shipped)[::23]
    times = seconds(features(subjects, library.silicon), stack)
    # A stack's share of the peak stretches k, whose last tile the kernel rounds up.
    tolerance = 1e-9 if stack.matrix_efficiency == 1.0 else 0.03
    for each, time_s in zip(subjects, times, strict=True):
        kernel = by_kernel(each, stack, library)
        assert float(time_s) == pytest.approx(kernel, rel=tolerance), each.row.id


@given(st.sampled_from(["dram_efficiency", "matrix_efficiency", "lane_efficiency"]))
def test_a_better_stack_is_never_slower(shipped: Validation, library: Library, name: str) -> None:
    subjects = texts(shipped)[::101]
    parts = features(subjects, library.silicon)
    better = dataclasses.replace(STACKS[-1], **{name: 1.15})
    assert (seconds(parts, better) <= seconds(parts, STACKS[-1])).all()


def test_values_are_in_the_metric_of_the_row(shipped: Validation) -> None:
    rows: dict[str, Measurement] = {}
    for each in texts(shipped):
        if each.row.metric in rows:
            continue
        rows[each.row.metric] = each.row
        batch, prompt = each.scenario.batch_size, each.scenario.prompt_tokens
        expected = {
            "decode_tok_s": batch / 0.5,
            "prefill_tok_s": batch * prompt / 0.5,
            "ttft_s": 0.5,
        }[each.row.metric]
        assert predicted(each, 0.5) == pytest.approx(expected)
    assert len(rows) == 3
