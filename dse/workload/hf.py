"""Hugging Face ``config.json`` mappings to the canonical keys of a model file.

No file is read here and nothing is guessed: a `model_type`, or a key that looks like architecture
and is on no list of its family, is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping

from dse.workload.hf_family import ALIASES, FAMILIES, Experts
from dse.workload.hf_hybrid import HYBRID_ALIASES, HYBRIDS, mixer_keys
from dse.workload.hf_reader import ConfigError, Reader, shown

__all__ = ["ConfigError", "canonical"]

_REQUIRED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
_DEFAULTS = {"norm": "rms", "norms_per_layer": 2}
_LAYER_TYPES = ("sliding_attention", "full_attention")
_RECURRENT_TYPES = ("linear_attention", "conv")
_ALIASES = {**ALIASES, **HYBRID_ALIASES}
_FAMILIES = {**FAMILIES, **HYBRIDS}


def canonical(config: Mapping[str, object]) -> dict[str, object]:
    """Turn a ``config.json`` into the keys of a model file.

    Keys that are absent take the defaults of the type's configuration class; of a multimodal
    model the text tower is taken.

    Parameters
    ----------
    config : Mapping
        The parsed JSON object.

    Returns
    -------
    dict
        Canonical keys, those equal to their defaults left out.

    Raises
    ------
    ConfigError
        If the type is unknown, a value breaks a rule, or an unknown key looks like architecture.

    Examples
    --------
    >>> keys = canonical({"model_type": "llama", "hidden_size": 64, "intermediate_size": 96,
    ...                   "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100})
    >>> keys["num_key_value_heads"], keys["head_dim"], keys["tie_word_embeddings"]
    (4, 16, False)
    """
    text, at, model_type = _text_tower(config)
    family = _FAMILIES.get(_ALIASES.get(model_type, model_type))
    if family is None:
        known = ", ".join(sorted({*_FAMILIES, *_ALIASES}))
        message = f"must be a known type, but got {shown(model_type)}; known are {known}"
        raise ConfigError((*at, "model_type"), message)
    reader = Reader(text, family, at)
    keys: dict[str, object] = {"model_type": model_type, **_dimensions(reader)}
    keys["tie_word_embeddings"] = _is_tied(config, reader)
    keys |= family.facts
    for flag, switched in family.flags.items():
        keys |= switched if reader.flag(flag) else {}
    if model_type == "falcon":
        keys["norms_per_layer"] = _falcon_norms(reader)
    keys |= _windows(reader, keys)
    if family in HYBRIDS.values():
        keys |= mixer_keys(reader, reader.needed("num_hidden_layers"))
    if family.experts:
        keys["moe"] = _experts(reader, family.experts)
    if family.is_mla:
        keys |= _latent(reader)
    reader.refuse_other_values()
    reader.refuse_unknown()
    return {key: value for key, value in keys.items() if _DEFAULTS.get(key) != value}


def _text_tower(config: Mapping[str, object]) -> tuple[Mapping[str, object], tuple[str, ...], str]:
    """Return the text model's mapping, where it stands, and its type."""
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        raise ConfigError(("model_type",), f"must be text, but got {shown(model_type)}")
    nested = config.get("text_config")
    if nested is None:
        return config, (), model_type
    if not isinstance(nested, Mapping):
        raise ConfigError(("text_config",), f"must be an object, but got {shown(nested)}")
    inner = nested.get("model_type", model_type)
    if not isinstance(inner, str):
        path = ("text_config", "model_type")
        raise ConfigError(path, f"must be text, but got {shown(inner)}")
    return nested, ("text_config",), inner


def _dimensions(reader: Reader) -> dict[str, object]:
    hidden, layers, heads, vocab = (reader.needed(key) for key in _REQUIRED)
    ffn = reader.count("intermediate_size") or reader.family.ffn_factor * hidden
    if not ffn:
        raise reader.fault("intermediate_size", "must be a whole number, but is missing")
    kv_heads = _kv_heads(reader, heads)
    if heads % kv_heads:
        rule = f"must divide num_attention_heads ({heads})"
        raise reader.fault("num_key_value_heads", f"{rule}, but got {kv_heads}")
    head_dim = reader.count("head_dim")
    if head_dim is None and hidden % heads and not reader.family.is_mla:
        rule = f"is missing, and hidden_size / num_attention_heads ({hidden} / {heads})"
        raise reader.fault("head_dim", f"{rule} is not whole")
    keys: dict[str, object] = {
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": head_dim or hidden // heads,
        "vocab_size": vocab,
    }
    longest = reader.count("max_position_embeddings")
    return keys | ({"max_position_embeddings": longest} if longest else {})


def _kv_heads(reader: Reader, heads: int) -> int:
    """Key and value heads; absent or null means as many as query heads."""
    kv_heads = reader.count("num_key_value_heads") or heads
    if reader.family is not FAMILIES["falcon"]:
        return kv_heads
    # FalconAttention: multi_query means one head, unless the decoder is of the new kind.
    is_new, is_multi_query = reader.flag("new_decoder_architecture"), reader.flag("multi_query")
    return 1 if is_multi_query and not is_new else kv_heads


def _falcon_norms(reader: Reader) -> int:
    """Norms of FalconDecoderLayer."""
    is_parallel, is_new = reader.flag("parallel_attn"), reader.flag("new_decoder_architecture")
    norms = reader.count("num_ln_in_parallel_attn") or (2 if is_new else 1)
    return 2 if norms == 2 or not is_parallel else 1


def _is_tied(config: Mapping[str, object], reader: Reader) -> bool:
    """Whether the LM head is tied; a tower's own word must not contradict the whole's."""
    key = "tie_word_embeddings"
    tied = reader.flag(key)
    if not reader.at or config.get(key) is None:
        return tied
    outer = config[key]
    if not isinstance(outer, bool):
        raise ConfigError((key,), f"must be true or false, but got {shown(outer)}")
    inner = config["text_config"]
    if isinstance(inner, Mapping) and inner.get(key) not in (None, outer):
        raise reader.fault(key, f"must agree with that of the whole ({shown(outer)})")
    return outer


def _windows(reader: Reader, keys: Mapping[str, object]) -> dict[str, object]:
    layers = reader.needed("num_hidden_layers")
    window = reader.count("sliding_window", least=0)
    if reader.family.window == "upper":
        reader.name("use_sliding_window")
    local = _listed_layers(reader, layers)
    if local is None:
        local = _ruled_layers(reader, layers, window)
    elif local and not window:
        raise reader.fault("sliding_window", "must be given where layer_types names local layers")
    longest = keys.get("max_position_embeddings")
    if not window or not local or (isinstance(longest, int) and window >= longest):
        return {}
    return {"sliding_window": window, "num_local_layers": local}


def _listed_layers(reader: Reader, layers: int) -> int | None:
    """Local layers counted in ``layer_types``."""
    kinds = reader.get("layer_types")
    if kinds is None:
        return None
    if not isinstance(kinds, list) or len(kinds) != layers:
        raise reader.fault("layer_types", f"must list the kinds of all {layers} layers")
    recurrent = _RECURRENT_TYPES if reader.family in HYBRIDS.values() else ()
    allowed = (*_LAYER_TYPES, *recurrent)
    for kind in kinds:
        if kind not in allowed:
            rule = f"must be {' or '.join(allowed)}"
            raise reader.fault("layer_types", f"{rule}, but got {shown(kind)}")
    return kinds.count("sliding_attention")


def _ruled_layers(reader: Reader, layers: int, window: int | None) -> int:
    """Local layers by the family's rule; layers are counted from 1 in the comments."""
    rule = reader.family.window
    if rule == "alternate":  # the odd ones
        return (layers + 1) // 2
    if rule == "pattern":  # all but every n-th
        pattern = reader.count("_sliding_window_pattern") or reader.needed(
            "sliding_window_pattern"
        )
        return layers - layers // pattern
    if rule == "fourth":  # the 5th, 9th, 13th ...
        return (layers - 1) // 4
    if rule == "upper" and reader.flag("use_sliding_window"):  # all above the n-th
        if not window:
            raise reader.fault("sliding_window", "must be given where use_sliding_window is true")
        return max(0, layers - (reader.count("max_window_layers", least=0) or 0))
    return layers if rule == "all" else 0


def _experts(reader: Reader, experts: Experts) -> dict[str, object]:
    # Version 5 of transformers writes num_experts as num_local_experts.
    count = reader.count("num_local_experts") or reader.needed(experts.count)
    width = reader.needed(experts.width)
    chosen = reader.needed("num_experts_per_tok")
    if chosen > count:
        rule = f"must be at most {experts.count} ({count})"
        raise reader.fault("num_experts_per_tok", f"{rule}, but got {chosen}")
    moe: dict[str, object] = {
        "num_experts": count,
        "num_experts_per_tok": chosen,
        "moe_intermediate_size": width,
    }
    if experts.shared and not reader.is_given(experts.shared):
        raise reader.fault(experts.shared, "must be given; null stands for none")
    shared = reader.count(experts.shared, least=0) if experts.shared else None
    if shared and experts.shared:
        is_number = experts.shared.startswith("n_")
        moe["shared_expert_intermediate_size"] = shared * width if is_number else shared
    dense = reader.count(experts.dense, least=0) if experts.dense else None
    if dense and dense > reader.needed("num_hidden_layers"):
        raise reader.fault("first_k_dense_replace", f"must be at most the layers, but got {dense}")
    if dense:
        moe["first_k_dense_replace"] = dense
    return {**moe, **experts.facts}


def _latent(reader: Reader) -> dict[str, object]:
    names = ("kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    mla: dict[str, object] = {name: reader.needed(name) for name in names}
    if not reader.is_given("q_lora_rank"):
        raise reader.fault("q_lora_rank", "must be given; null stands for none")
    queries = reader.count("q_lora_rank")
    if queries:
        mla["q_lora_rank"] = queries
    width = reader.needed("qk_nope_head_dim") + reader.needed("qk_rope_head_dim")
    reader.name("qk_head_dim")
    return {"head_dim": width, "mla": mla}
