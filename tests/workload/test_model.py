"""`Model`: parameter counts against sums of tensor shapes written out by hand, and KV sizes."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import Mla, Model, Moe

FP16_BYTES = 2

LLAMA_2_7B = Model("llama-2-7b", "", 4096, 11008, 32, 32, 32, 128, 32000, False)
LLAMA_3_8B = Model("llama-3-8b", "", 4096, 14336, 32, 32, 8, 128, 128256, False)
PHI_2 = Model(
    "phi-2",
    "",
    2560,
    10240,
    32,
    32,
    32,
    80,
    51200,
    False,
    gated_mlp=False,
    norm_bias=True,
    norms_per_layer=1,
    qkv_bias=True,
    output_bias=True,
    mlp_bias=True,
    head_bias=True,
)
GPT_OSS_20B = Model(
    "gpt-oss-20b",
    "",
    2880,
    2880,
    24,
    64,
    8,
    64,
    201088,
    False,
    qkv_bias=True,
    output_bias=True,
    attention_sinks=True,
    sliding_window=128,
    num_local_layers=12,
    moe=Moe(32, 4, 2880, router_bias=True, expert_bias=True),
)
DEEPSEEK_V2_LITE = Model(
    "deepseek-v2-lite",
    "",
    2048,
    10944,
    27,
    16,
    16,
    192,
    102400,
    False,
    moe=Moe(64, 6, 1408, shared_intermediate_size=2816, first_dense_layers=1),
    mla=Mla(512, None, 128, 64, 128),
)
GEMMA_3_1B = Model(
    "gemma-3-1b",
    "",
    1152,
    6912,
    26,
    4,
    1,
    256,
    262144,
    True,
    norms_per_layer=4,
    qk_norm="head",
    sliding_window=512,
    num_local_layers=22,
)

Shapes = list[tuple[int, ...]]


def _elements(shapes: Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes)


def test_grouped_query_model_is_the_sum_of_its_tensors():
    layer: Shapes = [
        (4096, 4096),  # q
        (1024, 4096),  # k
        (1024, 4096),  # v
        (4096, 4096),  # o
        (14336, 4096),  # gate
        (14336, 4096),  # up
        (4096, 14336),  # down
        (4096,),  # input norm
        (4096,),  # post-attention norm
    ]
    whole: Shapes = [(128256, 4096), (4096,), (128256, 4096)]  # embedding, final norm, head
    expected = 32 * _elements(layer) + _elements(whole)
    assert expected == LLAMA_3_8B.parameters() == 8_030_261_248


def test_mixture_of_experts_is_the_sum_of_its_tensors():
    layer: Shapes = [
        *[(4096, 2880), (4096,)],  # q and its bias
        *[(512, 2880), (512,)] * 2,  # k, v
        *[(2880, 4096), (2880,)],  # o
        (64,),  # sinks
        *[(32, 2880), (32,)],  # router
        *[(32, 2880, 5760), (32, 5760)],  # gate and up of all experts
        *[(32, 2880, 2880), (32, 2880)],  # down
        *[(2880,)] * 2,  # norms
    ]
    whole: Shapes = [(201088, 2880), (2880,), (201088, 2880)]
    expected = 24 * _elements(layer) + _elements(whole)
    assert expected == GPT_OSS_20B.parameters() == 20_914_757_184


def test_latent_attention_is_the_sum_of_its_tensors():
    attention: Shapes = [
        (16 * (128 + 64), 2048),  # q
        (512 + 64, 2048),  # kv_a with the shared rotary key
        (512,),  # kv_a norm
        (16 * (128 + 128), 512),  # kv_b
        (2048, 16 * 128),  # o
        *[(2048,)] * 2,  # norms
    ]
    dense: Shapes = [(10944, 2048)] * 2 + [(2048, 10944)]
    experts: Shapes = [
        *[(64, 1408, 2048)] * 3,
        *[(2816, 2048)] * 3,  # the two shared experts as one
        (64, 2048),  # router
    ]
    whole: Shapes = [(102400, 2048), (2048,), (102400, 2048)]
    expected = 27 * _elements(attention) + _elements(dense) + 26 * _elements(experts)
    assert expected + _elements(whole) == DEEPSEEK_V2_LITE.parameters() == 15_706_484_224


def test_parallel_model_with_biases_everywhere_is_the_sum_of_its_tensors():
    layer: Shapes = [
        *[(2560, 2560), (2560,)] * 4,  # q, k, v, dense
        *[(10240, 2560), (10240,)],  # fc1
        *[(2560, 10240), (2560,)],  # fc2
        *[(2560,)] * 2,  # the one norm: weight and bias
    ]
    whole: Shapes = [(51200, 2560), *[(2560,)] * 2, (51200, 2560), (51200,)]
    expected = 32 * _elements(layer) + _elements(whole)
    assert expected == PHI_2.parameters() == 2_779_683_840


def test_sandwich_norms_and_head_norms_count():
    assert GEMMA_3_1B.parameters() == 999_885_952
    plain = dataclasses.replace(GEMMA_3_1B, norms_per_layer=2, qk_norm="none")
    assert GEMMA_3_1B.parameters() - plain.parameters() == 26 * (2 * 1152 + 2 * 256)


@pytest.mark.parametrize(
    ("model", "kv_bytes"),
    [(LLAMA_2_7B, 524_288), (LLAMA_3_8B, 131_072), (DEEPSEEK_V2_LITE, 31_104)],
)
def test_kv_bytes_of_one_token_at_fp16(model, kv_bytes):
    assert model.num_layers * model.kv_elements_per_token_layer * FP16_BYTES == kv_bytes


def test_windows_group_layers():
    def windows(model):
        return [(group.layers, group.window) for group in model.heads()]

    assert windows(LLAMA_3_8B) == [(32, None)]
    assert windows(GEMMA_3_1B) == [(22, 512), (4, None)]
    assert windows(dataclasses.replace(GEMMA_3_1B, num_local_layers=26)) == [(26, 512)]


def test_head_widths():
    assert (LLAMA_3_8B.qk_head_dim, LLAMA_3_8B.v_head_dim) == (128, 128)
    assert (DEEPSEEK_V2_LITE.qk_head_dim, DEEPSEEK_V2_LITE.v_head_dim) == (192, 128)


def test_compressed_queries_replace_the_full_projection():
    mla = dataclasses.replace(DEEPSEEK_V2_LITE.mla, q_lora_rank=256)
    compressed = dataclasses.replace(DEEPSEEK_V2_LITE, mla=mla)
    change = compressed.parameters() - DEEPSEEK_V2_LITE.parameters()
    assert change == 27 * (2048 * 256 + 256 + 256 * 3072 - 2048 * 3072)


@given(
    layers=st.integers(1, 40),
    hidden=st.sampled_from([64, 96, 320]),
    kv_heads=st.sampled_from([1, 2, 4]),
    vocab=st.integers(1, 1000),
    is_gated=st.booleans(),
    qk_norm=st.sampled_from(["none", "head", "full"]),
)
def test_counts_are_linear_in_layers_and_a_tied_head_counts_once(
    layers, hidden, kv_heads, vocab, is_gated, qk_norm
):
    make = dataclasses.replace
    base = Model("m", "", hidden, 3 * hidden, layers, 4, kv_heads, 16, vocab, False)
    model = make(base, gated_mlp=is_gated, qk_norm=qk_norm)
    one, two = (make(model, num_layers=n).parameters() for n in (1, 2))
    assert model.parameters() == one + (layers - 1) * (two - one)
    assert model.parameters() - make(model, tie_word_embeddings=True).parameters() == (
        vocab * hidden
    )


@given(dense=st.integers(0, 6))
def test_dense_layers_lead_a_mixture(dense):
    moe = Moe(4, 2, 24, shared_intermediate_size=8, first_dense_layers=dense, shared_gate=True)
    model = Model("m", "", 32, 96, 6, 4, 2, 8, 50, True, moe=moe)
    assert model.num_moe_layers == 6 - dense
    per_layer = 4 * 3 * 32 * 24 + 32 * 4 + 3 * 32 * 8 + 32
    attention = 32 * (4 + 2 * 2) * 8 + 32 * 32 + 2 * 32
    expected = 6 * attention + dense * 3 * 32 * 96 + (6 - dense) * per_layer + 50 * 32 + 32
    assert model.parameters() == expected
