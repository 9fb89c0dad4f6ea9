"""`Model`: the architecture of a transformer language model, and its parameter count."""

from __future__ import annotations

from dataclasses import dataclass, field

from dse.workload.mixer import Mixer
from dse.workload.parts import Heads, Mla, Moe
from dse.workload.quality import Quality
from dse.workload.side import SideInput

__all__ = ["Model", "QkNorm"]

QkNorm = str  # "none", "head" (one vector of head_dim each for Q and K) or "full" (all heads)


@dataclass(frozen=True, slots=True)
class Model:
    """A decoder-only transformer in Hugging Face's terms.

    Parameters
    ----------
    hidden_size, intermediate_size, num_layers, num_heads, num_kv_heads, head_dim, vocab_size : int
        Dimensions; `intermediate_size` is that of the dense feed-forward network.
    tie_word_embeddings, gated_mlp : bool
        Whether the LM head shares the embedding's weights, and the network has a gate projection.
    norm_bias : bool
        True for LayerNorm (weight and bias), False for RMSNorm.
    norm_weights : bool
        False where the norms have no parameters.
    norms_per_layer : int
        Normalisations of the hidden state per layer: 1 (parallel block), 2, or 4.
    qk_norm : str
        ``none``, ``head`` or ``full``: norms on queries and keys.
    qkv_bias, output_bias, mlp_bias, head_bias, attention_sinks : bool
        Which projections carry a bias vector; whether each head has a learned sink logit.
    sliding_window : int or None
        Window of local attention layers, tokens.
    num_local_layers : int
        How many layers attend locally; the others see the whole context.
    global_head_dim, global_kv_heads : int or None
        Width and key-value heads of the layers that see the whole context, where they differ.
    values_are_keys : bool
        Whether those layers take their values from the projection of the keys.
    num_shared_kv_layers, num_shared_kv_local_layers : int
        Layers that attend to the keys and values of an earlier layer, and how many of them
        locally.
    output_gate : str
        ``none``, ``head`` (a sigmoid gate per head) or ``element`` (per element of the output).
    learned_positions : int
        Rows of a learned position embedding; 0 for rotary or ALiBi.
    mixer : Mixer or None
        Recurrent layers in place of attention.
    feedforward_layers : int or None
        Where a layer is one block alone, how many are feed-forward networks; None where every
        layer has one beside its attention or recurrence.
    wide_intermediate_size, num_wide_layers : int
        Width of the dense networks that differ from the others, and how many they are.
    side : SideInput or None
        Embeddings that enter beside each layer.
    published_parameters : int or None
        Exact parameter count as published, where one is.
    quality : Quality or None
        What was measured of it under quantisation; None where nobody looked. It is no part of
        what the model is: models are equal without it.
    """

    name: str
    title: str
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    tie_word_embeddings: bool
    gated_mlp: bool = True
    norm_bias: bool = False
    norm_weights: bool = True
    norms_per_layer: int = 2
    qk_norm: QkNorm = "none"
    qkv_bias: bool = False
    output_bias: bool = False
    mlp_bias: bool = False
    head_bias: bool = False
    attention_sinks: bool = False
    sliding_window: int | None = None
    num_local_layers: int = 0
    global_head_dim: int | None = None
    global_kv_heads: int | None = None
    values_are_keys: bool = False
    num_shared_kv_layers: int = 0
    num_shared_kv_local_layers: int = 0
    output_gate: str = "none"
    learned_positions: int = 0
    max_context: int | None = None
    moe: Moe | None = None
    mla: Mla | None = None
    mixer: Mixer | None = None
    feedforward_layers: int | None = None
    wide_intermediate_size: int = 0
    num_wide_layers: int = 0
    side: SideInput | None = None
    published_parameters: int | None = None
    quality: Quality | None = field(default=None, compare=False)

    @property
    def num_feedforward_layers(self) -> int:
        """Layers that have a feed-forward network."""
        return self.num_layers if self.feedforward_layers is None else self.feedforward_layers

    @property
    def num_moe_layers(self) -> int:
        """Layers whose feed-forward network is a mixture of experts."""
        dense = self.moe.first_dense_layers if self.moe else self.num_feedforward_layers
        return self.num_feedforward_layers - dense

    @property
    def num_attention_layers(self) -> int:
        """Layers that attend."""
        recurrent = self.mixer.num_layers if self.mixer else 0
        return self.num_layers - recurrent - (self.feedforward_layers or 0)

    @property
    def qk_head_dim(self) -> int:
        """Width of one query head."""
        return self.mla.qk_nope_head_dim + self.mla.qk_rope_head_dim if self.mla else self.head_dim

    @property
    def v_head_dim(self) -> int:
        """Width of one value head."""
        return self.mla.v_head_dim if self.mla else self.head_dim

    @property
    def kv_elements_per_token_layer(self) -> int:
        """Elements that one token adds to the KV cache of one layer.

        2 num_kv_heads head_dim for MHA, GQA and MQA (GQA is charged for its KV heads only);
        kv_lora_rank + qk_rope_head_dim for MLA.
        """
        if self.mla:
            return self.mla.kv_lora_rank + self.mla.qk_rope_head_dim
        return 2 * self.num_kv_heads * self.head_dim

    def heads(self) -> tuple[Heads, ...]:
        """Attention layers by shape: local, global, and both with the keys of earlier layers."""
        local = self.num_local_layers if self.sliding_window else 0
        near, far = self.num_shared_kv_local_layers, self.num_shared_kv_layers
        far -= near
        own = (self.head_dim, self.num_kv_heads)
        wide = (self.global_head_dim or own[0], self.global_kv_heads or own[1])
        whole = self.num_attention_layers - local
        groups = (
            Heads(local - near, self.sliding_window, *own),
            Heads(whole - far, None, *wide, 1 if self.values_are_keys else 2),
            Heads(near, self.sliding_window, *own, 0),
            Heads(far, None, *wide, 0),
        )
        return tuple(group for group in groups if group.layers)

    def kv_elements(self, tokens: int) -> int:
        """Elements that a sequence of `tokens` holds in the caches of all layers."""
        if self.mla:
            return self.num_attention_layers * tokens * self.kv_elements_per_token_layer
        return sum(
            group.layers * min(tokens, group.window or tokens) * 2 * group.kv_width
            for group in self.heads()
            if group.projections
        )

    def norm_parameters(self, width: int) -> int:
        """Parameters of one norm over `width` elements."""
        if not self.norm_weights:
            return 0
        return width * (2 if self.norm_bias else 1)

    def gate_width(self, head_dim: int) -> int:
        """Columns of the gate on one layer's attention output."""
        width = {"none": 0, "head": 1, "element": head_dim}[self.output_gate]
        return self.num_heads * width

    def attention_weights(self, group: Heads | None = None) -> int:
        """Matrix elements of one layer's attention projections, by default of the first shape."""
        if self.mla is None:
            group = group or self.heads()[0]
            query = self.num_heads * group.head_dim
            columns = 2 * query + self.gate_width(group.head_dim)
            columns += group.projections * group.kv_heads * group.head_dim
            return self.hidden_size * columns
        mla, heads = self.mla, self.num_heads
        q_width = heads * self.qk_head_dim
        query = (
            self.hidden_size * q_width
            if mla.q_lora_rank is None
            else self.hidden_size * mla.q_lora_rank + mla.q_lora_rank * q_width
        )
        down = self.hidden_size * (mla.kv_lora_rank + mla.qk_rope_head_dim)
        up = mla.kv_lora_rank * heads * (mla.qk_nope_head_dim + mla.v_head_dim)
        return query + down + up + heads * mla.v_head_dim * self.hidden_size

    def attention_vectors(self, group: Heads | None = None) -> int:
        """Bias, norm and sink elements of one layer's attention, by default of the first shape."""
        group = group or Heads(1, None, self.head_dim, self.num_kv_heads)
        q_width, kv_width = self.num_heads * group.head_dim, group.kv_heads * group.head_dim
        kv_width = kv_width if group.projections else 0
        total = (q_width + 2 * kv_width) if self.qkv_bias else 0
        total += self.hidden_size if self.output_bias else 0
        total += self.num_heads if self.attention_sinks else 0
        if self.qk_norm == "head":
            total += (2 if group.projections else 1) * self.norm_parameters(group.head_dim)
        elif self.qk_norm == "full":
            total += self.norm_parameters(q_width) + self.norm_parameters(kv_width)
        if self.mla:
            total += self.norm_parameters(self.mla.kv_lora_rank)
            total += self.norm_parameters(self.mla.q_lora_rank or 0)
        return total

    def mlp_weights(self, intermediate_size: int) -> int:
        """Matrix elements of one feed-forward network of the given width."""
        return (3 if self.gated_mlp else 2) * self.hidden_size * intermediate_size

    def mlp_vectors(self, intermediate_size: int) -> int:
        """Bias elements of one feed-forward network of the given width."""
        return (2 if self.gated_mlp else 1) * intermediate_size + self.hidden_size

    def moe_parameters(self) -> int:
        """Parameters of one mixture-of-experts layer, router included."""
        moe = self.moe
        if moe is None:
            return 0
        expert = self.mlp_weights(moe.intermediate_size)
        expert += self.mlp_vectors(moe.intermediate_size) if moe.expert_bias else 0
        router = self.hidden_size * moe.num_experts + (moe.num_experts if moe.router_bias else 0)
        shared = self.mlp_weights(moe.shared_intermediate_size)
        shared += self.hidden_size if moe.shared_gate else 0
        return moe.num_experts * expert + router + shared

    def parameters(self) -> int:
        """Count of all parameters; a tied LM head counts once.

        Examples
        --------
        >>> llama_2_7b = Model("llama-2-7b", "", 4096, 11008, 32, 32, 32, 128, 32000, False)
        >>> llama_2_7b.parameters()
        6738415616
        """
        norms = self.num_layers * self.norms_per_layer * self.norm_parameters(self.hidden_size)
        head = 0 if self.tie_word_embeddings else self.vocab_size * self.hidden_size
        head += self.vocab_size if self.head_bias else 0
        embedding = (self.vocab_size + self.learned_positions) * self.hidden_size
        side = self.side.parameters(self.hidden_size, self.num_layers) if self.side else 0
        ends = head + embedding + side + self.norm_parameters(self.hidden_size)
        return self._mixing_parameters() + self._feedforward_parameters() + norms + ends

    def _mixing_parameters(self) -> int:
        """Parameters of all attention and recurrence."""
        total = sum(
            group.layers * (self.attention_weights(group) + self.attention_vectors(group))
            for group in self.heads()
        )
        if self.mixer:
            hidden = self.hidden_size
            vectors = self.mixer.vectors(hidden) + self.mixer.convolution(hidden)
            total += self.mixer.num_layers * (self.mixer.weights(hidden) + vectors)
        return total

    def dense_widths(self) -> tuple[tuple[int, int], ...]:
        """Pairs of (layers, width) of the dense feed-forward networks."""
        dense = self.num_feedforward_layers - self.num_moe_layers
        groups = (
            (dense - self.num_wide_layers, self.intermediate_size),
            (self.num_wide_layers, self.wide_intermediate_size),
        )
        return tuple(group for group in groups if group[0])

    def _feedforward_parameters(self) -> int:
        """Parameters of all feed-forward networks."""
        dense = sum(
            layers * (self.mlp_weights(width) + (self.mlp_vectors(width) if self.mlp_bias else 0))
            for layers, width in self.dense_widths()
        )
        return dense + self.num_moe_layers * self.moe_parameters()
