"""Hand-built chips and models that no library file can change, and hypothesis profiles."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dse.chip import (
    Area,
    Cache,
    Chip,
    ComputeUnit,
    Dataflow,
    Dram,
    LocalSram,
    MatrixEngine,
    Power,
    Rate,
    VectorEngine,
)
from dse.dtype import DType, parse_format
from dse.technology import BankLaw, DramType, Node, Silicon, SramLaw, VoltageLaw
from dse.workload import Model, Precision, Scenario

settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

NODE = Node("test-node", 1.0, 1.0, 1.0, 1.0, 20e-3, 3e-3 / 2**20, 16000.0, 1e-3)
DRAM_TYPE = DramType("test-dram", 1.0, 0.8, 110e-9, 5e-12, 12e-12, 3.5e-9, 0.0575, 0.045)


def precision(
    weights: str = "int8", activations: str = "int8", kv: str = "int8", head: str | None = None
) -> Precision:
    """Formats by name; the head and the embedding follow the weights."""
    head_format = parse_format(head or weights)
    return Precision(
        weights=parse_format(weights),
        head=head_format,
        embedding=head_format,
        activations=parse_format(activations),
        kv=parse_format(kv),
    )


def build_chip(**changes: Any) -> Chip:
    """A small phone-like chip; keywords replace fields of its unit, engine, memories or itself."""
    engine = MatrixEngine(
        Dataflow.DOT_PRODUCT,
        rows=16.0,
        cols=64.0,
        depth=16.0,
        rates=(
            Rate(DType.INT8, DType.INT8, 1.0),
            Rate(DType.INT4, DType.INT8, 1.0),
            Rate(DType.FP16, DType.FP16, 0.5),
        ),
    )
    unit = ComputeUnit(
        name="npu",
        kind="npu",
        count=1.0,
        clock_hz=1e9,
        matrix=engine,
        vector=VectorEngine(lanes=512.0, exp_ops=8.0, convert_ops=2.0),
        sram=LocalSram(capacity_bytes=4.0 * 2**20, bytes_per_cycle=2048.0),
        dispatch_s=1e-6,
    )
    unit = _replace_known(unit, changes)
    unit = dataclasses.replace(
        unit,
        matrix=_replace_known(unit.matrix, changes),
        vector=_replace_known(unit.vector, changes),
        sram=_replace_known(
            unit.sram, {k.removeprefix("sram_"): v for k, v in changes.items() if "sram_" in k}
        ),
    )
    dram = Dram(DRAM_TYPE, 64.0, 9600e6, 12e9)
    dram = _replace_known(dram, changes)
    dram = dataclasses.replace(dram, type=_replace_known(dram.type, changes))
    cache = Cache(changes.get("cache_bytes", 0.0), changes.get("cache_bandwidth", 200e9))
    return Chip(
        name="toy",
        title="Toy",
        segment="phone",
        year=2026,
        node=_replace_known(NODE, changes),
        units=(unit,),
        cache=cache,
        dram=dram,
        storage=None,
        power=Power(0.3, float("inf"), float("inf")),
        area=Area(80.0, None),
        system_reserved_bytes=4.0 * 2**30,
    )


def _replace_known(obj: Any, changes: dict[str, Any]) -> Any:
    names = {field.name for field in dataclasses.fields(obj)}
    return dataclasses.replace(obj, **{k: v for k, v in changes.items() if k in names})


LLAMA_2_7B = Model("llama-2-7b", "Llama-2-7B", 4096, 11008, 32, 32, 32, 128, 32000, False)
LLAMA_2_13B = Model("llama-2-13b", "Llama-2-13B", 5120, 13824, 40, 40, 40, 128, 32000, False)
SOLAR = Model("solar-10.7b", "SOLAR-10.7B", 4096, 14336, 48, 32, 8, 128, 32000, False)
TINY = Model("tiny", "Tiny", 256, 512, 2, 4, 2, 64, 1000, True)


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """A space that can be enumerated in no time, for the rooms that explore."""
    path = Path(__file__).parent / "sweep" / "toy.py"
    spec = util.spec_from_file_location("toy", path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def silicon() -> Silicon:
    """Constants of the reference node, typed here."""
    return SILICON


@pytest.fixture
def make_chip() -> Callable[..., Chip]:
    """Builder of toy chips."""
    return build_chip


@pytest.fixture
def scenario() -> Scenario:
    """1,024 tokens in, 2 out, all in INT8."""
    return Scenario(prompt_tokens=1024, output_tokens=2, precision=precision())


_ENERGY_PJ = {
    DType.INT2: 0.044,
    DType.INT3: 0.048,
    DType.INT4: 0.055,
    DType.INT5: 0.063,
    DType.INT6: 0.074,
    DType.INT8: 0.10,
    DType.INT16: 0.32,
    DType.FP4: 0.08,
    DType.FP8: 0.17,
    DType.FP16: 0.30,
    DType.BF16: 0.25,
    DType.FP32: 0.90,
}
SILICON = Silicon(
    mac_energy_j={dtype: value * 1e-12 for dtype, value in _ENERGY_PJ.items()},
    mac_area_mm2={dtype: 33.75e-6 * dtype.bits for dtype in DType},
    lane_energy_j=0.6e-12,
    lane_area_mm2=1500e-6,
    sram=SramLaw(4.0 * 2**20, 1.6e-12, 0.58, 0.10, 0.6e-12, 1.2),
    voltage=VoltageLaw(
        0.75, (0.4, 0.55, 0.7, 0.82, 0.92, 1.0), (0.55, 0.6, 0.65, 0.7, 0.75, 0.8), 3.0
    ),
    bank=BankLaw(256.0 * 1024.0, 64.0, 0.63, 0.035),
    scratchpad_mm2_per_byte=0.45 / 2**20,
    cache_mm2_per_byte=0.65 / 2**20,
    wire_j_per_bit_mm=50e-15,
    overhead_fraction=0.1,
    die_logic_share=0.5,
    die_sram_share=0.3,
    wafer_diameter_mm=300.0,
    yield_alpha=3.0,
    package_usd=4.5,
    pin_usd=0.005,
    pins_per_dram_bit=3.75,
)
