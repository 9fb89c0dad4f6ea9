"""Typed reading of a Hugging Face configuration that notices what it did not ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dse.errors import DseError
from dse.workload.hf_family import Family

__all__ = ["ConfigError", "Reader", "shown"]

_MAX = 10**9
_STRUCTURE = re.compile(
    r"^n_|bias|norm|expert|moe|mlp|ffn|layer|head|lora|tie|num_|dim|size|adapter|gate|parallel"
    r"|sink|window|embed|attn|attention|residual|intermediate|hidden|sparse|share"
)
# Endings of keys that name tokens, tolerances and code paths.
_IDLE_ENDINGS = ("_id", "_ids", "_index", "_eps", "_epsilon", "_implementation", "_act")
# Keys that sound like architecture and change no dimension.
_HARMLESS = {
    "activation_function",
    "apply_query_key_layer_scaling",
    "attention_multiplier",
    "attention_softmax_in_fp32",
    "chunk_size_feed_forward",
    "dim_model_base",
    "embedding_multiplier",
    "encoder_no_repeat_ngram_size",
    "ep_size",
    "experts_per_token",
    "full_attn_mod",
    "hidden_activation",
    "max_window_layers",
    "n_ctx",
    "n_group",
    "no_repeat_ngram_size",
    "no_rope_layer_interval",
    "no_rope_layers",
    "norm_topk_prob",
    "num_beam_groups",
    "num_beams",
    "num_experts_per_tok",
    "num_labels",
    "num_nextn_predict_layers",
    "num_return_sequences",
    "original_max_position_embeddings",
    "output_hidden_states",
    "query_pre_attn_scalar",
    "residual_multiplier",
    "rotary_dim",
    "scale_attention_softmax_in_fp32",
    "scale_attn_weights",
    "sliding_window",
    "sliding_window_pattern",
    "_sliding_window_pattern",
    "use_logn_attn",
}


class ConfigError(DseError, ValueError):
    """A configuration that dse cannot take; `path` is the offending key."""

    slug = "config"

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        self.path = path
        self.message = message
        super().__init__(f"{'.'.join(path)}: {message}" if path else message)


class Reader:
    """Typed access to one family's configuration, which notes what was asked for."""

    def __init__(self, config: Mapping[str, object], family: Family, at: tuple[str, ...]) -> None:
        assumed = {**family.defaults, **(family.text_defaults if at else {})}
        renamed = {family.names.get(key, key): value for key, value in assumed.items()}
        self.config = {**renamed, **config}
        self.family = family
        self.at = at
        self.seen = {"model_type"}

    def get(self, key: str) -> object:
        """Value under the family's name of `key`; None if absent."""
        return self.config.get(self.name(key))

    def name(self, key: str) -> str:
        """The family's name of `key`, noted as known."""
        name = self.family.names.get(key, key)
        self.seen.add(name)
        return name

    def fault(self, key: str, message: str) -> ConfigError:
        """Make the error about `key`."""
        return ConfigError((*self.at, self.family.names.get(key, key)), message)

    def count(self, key: str, least: int = 1) -> int | None:
        """Whole number of at least `least`, or None where absent or null."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MAX:
            rule = f"must be a whole number from {least} to {_MAX}"
            raise self.fault(key, f"{rule}, but got {shown(value)}")
        return value

    def needed(self, key: str) -> int:
        """Whole number that must be there."""
        value = self.count(key)
        if value is None:
            raise self.fault(key, "must be a whole number, but is missing")
        return value

    def flag(self, key: str) -> bool:
        """Flag; absent or null is false."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fault(key, f"must be true or false, but got {shown(value)}")
        return bool(value)

    def is_given(self, key: str) -> bool:
        """Whether the file or the class's defaults hold the key, null included."""
        return self.name(key) in self.config

    def refuse_other_values(self) -> None:
        """Refuse values of the keys of which dse knows only some."""
        for key, allowed in self.family.only.items():
            value = self.get(key)
            if value not in allowed:
                known = " or ".join(shown(item) for item in allowed if item is not None)
                raise self.fault(key, f"must be {known}, but got {shown(value)}")

    def refuse_unknown(self) -> None:
        """Refuse keys that look like architecture, are set, and were not asked for."""
        for key, value in self.config.items():
            if key in self.seen | _HARMLESS or key.endswith(_IDLE_ENDINGS):
                continue
            # Rates and scales are fractions: no dimension is.
            is_idle = value in (None, False, "", [], {}) or isinstance(value, float)
            if _STRUCTURE.search(key) and not is_idle:
                message = f"is unknown to dse and may change the model; it holds {shown(value)}"
                raise ConfigError((*self.at, key), message)


def shown(value: object) -> str:
    """Value as a message quotes it, cut where long."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if value is None or isinstance(value, bool):
        text = "null" if value is None else text.lower()
    return text if len(text) <= 60 else text[:60] + "..."
