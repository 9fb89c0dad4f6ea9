"""The chip file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dse.spec.schema.device import DeviceSpec
from dse.spec.schema.field import (
    Count,
    Key,
    Leaf,
    Name,
    OperandType,
    Quantity,
    Section,
    Title,
    fault,
)
from dse.spec.schema.kernels import KernelsSpec, RailsSpec

__all__ = [
    "AreaSpec",
    "CacheSpec",
    "ChipSpec",
    "DramSpec",
    "MatrixSpec",
    "PowerSpec",
    "RateSpec",
    "SramSpec",
    "StorageSpec",
    "UnitSpec",
    "VectorSpec",
]


_Extent = Annotated[int, Field(ge=1, le=1 << 20)]
_Block = Annotated[int, Field(ge=0, le=1 << 20)]


class RateSpec(Section):
    """Native multiply rate of one pair of operand types."""

    weights: OperandType = Field(description="Type of the weights in the array.")
    activations: OperandType = Field(description="Type of the activations in the array.")
    rate: Annotated[float, Quantity("ratio", high="64")] = Field(
        description="Multiply-accumulates per cell and cycle, relative to rows x cols x depth."
    )
    narrow_rate: Annotated[float | None, Quantity("ratio", high="64")] = Field(
        None, description="The same with sums no wider than the operands, where that is faster."
    )


class MatrixSpec(Section):
    """Matrix engine: a systolic array or a dot-product engine."""

    dataflow: Annotated[
        Literal["weight_stationary", "output_stationary", "input_stationary", "dot_product"],
        Leaf("dataflow", static=True),
    ] = Field(description="What stays in place while the rest streams past it.")
    rows: Annotated[_Extent, Leaf("rows")] = Field(
        description="Rows of the array; the m of a dot-product engine."
    )
    cols: Annotated[_Extent, Leaf("cols")] = Field(
        description="Columns of the array; the n of a dot-product engine."
    )
    depth: Annotated[_Extent, Leaf("depth")] = Field(
        1, description="The k of a dot-product engine; 1 for a systolic array."
    )
    double_buffered: Annotated[bool, Leaf("double_buffered", static=True)] = Field(
        True, description="Whether the next stationary operand loads while this one computes."
    )
    block_rows: Annotated[_Block, Leaf("block_rows")] = Field(
        0, description="Rows of results that registers hold at once; at least `rows` count."
    )
    block_cols: Annotated[_Block, Leaf("block_cols")] = Field(
        0, description="Columns of results that registers hold at once; at least `cols` count."
    )
    rates: list[RateSpec] = Field(
        min_length=1, max_length=144, description="Operand pairs multiplied natively."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.depth != 1 and self.dataflow != "dot_product":
            raise fault(
                "depth", "must be 1 unless dataflow is dot_product", at=("depth",), got=True
            )
        pairs = [(rate.weights, rate.activations) for rate in self.rates]
        if len(set(pairs)) < len(pairs):
            raise fault("duplicate", "must give each pair of operand types once", at=("rates",))
        return self


class VectorSpec(Section):
    """Vector engine: SIMD lanes for everything that is not a matrix product."""

    lanes: Annotated[Count, Leaf("lanes")] = Field(
        description="Lane operations (one FMA or ALU instruction on one element) per cycle."
    )
    exp_ops: Annotated[float, Quantity("ratio", high="1000"), Leaf("exp_ops")] = Field(
        8.0,
        description="Lane operations of one exponential: by default 8, for range reduction, "
        "a polynomial of degree 5 and scaling.",
    )
    convert_ops: Annotated[
        float, Quantity("ratio", high="1000", zero=True), Leaf("convert_ops")
    ] = Field(
        2.0,
        description="Lane operations that widening one stored weight costs: by default 2, "
        "unpack and scale.",
    )


class SramSpec(Section):
    """Local scratchpad of one core."""

    capacity: Annotated[
        float, Quantity("capacity", low="1 KiB", high="1 TiB"), Leaf("capacity_bytes")
    ] = Field(description="Capacity.")
    bandwidth: Annotated[
        float, Quantity("bandwidth_per_cycle", high="1 GB/cycle"), Leaf("bytes_per_cycle")
    ] = Field(description="Bandwidth between the scratchpad and the engines, per clock cycle.")


class UnitSpec(Section):
    """Compute unit: equal cores that run one kernel together."""

    kind: Literal["npu", "gpu", "cpu"] = Field(description="Kind of unit.")
    count: Annotated[_Extent, Leaf("count")] = Field(
        1, description="Cores; matrix, vector and SRAM figures are per core."
    )
    clock: Annotated[
        float, Quantity("frequency", low="1 kHz", high="100 GHz"), Leaf("clock_hz")
    ] = Field(description="Clock.")
    matrix: MatrixSpec = Field(description="Matrix engine of one core.")
    vector: VectorSpec = Field(description="Vector engine of one core.")
    sram: SramSpec = Field(description="Local SRAM of one core.")
    dispatch: Annotated[float, Quantity("time", high="1 s", zero=True), Leaf("dispatch_s")] = (
        Field(description="Launch and synchronisation of one kernel.")
    )
    max_clock: Annotated[
        float, Quantity("frequency", high="100 GHz", unlimited=True), Leaf("max_clock_hz")
    ] = Field(
        float("inf"),
        description="Clock at the highest voltage: energy then follows the clock. Default: the "
        "unit runs at the technology's reference voltage whatever its clock.",
    )
    max_dram_bandwidth: Annotated[
        float, Quantity("bandwidth", high="1 PB/s", unlimited=True), Leaf("max_dram_bytes_per_s")
    ] = Field(
        float("inf"), description="What this unit alone can draw from DRAM; default unlimited."
    )
    kernels: KernelsSpec = Field(
        KernelsSpec(), description="What a tuned kernel library reaches, one kernel at a time."
    )


class CacheSpec(Section):
    """Cache that all units share."""

    capacity: Annotated[
        float, Quantity("capacity", low="1 KiB", high="1 TiB"), Leaf("capacity_bytes")
    ] = Field(description="Capacity.")
    bandwidth: Annotated[
        float, Quantity("bandwidth", high="1 PB/s"), Leaf("bandwidth_bytes_per_s")
    ] = Field(description="Bandwidth towards the units.")


class DramSpec(Section):
    """Main memory: a type, a bus and a capacity."""

    type: Annotated[Key, Leaf("type")] = Field(
        description="Key of hw_configs/technology/dram.yaml."
    )
    bus_width: Annotated[float, Quantity("width", high="1048576 bit"), Leaf("bus_width_bits")] = (
        Field(description="Width of the whole bus.")
    )
    data_rate: Annotated[
        float, Quantity("data_rate", low="1 MT/s", high="1000 GT/s"), Leaf("data_rate_per_s")
    ] = Field(description="Transfers per second and pin.")
    capacity: Annotated[
        float, Quantity("capacity", low="1 MiB", high="1024 TiB"), Leaf("capacity_bytes")
    ] = Field(description="Capacity.")
    efficiency: Annotated[float | None, Quantity("ratio", high="1"), Leaf("type.efficiency")] = (
        Field(
            None,
            description="Share of the peak that a streaming kernel reaches on this memory "
            "controller, in place of the type's.",
        )
    )
    energy: Annotated[
        float | None, Quantity("energy_per_bit", high="1 nJ/bit"), Leaf("type.energy_j_per_bit")
    ] = Field(None, description="Energy of a moved bit, in place of the type's.")
    max_outstanding: Annotated[
        float, Quantity("capacity", high="1 GiB", unlimited=True), Leaf("max_outstanding_bytes")
    ] = Field(float("inf"), description="Bytes in flight that it sustains; default unlimited.")


class StorageSpec(Section):
    """Flash storage that weights load from."""

    read_bandwidth: Annotated[
        float, Quantity("bandwidth", high="1 TB/s"), Leaf("read_bytes_per_s")
    ] = Field(description="Sequential read bandwidth.")
    energy: Annotated[
        float, Quantity("energy_per_bit", high="100 nJ/bit"), Leaf("energy_j_per_bit")
    ] = Field(description="Energy of a read bit.")
    random_read_bandwidth: Annotated[
        float | None, Quantity("bandwidth", high="1 TB/s"), Leaf("random_read_bytes_per_s")
    ] = Field(
        None,
        description="Bandwidth of small reads all over the device; left out, the sequential one.",
    )


class PowerSpec(Section):
    """Power limits of the chip."""

    idle: Annotated[float, Quantity("power", high="10 kW", zero=True), Leaf("idle_w")] = Field(
        description="Power of the awake chip that no other term counts."
    )
    sustained: Annotated[
        float, Quantity("power", high="100 kW", unlimited=True), Leaf("sustained_w")
    ] = Field(float("inf"), description="What can be dissipated for ever; default unlimited.")
    peak: Annotated[float, Quantity("power", high="100 kW", unlimited=True), Leaf("peak_w")] = (
        Field(float("inf"), description="What can be dissipated for a burst; default unlimited.")
    )
    rails: RailsSpec | None = Field(
        None, description="Measured power rails, for the energy of single kernels."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sustained > self.peak:
            raise fault("order", "must be at most the peak power", at=("sustained",), got=True)
        return self


class AreaSpec(Section):
    """What is known of the die's area."""

    die: Annotated[float | None, Quantity("area", high="1000000 mm2")] = Field(
        None, description="Published die area; left out, the area is the sum of the parts."
    )
    other: Annotated[float, Quantity("area", high="1000000 mm2", zero=True), Leaf("other_mm2")] = (
        Field(0.0, description="Area of blocks that are not described, at the chip's own node.")
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.die is not None and self.other > self.die:
            raise fault("order", "must be at most the die's area", at=("other",), got=True)
        return self


class ChipSpec(Section):
    """One chip: compute units, shared cache, DRAM, storage, power and area."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    segment: Literal["phone", "laptop", "desktop", "edge", "datacentre"] = Field(
        description="Market segment."
    )
    year: int = Field(ge=1970, le=2100, description="Year of introduction.")
    node: Annotated[Key, Leaf("node")] = Field(
        description="Process node, a key of hw_configs/technology/nodes.yaml."
    )
    units: dict[Key, UnitSpec] = Field(
        min_length=1, max_length=64, description="Compute units; the first is the default."
    )
    cache: CacheSpec | None = Field(None, description="Shared cache, where there is one.")
    dram: DramSpec = Field(description="Main memory.")
    storage: StorageSpec | None = Field(None, description="Storage that weights load from.")
    power: PowerSpec = Field(description="Power limits.")
    area: AreaSpec = Field(AreaSpec(), description="Area; left out, the sum of the parts.")
    system_reserved: Annotated[
        float, Quantity("capacity", high="1024 TiB", zero=True), Leaf("system_reserved_bytes")
    ] = Field(0.0, description="Share of DRAM that the system and its apps keep.")
    device: DeviceSpec | None = Field(
        None, description="Device that it sits in; left out, one of its segment's class."
    )
    sync: Annotated[float | None, Quantity("time", high="1 s", zero=True), Leaf("sync_s")] = Field(
        None,
        description="One rendezvous of two units that share an operator, in place of the "
        "technology's.",
    )
    is_template: bool = Field(
        False, description="Whether it is a base of design studies and no product."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.system_reserved > self.dram.capacity:
            at = ("system_reserved",)
            raise fault("order", "must be at most the DRAM's capacity", at=at, got=True)
        return self
