"""Unrolls a transformer and a scenario to the operator tables of prefill and decode."""

from __future__ import annotations

from collections.abc import Iterator

from dse.workload.attention import attention, latent_attention
from dse.workload.feedforward import mixture, mlp
from dse.workload.kernels import Pass, hidden_elements
from dse.workload.model import Model
from dse.workload.ops import Kind, Op, Operand, Storage, Workload, mean
from dse.workload.scenario import Scenario

__all__ = ["matrix_ops", "operand_elements", "unroll"]


def unroll(model: Model, scenario: Scenario) -> Workload:
    """Operator tables of a model under a scenario.

    The prefill processes all prompt tokens of all sequences and yields logits for the last one.
    A decode step processes one token per sequence; its table is the exact mean over the steps of
    everything linear in the context, and of the tiles that the context fills.

    Parameters
    ----------
    model : Model
        Architecture.
    scenario : Scenario
        Lengths, batch and fusion; its formats are not used here.

    Returns
    -------
    Workload
        Two short tuples of `Op` and the storage they need.
    """
    prompt, batch, steps = scenario.prompt_tokens, scenario.batch_size, scenario.decode_steps
    is_fused = scenario.fusion == "full"
    prefill = Pass(model, batch, prompt, 1, prompt, is_fused)
    decode = Pass(model, batch, 1, prompt + 1, prompt + max(1, steps), is_fused)
    tables = tuple(tuple(_table(p)) for p in (prefill, decode))
    working = max(op.input_elements + op.extra_elements + op.output_elements for op in tables[0])
    return Workload(
        prefill=tables[0],
        decode=tables[1],
        decode_steps=steps,
        batch_size=batch,
        prompt_tokens=prompt,
        storage=_storage(model, batch, prompt + scenario.output_tokens, working),
    )


def _storage(model: Model, batch: int, tokens: int, working: float) -> Storage:
    table = model.vocab_size * model.hidden_size
    positions = model.learned_positions * model.hidden_size
    matrices = model.num_layers * model.attention_weights()
    matrices += (model.num_layers - model.num_moe_layers) * model.mlp_weights(
        model.intermediate_size
    )
    if model.moe:
        moe = model.moe
        experts = moe.num_experts * model.mlp_weights(moe.intermediate_size)
        shared = model.mlp_weights(moe.shared_intermediate_size)
        router = model.hidden_size * moe.num_experts
        matrices += model.num_moe_layers * (experts + shared + router)
    embedding = positions + (0 if model.tie_word_embeddings else table)
    kv = sum(
        layers * min(tokens, window or tokens) * model.kv_elements_per_token_layer
        for layers, window in model.windows()
    )
    rest = model.parameters() - matrices - table - embedding
    return Storage(matrices, table, embedding, rest, batch * kv, working)


def _table(p: Pass) -> Iterator[Op]:
    hidden = hidden_elements(p)
    yield Op("embedding", Kind.VECTOR, 1, extra_elements=hidden, output_elements=hidden)
    yield from (latent_attention(p, p.model.mla) if p.model.mla else attention(p))
    dense = p.model.num_layers - p.model.num_moe_layers
    if dense:
        yield from mlp(p, "mlp", dense, p.model.intermediate_size, p.model.mlp_bias)
    if p.model.moe:
        yield from mixture(p, p.model.moe)
    yield from head(p)


def head(p: Pass) -> Iterator[Op]:
    """Final norm and LM head, for the last token of each sequence only."""
    model = p.model
    yield Op(
        "lm_head",
        Kind.GEMM,
        1,
        m=p.batch,
        k=model.hidden_size,
        n=model.vocab_size,
        operand=Operand.HEAD,
        operand_elements=float(model.hidden_size * model.vocab_size),
        output_elements=float(p.batch * model.vocab_size),
        parameter_elements=float(
            model.norm_parameters(model.hidden_size) + (model.vocab_size if model.head_bias else 0)
        ),
        lane_ops=float(p.batch * model.hidden_size * p.norm_ops),
    )


def matrix_ops(table: tuple[Op, ...]) -> float:
    """Operations (two per multiply-accumulate) of all matrix products of a table."""
    return sum(2.0 * op.repeat * op.macs for op in table)


def operand_elements(table: tuple[Op, ...], operand: Operand) -> float:
    """Elements of a storage class that a table must read at least once."""
    return sum(
        op.repeat * op.operand_elements
        for op in table
        if op.operand == operand and mean(op.k) * mean(op.n) > 0
    )
