"""What a scenario leaves on flash: which operands, how many elements, and how they are read."""

from __future__ import annotations

from dataclasses import replace

from dse.workload.model import Model
from dse.workload.ops import Kind, Op, Operand, Part, Storage, Stream
from dse.workload.passes import prefilled_tokens
from dse.workload.scenario import Scenario

__all__ = ["streamed", "streamed_storage"]


def streamed_storage(model: Model, scenario: Scenario, storage: Storage) -> Storage:
    """Storage with what the scenario allows to stay on flash.

    ``weights``: all matrices of the layers, or, where neurons are sparsely active, those of the
    feed-forward networks alone, since the others are read for every token. ``experts``: the routed
    experts. ``kv``: the keys and values.

    Parameters
    ----------
    model : Model
        Architecture.
    scenario : Scenario
        `offload` and `active_fraction`.
    storage : Storage
        All that must be kept of this model.
    """
    if scenario.offload == "none":
        return storage
    if scenario.offload == "kv":
        return replace(storage, streamed=Operand.KV, streamed_elements=storage.kv_elements)
    experts, feedforward = _feedforward(model)
    if scenario.offload == "experts":
        return replace(storage, streamed_elements=experts)
    is_sparse = scenario.active_fraction < 1.0
    elements = feedforward if is_sparse else storage.weight_elements
    return replace(storage, streamed_elements=elements)


def _feedforward(model: Model) -> tuple[float, float]:
    """Matrix elements of the routed experts, and of all feed-forward networks."""
    dense = sum(layers * model.mlp_weights(width) for layers, width in model.dense_widths())
    if model.moe is None:
        return 0.0, float(dense)
    moe = model.moe
    experts = model.num_moe_layers * moe.num_experts * model.mlp_weights(moe.intermediate_size)
    shared = model.num_moe_layers * model.mlp_weights(moe.shared_intermediate_size)
    return float(experts), float(dense + experts + shared)


def streamed(op: Op, scenario: Scenario, storage: Storage, *, is_prompt: bool) -> Op:
    """Operator that knows how its operand comes from flash, if the scenario leaves it there.

    A prompt touches all neurons and experts, so that popularity does not help it and its reads are
    large; a step reads what few tokens activate, in pieces where neurons are sparse. The keys of
    a prompt are made while it is read; those that a step reads, and those of a cached prefix or of
    earlier chunks that a later one reads, may be on flash. Writes to flash are not counted.

    Parameters
    ----------
    op : Op
        A row of the model itself, not of its draft.
    scenario : Scenario
        `offload`, `active_fraction`, `popularity_skew` and `load_ahead`.
    storage : Storage
        Of the whole workload.
    is_prompt : bool
        Whether it processes a prompt.

    References
    ----------
    Alizadeh et al., "LLM in a flash", arXiv 2312.11514, sections 2 and 3; Xue et al.,
    "PowerInfer-2", arXiv 2406.06282.
    """
    if scenario.offload == "none" or not _streams(op, scenario, is_prompt):
        return op
    is_sparse = scenario.active_fraction < 1.0 and scenario.offload != "kv"
    is_picked = scenario.offload == "experts" or is_sparse
    stream = Stream(
        storage,
        skew=scenario.popularity_skew if is_picked and not is_prompt else 0.0,
        is_scattered=is_sparse and not is_prompt,
        is_exposed=not scenario.load_ahead,
    )
    return replace(op, stream=stream)


def _streams(op: Op, scenario: Scenario, is_prompt: bool) -> bool:
    """Whether the operand of a product may stay on flash."""
    if op.kind is Kind.VECTOR:
        return False
    if scenario.offload == "kv":
        return op.operand is Operand.KV and not (is_prompt and _is_whole(scenario))
    if scenario.offload == "experts":
        return op.part is Part.EXPERTS
    if scenario.active_fraction < 1.0:
        return op.part is not Part.OTHER
    return op.operand is Operand.WEIGHTS


def _is_whole(scenario: Scenario) -> bool:
    """Whether one pass makes all keys of a prompt, so that it finds none from before."""
    tokens = prefilled_tokens(scenario)
    chunk = scenario.prefill_chunk_tokens or tokens
    return tokens == scenario.prompt_tokens and chunk >= tokens
