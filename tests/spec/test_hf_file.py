"""Importing a ``config.json``: the file it writes, and what it refuses, with the place."""

from __future__ import annotations

import dataclasses
import json
import os
import time

import pytest

from dse.errors import SpecError
from dse.spec import load_model
from dse.spec.hf_file import import_hf

LLAMA_3_2_1B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
}
DEEPSEEK = {
    "model_type": "deepseek_v2",
    "hidden_size": 2048,
    "intermediate_size": 10944,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "vocab_size": 102400,
    "max_position_embeddings": 163840,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 512,
    "moe_intermediate_size": 1408,
    "n_routed_experts": 64,
    "n_shared_experts": 2,
    "num_experts_per_tok": 6,
    "q_lora_rank": None,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}


@pytest.fixture
def write(tmp_path):
    def _write(content, name="config.json", folder="My Model-1B"):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=2)
            path.write_text(text, "utf-8")
        return path

    return _write


def _faults(path, name=None):
    with pytest.raises(SpecError) as caught:
        import_hf(path, name)
    return caught.value.faults


def test_written_file_loads_as_the_model_of_the_zoo(write, tmp_path):
    name, text = import_hf(write(LLAMA_3_2_1B), "llama-3.2-1b")
    target = tmp_path / f"{name}.yaml"
    target.write_text(text, "utf-8")
    ours, imported = load_model("llama-3.2-1b"), load_model(target)
    same = {"title": "llama-3.2-1b", "published_parameters": None}
    assert imported == dataclasses.replace(ours, **same)


def test_nested_sections_load(write, tmp_path):
    name, text = import_hf(write(DEEPSEEK), "x")
    target = tmp_path / f"{name}.yaml"
    target.write_text(text, "utf-8")
    assert load_model(target).parameters() == 15_706_484_224


def test_text_of_the_file(write):
    assert import_hf(write(LLAMA_3_2_1B))[1] == (
        "schema: dse.model/1\n"
        'name: "my-model-1b"\n'
        'title: "my-model-1b"\n'
        'model_type: "llama"\n'
        "hidden_size: 2048\n"
        "intermediate_size: 8192\n"
        "num_hidden_layers: 16\n"
        "num_attention_heads: 32\n"
        "num_key_value_heads: 8\n"
        "head_dim: 64\n"
        "vocab_size: 128256\n"
        "max_position_embeddings: 131072\n"
        "tie_word_embeddings: true\n"
        'source: "Hugging Face configuration, imported from My Model-1B/config.json"\n'
        "confidence: A\n"
    )


@pytest.mark.parametrize(
    ("file", "folder", "name"),
    [
        ("config.json", "Llama 3!", "llama-3"),
        ("Phi_3.json", "x", "phi_3"),
        ("--a.json", "x", "a"),
        ("config.json", "123", "123"),
        ("config.json", "null", "null"),
        ("config.json", "1e9", "1e9"),
        ("é.json", "x", None),
    ],
)
def test_name_comes_from_the_file_or_its_folder(write, tmp_path, file, folder, name):
    path = write(LLAMA_3_2_1B, file, folder)
    if name is None:
        assert "gives no name" in _faults(path)[0].message
        return
    key, text = import_hf(path)
    assert key == name
    target = tmp_path / f"{key}.yaml"
    target.write_text(text, "utf-8")
    assert load_model(target).name == name


@pytest.mark.parametrize("folder", ["sm\u202eile", "\U0001f600", 'a"b', "a\\b", "a: b #c", "a\nb"])
def test_odd_folder_names_give_a_file_that_loads(write, tmp_path, folder):
    name, text = import_hf(write(LLAMA_3_2_1B, folder=folder), "x")
    target = tmp_path / "x.yaml"
    target.write_text(text, "utf-8")
    assert load_model(target).name == name == "x"


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", ".a", "a b", "a\n", "x" * 101, "é"])
def test_names_that_could_leave_the_library_are_refused(write, name):
    (fault,) = _faults(write(LLAMA_3_2_1B), name)
    assert fault.slug == "name"
    assert fault.message.startswith("the name must be lower-case letters")


def test_multimodal_models_are_noted(write):
    tower = {key: LLAMA_3_2_1B[key] for key in LLAMA_3_2_1B if key != "architectures"}
    _, text = import_hf(write({"model_type": "llava", "text_config": tower}), "x")
    assert text.endswith("note: Text tower of a multimodal model.\n")


