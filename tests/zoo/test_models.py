"""Every model of the zoo loads, cites its source and counts what was published."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dse.spec import list_specs, load_model
from dse.workload.hf_family import ALIASES, FAMILIES

ROOT = Path(__file__).parents[2] / "models_zoo"
FILES = {path.stem: path for path in sorted(ROOT.glob("*.yaml"))}
DATA = {name: yaml.safe_load(path.read_text("utf-8")) for name, path in FILES.items()}

# Of these no count is published that their shapes alone could give: text towers, and models
# announced by a name only.
UNCOUNTED = {
    "deepseek-ocr-3b",
    "gemma-4-e2b",
    "gemma-4-e4b",
    "lfm3-1.7b",
    "llava-1.5-7b",
    "minicpm-1.2b",
    "minicpm4-0.5b",
    "openpangu-embedded-7b",
    "qwen2-vl-2b",
    "qwen2.5-vl-3b",
    "qwen3-vl-2b",
    "qwen3-vl-4b",
    "qwen3-vl-8b",
    "qwen3.5-0.8b",
    "qwen3.5-2b",
    "qwen3.5-4b",
    "smallthinker-21b-a3b",
}
# Typed here, so that a slip in a file cannot agree with itself.
PUBLISHED = {
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "llama-3.1-70b": 70_553_706_496,
    "llama-3.1-405b": 405_853_388_800,
    "llama-3.2-1b": 1_235_814_400,
    "llama-3.2-3b": 3_212_749_824,
    "mistral-7b-v0.1": 7_241_732_096,
    "mistral-nemo-12b-2407": 12_247_782_400,
    "mixtral-8x7b": 46_702_792_704,
    "solar-10.7b": 10_731_524_096,
    "gemma-2-2b": 2_614_341_888,
    "gemma-2-9b": 9_241_705_984,
    "gemma-2-27b": 27_227_128_320,
    "gemma-3-1b": 999_885_952,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-7b": 7_615_616_512,
    "qwen2.5-72b": 72_706_203_648,
    "qwen3-4b": 4_022_468_096,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-235b-a22b": 235_093_634_560,
    "deepseek-v2-lite": 15_706_484_224,
    "deepseek-v3": 671_026_419_200,
    "gpt-oss-20b": 20_914_757_184,
    "gpt-oss-120b": 116_829_156_672,
    "phi-2": 2_779_683_840,
    "phi-4-14b": 14_659_507_200,
    "glm-4-9b": 9_399_951_360,
    "olmo-2-13b": 13_716_198_400,
    "tinyllama-1.1b": 1_100_048_384,
}
# The size the product is asked about first, in billions.
TEN_BILLION_CLASS = {
    "yi-9b": 8.83,
    "gemma-2-9b": 9.24,
    "glm-4-9b": 9.40,
    "falcon3-10b": 10.31,
    "solar-10.7b": 10.73,
    "falcon-11b": 11.10,
    "gemma-3-12b": 11.77,
    "mistral-nemo-12b-2407": 12.25,
    "llama-2-13b": 13.02,
    "vicuna-13b": 13.02,
    "olmo-2-13b": 13.72,
    "baichuan2-13b": 13.90,
}


def test_the_folder_holds_model_files_alone():
    assert all(path.suffix == ".yaml" for path in FILES.values())
    assert sorted(list_specs("model")) == sorted(FILES)
    assert len(FILES) >= 110


@pytest.mark.parametrize("name", sorted(FILES))
def test_model_loads_and_counts_what_was_published(name):
    model, data = load_model(name), DATA[name]
    assert model.name == data["name"] == name
    count = model.parameters()
    if name in UNCOUNTED:
        assert "published_parameters" not in data
        assert "published_parameters_b" not in data
    elif "published_parameters" in data:
        assert count == data["published_parameters"] == model.published_parameters
    else:
        assert count / 1e9 == pytest.approx(data["published_parameters_b"], rel=0.015)


@pytest.mark.parametrize("name", sorted(FILES))
def test_model_cites_its_source(name):
    data = DATA[name]
    source = data["source"]
    assert all(len(text) > 10 for text in ([source] if isinstance(source, str) else source))
    assert data["confidence"] in "ABC"
    assert data["max_position_embeddings"] >= 2048


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("vicuna-7b", "llama-2-7b"),
        ("qwen2-vl-2b", "qwen2-1.5b"),
        ("qwen2.5-vl-3b", "qwen2.5-3b"),
        ("qwen3-vl-2b", "qwen3-1.7b"),
        ("qwen3-vl-4b", "qwen3-4b"),
        ("qwen3-vl-8b", "qwen3-8b"),
        ("qwen3-coder-30b-a3b", "qwen3-30b-a3b"),
        ("chatglm2-6b", "chatglm3-6b"),
    ],
)
def test_towers_and_fine_tunes_keep_the_shapes_of_their_base(name, base):
    assert load_model(name).parameters() == load_model(base).parameters()


def test_published_counts_hold():
    assert {name: load_model(name).parameters() for name in PUBLISHED} == PUBLISHED
    exact = [name for name, data in DATA.items() if "published_parameters" in data]
    assert len(exact) >= 90


def test_the_ten_billion_class_is_there():
    counts = {name: load_model(name).parameters() / 1e9 for name in TEN_BILLION_CLASS}
    assert counts == pytest.approx(TEN_BILLION_CLASS, abs=0.01)


@pytest.mark.parametrize(
    ("name", "kv_bytes"),
    [
        ("llama-2-7b", 524_288),
        ("llama-3-8b", 131_072),
        ("solar-10.7b", 196_608),
        ("gemma-2-9b", 344_064),
        ("mistral-nemo-12b-2407", 163_840),
        ("falcon-7b", 8_192),
        ("deepseek-v2-lite", 31_104),
        ("glm-4-9b", 40_960),
    ],
)
def test_kv_bytes_of_one_token_at_fp16(name, kv_bytes):
    model = load_model(name)
    assert 2 * model.num_layers * model.kv_elements_per_token_layer == kv_bytes


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("mistral-7b-v0.1", ((32, 4096),)),
        ("mistral-7b-v0.3", ((32, None),)),
        ("gemma-2-9b", ((21, 4096), (21, None))),
        ("gemma-3-12b", ((40, 1024), (8, None))),
        ("gpt-oss-20b", ((12, 128), (12, None))),
        ("phi-3.5-mini", ((32, None),)),
    ],
)
def test_windows(name, groups):
    assert tuple((group.layers, group.window) for group in load_model(name).heads()) == groups


def test_types_agree_with_the_importer_where_it_knows_them():
    """A file must not contradict what the code of its type fixes."""
    for name, data in DATA.items():
        family = FAMILIES.get(ALIASES.get(data["model_type"], data["model_type"]))
        for key, value in (family.facts if family else {}).items():
            if name != "falcon-11b" or key != "norms_per_layer":
                assert data.get(key) == value, f"{name}: {key}"
