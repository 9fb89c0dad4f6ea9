"""A validated model file to the frozen dataclass of the core."""

from __future__ import annotations

from dse.spec.schema import ModelSpec
from dse.spec.schema.model import MixerSpec, SideSpec
from dse.workload import Mixer, Mla, Model, Moe, SideInput

__all__ = ["to_model"]


def to_model(spec: ModelSpec) -> Model:
    """Build the model, with Hugging Face's defaults for what is left out."""
    moe, mla = spec.moe, spec.mla
    return Model(
        name=spec.name,
        title=spec.title,
        hidden_size=spec.hidden_size,
        intermediate_size=spec.intermediate_size or (moe.moe_intermediate_size if moe else 0),
        num_layers=spec.num_hidden_layers,
        num_heads=spec.num_attention_heads,
        num_kv_heads=spec.num_key_value_heads or spec.num_attention_heads,
        head_dim=spec.head_dim or spec.hidden_size // spec.num_attention_heads,
        vocab_size=spec.vocab_size,
        tie_word_embeddings=spec.tie_word_embeddings,
        gated_mlp=spec.gated_mlp,
        norm_bias=spec.norm == "layer",
        norm_weights=spec.norm != "none_weights",
        norms_per_layer=spec.norms_per_layer,
        qk_norm=spec.qk_norm,
        qkv_bias=spec.qkv_bias,
        output_bias=spec.output_bias,
        mlp_bias=spec.mlp_bias,
        head_bias=spec.head_bias,
        attention_sinks=spec.attention_sinks,
        sliding_window=spec.sliding_window,
        num_local_layers=spec.num_local_layers,
        global_head_dim=spec.global_head_dim,
        global_kv_heads=spec.num_global_key_value_heads,
        values_are_keys=spec.attention_k_eq_v,
        num_shared_kv_layers=spec.num_kv_shared_layers,
        num_shared_kv_local_layers=spec.num_kv_shared_local_layers,
        output_gate=spec.output_gate,
        learned_positions=spec.learned_positions,
        max_context=spec.max_position_embeddings,
        moe=_moe(spec),
        mla=Mla(**mla.model_dump()) if mla else None,
        mixer=_mixer(spec.mixer),
        feedforward_layers=spec.feedforward_layers,
        wide_intermediate_size=spec.wide_intermediate_size,
        num_wide_layers=spec.num_wide_layers,
        side=_side(spec.side),
        published_parameters=spec.published_parameters,
    )


def _mixer(spec: MixerSpec | None) -> Mixer | None:
    if spec is None:
        return None
    return Mixer(**{**spec.model_dump(), "low_ranks": tuple(spec.low_ranks)})


def _side(spec: SideSpec | None) -> SideInput | None:
    if spec is None:
        return None
    return SideInput(
        width=spec.hidden_size_per_layer_input,
        vocab_size=spec.vocab_size_per_layer_input,
        laurel_rank=spec.laurel_rank,
        altup_inputs=spec.altup_num_inputs,
    )


def _moe(spec: ModelSpec) -> Moe | None:
    moe = spec.moe
    if moe is None:
        return None
    return Moe(
        num_experts=moe.num_experts,
        experts_per_token=moe.num_experts_per_tok,
        intermediate_size=moe.moe_intermediate_size,
        shared_intermediate_size=moe.shared_expert_intermediate_size,
        first_dense_layers=moe.first_k_dense_replace,
        router_bias=moe.router_bias,
        expert_bias=moe.expert_bias,
        shared_gate=moe.shared_gate,
    )
