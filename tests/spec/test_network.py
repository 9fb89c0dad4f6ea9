"""Network files: what they may say, and where a fault is shown."""

from __future__ import annotations

import pytest

from dse.errors import SpecError
from dse.spec import load_network, load_scenario, load_workload
from dse.workload import Conv, Linear, Model, Network
from tests.spec.samples import faults_of

HEAD = """\
schema: dse.network/1
name: net
title: Net
"""
UNET = """\
          in_channels: 4
          block_out_channels: [32, 64]
          layers_per_block: 1
          transformer_layers_per_block: [1, 0]
          mid_transformer_layers: 1
          num_attention_heads: [2, 2]
          context_tokens: 7
          cross_attention_dim: 16
"""


def write(folder, layers, head=HEAD):
    path = folder / "net.yaml"
    path.write_text(f"{head}stages:\n  body:\n    layers:\n{layers}", encoding="utf-8")
    return path


def faults(folder, layers, head=HEAD):
    with pytest.raises(SpecError) as caught:
        load_network(write(folder, layers, head))
    return faults_of(caught.value)


def test_blocks_multiply_their_repeats(tmp_path):
    layers = """\
      - repeat: 3
        block:
          - linear: {rows: 2, inputs: 4, outputs: 8}
          - repeat: 2
            conv: {inputs: 4, outputs: 4, height: 8, width: 6, kernel: 3, bias: false}
"""
    (stage,) = load_network(write(tmp_path, layers)).stages
    assert stage.layers == (
        Linear(2, 4, 8, repeat=3),
        Conv(4, 4, 8, 6, kernel=3, has_bias=False, repeat=6),
    )
    assert stage.parameters() == 3 * 40 + 6 * 144


def test_a_layer_is_of_exactly_one_kind(tmp_path):
    none = faults(tmp_path, "      - repeat: 2\n")
    two = "      - {linear: {rows: 1, inputs: 1, outputs: 1}, residual: {rows: 1, width: 1}}\n"
    for found in (none, faults(tmp_path, two)):
        assert len(found) == 1
        assert "stages.body.layers[0]: must hold exactly one of block, conv" in found[0]


def test_a_slip_in_a_nested_layer_is_shown_at_its_place(tmp_path):
    layers = "      - block:\n          - linear: {rows: 1, inputs: 1, output: 1}\n"
    found = faults(tmp_path, layers)
    assert any("layers[0].block[0].linear.outputs: missing key" in line for line in found)
    assert any('unknown key; did you mean "outputs"?' in line for line in found)


def test_a_whole_part_needs_the_size_of_the_image(tmp_path):
    layers = f"      - unet:\n{UNET}"
    assert "height: missing key" in faults(tmp_path, layers)[0]
    odd = HEAD + "height: 64\nwidth: 60\n"
    assert "width: must be a multiple of latent_scale" in faults(tmp_path, layers, odd)[0]
    fits = HEAD + "height: 64\nwidth: 32\n"
    assert load_network(write(tmp_path, layers, fits)).parameters() > 0


def test_levels_must_agree(tmp_path):
    layers = f"      - unet:\n{UNET}".replace("[2, 2]", "[2]")
    (found,) = faults(tmp_path, layers, HEAD + "height: 64\nwidth: 64\n")
    assert "unet.num_attention_heads: must be as long as block_out_channels" in found


def test_a_controlnet_needs_its_image_encoder(tmp_path):
    layers = f"      - controlnet:\n{UNET}"
    (found,) = faults(tmp_path, layers, HEAD + "height: 64\nwidth: 64\n")
    assert "controlnet.conditioning_channels: missing key" in found


def test_groups_divide_the_channels(tmp_path):
    layers = "      - conv: {inputs: 6, outputs: 4, groups: 4, height: 2, width: 2}\n"
    assert "conv.groups: must divide inputs and outputs" in faults(tmp_path, layers)[0]


def test_a_workload_is_found_by_name_or_by_what_its_file_says(tmp_path):
    path = write(tmp_path, "      - linear: {rows: 1, inputs: 1, outputs: 1}\n")
    assert isinstance(load_workload(path), Network)
    assert isinstance(load_workload(str(path)), Network)
    assert isinstance(load_workload("resnet-50"), Network)
    assert isinstance(load_workload("llama-2-7b"), Model)
    with pytest.raises(SpecError, match="must be the name of a model"):
        load_workload("no-such-thing")


def test_a_scenario_has_tokens_or_steps(tmp_path):
    head = "schema: dse.scenario/1\nname: ask\ntitle: Ask\nweights: int8\n"
    path = tmp_path / "ask.yaml"
    path.write_text(head + "steps: 8\n", encoding="utf-8")
    scenario = load_scenario(path)
    assert (scenario.steps, scenario.guidance) == (8, None)
    path.write_text(head + "output_tokens: 8\n", encoding="utf-8")
    with pytest.raises(SpecError, match="prompt_tokens: missing key"):
        load_scenario(path)
