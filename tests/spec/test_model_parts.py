from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import load_model

HEAD = """schema: dse.model/1
name: tiny
title: Tiny
hidden_size: 64
intermediate_size: 96
num_hidden_layers: 4
num_attention_heads: 4
vocab_size: 100
tie_word_embeddings: true
"""
DELTA = """mixer:
  kind: gated_delta_net
  num_layers: 3
  num_heads: 4
  num_key_heads: 2
  key_dim: 16
  value_dim: 8
  conv_kernel: 4
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_a_mixer_is_read(tmp_path: Path) -> None:
    model = load_model(write(tmp_path, DELTA))
    assert model.mixer is not None
    assert (model.mixer.kind, model.mixer.key_dim, model.mixer.value_dim) == (
        "gated_delta_net",
        16,
        8,
    )
    assert model.num_attention_layers == 1


def test_side_inputs_are_read(tmp_path: Path) -> None:
    side = "side: {hidden_size_per_layer_input: 5, vocab_size_per_layer_input: 90}\n"
    model = load_model(write(tmp_path, side))
    assert model.side is not None
    assert model.side.table(4) == 90 * 4 * 5


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (DELTA.replace("num_layers: 3", "num_layers: 5"), "mixer.num_layers"),
        (DELTA.replace("  key_dim: 16\n", ""), "mixer.key_dim"),
        (DELTA.replace("gated_delta_net", "magic"), "mixer.kind"),
        ("mixer: {kind: short_conv, num_layers: 2}\n", "mixer.conv_kernel"),
        (DELTA + "feedforward_layers: 2\n", "mixer.num_layers"),
        (DELTA + "sliding_window: 8\nnum_local_layers: 2\n", "num_local_layers"),
        ("output_gate: sometimes\n", "output_gate"),
        ("num_kv_shared_layers: 4\n", "num_kv_shared_layers"),
        ("num_kv_shared_layers: 1\nnum_kv_shared_local_layers: 2\n", "num_kv_shared_local_layers"),
        ("num_wide_layers: 2\n", "wide_intermediate_size"),
        ("num_wide_layers: 5\nwide_intermediate_size: 8\n", "num_wide_layers"),
        ("global_head_dim: 8\nnum_global_key_value_heads: 3\n", "num_global_key_value_heads"),
    ],
)
def test_what_does_not_fit_is_a_fault_at_its_place(tmp_path: Path, text: str, path: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_model(write(tmp_path, text))
    assert path in [fault.path for fault in caught.value.faults]
