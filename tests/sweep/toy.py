"""A small design space, built by hand so that these tests need no library files."""

from __future__ import annotations

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
from dse.space import Axis, Space, Target
from dse.technology import BankLaw, DramType, Node, Silicon, SramLaw, VoltageLaw
from dse.workload import Mix, Model, Precision, Scenario

MIB, GIB = float(2**20), float(2**30)
N4 = Node("n4", 1.0, 1.0, 1.0, 1.0, 0.02, 3e-3 / MIB, 16000.0, 1e-3)
N7 = Node("n7", 1.8, 2.1, 1.3, 1.3, 0.015, 2e-3 / MIB, 9300.0, 0.9e-3)
LPDDR5X = DramType("lpddr5x", 1.0, 0.8, 110e-9, 5e-12, 12e-12, 3.5e-9, 0.0575, 0.04)
LPDDR6 = DramType("lpddr6", 8 / 9, 0.8, 110e-9, 4e-12, 12e-12, 4.5e-9, 0.07, 0.04)

SILICON = Silicon(
    mac_energy_j={dtype: dtype.bits**1.5 * 5e-15 for dtype in DType},
    mac_area_mm2={dtype: dtype.bits**1.5 * 1.2e-5 for dtype in DType},
    lane_energy_j=2e-12,
    lane_area_mm2=2e-3,
    sram=SramLaw(4 * MIB, 1.6e-12, 0.58, 0.10, 0.6e-12, 1.2),
    voltage=VoltageLaw(
        0.75, (0.4, 0.55, 0.7, 0.82, 0.92, 1.0), (0.55, 0.6, 0.65, 0.7, 0.75, 0.8), 3.0
    ),
    bank=BankLaw(256.0 * 1024.0, 64.0, 0.63, 0.035),
    scratchpad_mm2_per_byte=0.45 / MIB,
    cache_mm2_per_byte=0.65 / MIB,
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


def make_chip() -> Chip:
    matrix = MatrixEngine(
        Dataflow.OUTPUT_STATIONARY,
        64.0,
        64.0,
        1.0,
        (
            Rate(DType.INT8, DType.INT8, 1.0),
            Rate(DType.INT4, DType.INT8, 1.0),
            Rate(DType.FP16, DType.FP16, 0.5),
        ),
    )
    unit = ComputeUnit(
        "npu",
        "npu",
        1.0,
        1e9,
        matrix,
        VectorEngine(256.0, 8.0, 2.0),
        LocalSram(4 * MIB, 1024.0),
        5e-6,
    )
    return Chip(
        "toy",
        "Toy",
        "phone",
        2026,
        N4,
        (unit,),
        Cache(0.0, 0.0),
        Dram(LPDDR5X, 64.0, 9.6e9, 8 * GIB),
        None,
        Power(0.3, 4.0, 8.0),
        Area(0.0, None),
        2 * GIB,
    )


def make_scenario() -> Scenario:
    int4, int8, fp16 = (parse_format(text) for text in ("int4-g32", "int8", "fp16"))
    return Scenario("toy", 256, 64, 1, Precision(int4, int4, int4, int8, fp16))


def make_models() -> tuple[Model, ...]:
    wide = Model("wide", "Wide", 2048, 8192, 16, 32, 8, 64, 32000, True)
    deep = Model("deep", "Deep", 1024, 4096, 48, 16, 16, 64, 64000, True)
    return wide, deep


ROWS = Axis(
    "chip.units.npu.matrix.rows",
    ("chip.units.npu.matrix.rows",),
    (32.0, 64.0, 128.0, 256.0),
    ("32", "64", "128", "256"),
)
CLOCK = Axis(
    "chip.units.npu.clock",
    ("chip.units.npu.clock_hz",),
    (0.6e9, 0.8e9, 1.0e9, 1.2e9, 1.4e9),
    ("600 MHz", "800 MHz", "1 GHz", "1.2 GHz", "1.4 GHz"),
)
SRAM = Axis(
    "chip.units.npu.sram.capacity",
    ("chip.units.npu.sram.capacity_bytes",),
    (1 * MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB),
    ("1 MiB", "2 MiB", "4 MiB", "8 MiB", "16 MiB"),
)
BUS = Axis(
    "chip.dram.bus_width",
    ("chip.dram.bus_width_bits",),
    (32.0, 64.0, 96.0, 128.0),
    ("32 bit", "64 bit", "96 bit", "128 bit"),
)
CAPACITY = Axis(
    "chip.dram.capacity", ("chip.dram.capacity_bytes",), (2 * GIB, 8 * GIB), ("2 GiB", "8 GiB")
)
DRAM = Axis("chip.dram.type", ("chip.dram.type",), (LPDDR5X, LPDDR6), ("lpddr5x", "lpddr6"))
NODE = Axis("chip.node", ("chip.node",), (N4, N7), ("n4", "n7"))
FLOW = Axis(
    "chip.units.npu.matrix.dataflow",
    ("chip.units.npu.matrix.dataflow",),
    (Dataflow.OUTPUT_STATIONARY, Dataflow.WEIGHT_STATIONARY),
    ("output_stationary", "weight_stationary"),
    static=True,
)
WEIGHTS = Axis(
    "scenario.weights",
    ("scenario.precision.weights",),
    (parse_format("int8"), parse_format("int4-g32")),
    ("int8", "int4-g32"),
)
OBJECTIVES = ("tpot_s", "energy_per_token_j", "cost_usd")


def make_space(
    *axes: Axis,
    targets: tuple[Target, ...] = (),
    objectives: tuple[str, ...] = OBJECTIVES,
    models: int = 2,
    mixes: tuple[Mix, ...] = (),
) -> Space:
    """A space over the given axes; 3,200 designs over seven axes by default."""
    chosen = axes or (ROWS, CLOCK, SRAM, BUS, DRAM, FLOW, WEIGHTS)
    return Space(
        "toy",
        "Toy space",
        make_chip(),
        make_models()[:models],
        mixes or (Mix((make_scenario(),)),),
        None,
        chosen,
        objectives,
        targets,
    )
