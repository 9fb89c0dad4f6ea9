"""Texts of a small library of our own, that no change of the shipped one can touch."""

from __future__ import annotations

from pathlib import Path

from dse.dtype import DType
from dse.space import Axis
from dse.spec import load_space

__all__ = [
    "CHIP",
    "MODEL",
    "SCENARIO",
    "SPACE",
    "axis_of",
    "faults_of",
    "write_library",
    "write_space",
]

CHIP = """\
schema: dse.chip/1
name: tiny
title: Tiny
source: a datasheet
confidence: A
segment: phone
year: 2024
node: n4
units:
  npu:
    kind: npu
    count: 2
    clock: {value: 1.2 GHz, source: a blog, confidence: C}
    matrix:
      dataflow: weight_stationary
      rows: 64
      cols: 32
      rates: [{weights: int8, activations: int8, rate: 1}]
    vector: {lanes: 128}
    sram: {capacity: 2 MiB, bandwidth: 256 B/cycle}
    dispatch: 5 us
  gpu:
    kind: gpu
    clock: 900 MHz
    matrix:
      dataflow: dot_product
      rows: 4
      cols: 4
      depth: 8
      double_buffered: false
      block_rows: 64
      block_cols: 32
      rates: [{weights: fp16, activations: fp16, rate: 50 %}]
    vector: {lanes: 64, exp_ops: 4, convert_ops: 0}
    sram: {capacity: 128 KiB, bandwidth: 64 B/cycle}
    dispatch: 0 us
    max_dram_bandwidth: 40 GB/s
cache: {capacity: 8 MiB, bandwidth: 200 GB/s}
dram:
  type: lpddr5x
  bus_width: 64 bit
  data_rate: 8533 MT/s
  capacity: 12 GiB
storage: {read_bandwidth: 4.2 GB/s, energy: 52 pJ/bit}
power: {idle: 0.3 W, sustained: 4 W, peak: 8 W}
area: {die: 100 mm2, other: 60 mm2}
system_reserved: 4 GiB
"""

SCENARIO = """\
schema: dse.scenario/1
name: chat
title: A chat
prompt_tokens: 256
output_tokens: 128
weights: int4-g32
"""

MODEL = """\
schema: dse.model/1
name: small
title: Small
hidden_size: 64
intermediate_size: 128
num_hidden_layers: 4
num_attention_heads: 4
vocab_size: 1000
tie_word_embeddings: false
"""

SPACE = """\
schema: dse.space/1
name: wide
title: Wide
chip: tiny
models: [small]
scenario: chat
axes:
  chip.units.npu.clock: [1 GHz, 1.5 GHz]
objectives: [tpot_s, energy_per_token_j]
targets: {ttft_s: "<= 1 s", decode_tok_s: ">= 10 tok/s"}
"""

_NODE = """\
    title: A node
    logic_energy: 1
    logic_area: 1
    sram_energy: 1
    sram_area: 1
    logic_leakage: 20 mW/mm2
    sram_leakage: 3 mW/MiB
    wafer_price: 16000 USD
    defect_density: 0.1 1/cm2
"""
NODES = f"schema: dse.nodes/1\nnodes:\n  n4:\n{_NODE}  n3:\n{_NODE}"

_DRAM = """\
    title: A type
    data_rates: [7500 MT/s, 8533 MT/s]
    channel_width: 16 bit
    efficiency: 0.8
    latency: 110 ns
    energy: 5 pJ/bit
    background: 12 mW/GB
    price: 3.5 USD/GB
    phy_area: 0.0575 mm2/bit
    edge: 0.04 mm/bit
"""
DRAM = f"schema: dse.dram/1\ntypes:\n  lpddr5x:\n{_DRAM}  lpddr6:\n{_DRAM}"

_TYPES = [dtype.name.lower() for dtype in DType]
SILICON = f"""\
schema: dse.silicon/1
reference_node: n4
mac_energy: {{{", ".join(f"{name}: 0.1 pJ" for name in _TYPES)}}}
mac_area: {{{", ".join(f"{name}: 270 um2" for name in _TYPES)}}}
lane_energy: 0.6 pJ
lane_area: 1500 um2
sram:
  knee: 4 MiB
  knee_energy: 1.6 pJ/B
  exponent_above: 0.58
  exponent_below: 0.1
  floor_energy: 0.6 pJ/B
  write_factor: 1.2
scratchpad_area: 0.45 mm2/MiB
cache_area: 0.65 mm2/MiB
wire_energy: 50 fJ/bit/mm
voltage: {{reference: 0.75 V, clock: [0.5, 1], volts: [0.6 V, 0.8 V], leakage_exponent: 3}}
bank: {{reference: 256 KiB, port: 64 B/cycle, efficiency: 0.63, efficiency_per_doubling: 0.035}}
overhead: 0.1
sync: 20 us
die_logic: 0.5
die_sram: 0.3
wafer_diameter: 300 mm
yield_alpha: 3
package_price: 4.5 USD
pin_price: 0.005 USD
pins_per_dram_bit: 3.75
"""

_FILES = {
    "hw_configs/chips/tiny.yaml": CHIP,
    "hw_configs/scenarios/chat.yaml": SCENARIO,
    "hw_configs/spaces/wide.yaml": SPACE,
    "hw_configs/technology/nodes.yaml": NODES,
    "hw_configs/technology/dram.yaml": DRAM,
    "hw_configs/technology/silicon.yaml": SILICON,
    "models_zoo/small.yaml": MODEL,
}


def write_library(folder: Path) -> Path:
    """Write the library below `folder`, and return it."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def faults_of(error: BaseException) -> list[str]:
    """Write the faults of a `SpecError` without the file's name."""
    lines = str(error).splitlines()[:-1]
    return [line.partition(".yaml:")[2].strip() for line in lines]


def write_space(library: Path, axes: str, more: str = "") -> Path:
    """Write the space with other axes, one a line, and lines after its last."""
    path = library / "wide.yaml"
    lines = "".join(f"  {line}\n" for line in axes.splitlines())
    text = SPACE.replace("  chip.units.npu.clock: [1 GHz, 1.5 GHz]\n", lines) + more
    path.write_text(text, encoding="utf-8")
    return path


def axis_of(library: Path, line: str) -> Axis:
    """Load a space with one axis."""
    (only,) = load_space(write_space(library, line)).axes
    return only
