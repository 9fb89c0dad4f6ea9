"""Hugging Face configurations of models that mix tokens by attention in some layers only.

Read in ``transformers`` 5.23.0: ``models/{qwen3_5,qwen3_5_moe,lfm2,lfm3}``.
"""

from __future__ import annotations

from collections.abc import Mapping

from dse.workload.hf_family import Experts, Family
from dse.workload.hf_reader import Reader, shown

__all__ = ["HYBRIDS", "HYBRID_ALIASES", "mixer_keys"]

_OFF = (None, False, 0)
_QWEN = {
    "num_key_value_heads": 4,
    "head_dim": 256,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "full_attention_interval": 4,
}
_QWEN_ONLY: Mapping[str, tuple[object, ...]] = {
    "attention_bias": _OFF,
    "attn_output_gate": (None, True),
    "mlp_only_layers": (None, []),
}
_GATED = {"qk_norm": "head", "output_gate": "element"}

HYBRIDS: Mapping[str, Family] = {
    "lfm2": Family(
        facts={"qk_norm": "head"},
        defaults={"tie_word_embeddings": True, "num_key_value_heads": 8, "conv_L_cache": 3},
        only={"conv_bias": _OFF, "use_pos_enc": (None, True), "block_use_swiglu": (None, True)},
    ),
    "lfm3": Family(
        facts={"qk_norm": "head"},
        defaults={
            "tie_word_embeddings": True,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "sliding_window": 256,
            "conv_L_cache": 7,
            "use_sandwich_norm": True,
            "use_attention_gate": True,
        },
        flags={
            "use_sandwich_norm": {"norms_per_layer": 4},
            "use_attention_gate": {"output_gate": "head"},
        },
        only={"conv_bias": _OFF, "attention_bias": _OFF},
        window="fourth",
    ),
    "qwen3_5_text": Family(facts=_GATED, defaults=_QWEN, only=_QWEN_ONLY),
    "qwen3_5_moe_text": Family(
        facts=_GATED,
        # Every layer is a mixture: there is no dense network to give a width for.
        defaults={**_QWEN, "num_key_value_heads": 2, "moe_intermediate_size": 512},
        names={"intermediate_size": "moe_intermediate_size"},
        only=_QWEN_ONLY,
        experts=Experts(
            "num_experts", shared="shared_expert_intermediate_size", facts={"shared_gate": True}
        ),
    ),
}
HYBRID_ALIASES: Mapping[str, str] = {"qwen3_5": "qwen3_5_text", "qwen3_5_moe": "qwen3_5_moe_text"}
# Keys that repeat a dimension, or start weights, or belong to the draft of further tokens.
_KNOWN = (
    "block_dim",
    "block_mlp_init_scale",
    "block_out_init_scale",
    "block_use_xavier_init",
    "conv_dim",
    "conv_dim_out",
    "conv_use_xavier_init",
    "intermediate_size",
    "mtp_num_hidden_layers",
    "mtp_use_dedicated_embeddings",
    "num_heads",
)


def mixer_keys(reader: Reader, layers: int) -> dict[str, object]:
    """Keys of the recurrent layers, and the width that LFM2 adjusts.

    Parameters
    ----------
    reader : Reader
        The text tower's configuration.
    layers : int
        Layers of the model.
    """
    reader.seen.update(_KNOWN)
    if "linear_key_head_dim" in reader.config:
        return {"mixer": _delta_net(reader, layers)}
    kinds = _kinds(reader, layers, "conv")
    mixer = {
        "kind": "short_conv",
        "num_layers": kinds,
        "conv_kernel": reader.needed("conv_L_cache"),
    }
    keys: dict[str, object] = {"mixer": mixer}
    width = _adjusted(reader)
    return keys | ({"intermediate_size": width} if width else {})


def _delta_net(reader: Reader, layers: int) -> dict[str, object]:
    heads = reader.needed("linear_num_value_heads")
    keys = reader.needed("linear_num_key_heads")
    if heads % keys:
        rule = f"must divide linear_num_value_heads ({heads}), but got {keys}"
        raise reader.fault("linear_num_key_heads", rule)
    return {
        "kind": "gated_delta_net",
        "num_layers": _kinds(reader, layers, "linear_attention"),
        "num_heads": heads,
        "num_key_heads": keys,
        "key_dim": reader.needed("linear_key_head_dim"),
        "value_dim": reader.needed("linear_value_head_dim"),
        "conv_kernel": reader.needed("linear_conv_kernel_dim"),
    }


def _kinds(reader: Reader, layers: int, kind: str) -> int:
    """How many layers are recurrent: as listed, or by the class's rule."""
    interval = reader.count("full_attention_interval")
    attending = reader.get("full_attn_idxs")
    listed = reader.get("layer_types")
    if isinstance(listed, list):
        return listed.count(kind)
    if isinstance(attending, list):
        return layers - len(attending)
    if interval:
        return layers - layers // interval
    if reader.family.window == "fourth":  # of every four, one is local and one sees all
        return layers - (layers - 1) // 4 - (layers + 1) // 4
    rule = f"must list the kinds of all {layers} layers, but got {shown(listed)}"
    raise reader.fault("layer_types", rule)


def _adjusted(reader: Reader) -> int | None:
    """LFM2's width: two thirds of what is given, times a factor, rounded up to a multiple."""
    given = reader.count("block_ff_dim") or reader.count("intermediate_size")
    is_adjusted = reader.get("block_auto_adjust_ff_dim")
    multiple = reader.count("block_multiple_of") or 256
    factor = reader.get("block_ffn_dim_multiplier")
    if reader.config.get("model_type") != "lfm2" or not given:
        return None
    if is_adjusted is False:
        return given
    width = int(2 * given / 3)
    width = int(factor * width) if isinstance(factor, int | float) else width
    return -(-width // multiple) * multiple
