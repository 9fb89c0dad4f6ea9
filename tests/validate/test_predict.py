"""The fast function of the stack equals the kernel."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import Stack, apply_stack, derive
from dse.cost.evaluate import evaluate_batch
from dse.validate import Library, Measurement, Subject, Validation
from dse.validate.predict import NEUTRAL, features, is_prefill, predicted, seconds
from dse.workload import unroll

STACKS = (
    NEUTRAL,
    dataclasses.replace(
        NEUTRAL, dram_efficiency=0.7, kernel_s=3e-5, kernels_per_op=2.0, step_s=2e-3
    ),
    dataclasses.replace(NEUTRAL, lane_efficiency=0.2, convert_ops=6.0),
    Stack("all", 0.8, 0.37, 0.6, 1e-5, 1.5, 1e-3, 3.0),
)


def by_kernel(each: Subject, stack: Stack, library: Library) -> float:
    plain = derive(each.chip, each.scenario.precision, library.silicon, each.unit.name)
    done = evaluate_batch(apply_stack(plain, stack), unroll(each.model, each.scenario)).row()
    return done["ttft_s" if is_prefill(each) else "tpot_s"]


@pytest.mark.parametrize("stack", STACKS, ids=["neutral", "memory", "lanes", "all"])
def test_equals_the_kernel(shipped: Validation, library: Library, stack: Stack) -> None:
    subjects = [outcome.subject for outcome in shipped.outcomes][::23]
    times = seconds(features(subjects, library.silicon), stack)
    # A stack's share of the peak stretches k, whose last tile the kernel rounds up.
    tolerance = 1e-9 if stack.matrix_efficiency == 1.0 else 0.03
    for each, time_s in zip(subjects, times, strict=True):
        kernel = by_kernel(each, stack, library)
        assert float(time_s) == pytest.approx(kernel, rel=tolerance), each.row.id


@given(st.sampled_from(["dram_efficiency", "matrix_efficiency", "lane_efficiency"]))
def test_a_better_stack_is_never_slower(shipped: Validation, library: Library, name: str) -> None:
    subjects = [outcome.subject for outcome in shipped.outcomes][::101]
    parts = features(subjects, library.silicon)
    better = dataclasses.replace(STACKS[-1], **{name: 0.95})
    assert (seconds(parts, better) <= seconds(parts, STACKS[-1])).all()


def test_values_are_in_the_metric_of_the_row(shipped: Validation) -> None:
    rows: dict[str, Measurement] = {}
    for outcome in shipped.outcomes:
        each = outcome.subject
        if each.row.metric in rows:
            continue
        rows[each.row.metric] = each.row
        batch, prompt = each.scenario.batch_size, each.scenario.prompt_tokens
        expected = {
            "decode_tok_s": batch / 0.5,
            "prefill_tok_s": batch * prompt / 0.5,
            "ttft_s": 0.5,
            "energy_j_per_token": (3.0 + 2.0 * 0.5) / batch,
            "power_w": (3.0 + 2.0 * 0.5) / 0.5,
        }[each.row.metric]
        assert predicted(each, 0.5, 3.0, 2.0) == pytest.approx(expected)
    assert len(rows) == 5