@pytest.mark.parametrize(
    ("text", "place", "slug"),
    [
        ("", (1, 1), "syntax"),
        ("{", (1, 2), "syntax"),
        ('{"a": 1,\n  }', (2, 3), "syntax"),
        ("{'a': 1}", (1, 2), "syntax"),
        ('\ufeff{"a": 1}', (1, 1), "syntax"),
        ("[1]", (1, 1), "type"),
        ('"text"', (1, 1), "type"),
        ('{"a": 1,\n "b": 2,\n "a": 3}', (3, 2), "duplicate-key"),
        ('{"b": [{"c": 1, "c": 2}]}', (1, 17), "duplicate-key"),
        ('{"a":\n NaN}', (2, 2), "range"),
        ('{"a": -Infinity}', (1, 7), "range"),
        ('{"a": [1, 1e400]}', (1, 11), "range"),
        ('{"a": 1' + "0" * 5000 + "}", (1, 7), "range"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", (1, 38), "depth"),
        ("[" * 100_000, (0, 0), "depth"),
    ],
)
def test_hostile_json_is_refused_with_its_place(write, text, place, slug):
    faults = _faults(write(text))
    assert [(fault.line, fault.column) for fault in faults] == [place]
    assert faults[0].slug == slug


def test_a_key_may_repeat_in_another_object(write):
    twice = LLAMA_3_2_1B | {"rope_scaling": {"factor": 8.0, "a": [{"factor": 1}, {"factor": 2}]}}
    assert import_hf(write(twice), "x")[0] == "x"


def test_strings_are_no_structure(write):
    odd = LLAMA_3_2_1B | {"a": '{"hidden_size": NaN', "b\\": '\\"', 'c": 1e999': "]", "d": "NaN"}
    assert import_hf(write(odd), "x")[0] == "x"


def test_all_refused_tokens_are_reported_at_once(write):
    faults = _faults(write('{"a": NaN,\n "a": 1e999,\n "b": Infinity}'))
    assert [(fault.line, fault.slug) for fault in faults] == [
        (1, "range"),
        (2, "duplicate-key"),
        (2, "range"),
        (3, "range"),
    ]


def test_faults_of_the_architecture_point_at_the_key(write):
    (fault,) = _faults(write(LLAMA_3_2_1B | {"num_key_value_heads": 5}))
    assert (fault.line, fault.column) == (10, 3)
    assert fault.path == "num_key_value_heads"
    assert fault.message == "must divide num_attention_heads (32), but got 5"
    assert fault.slug == "config"
    assert fault.file.endswith("config.json")


def test_faults_of_a_tower_point_into_it(write):
    text = '{"hidden_size": 1,\n "model_type": "llava",\n "text_config":\n  {"hidden_size": 0}}'
    (fault,) = _faults(write(text))
    assert (fault.line, fault.column, fault.path) == (4, 4, "text_config.hidden_size")


def test_what_is_missing_points_at_what_should_hold_it(write):
    (fault,) = _faults(write('{"model_type": "x",\n "text_config": {"model_type": "qwen2"}}'))
    assert (fault.line, fault.column, fault.path) == (2, 2, "text_config.hidden_size")
    (fault,) = _faults(write("\n{}"))
    assert (fault.line, fault.column, fault.path) == (1, 1, "model_type")


def test_what_is_no_plain_file_is_refused(write, tmp_path):
    assert _faults(tmp_path / "absent.json")[0].slug == "unreadable"
    assert _faults(tmp_path)[0].slug == "unreadable"
    os.mkfifo(tmp_path / "pipe.json")
    assert _faults(tmp_path / "pipe.json")[0].slug == "unreadable"
    assert _faults(write(b'{"a": "\xff"}'))[0].slug == "encoding"
    assert _faults(write(" " * (1 << 20) + "{}"))[0].slug == "too-large"


@pytest.mark.parametrize(
    "text",
    [
        '"' + '\\"' * 400_000,
        "{" + ",".join(f'"{i}":1' for i in range(60_000)) + "}",
        '{"a":' + " " * 900_000 + "1}",
        '{"a": [' + ",".join(['"b"'] * 200_000) + "]}",
        '{"a": "' + "\\\\" * 400_000 + '"}',
    ],
)
def test_a_mebibyte_of_anything_is_read_at_once(write, text):
    path = write(text)
    start = time.perf_counter()
    _faults(path)
    assert time.perf_counter() - start < 20.0
