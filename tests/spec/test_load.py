"""Loading: what a file says is what the dataclass holds, in SI."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from dse.chip import Area, Cache, Dataflow, Power, Rate, Storage
from dse.dtype import DType, parse_format
from dse.errors import SpecError
from dse.spec import (
    list_specs,
    load_chip,
    load_model,
    load_scenario,
    load_space,
    load_technology,
)
from dse.workload import Mla, Moe
from tests.spec.samples import CHIP, MODEL, SCENARIO, faults_of


def edited(folder: Path, text: str, *changes: tuple[str, str]) -> Path:
    """Write a changed text where its name allows it to stand."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    name = text.split("name: ", 1)[1].split("\n", 1)[0]
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_chip_has_what_the_file_says(library: Path) -> None:
    chip = load_chip("tiny")
    assert (chip.name, chip.title, chip.segment, chip.year) == ("tiny", "Tiny", "phone", 2024)
    assert chip.node == load_technology().nodes["n4"]
    assert [unit.name for unit in chip.units] == ["npu", "gpu"]
    assert chip.cache == Cache(8 * 2.0**20, 200e9)
    assert chip.dram.type == load_technology().drams["lpddr5x"]
    assert (chip.dram.bus_width_bits, chip.dram.data_rate_per_s) == (64.0, 8.533e9)
    assert chip.dram.capacity_bytes == 12 * 2.0**30
    assert math.isinf(chip.dram.max_outstanding_bytes)
    assert chip.storage == Storage(4.2e9, 52e-12)
    assert chip.power == Power(0.3, 4.0, 8.0)
    assert chip.area == Area(60.0, 100.0)
    assert chip.system_reserved_bytes == 4 * 2.0**30


def test_units_have_what_the_file_says(library: Path) -> None:
    npu, gpu = load_chip("tiny").units
    assert (npu.kind, npu.count, npu.clock_hz, npu.dispatch_s) == ("npu", 2.0, 1.2e9, 5e-6)
    assert npu.matrix.dataflow is Dataflow.WEIGHT_STATIONARY
    assert (npu.matrix.rows, npu.matrix.cols, npu.matrix.depth) == (64.0, 32.0, 1.0)
    assert npu.matrix.rates == (Rate(DType.INT8, DType.INT8, 1.0),)
    assert (npu.matrix.double_buffered, npu.matrix.block_rows) == (True, 0.0)
    assert (npu.vector.lanes, npu.vector.exp_ops, npu.vector.convert_ops) == (128.0, 8.0, 2.0)
    assert (npu.sram.capacity_bytes, npu.sram.bytes_per_cycle) == (2 * 2.0**20, 256.0)
    assert math.isinf(npu.max_dram_bytes_per_s)
    assert gpu.matrix.dataflow is Dataflow.DOT_PRODUCT
    assert (gpu.count, gpu.matrix.depth, gpu.matrix.double_buffered) == (1.0, 8.0, False)
    assert (gpu.matrix.block_rows, gpu.matrix.block_cols) == (64.0, 32.0)
    assert gpu.matrix.rates == (Rate(DType.FP16, DType.FP16, 0.5),)
    assert (gpu.vector.exp_ops, gpu.vector.convert_ops, gpu.dispatch_s) == (4.0, 0.0, 0.0)
    assert gpu.max_dram_bytes_per_s == 40e9


def test_what_is_left_out_has_its_default(library: Path) -> None:
    kept = [
        line
        for line in CHIP.splitlines()
        if not line.startswith(("cache:", "storage:", "area:", "system_reserved:"))
    ]
    text = "\n".join(kept).replace(", sustained: 4 W, peak: 8 W", "")
    chip = load_chip(edited(library, text))
    assert chip.cache == Cache(0.0, math.inf)
    assert chip.storage is None
    assert chip.power == Power(0.3, math.inf, math.inf)
    assert chip.area == Area(0.0, None)
    assert chip.system_reserved_bytes == 0.0


def test_overrides_change_the_dram_type(library: Path) -> None:
    lines = "capacity: 12 GiB\n  efficiency: 72 %\n  energy: 4 pJ/bit\n  max_outstanding: 64 KiB"
    chip = load_chip(edited(library, CHIP, ("capacity: 12 GiB", lines)))
    assert (chip.dram.type.efficiency, chip.dram.type.energy_j_per_bit) == (0.72, 4e-12)
    assert chip.dram.type.latency_s == load_technology().drams["lpddr5x"].latency_s
    assert chip.dram.max_outstanding_bytes == 65536.0


