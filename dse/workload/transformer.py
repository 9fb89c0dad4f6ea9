"""Unrolls a transformer and a scenario to the operator tables of prefill and decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dse.workload.attention import attention, latent_attention
from dse.workload.feedforward import mixture, mlp
from dse.workload.kernels import Pass, hidden_elements
from dse.workload.model import Model
from dse.workload.offload import streamed, streamed_storage
from dse.workload.ops import Kind, Op, Operand, Storage, Workload, mean
from dse.workload.passes import DRAFT, Passes, decode_passes, prefill_passes, prefilled_tokens
from dse.workload.recurrent import STATE_16_BIT_ELEMENTS, recurrent
from dse.workload.scenario import Scenario
from dse.workload.side_kernels import side_kernels

__all__ = ["matrix_ops", "operand_elements", "unroll"]


def unroll(model: Model, scenario: Scenario) -> Workload:
    """Operator tables of a model under a scenario.

    The prefill processes all prompt tokens of all sequences and yields logits for the last one.
    A decode step yields one token per sequence; its table is the exact mean over the steps of
    everything linear in the context, and of the tiles that the context fills. How prompts are cut
    and tokens drafted is told by `dse.workload.passes`, what comes from flash by
    `dse.workload.offload`.

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
    prompts = [*prefill_passes(model, scenario), *_draft_passes(scenario)]
    rounds = list(decode_passes(model, scenario))
    rows = [tuple(_rows(phase)) for phase in (prompts, rounds)]
    storage = _storage(model, scenario)
    storage = streamed_storage(model, scenario, storage)
    if scenario.draft is not None:
        storage = _with(storage, _storage(scenario.draft, scenario))
    working = max(
        op.input_elements + op.extra_elements + op.output_elements for row in rows for _, op in row
    )
    storage = replace(storage, activation_elements=working)
    prefill, decode = (
        tuple(
            op if is_draft else streamed(op, scenario, storage, is_prompt=is_prompt)
            for is_draft, op in row
        )
        for row, is_prompt in zip(rows, (True, False), strict=True)
    )
    return Workload(
        prefill=prefill,
        decode=decode,
        decode_steps=scenario.decode_steps,
        batch_size=scenario.batch_size,
        prompt_tokens=prefilled_tokens(scenario),
        storage=storage,
        passes=sum(each.count for each in rounds),
    )


def _rows(phase: Iterable[Passes]) -> Iterator[tuple[bool, Op]]:
    """Rows of all passes of a phase, and whether they are of the draft."""
    for some in phase:
        for op in _table(some.each):
            if some.prefix or some.count != 1.0:
                row = replace(op, name=some.prefix + op.name, repeat=some.count * op.repeat)
                yield some.is_draft, row
            else:
                yield False, op


def _draft_passes(scenario: Scenario) -> Iterator[Passes]:
    """Passes of the draft model over the prompt, whose logits nobody wants."""
    if scenario.draft is not None:
        for some in prefill_passes(scenario.draft, replace(scenario, active_fraction=1.0)):
            each = replace(some.each, logits=0)
            yield replace(some, prefix=DRAFT + some.prefix, each=each)


def _storage(model: Model, scenario: Scenario) -> Storage:
    table = model.vocab_size * model.hidden_size
    embedding = model.learned_positions * model.hidden_size
    embedding += 0 if model.tie_word_embeddings else table
    embedding += model.side.table(model.num_layers) if model.side else 0
    matrices = _matrices(model)
    rest = model.parameters() - matrices - table - embedding
    kv = scenario.batch_size * _kv_elements(model, scenario)
    return Storage(matrices, table, embedding, rest, kv, 0.0)


def _kv_elements(model: Model, scenario: Scenario) -> float:
    """Keys, values and states at the end of one output; beams share those of the prompt."""
    prompt, output, beams = scenario.prompt_tokens, scenario.output_tokens, scenario.beams
    kv = beams * model.kv_elements(prompt + output)
    if beams > 1:
        kv = min(kv, model.kv_elements(prompt) + beams * model.kv_elements(output))
    if model.mixer:
        state = model.mixer.state_elements(model.hidden_size) * STATE_16_BIT_ELEMENTS
        kv += beams * model.mixer.num_layers * state
    return kv


def _with(storage: Storage, more: Storage) -> Storage:
    """Storage of two models; only the first may stay on flash."""
    return replace(
        storage,
        weight_elements=storage.weight_elements + more.weight_elements,
        head_elements=storage.head_elements + more.head_elements,
        embedding_elements=storage.embedding_elements + more.embedding_elements,
        parameter_elements=storage.parameter_elements + more.parameter_elements,
        kv_elements=storage.kv_elements + more.kv_elements,
    )


def _matrices(model: Model) -> int:
    """Elements of all matrices between embedding and head."""
    hidden = model.hidden_size
    matrices = sum(group.layers * model.attention_weights(group) for group in model.heads())
    matrices += sum(layers * model.mlp_weights(width) for layers, width in model.dense_widths())
    if model.moe:
        moe = model.moe
        experts = moe.num_experts * model.mlp_weights(moe.intermediate_size)
        shared = model.mlp_weights(moe.shared_intermediate_size)
        matrices += model.num_moe_layers * (experts + shared + hidden * moe.num_experts)
    if model.mixer:
        matrices += model.mixer.num_layers * model.mixer.weights(hidden)
    if model.side:
        matrices += model.side.weights(hidden, model.num_layers)
    return matrices


def _table(p: Pass) -> Iterator[Op]:
    hidden = hidden_elements(p)
    yield Op("embedding", Kind.VECTOR, 1, extra_elements=hidden, output_elements=hidden)
    if p.model.side:
        yield from side_kernels(p, p.model.side)
    if p.model.num_attention_layers:
        yield from (latent_attention(p, p.model.mla) if p.model.mla else attention(p))
    if p.model.mixer:
        yield from recurrent(p, p.model.mixer)
    names = ("mlp", "wide_mlp")
    for name, (layers, width) in zip(names, p.model.dense_widths(), strict=False):
        yield from mlp(p, name, layers, width, p.model.mlp_bias)
    if p.model.moe:
        yield from mixture(p, p.model.moe)
    if p.logits:
        yield from head(p)


def head(p: Pass) -> Iterator[Op]:
    """Final norm and LM head, for the tokens whose logits are wanted."""
    model, rows = p.model, p.batch * p.logits
    yield Op(
        "lm_head",
        Kind.GEMM,
        1,
        m=rows,
        k=model.hidden_size,
        n=model.vocab_size,
        operand=Operand.HEAD,
        operand_elements=float(model.hidden_size * model.vocab_size),
        output_elements=float(rows * model.vocab_size),
        parameter_elements=float(
            model.norm_parameters(model.hidden_size) + (model.vocab_size if model.head_bias else 0)
        ),
        lane_ops=float(rows * model.hidden_size * p.norm_ops),
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
