"""Operator tables against hand sums: operations, weights, KV, experts, windows and fusion."""

from __future__ import annotations

import dataclasses

import pytest

from dse.workload import (
    Kind,
    Mla,
    Model,
    Moe,
    Op,
    Operand,
    Scenario,
    Span,
    matrix_ops,
    operand_elements,
    unroll,
)
from dse.workload.feedforward import expected_distinct_experts

LLAMA = Model("llama-2-7b", "", 4096, 11008, 32, 32, 32, 128, 32000, False)
GQA = dataclasses.replace(LLAMA, num_kv_heads=8)
LATENT = Model(
    "latent",
    "",
    2048,
    10944,
    27,
    16,
    16,
    192,
    102400,
    False,
    moe=Moe(64, 6, 1408, 2816, 1),
    mla=Mla(512, None, 128, 64, 128),
)
ASK = Scenario(prompt_tokens=1024, output_tokens=65)
BODY = 32 * (4 * 4096**2 + 3 * 4096 * 11008)
HEAD = 4096 * 32000


def test_decode_reads_every_matrix_once_and_nothing_of_the_embedding() -> None:
    work = unroll(LLAMA, ASK)
    assert operand_elements(work.decode, Operand.WEIGHTS) == BODY
    assert operand_elements(work.decode, Operand.HEAD) == HEAD


def test_prefill_operations_are_two_per_weight_and_token_plus_causal_attention() -> None:
    work = unroll(LLAMA, ASK)
    pairs = 1024 * 1025 / 2  # every token attends to itself and to those before it
    expected = 2 * BODY * 1024 + 2 * HEAD + 32 * 2 * 2 * 4096 * pairs
    assert matrix_ops(work.prefill) == pytest.approx(expected, rel=1e-12)


def test_gqa_reads_keys_and_values_of_kv_heads_only() -> None:
    full, grouped = (operand_elements(unroll(m, ASK).decode, Operand.KV) for m in (LLAMA, GQA))
    assert full == 4 * grouped
    assert grouped == 32 * 2 * 8 * 128 * Span(1025, 1088).mean


def test_grouped_query_heads_share_one_pass_and_keep_their_operations() -> None:
    ops = {m.num_kv_heads: matrix_ops(_attention(unroll(m, ASK).decode)) for m in (LLAMA, GQA)}
    assert ops[8] == ops[32]


def _attention(table: tuple[Op, ...]) -> tuple[Op, ...]:
    return tuple(op for op in table if op.kind is Kind.ATTENTION)


def test_window_caps_keys_of_local_layers_alone() -> None:
    local = dataclasses.replace(LLAMA, sliding_window=256, num_local_layers=16)
    keys = operand_elements(unroll(local, ASK).decode, Operand.KV)
    assert keys == 2 * 4096 * (16 * 256 + 16 * Span(1025, 1088).mean)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_expected_distinct_experts_against_enumeration(batch: int) -> None:
    moe = Moe(num_experts=8, experts_per_token=2, intermediate_size=1)
    # By inclusion over experts: one expert is missed by all tokens with probability (6/8)^B.
    assert expected_distinct_experts(moe, batch) == pytest.approx(8 * (1 - 0.75**batch))


def test_moe_reads_the_experts_touched_and_computes_the_experts_visited() -> None:
    step = unroll(LATENT, Scenario(prompt_tokens=8, output_tokens=2)).decode
    experts = [op for op in step if op.name.startswith("experts")]
    assert sum(op.operand_elements for op in experts) == pytest.approx(6 * 3 * 2048 * 1408)
    assert sum(op.macs for op in experts) == pytest.approx(6 * 3 * 2048 * 1408)
    batch = unroll(LATENT, Scenario(prompt_tokens=8, output_tokens=2, batch_size=1000)).decode
    experts = [op for op in batch if op.name.startswith("experts")]
    assert sum(op.operand_elements for op in experts) == pytest.approx(64 * 3 * 2048 * 1408)
    assert sum(op.macs for op in experts) == pytest.approx(1000 * 6 * 3 * 2048 * 1408)