def test_unlimited_is_a_word(library: Path) -> None:
    chip = load_chip(edited(library, CHIP, ("peak: 8 W", "peak: unlimited")))
    assert math.isinf(chip.power.peak_w)
    with pytest.raises(SpecError, match=r"power\.idle: must be a power"):
        load_chip(edited(library, CHIP, ("idle: 0.3 W", "idle: unlimited")))


def test_scenario_formats_follow_each_other(library: Path) -> None:
    plain = load_scenario("chat")
    assert (plain.prompt_tokens, plain.output_tokens, plain.batch_size) == (256, 128, 1)
    weights, fp16 = parse_format("int4-g32"), parse_format("fp16")
    assert plain.precision.weights == plain.precision.head == plain.precision.embedding == weights
    assert plain.precision.activations == plain.precision.kv == fp16
    assert plain.fusion == "full"
    path = edited(
        library, SCENARIO, ("weights: int4-g32", "weights: int4-g32\nhead: q8_0\nfusion: none")
    )
    given = load_scenario(path)
    assert given.precision.head == given.precision.embedding == parse_format("q8_0")
    assert given.fusion == "none"


def test_model_defaults_are_those_of_hugging_face(library: Path) -> None:
    model = load_model("small")
    assert (model.num_layers, model.num_heads, model.num_kv_heads, model.head_dim) == (4, 4, 4, 16)
    assert (model.gated_mlp, model.norm_bias, model.norm_weights) == (True, False, True)
    assert (model.moe, model.mla, model.published_parameters) == (None, None, None)


def test_model_has_what_the_file_says(library: Path) -> None:
    more = """\
tie_word_embeddings: true
num_key_value_heads: 2
head_dim: 32
gated_mlp: false
norm: layer
norms_per_layer: 4
qk_norm: head
qkv_bias: true
output_bias: true
mlp_bias: true
head_bias: true
attention_sinks: true
sliding_window: 128
num_local_layers: 2
learned_positions: 512
max_position_embeddings: 512
model_type: odd
published_parameters: 12345
published_parameters_b: 1
moe:
  num_experts: 8
  num_experts_per_tok: 2
  moe_intermediate_size: 32
  shared_expert_intermediate_size: 16
  first_k_dense_replace: 1
  router_bias: true
  expert_bias: true
  shared_gate: true
mla:
  kv_lora_rank: 8
  q_lora_rank: null
  qk_nope_head_dim: 16
  qk_rope_head_dim: 4
  v_head_dim: 16
"""
    model = load_model(edited(library, MODEL, ("tie_word_embeddings: false\n", more)))
    assert (model.num_kv_heads, model.head_dim, model.norms_per_layer) == (2, 32, 4)
    assert (model.norm_bias, model.norm_weights, model.qk_norm) == (True, True, "head")
    flags = (model.qkv_bias, model.output_bias, model.mlp_bias, model.head_bias)
    assert all((*flags, model.attention_sinks, model.tie_word_embeddings))
    assert not model.gated_mlp
    assert (model.sliding_window, model.num_local_layers) == (128, 2)
    assert (model.learned_positions, model.max_context) == (512, 512)
    assert model.published_parameters == 12345
    assert model.moe == Moe(8, 2, 32, 16, 1, True, True, True)
    assert model.mla == Mla(8, None, 16, 4, 16)


def test_norms_may_have_no_weights(library: Path) -> None:
    path = edited(library, MODEL, ("vocab_size", "norm: none_weights\nvocab_size"))
    assert not load_model(path).norm_weights


