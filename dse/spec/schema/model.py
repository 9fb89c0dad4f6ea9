"""The model file: a decoder-only transformer under Hugging Face's key names."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dse.spec.schema.field import Count, Name, Section, Title, fault

__all__ = ["MixerSpec", "MlaSpec", "ModelSpec", "MoeSpec", "SideSpec"]

_Layers = Annotated[int, Field(ge=1, le=10**5)]
_Whole = Annotated[int, Field(ge=0, le=10**9)]


class MoeSpec(Section):
    """Mixture of experts in place of the dense feed-forward network."""

    num_experts: Count = Field(description="Routed experts.")
    num_experts_per_tok: Count = Field(description="Routed experts that each token visits.")
    moe_intermediate_size: Count = Field(description="Width of one routed expert.")
    shared_expert_intermediate_size: _Whole = Field(
        0, description="Summed width of the experts that every token visits; 0 for none."
    )
    first_k_dense_replace: _Whole = Field(
        0, description="Leading layers that keep the dense network."
    )
    router_bias: bool = Field(False, description="Whether the router has a bias vector.")
    expert_bias: bool = Field(False, description="Whether the expert projections have biases.")
    shared_gate: bool = Field(False, description="Whether the shared expert has a scalar gate.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.num_experts_per_tok > self.num_experts:
            at = ("num_experts_per_tok",)
            raise fault("order", "must be at most num_experts", at=at, got=True)
        return self


class MlaSpec(Section):
    """Multi-head latent attention (arXiv 2405.04434, section 2.1)."""

    kv_lora_rank: Count = Field(description="Width of the compressed keys and values.")
    q_lora_rank: Count | None = Field(
        None, description="Width of the compressed queries; left out where they are not."
    )
    qk_nope_head_dim: Count = Field(description="Width of a query head's part without position.")
    qk_rope_head_dim: Count = Field(description="Width of a query head's rotary part.")
    v_head_dim: Count = Field(description="Width of a value head.")


class MixerSpec(Section):
    """Layers that mix tokens by a recurrence, with a state of constant size."""

    kind: Literal["gated_delta_net", "mamba2", "rwkv7", "short_conv"] = Field(
        description="Gated delta net (arXiv 2412.06464), Mamba-2 (2405.21060), RWKV-7 "
        "(2503.14456), or a gated short convolution (2511.23404)."
    )
    num_layers: _Layers = Field(description="Layers that mix so.")
    num_heads: _Whole = Field(0, description="Heads of the state: value heads.")
    num_key_heads: _Whole = Field(0, description="Heads of keys and queries, or groups.")
    key_dim: _Whole = Field(0, description="Width of a key, or size of the state.")
    value_dim: _Whole = Field(0, description="Width of a value head.")
    conv_kernel: _Whole = Field(0, description="Taps of the causal convolution; 0 for none.")
    conv_bias: bool = Field(False, description="Whether the convolution has a bias.")
    low_ranks: list[Count] = Field(
        default_factory=list, description="RWKV-7: ranks of decay, rate, value and gate."
    )
    chunk: Count = Field(64, description="Tokens that a prefill takes at once.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        needed: tuple[str, ...] = ("conv_kernel",)
        if self.kind != "short_conv":
            needed = ("num_heads", "num_key_heads", "key_dim", "value_dim")
        for name in needed:
            if not getattr(self, name):
                raise fault("missing-key", f"missing key; {self.kind} needs it", at=(name,))
        if self.num_key_heads and self.num_heads % self.num_key_heads:
            raise fault("divide", "must divide num_heads", at=("num_key_heads",), got=True)
        return self


class SideSpec(Section):
    """Embeddings that enter beside each layer (Gemma 3n and 4)."""

    hidden_size_per_layer_input: Count = Field(description="Elements per token and layer.")
    vocab_size_per_layer_input: Count = Field(description="Rows of the table.")
    laurel_rank: _Whole = Field(0, description="Rank of the learned residual; 0 for none.")
    altup_num_inputs: Count = Field(1, description="Streams of the hidden state.")


class ModelSpec(Section):
    """One language model."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    model_type: Title | None = Field(None, description="Hugging Face's model_type.")
    hidden_size: Count = Field(description="Width of the hidden state.")
    intermediate_size: Count | None = Field(
        None,
        description="Width of the dense feed-forward network; may be left out where every layer "
        "is a mixture of experts.",
    )
    num_hidden_layers: _Layers = Field(description="Layers.")
    num_attention_heads: Count = Field(description="Query heads.")
    num_key_value_heads: Count | None = Field(
        None, description="Key and value heads; by default as many as query heads."
    )
    head_dim: Count | None = Field(
        None, description="Width of one head; by default hidden_size / num_attention_heads."
    )
    vocab_size: Count = Field(description="Rows of the embedding.")
    tie_word_embeddings: bool = Field(description="Whether the LM head shares the embedding.")
    gated_mlp: bool = Field(True, description="Whether the network has a gate projection.")
    norm: Literal["rms", "layer", "none_weights"] = Field(
        "rms", description="RMSNorm, LayerNorm with bias, or norms without parameters."
    )
    norms_per_layer: int = Field(
        2, ge=1, le=8, description="Norms of the hidden state per layer: 1, 2 or 4."
    )
    qk_norm: Literal["none", "head", "full"] = Field(
        "none", description="Norms on queries and keys: none, one head wide, or all heads wide."
    )
    qkv_bias: bool = Field(False, description="Whether the Q, K and V projections have biases.")
    output_bias: bool = Field(False, description="Whether the output projection has a bias.")
    mlp_bias: bool = Field(False, description="Whether the dense network has biases.")
    head_bias: bool = Field(False, description="Whether the LM head has a bias.")
    attention_sinks: bool = Field(False, description="Whether each head has a sink logit.")
    sliding_window: Count | None = Field(None, description="Window of local layers, tokens.")
    num_local_layers: _Whole = Field(0, description="Layers that attend within the window.")
    global_head_dim: Count | None = Field(
        None, description="Width of a head in the layers that see all; by default head_dim."
    )
    num_global_key_value_heads: Count | None = Field(
        None, description="Key and value heads of those layers; by default as elsewhere."
    )
    attention_k_eq_v: bool = Field(
        False, description="Whether those layers take their values from the keys' projection."
    )
    num_kv_shared_layers: _Whole = Field(
        0, description="Layers that attend to the keys and values of an earlier one."
    )
    num_kv_shared_local_layers: _Whole = Field(
        0, description="How many of the layers with shared keys are local."
    )
    output_gate: Literal["none", "head", "element"] = Field(
        "none", description="Gate on the attention's output: none, per head or per element."
    )
    learned_positions: _Whole = Field(0, description="Rows of a learned position embedding.")
    max_position_embeddings: Count | None = Field(None, description="Longest context, tokens.")
    moe: MoeSpec | None = Field(None, description="Mixture of experts.")
    mla: MlaSpec | None = Field(None, description="Multi-head latent attention.")
    mixer: MixerSpec | None = Field(None, description="Recurrent layers, not attention.")
    feedforward_layers: Count | None = Field(
        None,
        description="Where a layer is one block alone, how many are feed-forward networks; left "
        "out where every layer has one.",
    )
    wide_intermediate_size: _Whole = Field(
        0, description="Width of the dense networks that differ from intermediate_size."
    )
    num_wide_layers: _Whole = Field(0, description="How many dense networks have that width.")
    side: SideSpec | None = Field(None, description="Embeddings that enter beside each layer.")
    published_parameters: Annotated[int, Field(ge=1, le=10**15)] | None = Field(
        None, description="Parameter count, where it is published exactly."
    )
    published_parameters_b: Annotated[float, Field(gt=0, le=10**6)] | None = Field(
        None, description="Parameter count as announced, in billions."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.num_attention_heads % (self.num_key_value_heads or 1):
            rule = "must divide num_attention_heads"
            raise fault("divide", rule, at=("num_key_value_heads",), got=True)
        if self.head_dim is None and self.hidden_size % self.num_attention_heads:
            rule = "missing key; hidden_size / num_attention_heads is not whole"
            raise fault("missing-key", rule, at=("head_dim",))
        if self.intermediate_size is None and not self._all_layers_are_moe():
            raise fault("missing-key", "missing key", at=("intermediate_size",))
        return self

    @model_validator(mode="after")
    def _check_layers(self) -> Self:
        layers = self.num_hidden_layers
        recurrent = (self.mixer.num_layers if self.mixer else 0) + (self.feedforward_layers or 0)
        if recurrent > layers:
            at = ("mixer", "num_layers") if self.mixer else ("feedforward_layers",)
            raise fault("order", "must be at most num_hidden_layers, together", at=at, got=True)
        if self.num_local_layers > layers - recurrent:
            rule = "must be at most num_hidden_layers that attend"
            rule = rule if recurrent else "must be at most num_hidden_layers"
            raise fault("order", rule, at=("num_local_layers",), got=True)
        if self.num_local_layers and self.sliding_window is None:
            rule = "missing key; num_local_layers needs it"
            raise fault("missing-key", rule, at=("sliding_window",))
        if self.moe and self.moe.first_k_dense_replace > layers:
            at = ("moe", "first_k_dense_replace")
            raise fault("order", "must be at most num_hidden_layers", at=at, got=True)
        return self

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        heads = self.num_global_key_value_heads or 1
        feedforward = self.feedforward_layers or self.num_hidden_layers
        dense = feedforward if self.moe is None else self.moe.first_k_dense_replace
        attending = self.num_hidden_layers - (self.mixer.num_layers if self.mixer else 0)
        attending -= self.feedforward_layers or 0
        near, shared = self.num_kv_shared_local_layers, self.num_kv_shared_layers
        far = attending - self.num_local_layers
        own = "must leave a layer of each kind with keys and values of its own"
        rules = (
            (self.num_attention_heads % heads, "must divide num_attention_heads", "divide",
             "num_global_key_value_heads"),
            (near > shared, "must be at most num_kv_shared_layers", "order",
             "num_kv_shared_local_layers"),
            (near and near >= self.num_local_layers, own, "order", "num_kv_shared_local_layers"),
            (shared > near and shared - near >= far, own, "order", "num_kv_shared_layers"),
            (self.num_wide_layers > dense, "must be at most the layers with a dense network",
             "order", "num_wide_layers"),
            (self.num_wide_layers and not self.wide_intermediate_size,
             "missing key; num_wide_layers needs it", "missing-key", "wide_intermediate_size"),
        )  # fmt: skip
        for is_broken, rule, slug, key in rules:
            if is_broken:
                raise fault(slug, rule, at=(key,), got=slug != "missing-key")
        return self

    def _all_layers_are_moe(self) -> bool:
        return self.moe is not None and self.moe.first_k_dense_replace == 0
