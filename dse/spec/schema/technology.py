"""The technology files: process nodes, DRAM types, and silicon at the reference node."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dse.dtype import DType
from dse.spec.schema.field import Key, OperandType, Quantity, Section, Title, fault

__all__ = ["DramFile", "DramTypeSpec", "NodeSpec", "NodesFile", "SiliconFile", "SramLawSpec"]

_Ratio = Annotated[float, Quantity("ratio", low="0.001", high="1000")]


class NodeSpec(Section):
    """One process node, relative to the reference node."""

    title: Title = Field(description="Name for people.")
    logic_energy: _Ratio = Field(description="Dynamic energy of logic over the reference's.")
    logic_area: _Ratio = Field(description="Area of logic over the reference's.")
    sram_energy: _Ratio = Field(description="Energy of SRAM over the reference's.")
    sram_area: _Ratio = Field(description="Area of SRAM over the reference's.")
    logic_leakage: Annotated[float, Quantity("power_density", high="10 W/mm2", zero=True)] = Field(
        description="Leakage of active logic."
    )
    sram_leakage: Annotated[float, Quantity("power_per_byte", high="1 W/KiB", zero=True)] = Field(
        description="Leakage of active SRAM."
    )
    wafer_price: Annotated[float, Quantity("money", high="1000000 USD")] = Field(
        description="Price of one processed wafer."
    )
    defect_density: Annotated[float, Quantity("defect_density", high="100 1/cm2", zero=True)] = (
        Field(description="Defects per area, D0.")
    )


class NodesFile(Section):
    """Process nodes."""

    nodes: dict[Key, NodeSpec] = Field(min_length=1, description="Process nodes by key.")


class DramTypeSpec(Section):
    """One DRAM type."""

    title: Title = Field(description="Name for people.")
    data_rates: list[Annotated[float, Quantity("data_rate", low="1 MT/s", high="1000 GT/s")]] = (
        Field(min_length=1, description="Transfer rates that the standard or the market offers.")
    )
    channel_width: Annotated[float, Quantity("width", high="1048576 bit")] = Field(
        description="Width of one channel."
    )
    payload_fraction: Annotated[float, Quantity("ratio", low="0.1", high="1")] = Field(
        1.0, description="Share of the raw bits that carry data."
    )
    efficiency: Annotated[float, Quantity("ratio", high="1")] = Field(
        description="Share of the payload bandwidth that streaming reads reach."
    )
    latency: Annotated[float, Quantity("time", high="1 ms")] = Field(
        description="Loaded latency of one access."
    )
    energy: Annotated[float, Quantity("energy_per_bit", high="1 nJ/bit")] = Field(
        description="Device, PHY, controller and fabric together, per bit moved."
    )
    background: Annotated[float, Quantity("power_per_byte", high="1 W/MiB", zero=True)] = Field(
        description="Standby and refresh power while active."
    )
    price: Annotated[float, Quantity("money_per_byte", high="1000000 USD/GB", zero=True)] = Field(
        description="Price of the devices."
    )
    phy_area: Annotated[float, Quantity("area_per_bit", high="100 mm2/bit", zero=True)] = Field(
        description="PHY and controller on the chip, per bit of bus width."
    )
    edge: Annotated[float, Quantity("length_per_bit", high="10 mm/bit", zero=True)] = Field(
        description="Die edge that the PHY takes, per bit of bus width."
    )


class DramFile(Section):
    """DRAM types."""

    types: dict[Key, DramTypeSpec] = Field(min_length=1, description="DRAM types by key.")


class VoltageSpec(Section):
    """Supply voltage against clock."""

    reference: Annotated[float, Quantity("voltage", low="0.1 V", high="2 V")] = Field(
        description="Voltage at which the energies of this file hold."
    )
    clock: list[Annotated[float, Quantity("ratio", high="1")]] = Field(
        description="Clock over the unit's maximum clock, rising, the last one 1."
    )
    volts: list[Annotated[float, Quantity("voltage", low="0.1 V", high="2 V")]] = Field(
        description="Voltage that each of these clocks needs, rising."
    )
    leakage_exponent: Annotated[float, Quantity("ratio", high="10", zero=True)] = Field(
        description="Power of voltage that leakage power follows."
    )
    supply: dict[
        Literal["phone", "laptop", "desktop", "edge", "datacentre"],
        Annotated[float, Quantity("voltage", low="0.1 V", high="2 V")],
    ] = Field(
        default_factory=dict,
        description="Usual voltage at the published clock by market segment, where a unit states "
        "no highest clock; default: the reference.",
    )

    @model_validator(mode="after")
    def _points_match(self) -> Self:
        if len(self.clock) != len(self.volts) or len(self.clock) < 2:
            rule = "must have one voltage per clock, and at least two of each"
            raise fault("length", rule, at=("volts",))
        if sorted(set(self.clock)) != self.clock or sorted(self.volts) != self.volts:
            raise fault("order", "must rise", at=("clock",))
        if self.clock[-1] != 1.0:
            raise fault("range", "must end with 1", at=("clock",))
        return self


class BankSpec(Section):
    """Area of SRAM against the size of its banks."""

    reference: Annotated[float, Quantity("capacity", low="1 KiB", high="1 GiB")] = Field(
        description="Bank for which scratchpad_area holds."
    )
    port: Annotated[float, Quantity("bandwidth_per_cycle", high="65536 B/cycle")] = Field(
        description="Port of one bank."
    )
    efficiency: Annotated[float, Quantity("ratio", high="1")] = Field(
        description="Share of such a bank that is cells."
    )
    efficiency_per_doubling: Annotated[float, Quantity("ratio", high="1", zero=True)] = Field(
        description="What each doubling of the bank adds to that share."
    )


class ActiveSpec(Section):
    """What a running unit of one kind burns beside its operations."""

    lane: Annotated[float, Quantity("energy", high="1 nJ", zero=True)] = Field(
        0.0, description="Per cycle and vector lane."
    )
    cell: Annotated[float, Quantity("energy", high="1 nJ", zero=True)] = Field(
        0.0, description="Per cycle and matrix cell."
    )
    issue: Annotated[float, Quantity("energy", high="1 nJ", zero=True)] = Field(
        0.0, description="Per lane operation, on top of lane_energy."
    )
    idle: Annotated[float, Quantity("energy", high="1 nJ", zero=True)] = Field(
        0.0, description="Per cycle and vector lane, between kernels, too: clocks that stay up."
    )


class SramLawSpec(Section):
    """Energy of one SRAM byte against the capacity of its macro."""

    knee: Annotated[float, Quantity("capacity", low="1 KiB", high="1 GiB")] = Field(
        description="Capacity where the two power laws meet."
    )
    knee_energy: Annotated[float, Quantity("energy_per_byte", high="10 nJ/B")] = Field(
        description="Read energy at the knee."
    )
    exponent_above: Annotated[float, Quantity("ratio", high="2", zero=True)] = Field(
        description="Power of capacity above the knee."
    )
    exponent_below: Annotated[float, Quantity("ratio", high="2", zero=True)] = Field(
        description="Power of capacity below the knee."
    )
    floor_energy: Annotated[float, Quantity("energy_per_byte", high="10 nJ/B")] = Field(
        description="Read energy of the smallest arrays."
    )
    write_factor: Annotated[float, Quantity("ratio", low="0.1", high="10")] = Field(
        description="Energy of a write over that of a read."
    )


def _every_type(table: dict[OperandType, float]) -> dict[OperandType, float]:
    missing = [dtype.name.lower() for dtype in DType if dtype.name.lower() not in table]
    if missing:
        raise fault("missing-key", f"must give every data type, but lacks {', '.join(missing)}")
    return table


class SiliconFile(Section):
    """What logic, SRAM, wires, wafers and packages cost at the reference node."""

    reference_node: Key = Field(description="Node to which the other nodes' ratios refer.")
    mac_energy: Annotated[
        dict[OperandType, Annotated[float, Quantity("energy", high="1 nJ")]],
        AfterValidator(_every_type),
    ] = Field(description="One multiply-accumulate with its registers, by operand type.")
    mac_area: Annotated[
        dict[OperandType, Annotated[float, Quantity("area", high="1 mm2")]],
        AfterValidator(_every_type),
    ] = Field(description="One multiply-accumulate cell with its registers, by operand type.")
    lane_energy: Annotated[float, Quantity("energy", high="1 nJ")] = Field(
        description="One vector-lane operation with its register traffic."
    )
    lane_area: Annotated[float, Quantity("area", high="1 mm2")] = Field(
        description="One vector lane."
    )
    sram: SramLawSpec = Field(description="Energy of SRAM.")
    scratchpad_area: Annotated[float, Quantity("area_per_byte", high="100 mm2/MiB")] = Field(
        description="Achieved area of local SRAM."
    )
    cache_area: Annotated[float, Quantity("area_per_byte", high="100 mm2/MiB")] = Field(
        description="Achieved area of a cache with its tags."
    )
    voltage: VoltageSpec = Field(description="Supply voltage against clock.")
    bank: BankSpec = Field(description="Area of local SRAM against its bandwidth.")
    wire_energy: Annotated[float, Quantity("energy_per_bit_length", high="100 pJ/bit/mm")] = Field(
        description="On-chip wire, per bit and length."
    )
    overhead: Annotated[float, Quantity("ratio", high="10", zero=True)] = Field(
        description="Control, interconnect and clocking over the engines' own area."
    )
    active: dict[Literal["npu", "gpu", "cpu"], ActiveSpec] = Field(
        default_factory=dict,
        description="Energy of a running unit beside its operations, by its kind.",
    )
    sync: Annotated[float, Quantity("time", high="1 s", zero=True)] = Field(
        description="One rendezvous of two units that share an operator or hand one over."
    )
    die_logic: Annotated[float, Quantity("ratio", high="1", zero=True)] = Field(
        description="Share of logic in undescribed die area at the reference node."
    )
    die_sram: Annotated[float, Quantity("ratio", high="1", zero=True)] = Field(
        description="Share of SRAM in it; the rest is analogue and does not shrink."
    )
    wafer_diameter: Annotated[float, Quantity("length", low="50 mm", high="1 m")] = Field(
        description="Wafer diameter."
    )
    yield_alpha: Annotated[float, Quantity("ratio", high="1000")] = Field(
        description="Clustering parameter of the negative-binomial yield."
    )
    package_price: Annotated[float, Quantity("money", high="100000 USD", zero=True)] = Field(
        description="Base price of a package."
    )
    pin_price: Annotated[float, Quantity("money", high="100 USD", zero=True)] = Field(
        description="Price of one pin."
    )
    pins_per_dram_bit: Annotated[float, Quantity("ratio", high="100", zero=True)] = Field(
        description="Pins per bit of DRAM bus, with power and ground."
    )