def test_experts_may_stand_for_the_dense_network(library: Path) -> None:
    moe = "moe: {num_experts: 4, num_experts_per_tok: 1, moe_intermediate_size: 32}"
    path = edited(library, MODEL, ("intermediate_size: 128", moe))
    assert load_model(path).intermediate_size == 32


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "num_attention_heads: 4",
            "num_attention_heads: 4\nnum_key_value_heads: 3",
            '8:22: num_key_value_heads: must divide num_attention_heads, but got "3" [divide]',
        ),
        (
            "num_attention_heads: 4",
            "num_attention_heads: 3",
            "1:1: head_dim: missing key; hidden_size / num_attention_heads is not whole "
            "[missing-key]",
        ),
        ("intermediate_size: 128\n", "", "1:1: intermediate_size: missing key [missing-key]"),
        (
            "vocab_size",
            "num_local_layers: 5\nsliding_window: 8\nvocab_size",
            '8:19: num_local_layers: must be at most num_hidden_layers, but got "5" [order]',
        ),
        (
            "vocab_size",
            "num_local_layers: 2\nvocab_size",
            "1:1: sliding_window: missing key; num_local_layers needs it [missing-key]",
        ),
        (
            "vocab_size",
            "moe: {num_experts: 2, num_experts_per_tok: 3, moe_intermediate_size: 8}\nvocab_size",
            '8:44: moe.num_experts_per_tok: must be at most num_experts, but got "3" [order]',
        ),
        (
            "vocab_size",
            "moe: {num_experts: 2, num_experts_per_tok: 1, moe_intermediate_size: 8, "
            "first_k_dense_replace: 9}\nvocab_size",
            '8:96: moe.first_k_dense_replace: must be at most num_hidden_layers, but got "9" '
            "[order]",
        ),
    ],
)
def test_model_rules(library: Path, old: str, new: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_model(edited(library, MODEL, (old, new)))
    assert faults_of(caught.value) == [fault]


def test_config_json_is_a_model(library: Path) -> None:
    folder = library / "My Model"
    folder.mkdir()
    path = folder / "config.json"
    path.write_text(
        '{"model_type": "llama", "hidden_size": 64, "intermediate_size": 96,\n'
        '"num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100}'
    )
    model = load_model(path)
    assert (model.name, model.num_layers, model.head_dim) == ("my-model", 2, 16)


def test_technology_is_read_again_when_a_file_changes(library: Path) -> None:
    before = load_technology()
    assert load_technology() is before
    path = library / "hw_configs/technology/nodes.yaml"
    path.write_text(path.read_text().replace("16000 USD", "17000 USD"))
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 10**9))
    assert load_technology().nodes["n4"].wafer_usd == 17000.0


def test_faults_of_all_technology_files_come_together(library: Path) -> None:
    folder = library / "hw_configs/technology"
    for name, old, new in (
        ("nodes", "0.1 1/cm2", "0.1"),
        ("dram", "110 ns", "110 W"),
        ("silicon", "int5: 0.1 pJ, ", ""),
    ):
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        load_technology()
    assert [fault.file for fault in caught.value.faults] == [
        "hw_configs/technology/dram.yaml",
        "hw_configs/technology/nodes.yaml",
        "hw_configs/technology/silicon.yaml",
    ]
    message = "must give every data type, but lacks int5"
    assert caught.value.faults[2].message == message


def test_missing_technology_is_a_fault(library: Path) -> None:
    (library / "hw_configs/technology/dram.yaml").unlink()
    with pytest.raises(SpecError, match="dram: must be the name of a technology of the library"):
        load_technology()


def test_reference_node_must_exist(library: Path) -> None:
    path = library / "hw_configs/technology/silicon.yaml"
    path.write_text(path.read_text().replace("reference_node: n4", "reference_node: n44"))
    with pytest.raises(SpecError) as caught:
        load_technology()
    assert faults_of(caught.value) == [
        '2:17: reference_node: must be a node of nodes.yaml, but got "n44"; did you mean "n4"? '
        "[unknown-name]"
    ]


@pytest.mark.parametrize(
    ("kind", "load"),
    [
        ("chip", load_chip),
        ("model", load_model),
        ("scenario", load_scenario),
        ("space", load_space),
    ],
)
def test_every_shipped_file_loads(kind: str, load: object) -> None:
    names = list_specs(kind)
    assert names
    assert callable(load)
    assert [load(name).name for name in names] == list(names)


def test_a_chip_loads_quickly() -> None:
    name = list_specs("chip")[0]
    load_chip(name)

    def seconds() -> float:
        start = time.perf_counter()
        load_chip(name)
        return time.perf_counter() - start

    # Best of a few: another process may hold the core.
    assert min(seconds() for _ in range(10)) < 0.05
