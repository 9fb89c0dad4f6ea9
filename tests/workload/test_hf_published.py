"""Hugging Face configurations of public models, by their facts alone, against published counts."""

from __future__ import annotations

import dataclasses

import pytest

from dse.spec import load_model
from dse.spec.build_model import to_model
from dse.spec.schema import ModelSpec
from dse.workload import Model
from dse.workload.hf import canonical
from dse.workload.hf_family import ALIASES, FAMILIES


def _config(
    model_type: str,
    dims: tuple[int, int, int, int, int | None],
    vocab: int,
    longest: int,
    **extra: object,
) -> dict[str, object]:
    """Write (hidden, feed-forward, layers, heads, KV heads) under the usual keys."""
    hidden, ffn, layers, heads, kv_heads = dims
    config: dict[str, object] = {
        "architectures": ["X"],
        "model_type": model_type,
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": vocab,
        "max_position_embeddings": longest,
        "initializer_range": 0.02,
        "bos_token_id": 1,
        "eos_token_id": [2, 107],
        "torch_dtype": "bfloat16",
        "use_cache": True,
    }
    if kv_heads is not None:
        config["num_key_value_heads"] = kv_heads
    return config | extra


UNTIED = {"tie_word_embeddings": False}
TIED = {"tie_word_embeddings": True}
DEEPSEEK = {
    "attention_bias": False,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "moe_layer_freq": 1,
    "norm_topk_prob": True,
}
CHATGLM = {
    "model_type": "chatglm",
    "add_bias_linear": False,
    "add_qkv_bias": True,
    "apply_query_key_layer_scaling": True,
    "attention_softmax_in_fp32": True,
    "ffn_hidden_size": 13696,
    "hidden_size": 4096,
    "kv_channels": 128,
    "layernorm_epsilon": 1e-05,
    "multi_query_attention": True,
    "multi_query_group_num": 2,
    "num_attention_heads": 32,
    "post_layer_norm": True,
    "rmsnorm": True,
    "tie_word_embeddings": False,
}
GPTJ = {
    "model_type": "gptj",
    "activation_function": "gelu_new",
    "embd_pdrop": 0.0,
    "n_embd": 4096,
    "n_head": 16,
    "n_inner": None,
    "n_layer": 28,
    "n_positions": 2048,
    "rotary_dim": 64,
    "scale_attn_weights": True,
    "tie_word_embeddings": False,
    "vocab_size": 50400,
}
FALCON_7B = {
    "model_type": "falcon",
    "alibi": False,
    "bias": False,
    "hidden_size": 4544,
    "layer_norm_epsilon": 1e-05,
    "max_position_embeddings": 2048,
    "multi_query": True,
    "new_decoder_architecture": False,
    "num_attention_heads": 71,
    "num_hidden_layers": 32,
    "num_kv_heads": 71,
    "parallel_attn": True,
    "vocab_size": 65024,
}
GEMMA_3_4B = {
    "model_type": "gemma3",
    "mm_tokens_per_image": 256,
    "text_config": {
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "model_type": "gemma3_text",
        "num_hidden_layers": 34,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window": 1024,
    },
    "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27},
}
MINISTRAL_3_3B = {
    "model_type": "mistral3",
    "text_config": _config(
        "ministral3",
        (3072, 9216, 26, 32, 8),
        131072,
        262144,
        head_dim=128,
        sliding_window=None,
        tie_word_embeddings=True,
    ),
    "vision_config": {"model_type": "pixtral"},
}
LLAVA_7B = {
    "model_type": "llava",
    "tie_word_embeddings": False,
    "text_config": {"model_type": "llama", "vocab_size": 32064, "max_position_embeddings": 4096},
    "vision_config": {"hidden_size": 1024},
}
QWEN3_VL_4B = {
    "model_type": "qwen3_vl",
    "tie_word_embeddings": True,
    "text_config": _config(
        "qwen3_vl_text", (2560, 9728, 36, 32, 8), 151936, 262144, head_dim=128, **TIED
    ),
    "vision_config": {"depth": 24},
}

