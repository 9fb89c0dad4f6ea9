"""`Model`: the architecture of a transformer language model, and its parameter count."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Mla", "Model", "Moe", "QkNorm"]

QkNorm = str  # "none", "head" (one vector of head_dim each for Q and K) or "full" (all heads)


@dataclass(frozen=True, slots=True)
class Mla:
    """Multi-head latent attention: keys and values compressed to one latent vector per token.

    Dimensions are those of DeepSeek-V2 (arXiv 2405.04434, section 2.1), named as in its
    ``config.json``; `q_lora_rank` is None where queries are not compressed.
    """

    kv_lora_rank: int
    q_lora_rank: int | None
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int


@dataclass(frozen=True, slots=True)
class Moe:
    """Mixture of experts in place of the dense feed-forward network.

    Parameters
    ----------
    num_experts, experts_per_token : int
        Routed experts, and how many of them each token visits.
    intermediate_size : int
        Width of one routed expert.
    shared_intermediate_size : int
        Summed width of the experts that every token visits; 0 for none.
    first_dense_layers : int
        Leading layers that keep the dense network.
    router_bias, expert_bias, shared_gate : bool
        Whether the router has a bias vector, the expert projections have biases, and the shared
        expert a scalar gate.
    """

    num_experts: int
    experts_per_token: int
    intermediate_size: int
    shared_intermediate_size: int = 0
    first_dense_layers: int = 0
    router_bias: bool = False
    expert_bias: bool = False
    shared_gate: bool = False


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
    learned_positions : int
        Rows of a learned position embedding; 0 for rotary or ALiBi.
    published_parameters : int or None
        Exact parameter count as published, where one is.
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
    learned_positions: int = 0
    max_context: int | None = None
    moe: Moe | None = None
    mla: Mla | None = None
    published_parameters: int | None = None

    @property
    def num_moe_layers(self) -> int:
        """Layers whose feed-forward network is a mixture of experts."""
        return self.num_layers - self.moe.first_dense_layers if self.moe else 0

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

    def windows(self) -> tuple[tuple[int, int | None], ...]:
        """Groups of layers with equal attention: pairs of (layers, window or None)."""
        local = self.num_local_layers if self.sliding_window else 0
        groups = ((local, self.sliding_window), (self.num_layers - local, None))
        return tuple((layers, window) for layers, window in groups if layers)

    def norm_parameters(self, width: int) -> int:
        """Parameters of one norm over `width` elements."""
        if not self.norm_weights:
            return 0
        return width * (2 if self.norm_bias else 1)

    def attention_weights(self) -> int:
        """Matrix elements of one layer's attention projections."""
        if self.mla is None:
            qkv = self.hidden_size * (self.num_heads + 2 * self.num_kv_heads) * self.head_dim
            return qkv + self.num_heads * self.head_dim * self.hidden_size
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

    def attention_vectors(self) -> int:
        """Bias, norm and sink elements of one layer's attention."""
        q_width, kv_width = self.num_heads * self.head_dim, self.num_kv_heads * self.head_dim
        total = (q_width + 2 * kv_width) if self.qkv_bias else 0
        total += self.hidden_size if self.output_bias else 0
        total += self.num_heads if self.attention_sinks else 0
        if self.qk_norm == "head":
            total += 2 * self.norm_parameters(self.head_dim)
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
        attention = self.attention_weights() + self.attention_vectors()
        norms = self.norms_per_layer * self.norm_parameters(self.hidden_size)
        dense = self.mlp_weights(self.intermediate_size)
        dense += self.mlp_vectors(self.intermediate_size) if self.mlp_bias else 0
        dense_layers = self.num_layers - self.num_moe_layers
        body = self.num_layers * (attention + norms) + dense_layers * dense
        body += self.num_moe_layers * self.moe_parameters()
        head = 0 if self.tie_word_embeddings else self.vocab_size * self.hidden_size
        head += self.vocab_size if self.head_bias else 0
        embedding = (self.vocab_size + self.learned_positions) * self.hidden_size
        return body + head + embedding + self.norm_parameters(self.hidden_size)
