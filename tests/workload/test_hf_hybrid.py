"""Configurations whose layers attend only in part, against the zoo and against bad values."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from dse.spec import load_model
from dse.spec.build_model import to_model
from dse.spec.schema import ModelSpec
from dse.workload import Model
from dse.workload.hf import ConfigError, canonical

Config = dict[str, object]


def qwen(tied: bool, **text: object) -> Config:
    fixed = {
        "model_type": "qwen3_5_text",
        "attention_bias": False,
        "attn_output_gate": True,
        "full_attention_interval": 4,
        "mlp_only_layers": [],
        "mtp_num_hidden_layers": 1,
        "vocab_size": 248320,
    }
    tower = {**fixed, **text}
    return {"model_type": "qwen3_5", "tie_word_embeddings": tied, "text_config": tower}


SMALL_QWEN = qwen(
    True,
    hidden_size=1024,
    intermediate_size=3584,
    num_hidden_layers=24,
    num_attention_heads=8,
    num_key_value_heads=2,
    head_dim=256,
    linear_num_value_heads=16,
    layer_types=(["linear_attention"] * 3 + ["full_attention"]) * 6,
)
LFM2: Config = {
    "model_type": "lfm2",
    "hidden_size": 2048,
    "block_dim": 2048,
    "block_ff_dim": 12288,
    "block_auto_adjust_ff_dim": True,
    "block_ffn_dim_multiplier": 1.0,
    "block_multiple_of": 256,
    "conv_L_cache": 3,
    "conv_bias": False,
    "conv_dim": 2048,
    "full_attn_idxs": [2, 5, 8, 10, 12, 14],
    "intermediate_size": 12288,
    "num_attention_heads": 32,
    "num_heads": 32,
    "num_hidden_layers": 16,
    "num_key_value_heads": 8,
    "vocab_size": 65536,
}
LFM3: Config = {
    "model_type": "lfm3",
    "hidden_size": 2048,
    "intermediate_size": 7680,
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
    "vocab_size": 128000,
}
MIXTURE: Config = {
    "model_type": "qwen3_5_moe",
    "tie_word_embeddings": False,
    "text_config": {
        "model_type": "qwen3_5_moe_text",
        "hidden_size": 2048,
        "moe_intermediate_size": 512,
        "num_attention_heads": 16,
        "num_experts": 256,
        "num_experts_per_tok": 8,
        "num_hidden_layers": 40,
        "shared_expert_intermediate_size": 512,
        "vocab_size": 248320,
    },
}
IN_NAME_ONLY = ("name", "title", "published_parameters", "max_context", "quality")


def shapes(model: Model) -> Config:
    return {key: value for key, value in asdict(model).items() if key not in IN_NAME_ONLY}


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (SMALL_QWEN, "qwen3.5-0.8b"),
        (LFM2, "lfm2-1.2b"),
        (LFM3, "lfm3-1.7b"),
        (MIXTURE, "qwen3.5-35b-a3b"),
    ],
)
def test_an_import_is_the_model_of_the_zoo(config: Config, name: str) -> None:
    spec = ModelSpec.model_validate({"name": "x", "title": "x", **canonical(config)})
    assert shapes(to_model(spec)) == shapes(load_model(name))


@pytest.mark.parametrize(
    ("extra", "width"),
    [
        ({}, 8192),
        ({"block_auto_adjust_ff_dim": False}, 12288),
        ({"block_ff_dim": 1000}, 768),
        ({"block_ffn_dim_multiplier": 1.3}, 10752),
    ],
)
def test_the_width_is_adjusted_as_in_the_code(extra: Config, width: int) -> None:
    assert canonical({**LFM2, **extra})["intermediate_size"] == width


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({**LFM2, "conv_bias": True}, ("conv_bias",)),
        ({**LFM2, "full_attn_idxs": None}, ("layer_types",)),
        ({**LFM2, "layer_types": ["conv"] * 15 + ["mamba"]}, ("layer_types",)),
        ({**LFM2, "block_dims": 3}, ("block_dims",)),
        (qwen(True, **{**SMALL_QWEN["text_config"], "linear_num_key_heads": 3}), None),
        (qwen(True, **{**SMALL_QWEN["text_config"], "attn_output_gate": False}), None),
    ],
)
def test_what_dse_does_not_know_is_refused(config: Config, path: tuple[str, ...] | None) -> None:
    with pytest.raises(ConfigError) as caught:
        canonical(config)
    assert path is None or caught.value.path == path
