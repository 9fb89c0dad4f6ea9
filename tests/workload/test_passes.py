"""Ways to serve a request against sums by hand: cached heads, chunks, beams and drafts."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import (
    Mla,
    Model,
    Moe,
    Operand,
    Scenario,
    expected_tokens,
    matrix_ops,
    operand_elements,
    unroll,
)
from tests.conftest import TINY

DRAFT = dataclasses.replace(TINY, name="draft", hidden_size=128, intermediate_size=256)
LOCAL = dataclasses.replace(TINY, sliding_window=16, num_local_layers=1)
SPARSE = dataclasses.replace(TINY, moe=Moe(8, 2, 128))
LATENT = dataclasses.replace(TINY, num_kv_heads=4, mla=Mla(64, None, 32, 16, 32))
ASK = Scenario(prompt_tokens=100, output_tokens=21)
HEAD_OPS = 2 * TINY.hidden_size * TINY.vocab_size


def ask(**changes: object) -> Scenario:
    return dataclasses.replace(ASK, **changes)  # type: ignore[arg-type]


@given(st.floats(0.0, 1.0), st.integers(1, 8))
def test_expected_tokens_are_the_mean_over_all_outcomes(acceptance: float, k: int) -> None:
    mean = 0.0
    for outcome in itertools.product((True, False), repeat=k):
        chance = 1.0
        for accepted in outcome:
            chance *= acceptance if accepted else 1.0 - acceptance
        run = next((i for i, accepted in enumerate(outcome) if not accepted), k)
        mean += chance * (run + 1)
    assert expected_tokens(acceptance, k) == pytest.approx(mean, rel=1e-9)
    if acceptance < 0.999:
        closed = (1 - acceptance ** (k + 1)) / (1 - acceptance)
        assert expected_tokens(acceptance, k) == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("model", [TINY, LOCAL])
@pytest.mark.parametrize("cached", [1, 40, 99])
def test_a_cached_head_saves_exactly_its_own_work(model: Model, cached: int) -> None:
    whole = matrix_ops(unroll(model, ASK).prefill)
    head = matrix_ops(unroll(model, ask(prompt_tokens=cached)).prefill)
    rest = matrix_ops(unroll(model, ask(cached_prompt_tokens=cached)).prefill)
    assert rest == pytest.approx(whole - head + HEAD_OPS, rel=1e-12)


def test_the_rest_of_a_prompt_attends_to_its_cached_head() -> None:
    work = unroll(TINY, ask(cached_prompt_tokens=60))
    layers, width = TINY.num_layers, 2 * TINY.num_kv_heads * TINY.head_dim
    assert operand_elements(work.prefill, Operand.KV) == layers * 100 * width
    assert work.prompt_tokens == 40
    assert work.storage.kv_elements == unroll(TINY, ASK).storage.kv_elements


def test_a_window_needs_the_keys_before_its_first_token() -> None:
    work = unroll(LOCAL, ask(cached_prompt_tokens=60))
    width = 2 * TINY.num_kv_heads * TINY.head_dim
    assert operand_elements(work.prefill, Operand.KV) == (100 + 40 + 15) * width


def test_the_last_token_of_a_prompt_is_never_cached() -> None:
    assert unroll(TINY, ask(cached_prompt_tokens=1000)) == unroll(
        TINY, ask(cached_prompt_tokens=99)
    )


@pytest.mark.parametrize("chunk", [1, 7, 25, 33, 99, 100, 1000])
@pytest.mark.parametrize("model", [TINY, LOCAL])
def test_chunks_do_the_work_of_the_whole_and_read_the_weights_again(
    model: Model, chunk: int
) -> None:
    whole, cut = unroll(model, ASK), unroll(model, ask(prefill_chunk_tokens=chunk))
    count = -(-100 // chunk)
    assert matrix_ops(cut.prefill) == pytest.approx(matrix_ops(whole.prefill), rel=1e-12)
    read = operand_elements(cut.prefill, Operand.WEIGHTS)
    assert read == pytest.approx(count * operand_elements(whole.prefill, Operand.WEIGHTS))
    assert operand_elements(cut.prefill, Operand.HEAD) == TINY.hidden_size * TINY.vocab_size
    assert cut.decode == whole.decode


def test_chunks_are_the_requests_that_continue_one_another() -> None:
    """The slow twin: one request per chunk, each with all before it cached."""
    cut = unroll(TINY, ask(prefill_chunk_tokens=30))
    ends = (30, 60, 90, 100)
    twins = [
        unroll(TINY, ask(prompt_tokens=end, cached_prompt_tokens=start))
        for start, end in zip((0, *ends), ends, strict=False)
    ]
    heads = (len(ends) - 1) * HEAD_OPS
    apart = sum(matrix_ops(twin.prefill) for twin in twins)
    assert matrix_ops(cut.prefill) == pytest.approx(apart - heads, rel=1e-12)
    keys = sum(operand_elements(twin.prefill, Operand.KV) for twin in twins)
    assert operand_elements(cut.prefill, Operand.KV) == pytest.approx(keys, rel=1e-12)


def test_a_chunk_at_a_time_touches_fewer_experts_each_but_more_in_all() -> None:
    whole, cut = unroll(SPARSE, ASK), unroll(SPARSE, ask(prefill_chunk_tokens=1))
    experts = [op for op in cut.prefill if op.name.endswith("experts_down")]
    assert {op.count for op in experts} == {2.0}
    read = operand_elements(cut.prefill, Operand.WEIGHTS)
    assert read < 100 * operand_elements(whole.prefill, Operand.WEIGHTS)


def test_latents_are_expanded_for_long_chunks_and_absorbed_for_short_ones() -> None:
    names = [
        {op.name for op in unroll(LATENT, ask(prompt_tokens=4000, **more)).prefill}
        for more in ({"cached_prompt_tokens": 3996}, {"cached_prompt_tokens": 1000}, {})
    ]
    assert ["kv_up_proj" in found for found in names] == [False, True, True]
    work = unroll(LATENT, ask(prompt_tokens=4000, cached_prompt_tokens=1000))
    assert next(op for op in work.prefill if op.name == "kv_up_proj").m == 4000


def test_beams_share_the_prompt_and_decode_apart() -> None:
    one, four = unroll(TINY, ASK), unroll(TINY, ask(beams=4))
    assert four.prefill == one.prefill
    assert matrix_ops(four.decode) == pytest.approx(4 * matrix_ops(one.decode), rel=1e-12)
    weights = operand_elements(four.decode, Operand.WEIGHTS)
    assert weights == operand_elements(one.decode, Operand.WEIGHTS)
    width = TINY.num_layers * 2 * TINY.num_kv_heads * TINY.head_dim
    own = 10.5  # mean of 1 .. 20
    assert operand_elements(four.decode, Operand.KV) == pytest.approx(width * (100 + 4 * own))
    assert four.storage.kv_elements == width * (100 + 4 * 21)
    assert four.batch_size == 1


def test_beams_beyond_a_window_have_nothing_in_common() -> None:
    far = ask(output_tokens=2000, beams=4)
    one, four = (
        next(op for op in unroll(LOCAL, each).decode if op.name == "local_attention")
        for each in (dataclasses.replace(far, beams=1), far)
    )
    shared = sum(16 - n for n in range(1, 16)) / 1999  # of windows that reach into the prompt
    assert one.keys == 16
    assert four.keys == pytest.approx(16 - shared + shared / 4)
    assert four.count == 4 * one.count


@pytest.mark.parametrize(("acceptance", "tokens"), [(0.0, 1.0), (0.5, 1.9375), (1.0, 5.0)])
def test_a_round_is_k_drafts_and_one_verification(acceptance: float, tokens: float) -> None:
    work = unroll(TINY, ask(draft=DRAFT, draft_tokens=4, acceptance=acceptance))
    target, drafts = (unroll(m, ASK) for m in (TINY, DRAFT))
    read = operand_elements(work.decode, Operand.WEIGHTS)
    own = operand_elements(target.decode, Operand.WEIGHTS)
    drafted = operand_elements(drafts.decode, Operand.WEIGHTS)
    assert read == pytest.approx((own + 4 * drafted) / tokens, rel=1e-12)
    assert work.passes == pytest.approx(5 / tokens)
    mine = [op for op in work.decode if not op.name.startswith("draft_")]
    assert next(op for op in mine if op.name == "lm_head").m == 5
    assert work.storage.weight_elements == own + drafted
    assert work.storage.kv_elements == target.storage.kv_elements + drafts.storage.kv_elements


def test_verification_is_the_mean_of_its_rounds() -> None:
    """The slow twin: every place of the output at which a round may begin."""
    k, output = 3, 200
    work = unroll(TINY, ask(draft=DRAFT, draft_tokens=k, acceptance=0.0, output_tokens=output))
    mine = tuple(op for op in work.decode if not op.name.startswith("draft_"))
    rounds = []
    for place in range(100, 100 + output - 1):
        asked = ask(prompt_tokens=place + k + 1, cached_prompt_tokens=place)
        rounds.append(matrix_ops(unroll(TINY, asked).prefill) + k * HEAD_OPS)
    assert matrix_ops(mine) == pytest.approx(sum(rounds) / len(rounds), rel=1e-12)


def test_a_draft_reads_the_prompt_too_and_yields_no_logits() -> None:
    work = unroll(TINY, ask(draft=DRAFT, acceptance=0.5))
    mine = matrix_ops(unroll(TINY, ASK).prefill)
    other = matrix_ops(unroll(DRAFT, ASK).prefill) - 2 * DRAFT.hidden_size * DRAFT.vocab_size
    assert matrix_ops(work.prefill) == pytest.approx(mine + other, rel=1e-12)


@pytest.mark.parametrize("model", [TINY, SPARSE])
def test_few_neurons_are_active_in_a_step_and_all_in_a_long_prompt(model: Model) -> None:
    dense, sparse = (unroll(model, ask(active_fraction=f)) for f in (1.0, 0.1))

    def feedforward(table: tuple) -> float:
        return sum(op.repeat * op.operand_elements for op in table if op.part != "other")

    assert feedforward(sparse.decode) == pytest.approx(0.1 * feedforward(dense.decode))
    share = feedforward(sparse.prefill) / feedforward(dense.prefill)
    assert 0.85 < share < 1.0
    assert sparse.storage.weight_elements == dense.storage.weight_elements
    twenty = unroll(TINY, ask(active_fraction=0.1, batch_size=20))
    whole = unroll(TINY, ask(batch_size=20))
    ratio = feedforward(twenty.decode) / feedforward(whole.decode)
    assert ratio == pytest.approx(1 - 0.9**20)
