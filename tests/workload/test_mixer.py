from __future__ import annotations

from dataclasses import replace

import pytest

from dse.workload import Kind, Mixer, Model, Op, Scenario, operand_elements, unroll
from dse.workload.mixer import LANE_OPS
from dse.workload.ops import Operand
from dse.workload.recurrent import STATE_16_BIT_ELEMENTS

DELTA = Mixer("gated_delta_net", 3, 4, 2, 16, 8, conv_kernel=4)
MAMBA = Mixer("mamba2", 3, 4, 2, 16, 8, conv_kernel=4, conv_bias=True, chunk=32)
RWKV = Mixer("rwkv7", 3, 4, 4, 16, 16, low_ranks=(5, 6, 7, 8))
CONV = Mixer("short_conv", 3, conv_kernel=3)
BASE = Model("base", "", 64, 96, 4, 4, 2, 16, 100, True)


def hybrid(mixer: Mixer) -> Model:
    return replace(BASE, mixer=mixer)


def op(ops: tuple[Op, ...], name: str) -> Op:
    return next(each for each in ops if each.name == name)


@pytest.mark.parametrize(
    ("mixer", "weights", "vectors", "convolution"),
    [
        # 2 x 2 x 16 queries and keys, 32 values, 32 gates, 2 x 4 scalars in; 32 out.
        (DELTA, 64 * (64 + 32 + 32 + 8) + 32 * 64, 2 * 4 + 8, 4 * (64 + 32)),
        # 2 x 2 x 16 of B and C, 32 of x, 32 of z, 4 step sizes in; 32 out; a bias per channel.
        (MAMBA, 64 * (64 + 32 + 32 + 4) + 32 * 64, 3 * 4 + 32, 5 * (64 + 32)),
        (RWKV, 4 * 64 * 64 + 2 * 64 * 26, 14 * 64, 0),
        (CONV, 64 * 3 * 64 + 64 * 64, 0, 3 * 64),
    ],
)
def test_parameters_by_hand(mixer: Mixer, weights: int, vectors: int, convolution: int) -> None:
    assert mixer.weights(64) == weights
    assert mixer.vectors(64) == vectors
    assert mixer.convolution(64) == convolution
    attention = 64 * (4 + 2 * 2) * 16 + 4 * 16 * 64
    layer = 3 * 64 * 96 + 2 * 64
    total = attention + 3 * (weights + vectors + convolution) + 4 * layer + 100 * 64 + 64
    assert hybrid(mixer).parameters() == total


@pytest.mark.parametrize("mixer", [DELTA, MAMBA, RWKV, CONV])
@pytest.mark.parametrize("fusion", ["full", "none"])
def test_a_step_reads_every_matrix_once(mixer: Mixer, fusion: str) -> None:
    work = unroll(hybrid(mixer), Scenario(prompt_tokens=9, output_tokens=2, fusion=fusion))
    read = operand_elements(work.decode, Operand.WEIGHTS)
    assert read == work.storage.weight_elements == operand_elements(work.prefill, Operand.WEIGHTS)


@pytest.mark.parametrize("mixer", [DELTA, MAMBA, RWKV])
def test_a_step_reads_and_writes_the_state_whatever_the_context(mixer: Mixer) -> None:
    state = mixer.num_heads * mixer.key_dim * mixer.value_dim
    for prompt in (5, 5000):
        work = unroll(hybrid(mixer), Scenario(prompt_tokens=prompt, output_tokens=2, batch_size=3))
        step = op(work.decode, f"{mixer.kind}_step")
        moved = step.parameter_elements - mixer.vectors(64)
        assert moved == 2 * STATE_16_BIT_ELEMENTS * 3 * state
        assert step.lane_ops >= LANE_OPS[mixer.kind] * 3 * state
        assert step.repeat == 3


def test_a_state_takes_the_place_of_a_growing_cache() -> None:
    sizes = [
        unroll(hybrid(DELTA), Scenario(prompt_tokens=n, output_tokens=1)).storage.kv_elements
        for n in (100, 200)
    ]
    # One of four layers attends: 2 x 2 heads of 16 for each of 100 tokens more.
    assert sizes[1] - sizes[0] == 100 * 2 * 2 * 16
    state = 4 * 16 * 8 + 3 * (64 + 32)
    assert sizes[0] == 101 * 64 + 3 * STATE_16_BIT_ELEMENTS * state


@pytest.mark.parametrize(
    ("mixer", "macs"),
    [
        (DELTA, 3 * 16 * 8 + 64 * (3 * 16 + 2 * 8)),
        (MAMBA, 2 * 16 * 8 + 32 * (16 * 2 / 4 + 8)),
        (RWKV, 3 * 16 * 16 + 64 * (4 * 16 + 2 * 16)),
    ],
)
def test_chunked_prefill_is_linear_in_the_prompt(mixer: Mixer, macs: float) -> None:
    for tokens in (64, 640):
        work = unroll(hybrid(mixer), Scenario(prompt_tokens=tokens, output_tokens=1, batch_size=2))
        scan = op(work.prefill, f"{mixer.kind}_scan")
        assert scan.kind is Kind.GEMM
        assert scan.macs == pytest.approx(2 * 4 * tokens * macs)


def test_a_short_prompt_fills_one_chunk() -> None:
    assert DELTA.chunk_macs(8) == 3 * 16 * 8 + 8 * (3 * 16 + 2 * 8)


def test_blocks_alone_have_a_norm_each() -> None:
    """Nemotron-H: a layer mixes tokens or is a feed-forward network, never both."""
    model = replace(hybrid(MAMBA), num_layers=9, feedforward_layers=4, norms_per_layer=1)
    assert model.num_attention_layers == 2
    work = unroll(model, Scenario(prompt_tokens=9, output_tokens=2))
    norms = sum(
        each.repeat * 64
        for each in work.decode
        if each.name in ("qkv_proj", "mixer_in_proj", "mlp_gate_up") and each.parameter_elements
    )
    assert norms == 9 * 64
    assert operand_elements(work.decode, Operand.WEIGHTS) == work.storage.weight_elements
    assert op(work.decode, "mlp_gate_up").repeat == 4
    assert op(work.decode, "qkv_proj").repeat == 2
