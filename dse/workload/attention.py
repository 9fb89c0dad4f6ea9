"""The kernels of one attention block: grouped heads, sliding windows, latent attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dse.workload.kernels import (
    ACTIVATION_OPS,
    ROPE_OPS,
    SOFTMAX_OPS,
    Pass,
    gemm,
    hidden_elements,
    norm,
    post_norm,
    residual,
    vector,
)
from dse.workload.ops import Kind, Op, Operand
from dse.workload.parts import Heads, Mla

__all__ = ["attention", "latent_attention"]


def attention(p: Pass) -> Iterator[Op]:
    """Grouped-head attention: projections, scores, output; MHA and MQA are its two ends.

    Layers of one shape share the rows of their projections, whatever they see. Where several
    tokens make keys and values, fused kernels of a shape are a chain.
    """
    shapes: dict[tuple[int, int, int], list[Heads]] = {}
    for group in p.model.heads():
        shape = (group.head_dim, group.kv_heads, group.projections)
        shapes.setdefault(shape, []).append(group)
    for shape, groups in shapes.items():
        every = Heads(sum(group.layers for group in groups), None, *shape)
        is_chain = p.is_fused and p.tokens > 1 and every.projections > 0
        chain = f"{_prefix(p, every)}attention" if is_chain else ""
        yield from (replace(op, chain=chain) for op in _block(p, every, groups))


def _block(p: Pass, every: Heads, groups: list[Heads]) -> Iterator[Op]:
    """Kernels of all layers of one shape."""
    width = p.model.num_heads * every.head_dim
    yield from _input_projection(p, every)
    for group in groups:
        yield from _scores(p, group)
    yield from _output_projection(p, every.layers, width, _prefix(p, every), every.head_dim)


def _prefix(p: Pass, group: Heads) -> str:
    """What sets the layers of a shape apart in the names of their kernels."""
    shared = "" if group.projections else "shared_"
    return shared + ("" if group.head_dim == p.model.head_dim else "wide_")


def _input_projection(p: Pass, group: Heads) -> Iterator[Op]:
    """Queries, a gate on the output, and the keys and values of layers that have their own."""
    model, layers = p.model, group.layers
    q_width = model.num_heads * group.head_dim
    kv_width = group.kv_width if group.projections else 0
    gate = model.gate_width(group.head_dim)
    norm_kernel, norm_ops, norm_parameters = norm(p, f"{_prefix(p, group)}attn_norm", layers)
    yield from norm_kernel
    rope = p.rows * (q_width + kv_width) * (ROPE_OPS if model.learned_positions == 0 else 0)
    if model.qk_norm != "none":
        rope += p.rows * (q_width + kv_width) * p.norm_ops
    yield gemm(
        p,
        f"{_prefix(p, group)}{'qkv' if kv_width else 'q'}_proj",
        layers,
        (model.hidden_size, q_width + gate + group.projections * kv_width),
        output_elements=p.rows * (q_width + gate),
        kv_write_elements=p.rows * 2 * kv_width,
        parameter_elements=norm_parameters + model.attention_vectors(group),
        lane_ops=norm_ops + (rope if p.is_fused else 0.0),
    )
    if rope and not p.is_fused:
        width = q_width + kv_width
        yield vector(p, "rope", p.rows * width, rope / (p.rows * width), repeat=layers)


def _output_projection(
    p: Pass, layers: int, width: float, prefix: str = "", head_dim: int = 0
) -> Iterator[Op]:
    addition, ops = residual(p, f"{prefix}attn_residual", layers)
    post_ops, post_parameters = post_norm(p)
    # A gated output: a sigmoid per gate, a product per element.
    gates = float(p.rows * p.model.gate_width(head_dim))
    gating = gates * ACTIVATION_OPS + (p.rows * width if gates else 0.0)
    yield gemm(
        p,
        f"{prefix}o_proj",
        layers,
        (width, p.model.hidden_size),
        extra_elements=(hidden_elements(p) if p.is_fused else 0.0) + gates,
        lane_ops=ops + post_ops + gating,
        exp_count=gates,
        parameter_elements=post_parameters,
    )
    yield from addition


def _scores(p: Pass, group: Heads) -> Iterator[Op]:
    """Attention per KV head: the query heads of a group share its keys and values."""
    name = "attention" if group.window is None else "local_attention"
    yield from _score_kernels(
        p,
        name if group.projections else f"shared_{name}",
        group.layers,
        group.window,
        instances=p.batch * group.kv_heads,
        group=p.model.num_heads // group.kv_heads,
        dims=(group.head_dim, group.head_dim, 2 * group.head_dim),
    )


def _score_kernels(
    p: Pass,
    name: str,
    layers: int,
    window: int | None,
    *,
    instances: int,
    group: int,
    dims: tuple[int, int, int],
) -> Iterator[Op]:
    """One fused kernel, or three apart; `dims`: width of a query, a value, a stored key."""
    qk_dim, v_dim, kv_width = dims
    context, keys = p.context(window), p.keys(window)
    rows = p.tokens * group
    scores = instances * rows * context.mean
    output = float(instances * rows * v_dim)
    if p.is_fused:
        yield Op(
            name,
            Kind.ATTENTION,
            layers,
            count=instances,
            m=rows,
            k=qk_dim,
            n=context,
            v=v_dim,
            operand=Operand.KV,
            operand_elements=instances * keys * kv_width,
            keys=keys,
            output_elements=output,
            lane_ops=scores * SOFTMAX_OPS,
            exp_count=scores,
        )
        return
    product = {"operand": Operand.KV, "count": instances, "m": rows, "keys": keys}
    yield Op(
        f"{name}_scores",
        Kind.GEMM,
        layers,
        k=qk_dim,
        n=context,
        operand_elements=instances * keys * qk_dim,
        output_elements=scores,
        **product,  # type: ignore[arg-type]
    )
    yield vector(p, f"{name}_softmax", scores, SOFTMAX_OPS, repeat=layers, exp_count=scores)
    yield Op(
        f"{name}_context",
        Kind.GEMM,
        layers,
        k=context,
        n=v_dim,
        operand_elements=instances * keys * (kv_width - qk_dim or v_dim),
        output_elements=output,
        **product,  # type: ignore[arg-type]
    )


def latent_attention(p: Pass, mla: Mla | None) -> Iterator[Op]:
    """Latent attention: expanded to full heads in prefill, absorbed into the latent in decode."""
    assert mla is not None  # noqa: S101 -- narrowed by the caller
    model, layers, heads = p.model, p.model.num_attention_layers, p.model.num_heads
    norm_kernel, norm_ops, norm_parameters = norm(p, "attn_norm", layers)
    yield from norm_kernel
    q_width = heads * model.qk_head_dim
    if mla.q_lora_rank is not None:
        yield gemm(p, "q_down_proj", layers, (model.hidden_size, mla.q_lora_rank))
    yield gemm(p, "q_proj", layers, (mla.q_lora_rank or model.hidden_size, q_width))
    latent = mla.kv_lora_rank + mla.qk_rope_head_dim
    yield gemm(
        p,
        "kv_down_proj",
        layers,
        (model.hidden_size, latent),
        output_elements=0.0,
        kv_write_elements=p.rows * latent,
        parameter_elements=norm_parameters + model.attention_vectors(),
        lane_ops=norm_ops + p.rows * (latent + heads * mla.qk_rope_head_dim) * ROPE_OPS,
    )
    absorbed = p.tokens == 1 or (p.first > 1 and _is_absorption_cheaper(p, mla))
    yield from (_mla_absorbed if absorbed else _mla_expanded)(p, mla)
    yield from _output_projection(p, layers, heads * mla.v_head_dim)


def _is_absorption_cheaper(p: Pass, mla: Mla) -> bool:
    """Whether products with the latents cost less than expanding those that are cached.

    Per head and key, t tokens cost t (2 lora + rope) absorbed; expanded, t (nope + rope + v) and
    the expansion itself, lora (nope + v).
    """
    lora = mla.kv_lora_rank
    heads = mla.qk_nope_head_dim + mla.v_head_dim
    return p.tokens * (2 * lora - heads) < lora * heads


def _mla_expanded(p: Pass, mla: Mla) -> Iterator[Op]:
    heads, layers = p.model.num_heads, p.model.num_attention_layers
    up = heads * (mla.qk_nope_head_dim + mla.v_head_dim)
    keys = p.batch * p.keys(None)
    yield gemm(p, "kv_up_proj", layers, (mla.kv_lora_rank, up), m=keys, output_elements=keys * up)
    qk, v = p.model.qk_head_dim, mla.v_head_dim
    yield from _score_kernels(
        p, "attention", layers, None, instances=p.batch * heads, group=1, dims=(qk, v, qk + v)
    )


def _mla_absorbed(p: Pass, mla: Mla) -> Iterator[Op]:
    heads, layers = p.model.num_heads, p.model.num_attention_layers
    nope, lora, v = mla.qk_nope_head_dim, mla.kv_lora_rank, mla.v_head_dim
    out = p.rows * heads
    yield gemm(p, "q_absorb", layers, (nope, lora), count=heads, output_elements=out * lora)
    yield from _score_kernels(
        p,
        "attention",
        layers,
        None,
        instances=p.batch,
        group=heads,
        dims=(lora + mla.qk_rope_head_dim, lora, lora + mla.qk_rope_head_dim),
    )
    yield gemm(p, "v_up_proj", layers, (lora, v), count=heads, output_elements=out * v)
