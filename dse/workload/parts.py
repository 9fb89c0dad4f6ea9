"""Parts of a model: its attention by shape, latent attention, mixture of experts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Heads", "Mla", "Moe"]


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
class Heads:
    """Attention layers of one shape.

    Parameters
    ----------
    layers : int
        How many.
    window : int or None
        Tokens that they see; None for all.
    head_dim, kv_heads : int
        Width of a head, and heads of keys and values.
    projections : int
        Projections of keys and values: 2, 1 where the values are the keys, 0 where both are
        those of an earlier layer.
    """

    layers: int
    window: int | None
    head_dim: int
    kv_heads: int
    projections: int = 2

    @property
    def kv_width(self) -> int:
        """Width of the keys, or of the values, of one token."""
        return self.kv_heads * self.head_dim
