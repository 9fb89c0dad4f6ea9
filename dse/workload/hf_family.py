"""What the code behind each Hugging Face `model_type` fixes, and what its class assumes.

A ``config.json`` names only dimensions and flags; the rest (which norms, which biases) is in the
model's code. The facts here were read in ``transformers`` 5.23.0, ``models/*/modeling_*.py`` and
``configuration_*.py``, and for chatglm, internlm, internlm2, baichuan and minicpm in the code
beside their weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["ALIASES", "FAMILIES", "Experts", "Family"]

Keys = Mapping[str, object]

_QKV: Keys = {"qkv_bias": True}
_QKVO: Keys = {"qkv_bias": True, "output_bias": True}
_MLP: Keys = {"mlp_bias": True}
_ATTENTION: Mapping[str, Keys] = {"attention_bias": _QKVO}
_LLAMA: Mapping[str, Keys] = {"attention_bias": _QKVO, "mlp_bias": _MLP}
_OFF = (None, False, 0)


@dataclass(frozen=True, slots=True)
class Experts:
    """Where a family's mixture of experts writes its dimensions, and what its code adds.

    Parameters
    ----------
    count, width : str
        Config keys of the number of routed experts and of the width of one.
    shared : str or None
        Config key of the shared experts: a width, or where it starts with ``n_`` how many of
        the routed width.
    dense : str or None
        Config key of the leading dense layers.
    facts : Mapping
        Canonical keys that the code fixes.
    """

    count: str
    width: str = "moe_intermediate_size"
    shared: str | None = None
    dense: str | None = None
    facts: Keys = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """One `model_type`.

    Parameters
    ----------
    facts : Mapping
        Canonical keys that the code fixes.
    defaults : Mapping
        Config keys that its class assumes where the file is silent.
    text_defaults : Mapping
        Dimensions that its class assumes inside a ``text_config``, which holds only what differs.
    names : Mapping
        This family's names of the usual config keys.
    flags : Mapping
        Config flags, and the canonical keys that each switches on.
    only : Mapping
        Config keys of which dse knows only these values.
    window : str
        Which layers a sliding window holds for: none, all, alternate, pattern, fourth or upper.
    ffn_factor : int
        Width of the feed-forward network in hidden sizes where the file does not give it.
    experts : Experts or None
        Mixture of experts.
    is_mla : bool
        Whether attention is multi-head latent.
    """

    facts: Keys = field(default_factory=dict)
    defaults: Keys = field(default_factory=dict)
    text_defaults: Keys = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, Keys] = field(default_factory=dict)
    only: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    window: str = "none"
    ffn_factor: int = 0
    experts: Experts | None = None
    is_mla: bool = False


def _dimensions(hidden: int, ffn: int, layers: int, heads: int, vocab: int) -> Keys:
    return {
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": vocab,
    }


_TIED: Keys = {"tie_word_embeddings": True}
_GEMMA: Keys = {**_TIED, "head_dim": 256}
_SWITCH: Keys = {"use_sliding_window": False}
_QWEN_MOE_ONLY = {"decoder_sparse_step": (None, 1), "mlp_only_layers": (None, [])}
_DEEPSEEK_ONLY = {"attention_bias": _OFF, "mlp_bias": _OFF, "moe_layer_freq": (None, 1)}
_DEEPSEEK = Experts("n_routed_experts", shared="n_shared_experts", dense="first_k_dense_replace")
_ROUTED = replace(_DEEPSEEK, facts={"router_bias": True})
_GLM: Keys = {"head_dim": 128, "num_key_value_heads": 2, "attention_bias": True}
_PARALLEL: Keys = {"norm": "layer", "norms_per_layer": 1, "gated_mlp": False}

FAMILIES: Mapping[str, Family] = {
    "baichuan": Family(),
    "chatglm": Family(
        names={
            "num_hidden_layers": "num_layers",
            "intermediate_size": "ffn_hidden_size",
            "vocab_size": "padded_vocab_size",
            "num_key_value_heads": "multi_query_group_num",
            "head_dim": "kv_channels",
            "max_position_embeddings": "seq_length",
        },
        defaults={"tie_word_embeddings": False},
        flags={"add_qkv_bias": _QKV},
        only={
            "add_bias_linear": _OFF,
            "rmsnorm": (None, True),
            "post_layer_norm": (None, True),
            "multi_query_attention": (True,),
        },
    ),
    "cohere": Family(
        # Its LayerNorm has a weight and no bias.
        facts={"norms_per_layer": 1},
        defaults=_TIED,
        flags=_ATTENTION,
        only={"use_qk_norm": _OFF},
    ),
    "deepseek_v2": Family(
        experts=_DEEPSEEK,
        is_mla=True,
        only={**_DEEPSEEK_ONLY, "topk_method": (None, "greedy", "group_limited_greedy")},
    ),
    "deepseek_v3": Family(
        # The module for multi-token prediction (num_nextn_predict_layers) takes no part in
        # decoding and is not counted; the router's correction bias is.
        experts=_ROUTED,
        is_mla=True,
        defaults={"first_k_dense_replace": 3},
        only=_DEEPSEEK_ONLY,
    ),
    "falcon": Family(
        facts=_PARALLEL,
        defaults={**_TIED, "multi_query": True, "parallel_attn": True},
        names={"num_key_value_heads": "num_kv_heads", "intermediate_size": "ffn_hidden_size"},
        flags={"bias": {**_QKVO, **_MLP}},
        ffn_factor=4,
    ),
    "gemma": Family(defaults={**_GEMMA, "num_key_value_heads": 16}, flags=_ATTENTION),
    "gemma2": Family(
        facts={"norms_per_layer": 4},
        defaults={**_GEMMA, "num_key_value_heads": 4, "sliding_window": 4096},
        flags=_ATTENTION,
        window="alternate",
    ),
    "gemma3_text": Family(
        facts={"norms_per_layer": 4, "qk_norm": "head"},
        defaults={
            **_GEMMA,
            "num_key_value_heads": 4,
            "sliding_window": 4096,
            "sliding_window_pattern": 6,
            "max_position_embeddings": 131072,
        },
        text_defaults=_dimensions(2304, 9216, 26, 8, 262208),
        flags=_ATTENTION,
        window="pattern",
    ),
    "glm": Family(defaults=_GLM, flags={"attention_bias": _QKV}),
    "glm4": Family(facts={"norms_per_layer": 4}, defaults=_GLM, flags={"attention_bias": _QKV}),
    "glm4_moe": Family(
        defaults={"num_key_value_heads": 8, "first_k_dense_replace": 1},
        flags={"attention_bias": _QKV, "use_qk_norm": {"qk_norm": "head"}},
        experts=_ROUTED,
    ),
    "gpt_oss": Family(
        facts={"attention_sinks": True},
        defaults={
            "head_dim": 64,
            "num_key_value_heads": 8,
            "attention_bias": True,
            "sliding_window": 128,
        },
        flags=_ATTENTION,
        window="alternate",
        experts=Experts(
            "num_local_experts",
            width="intermediate_size",
            facts={"router_bias": True, "expert_bias": True},
        ),
    ),
    "gptj": Family(
        facts={**_PARALLEL, **_MLP, "head_bias": True},
        names={
            "hidden_size": "n_embd",
            "num_hidden_layers": "n_layer",
            "num_attention_heads": "n_head",
            "intermediate_size": "n_inner",
            "max_position_embeddings": "n_positions",
        },
        ffn_factor=4,
    ),
    "granite": Family(flags=_LLAMA),
    "internlm": Family(flags={"bias": _QKVO}),
    "internlm2": Family(flags={"bias": _QKVO}),
    "llama": Family(
        flags=_LLAMA,
        text_defaults=_dimensions(4096, 11008, 32, 32, 32000),
    ),
    "minicpm": Family(defaults=_TIED, flags=_ATTENTION),
    "minicpm3": Family(
        defaults={**_TIED, "v_head_dim": 64},
        is_mla=True,
        only={"attention_bias": _OFF, "mlp_bias": _OFF},
    ),
    "ministral3": Family(defaults={"num_key_value_heads": 8, "head_dim": 128}, window="all"),
    "mistral": Family(
        defaults={"num_key_value_heads": 8, "sliding_window": 4096},
        text_defaults=_dimensions(4096, 14336, 32, 32, 32000),
        window="all",
    ),
    "mixtral": Family(
        defaults={"num_key_value_heads": 8},
        window="all",
        experts=Experts("num_local_experts", width="intermediate_size"),
    ),
    "olmo2": Family(facts={"qk_norm": "full"}, flags=_ATTENTION),
    "phi": Family(
        facts={**_PARALLEL, **_QKVO, **_MLP, "head_bias": True},
        flags={"qk_layernorm": {"qk_norm": "head"}},
    ),
    "phi3": Family(
        window="all",
        only={"attention_bias": _OFF, "mlp_bias": _OFF, "lm_head_bias": _OFF},
    ),
    "qwen2": Family(
        facts=_QKV,
        defaults={**_SWITCH, "max_window_layers": 28, "num_key_value_heads": 32},
        window="upper",
    ),
    "qwen2_moe": Family(
        defaults={**_SWITCH, "max_window_layers": 28, "num_key_value_heads": 16, **_QKV},
        flags={"qkv_bias": _QKV},
        only=_QWEN_MOE_ONLY,
        window="upper",
        experts=Experts(
            "num_experts", shared="shared_expert_intermediate_size", facts={"shared_gate": True}
        ),
    ),
    "qwen3": Family(
        facts={"qk_norm": "head"},
        defaults={
            **_SWITCH,
            "max_window_layers": 28,
            "num_key_value_heads": 32,
            "head_dim": 128,
        },
        flags=_ATTENTION,
        window="upper",
    ),
    "qwen3_moe": Family(
        facts={"qk_norm": "head"},
        defaults={**_SWITCH, "num_key_value_heads": 4},
        flags=_ATTENTION,
        only={**_QWEN_MOE_ONLY, "use_sliding_window": _OFF},
        experts=Experts("num_experts"),
    ),
    "smollm3": Family(
        defaults={**_TIED, "num_key_value_heads": 4},
        flags=_LLAMA,
        only={"use_sliding_window": _OFF},
    ),
    "stablelm": Family(
        facts={"norm": "layer"},
        defaults={"num_key_value_heads": 32},
        flags={"use_qkv_bias": _QKV, "use_parallel_residual": {"norms_per_layer": 1}},
        only={"qk_layernorm": _OFF},
    ),
}

# Text towers of multimodal models, by the type they give or, where they give none, by the whole's.
ALIASES: Mapping[str, str] = {
    "gemma3": "gemma3_text",
    "llava": "llama",
    "mistral3": "mistral",
    "qwen2_vl": "qwen2",
    "qwen2_vl_text": "qwen2",
    "qwen2_5_vl": "qwen2",
    "qwen2_5_vl_text": "qwen2",
    "qwen3_vl": "qwen3",
    "qwen3_vl_text": "qwen3",
}