# (name in the zoo, or "" where it has none; configuration; exact parameter count)
CASES: list[tuple[str, dict[str, object], int]] = [
    (
        "llama-3.2-1b",
        _config("llama", (2048, 8192, 16, 32, 8), 128256, 131072, head_dim=64, **TIED),
        1_235_814_400,
    ),
    (
        # num_key_value_heads and tie_word_embeddings absent, as in the first Llama files.
        "llama-2-7b",
        _config("llama", (4096, 11008, 32, 32, None), 32000, 4096),
        6_738_415_616,
    ),
    (
        "mistral-7b-v0.1",
        _config("mistral", (4096, 14336, 32, 32, 8), 32000, 32768, sliding_window=4096, **UNTIED),
        7_241_732_096,
    ),
    (
        "qwen2-0.5b",
        _config(
            "qwen2",
            (896, 4864, 24, 14, 2),
            151936,
            32768,
            max_window_layers=24,
            sliding_window=32768,
            use_sliding_window=False,
            **TIED,
        ),
        494_032_768,
    ),
    (
        "qwen3-0.6b",
        _config(
            "qwen3",
            (1024, 3072, 28, 16, 8),
            151936,
            40960,
            attention_bias=False,
            head_dim=128,
            max_window_layers=28,
            sliding_window=None,
            use_sliding_window=False,
            **TIED,
        ),
        596_049_920,
    ),
    (
        "qwen1.5-moe-a2.7b",
        _config(
            "qwen2_moe",
            (2048, 5632, 24, 16, 16),
            151936,
            32768,
            decoder_sparse_step=1,
            max_window_layers=21,
            moe_intermediate_size=1408,
            norm_topk_prob=False,
            num_experts=60,
            num_experts_per_tok=4,
            shared_expert_intermediate_size=5632,
            sliding_window=32768,
            use_sliding_window=False,
            **UNTIED,
        ),
        14_315_784_192,
    ),
    (
        "qwen3-30b-a3b",
        _config(
            "qwen3_moe",
            (2048, 6144, 48, 32, 4),
            151936,
            40960,
            decoder_sparse_step=1,
            head_dim=128,
            max_window_layers=48,
            mlp_only_layers=[],
            moe_intermediate_size=768,
            num_experts=128,
            num_experts_per_tok=8,
            **UNTIED,
        ),
        30_532_122_624,
    ),
    (
        # Ties its embeddings by the default of its class.
        "gemma-2b",
        _config("gemma", (2048, 16384, 18, 8, 1), 256000, 8192, head_dim=256),
        2_506_172_416,
    ),
    (
        "gemma-2-9b",
        _config(
            "gemma2",
            (3584, 14336, 42, 16, 8),
            256000,
            8192,
            attn_logit_softcapping=50.0,
            cache_implementation="hybrid",
            head_dim=256,
            hidden_activation="gelu_pytorch_tanh",
            query_pre_attn_scalar=256,
            sliding_window=4096,
        ),
        9_241_705_984,
    ),
    (
        "gemma-3-1b",
        _config(
            "gemma3_text",
            (1152, 6912, 26, 4, 1),
            262144,
            32768,
            head_dim=256,
            sliding_window=512,
            sliding_window_pattern=6,
        ),
        999_885_952,
    ),
    ("gemma-3-4b", GEMMA_3_4B, 3_880_263_168),
    (
        "phi-2",
        _config("phi", (2560, 10240, 32, 32, 32), 51200, 2048, qk_layernorm=False, **UNTIED),
        2_779_683_840,
    ),
    (
        "phi-3-mini-4k",
        _config("phi3", (3072, 8192, 32, 32, 32), 32064, 4096, sliding_window=2047, **UNTIED),
        3_821_079_552,
    ),
    (
        # A window of 262,144 tokens in a context of 131,072 is none.
        "phi-4-mini",
        _config(
            "phi3",
            (3072, 8192, 32, 24, 8),
            200064,
            131072,
            attention_bias=False,
            full_attn_mod=1,
            interpolate_factor=1,
            lm_head_bias=False,
            mlp_bias=False,
            sliding_window=262144,
            **TIED,
        ),
        3_836_021_760,
    ),
    (
        "mixtral-8x7b",
        _config(
            "mixtral",
            (4096, 14336, 32, 32, 8),
            32000,
            32768,
            num_experts_per_tok=2,
            num_local_experts=8,
            sliding_window=None,
            **UNTIED,
        ),
        46_702_792_704,
    ),
    (
        "deepseek-v2-lite",
        _config(
            "deepseek_v2",
            (2048, 10944, 27, 16, 16),
            102400,
            163840,
            **DEEPSEEK,
            first_k_dense_replace=1,
            moe_intermediate_size=1408,
            n_group=1,
            n_routed_experts=64,
            n_shared_experts=2,
            num_experts_per_tok=6,
            q_lora_rank=None,
            topk_method="greedy",
        ),
        15_706_484_224,
    ),
    (
        "deepseek-v3",
        _config(
            "deepseek_v3",
            (7168, 18432, 61, 128, 128),
            129280,
            163840,
            **DEEPSEEK,
            ep_size=1,
            first_k_dense_replace=3,
            moe_intermediate_size=2048,
            n_group=8,
            n_routed_experts=256,
            n_shared_experts=1,
            num_experts_per_tok=8,
            num_nextn_predict_layers=1,
            q_lora_rank=1536,
            topk_method="noaux_tc",
            **UNTIED,
        ),
        671_026_419_200,
    ),
    (
        "minicpm3-4b",
        _config(
            "minicpm3",
            (2560, 6400, 62, 40, 40),
            73448,
            32768,
            dim_model_base=256,
            kv_lora_rank=256,
            q_lora_rank=768,
            qk_nope_head_dim=64,
            qk_rope_head_dim=32,
            scale_depth=1.4,
        ),
        4_073_875_968,
    ),
    (
        "gpt-oss-20b",
        _config(
            "gpt_oss",
            (2880, 2880, 24, 64, 8),
            201088,
            131072,
            attention_bias=True,
            experts_per_token=4,
            head_dim=64,
            layer_types=["sliding_attention", "full_attention"] * 12,
            num_experts_per_tok=4,
            num_local_experts=32,
            sliding_window=128,
            **UNTIED,
        ),
        20_914_757_184,
    ),
    ("falcon-7b", FALCON_7B, 6_921_720_704),
    (
        "glm-4-9b",
        _config(
            "glm", (4096, 13696, 40, 32, 2), 151552, 131072, attention_bias=True, head_dim=128
        ),
        9_399_951_360,
    ),
    (
        "",
        _config(
            "glm4", (4096, 13696, 40, 32, 2), 151552, 32768, attention_bias=True, head_dim=128
        ),
        9_400_279_040,
    ),
    (
        "glm-4.5-air",
        _config(
            "glm4_moe",
            (4096, 10944, 46, 96, 8),
            151552,
            131072,
            attention_bias=True,
            first_k_dense_replace=1,
            head_dim=128,
            moe_intermediate_size=1408,
            n_group=1,
            n_routed_experts=128,
            n_shared_experts=1,
            num_experts_per_tok=8,
            num_nextn_predict_layers=1,
            use_qk_norm=False,
            **UNTIED,
        ),
        106_852_251_264,
    ),
    (
        "chatglm3-6b",
        CHATGLM | {"num_layers": 28, "padded_vocab_size": 65024, "seq_length": 8192},
        6_243_584_000,
    ),
    (
        "glm-4-9b",
        CHATGLM | {"num_layers": 40, "padded_vocab_size": 151552, "seq_length": 131072},
        9_399_951_360,
    ),
    (
        "olmo-2-7b",
        _config("olmo2", (4096, 11008, 32, 32, 32), 100352, 4096, attention_bias=False, **UNTIED),
        7_298_617_344,
    ),
    (
        "internlm2.5-7b",
        _config("internlm2", (4096, 14336, 32, 32, 8), 92544, 32768, bias=False, **UNTIED),
        7_737_708_544,
    ),
    (
        "internlm-7b",
        _config("internlm", (4096, 11008, 32, 32, None), 103168, 2048, bias=True, **UNTIED),
        7_321_948_160,
    ),
    (
        "baichuan2-7b",
        _config("baichuan", (4096, 11008, 32, 32, None), 125696, 4096, **UNTIED),
        7_505_973_248,
    ),
    (
        "minicpm-2b",
        _config("minicpm", (2304, 5760, 40, 36, 36), 122753, 4096, dim_model_base=256, **TIED),
        2_724_880_896,
    ),
    (
        "granite-3.1-8b",
        _config(
            "granite",
            (4096, 12800, 40, 32, 8),
            49155,
            131072,
            attention_bias=False,
            embedding_multiplier=12.0,
            mlp_bias=False,
            **TIED,
        ),
        8_170_848_256,
    ),
    (
        "smollm3-3b",
        _config(
            "smollm3",
            (2048, 11008, 36, 16, 4),
            128256,
            65536,
            layer_types=["full_attention"] * 36,
            no_rope_layers=[1, 1, 1, 0] * 9,
            use_sliding_window=False,
            **TIED,
        ),
        3_075_098_624,
    ),
    (
        "zephyr-3b",
        _config("stablelm", (2560, 6912, 32, 32, 32), 50304, 4096, use_qkv_bias=False, **UNTIED),
        2_795_443_200,
    ),
    ("gpt-j-6b", GPTJ, 6_050_882_784),
    (
        "",
        _config(
            "cohere", (4096, 14336, 32, 32, 8), 256000, 8192, logit_scale=0.0625, use_qk_norm=False
        ),
        8_028_033_024,
    ),
    ("ministral-3-3b", MINISTRAL_3_3B, 3_429_006_336),
    ("llava-1.5-7b", LLAVA_7B, 6_738_939_904),
    ("qwen3-vl-4b", QWEN3_VL_4B, 4_022_468_096),
]


def _model(config: dict[str, object]) -> Model:
    return to_model(ModelSpec.model_validate({"name": "x", "title": "x", **canonical(config)}))


@pytest.mark.parametrize(
    ("name", "config", "parameters"), CASES, ids=[f"{c[1]['model_type']}-{c[0]}" for c in CASES]
)
def test_configuration_gives_the_published_count_and_the_model_of_the_zoo(
    name, config, parameters
):
    model = _model(config)
    assert model.parameters() == parameters
    if name:
        ours = load_model(name)
        same = {"name": "x", "title": "x", "published_parameters": None}
        assert dataclasses.replace(ours, **same) == model


def test_every_family_has_a_case():
    types = set()
    for _, config, _ in CASES:
        inner = config.get("text_config", config)
        model_type = inner.get("model_type", config["model_type"])
        types.add(ALIASES.get(model_type, model_type))
    assert types == set(FAMILIES)