def test_absorbed_latent_attention_reads_the_latent_once_per_token() -> None:
    work = unroll(LATENT, Scenario(prompt_tokens=100, output_tokens=2))
    assert operand_elements(work.decode, Operand.KV) == 27 * 101 * (512 + 64)
    assert work.storage.kv_elements == 27 * 102 * (512 + 64)


def test_latent_attention_reads_as_many_weights_in_both_forms() -> None:
    work = unroll(LATENT, Scenario(prompt_tokens=100, output_tokens=2))
    sums = [
        sum(
            op.repeat * op.operand_elements
            for op in table
            if "proj" in op.name or "abs" in op.name
        )
        for table in (work.prefill, work.decode)
    ]
    assert sums[0] == sums[1] == 27 * LATENT.attention_weights()


@pytest.mark.parametrize("model", [LLAMA, GQA, LATENT], ids=["mha", "gqa", "mla-moe"])
def test_storage_adds_up_to_the_parameters(model: Model) -> None:
    stored = unroll(model, ASK).storage
    total = (
        stored.weight_elements
        + stored.head_elements
        + stored.embedding_elements
        + stored.parameter_elements
    )
    assert total == model.parameters()


@pytest.mark.parametrize("model", [LLAMA, GQA, LATENT], ids=["mha", "gqa", "mla-moe"])
def test_fusion_changes_neither_operations_nor_weights(model: Model) -> None:
    full, none = (unroll(model, dataclasses.replace(ASK, fusion=f)) for f in ("full", "none"))
    for a, b in ((full.prefill, none.prefill), (full.decode, none.decode)):
        assert matrix_ops(a) == pytest.approx(matrix_ops(b), rel=1e-12)
        assert operand_elements(a, Operand.WEIGHTS) == operand_elements(b, Operand.WEIGHTS)
        assert sum(op.repeat for op in a) < sum(op.repeat for op in b)
        assert _elementwise(a) < _elementwise(b)


def _elementwise(table: tuple[Op, ...]) -> float:
    return sum(op.repeat * (op.extra_elements + op.output_elements) for op in table)


def test_batch_multiplies_tokens_but_not_weights() -> None:
    one, many = (unroll(LLAMA, dataclasses.replace(ASK, batch_size=b)) for b in (1, 16))
    assert matrix_ops(many.decode) == pytest.approx(16 * matrix_ops(one.decode))
    assert operand_elements(many.decode, Operand.WEIGHTS) == BODY
    assert operand_elements(many.decode, Operand.KV) == 16 * operand_elements(
        one.decode, Operand.KV
    )


def test_a_prefill_reads_every_key_at_least_once() -> None:
    """A causal query attends to half the keys on average; one pass over them reads them all."""
    assert operand_elements(unroll(LLAMA, ASK).prefill, Operand.KV) == 32 * 2 * 4096 * 1024
    local = dataclasses.replace(LLAMA, sliding_window=16, num_local_layers=32)
    assert operand_elements(unroll(local, ASK).prefill, Operand.KV) == 32 * 2 * 4096 * 1024


def test_one_token_needs_no_decode() -> None:
    assert unroll(LLAMA, Scenario(prompt_tokens=8, output_tokens=1)).decode_steps == 0
    assert unroll(LLAMA, Scenario(prompt_tokens=8, output_tokens=3)).decode_steps == 2


@pytest.mark.parametrize("qk_norm", ["none", "head", "full"])
def test_fusion_keeps_the_lane_operations(qk_norm: str) -> None:
    model = dataclasses.replace(LLAMA, qk_norm=qk_norm, norms_per_layer=4)
    full, none = (
        sum(
            op.repeat * op.lane_ops
            for op in unroll(model, dataclasses.replace(ASK, fusion=f)).prefill
        )
        for f in ("full", "none")
    )
    assert full == pytest.approx(none, rel=1e-12)


def test_four_norm_layers_read_all_their_norms() -> None:
    model = dataclasses.replace(LLAMA, norms_per_layer=4)
    read = sum(op.repeat * op.parameter_elements for op in unroll(model, ASK).decode)
    assert read == (4 * 32 + 1) * 4096
