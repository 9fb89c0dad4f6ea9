from __future__ import annotations

from dataclasses import replace

import pytest

from dse.workload import Model, Op, Scenario, SideInput, operand_elements, unroll
from dse.workload.ops import Operand

BASE = Model("base", "", 64, 96, 6, 4, 2, 16, 100, True, norms_per_layer=4, qk_norm="head")
SHARED = replace(
    BASE,
    sliding_window=8,
    num_local_layers=4,
    global_head_dim=32,
    global_kv_heads=1,
    num_shared_kv_layers=3,
    num_shared_kv_local_layers=2,
    wide_intermediate_size=192,
    num_wide_layers=3,
)
SIDE = SideInput(width=5, vocab_size=90, laurel_rank=3, altup_inputs=4)


def op(ops: tuple[Op, ...], name: str) -> Op:
    return next(each for each in ops if each.name == name)


def test_shared_layers_have_no_keys_of_their_own() -> None:
    near = 2 * 64 * 4 * 16
    far = 2 * 64 * 4 * 32
    attention = 4 * near + 2 * far + 2 * (2 * 64 * 2 * 16) + 1 * (2 * 64 * 1 * 32)
    norms = 2 * 2 * 16 + 1 * 2 * 32 + 2 * 16 + 1 * 32 + 6 * 4 * 64
    mlp = 3 * (3 * 64 * 96) + 3 * (3 * 64 * 192)
    assert SHARED.parameters() == attention + norms + mlp + 100 * 64 + 64


def test_shared_layers_read_a_cache_that_they_do_not_hold() -> None:
    work = unroll(SHARED, Scenario(prompt_tokens=50, output_tokens=2))
    # Two local layers keep eight tokens, one global layer all 52.
    assert work.storage.kv_elements == 2 * 8 * 2 * 2 * 16 + 52 * 2 * 32
    assert op(work.decode, "shared_local_attention").operand_elements == 2 * 8 * 2 * 16
    assert op(work.decode, "shared_attention").operand_elements == 51 * 2 * 32
    assert op(work.decode, "shared_q_proj").kv_write_elements == 0.0
    assert op(work.decode, "wide_qkv_proj").kv_write_elements == 2 * 32


@pytest.mark.parametrize("model", [SHARED, replace(SHARED, side=SIDE)])
@pytest.mark.parametrize("fusion", ["full", "none"])
def test_a_step_reads_every_matrix_once(model: Model, fusion: str) -> None:
    work = unroll(model, Scenario(prompt_tokens=9, output_tokens=2, fusion=fusion))
    assert operand_elements(work.decode, Operand.WEIGHTS) == work.storage.weight_elements


def test_values_may_be_the_keys() -> None:
    model = replace(SHARED, values_are_keys=True)
    assert SHARED.parameters() - model.parameters() == 64 * 32
    work = unroll(model, Scenario(prompt_tokens=50, output_tokens=2))
    assert op(work.decode, "wide_qkv_proj").n == 4 * 32 + 32
    assert op(work.decode, "wide_qkv_proj").kv_write_elements == 2 * 32


@pytest.mark.parametrize(("gate", "columns"), [("head", 4), ("element", 64)])
def test_a_gate_on_the_output_widens_the_projection(gate: str, columns: int) -> None:
    model = replace(BASE, output_gate=gate)
    assert model.parameters() - BASE.parameters() == 6 * 64 * columns
    work = unroll(model, Scenario(prompt_tokens=9, output_tokens=2))
    assert op(work.decode, "qkv_proj").n == 64 + 64 + columns
    assert op(work.decode, "o_proj").exp_count == columns


def test_side_inputs_by_hand() -> None:
    table = 90 * 6 * 5
    matrices = 64 * 30 + 6 * 2 * 64 * (5 + 3) + 6 * 64 * 64
    vectors = 5 + 6 * (64 + 64 + 6 * 64 + 64 + 16)
    assert SIDE.parameters(64, 6) == table + matrices + vectors
    plain, sided = (
        unroll(model, Scenario(prompt_tokens=9, output_tokens=2)).storage
        for model in (BASE, replace(BASE, side=SIDE))
    )
    assert sided.embedding_elements - plain.embedding_elements == table
    assert sided.weight_elements - plain.weight_elements == matrices
    assert sided.parameter_elements - plain.parameter_elements == vectors
