"""Rules of the importer: windows, flags, and every fault with its key."""

from __future__ import annotations

import contextlib
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.spec.build_model import to_model
from dse.spec.schema import ModelSpec
from dse.workload import Model
from dse.workload.hf import ConfigError, canonical
from dse.workload.hf_family import FAMILIES


def _model(config: dict[str, object]) -> Model:
    return to_model(ModelSpec.model_validate({"name": "x", "title": "x", **canonical(config)}))


def test_defaults_are_left_out():
    keys = canonical(_small("llama"))
    assert set(keys) == {
        "model_type",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "vocab_size",
        "tie_word_embeddings",
    }


SMALL = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 7,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 100,
}
MOE = {"moe_intermediate_size": 8, "num_experts": 4, "num_experts_per_tok": 2}
MLA = {"kv_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8}


def _falcon(**extra: object) -> dict[str, object]:
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    return {"model_type": "falcon", **{name: SMALL[name] for name in names}, **extra}


def _small(model_type: str, **extra: object) -> dict[str, object]:
    return {"model_type": model_type, **SMALL, **extra}


@pytest.mark.parametrize(
    ("config", "window", "local"),
    [
        (_small("mistral"), 4096, 7),
        (_small("mistral", sliding_window=None), None, 0),
        (_small("mistral", sliding_window=8, max_position_embeddings=8), None, 0),
        (_small("gemma2", sliding_window=8), 8, 4),
        (_small("gemma3_text", sliding_window=8), 8, 6),
        (_small("gemma3_text", sliding_window=8, sliding_window_pattern=3), 8, 5),
        (_small("gemma3_text", sliding_window=8, _sliding_window_pattern=2), 8, 4),
        (_small("gpt_oss", num_local_experts=4, num_experts_per_tok=2), 128, 4),
        (_small("qwen2", sliding_window=8, use_sliding_window=False), None, 0),
        (_small("qwen2", sliding_window=8, use_sliding_window=True, max_window_layers=5), 8, 2),
        (_small("qwen2", sliding_window=8, use_sliding_window=True), None, 0),
        (
            _small(
                "qwen3",
                sliding_window=8,
                use_sliding_window=True,
                layer_types=["full_attention"] * 4 + ["sliding_attention"] * 3,
            ),
            8,
            3,
        ),
        (_small("gemma2", layer_types=["full_attention"] * 7), None, 0),
    ],
)
def test_windows_follow_the_rule_of_the_family(config, window, local):
    model = _model(config)
    assert (model.sliding_window, model.num_local_layers) == (window, local)


@pytest.mark.parametrize(
    ("flag", "model_type", "switched"),
    [
        ("attention_bias", "llama", {"qkv_bias", "output_bias"}),
        ("mlp_bias", "llama", {"mlp_bias"}),
        ("attention_bias", "qwen3", {"qkv_bias", "output_bias"}),
        ("attention_bias", "glm4", {"qkv_bias"}),
        ("bias", "internlm2", {"qkv_bias", "output_bias"}),
        ("use_qkv_bias", "stablelm", {"qkv_bias"}),
        ("bias", "falcon", {"qkv_bias", "output_bias", "mlp_bias"}),
    ],
)
def test_flags_switch_biases(flag, model_type, switched):
    make = _falcon if model_type == "falcon" else functools.partial(_small, model_type)
    on, off = (canonical(make(**{flag: value})) for value in (True, False))
    assert {key for key in on if key not in off} == switched


@pytest.mark.parametrize(
    ("changes", "kv_heads", "norms"),
    [
        ({}, 1, 1),
        ({"multi_query": False}, 4, 1),
        ({"multi_query": False, "num_kv_heads": 2}, 2, 1),
        ({"parallel_attn": False}, 1, 2),
        ({"new_decoder_architecture": True, "num_kv_heads": 2}, 2, 2),
        (
            {"new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
            2,
            1,
        ),
    ],
)
def test_falcon_heads_and_norms(changes, kv_heads, norms):
    model = _model(_falcon(**changes))
    assert (model.num_kv_heads, model.norms_per_layer) == (kv_heads, norms)


FAULTS = [
    ({}, ("model_type",), "must be text, but got null"),
    (_small("mamba2"), ("model_type",), 'but got "mamba2"; known are baichuan, chatglm'),
    (_small("llama", hidden_size=None), ("hidden_size",), "is missing"),
    (_small("llama", vocab_size=0), ("vocab_size",), "from 1 to 1000000000, but got 0"),
    (_small("llama", num_hidden_layers=2.0), ("num_hidden_layers",), "but got 2.0"),
    (_small("llama", num_hidden_layers=True), ("num_hidden_layers",), "but got true"),
    (_small("llama", hidden_size="64"), ("hidden_size",), 'but got "64"'),
    (_small("llama", hidden_size=10**12), ("hidden_size",), "but got 1000000000000"),
    (_small("llama", num_key_value_heads=3), ("num_key_value_heads",), "must divide"),
    (_small("llama", hidden_size=66, head_dim=None), ("head_dim",), "(66 / 4) is not whole"),
    (_small("llama", mlp_bias="yes"), ("mlp_bias",), 'must be true or false, but got "yes"'),
    (_small("llama", intermediate_size=None), ("intermediate_size",), "is missing"),
    # What would change the count and is not known is never passed over.
    (_small("llama", num_experts=8), ("num_experts",), "is unknown to dse"),
    (_small("llama", qk_norm=True), ("qk_norm",), "it holds true"),
    (_falcon(intermediate_size=96), ("intermediate_size",), "is unknown to dse"),
    (_small("mistral", attention_bias=True), ("attention_bias",), "is unknown to dse"),
    (_small("minicpm", num_experts=8), ("num_experts",), "is unknown to dse"),
    (_small("phi3", lm_head_bias=True), ("lm_head_bias",), "must be false"),
    (_small("stablelm", qk_layernorm=True), ("qk_layernorm",), "must be false"),
    (_small("cohere", use_qk_norm=True), ("use_qk_norm",), "must be false"),
    (_small("qwen3_moe", **MOE, mlp_only_layers=[0]), ("mlp_only_layers",), "but got [0]"),
    (_small("qwen3_moe", **MOE, decoder_sparse_step=2), ("decoder_sparse_step",), "must be 1"),
    (_small("qwen3_moe", **MOE | {"num_experts_per_tok": 5}), ("num_experts_per_tok",), "at most"),
    (_small("qwen2_moe", **MOE), ("shared_expert_intermediate_size",), "must be given"),
    (_small("minicpm3", **MLA), ("q_lora_rank",), "null stands for none"),
    (_small("minicpm3", **MLA, q_lora_rank=None, mlp_bias=True), ("mlp_bias",), "must be false"),
    (
        _small("qwen2", use_sliding_window=True),
        ("sliding_window",),
        "must be given where use_sliding_window is true",
    ),
    (_small("llama", use_sliding_window=True), ("use_sliding_window",), "is unknown"),
    (_small("qwen3", layer_types=["linear_attention"] * 7), ("layer_types",), "linear_attention"),
    (_small("qwen3", layer_types=["full_attention"]), ("layer_types",), "all 7 layers"),
    (
        _small("qwen3", layer_types=["sliding_attention"] * 7),
        ("sliding_window",),
        "where layer_types names local layers",
    ),
    (
        _small("deepseek_v2", **MLA, q_lora_rank=4, topk_method="noaux_tc"),
        ("n_routed_experts",),
        "is missing",
    ),
    ({"model_type": "gemma3", "text_config": []}, ("text_config",), "must be an object"),
    (
        {"model_type": "x", "text_config": _small("llama", qk_norm=True)},
        ("text_config", "qk_norm"),
        "is unknown to dse",
    ),
    (
        {
            "model_type": "x",
            "tie_word_embeddings": False,
            "text_config": _small("llama", tie_word_embeddings=True),
        },
        ("text_config", "tie_word_embeddings"),
        "must agree",
    ),
    (
        {"model_type": "x", "text_config": {"model_type": 3}},
        ("text_config", "model_type"),
        "got 3",
    ),
    (
        {"model_type": "x", "tie_word_embeddings": 1, "text_config": _small("llama")},
        ("tie_word_embeddings",),
        "must be true or false, but got 1",
    ),
    (
        _small(
            "deepseek_v2",
            **MLA,
            q_lora_rank=4,
            **MOE | {"n_routed_experts": 4, "n_shared_experts": None, "first_k_dense_replace": 8},
        ),
        ("first_k_dense_replace",),
        "must be at most the layers, but got 8",
    ),
    (
        {"model_type": "mllama", "text_config": {"model_type": "mllama_text_model"}},
        ("text_config", "model_type"),
        "must be a known type",
    ),
]


@pytest.mark.parametrize(("config", "path", "message"), FAULTS)
def test_faults_name_the_key_and_the_rule(config, path, message):
    with pytest.raises(ConfigError) as caught:
        canonical(config)
    assert caught.value.path == path
    assert message in caught.value.message
    assert str(caught.value).startswith(".".join(path) + ": ")
    assert isinstance(caught.value, ValueError)


def test_the_type_of_a_tower_may_be_that_of_the_whole():
    whole = {"model_type": "llava", "text_config": {"vocab_size": 100}}
    model = _model(whole)
    assert (model.hidden_size, model.num_layers, model.vocab_size) == (4096, 32, 100)


def test_class_dimensions_hold_for_towers_only():
    with pytest.raises(ConfigError, match="hidden_size: must be a whole number, but is missing"):
        canonical({"model_type": "llama", "vocab_size": 32000})


def test_the_input_is_not_changed():
    config = _small("gemma2")
    before = dict(config)
    canonical(config)
    assert config == before


@given(
    st.dictionaries(
        st.sampled_from([*SMALL, *MOE, *MLA, "tie_word_embeddings", "text_config", "layer_types"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-2, 10**10),
            st.text(max_size=3),
            st.lists(st.none(), max_size=2),
            st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
            st.floats(),
        ),
    ),
    st.sampled_from(sorted(FAMILIES)),
)
def test_any_mapping_gives_keys_or_a_named_fault(changes, model_type):
    with contextlib.suppress(ConfigError):
        keys = canonical(_small(model_type, **changes))
        assert keys["hidden_size"] >= 1
