"""Validated technology files to the frozen dataclasses of the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dse.dtype import DType
from dse.spec.schema import DramFile, NodesFile, SiliconFile
from dse.technology import ActiveEnergy, BankLaw, DramType, Node, Silicon, SramLaw, VoltageLaw

__all__ = ["Technology", "to_drams", "to_nodes", "to_silicon"]


@dataclass(frozen=True, slots=True)
class Technology:
    """All that the technology files say.

    Parameters
    ----------
    nodes : mapping of str to Node
        Process nodes.
    drams : mapping of str to DramType
        DRAM types.
    silicon : Silicon
        Constants of the reference node.
    """

    nodes: Mapping[str, Node]
    drams: Mapping[str, DramType]
    silicon: Silicon


def to_nodes(spec: NodesFile) -> dict[str, Node]:
    """Build the process nodes."""
    return {
        name: Node(
            name=name,
            logic_energy=node.logic_energy,
            logic_area=node.logic_area,
            sram_energy=node.sram_energy,
            sram_area=node.sram_area,
            logic_leakage_w_per_mm2=node.logic_leakage,
            sram_leakage_w_per_byte=node.sram_leakage,
            wafer_usd=node.wafer_price,
            defects_per_mm2=node.defect_density,
        )
        for name, node in spec.nodes.items()
    }


def to_drams(spec: DramFile) -> dict[str, DramType]:
    """Build the DRAM types."""
    return {
        name: DramType(
            name=name,
            payload_fraction=kind.payload_fraction,
            efficiency=kind.efficiency,
            latency_s=kind.latency,
            energy_j_per_bit=kind.energy,
            background_w_per_byte=kind.background,
            usd_per_byte=kind.price,
            phy_area_mm2_per_bit=kind.phy_area,
            edge_mm_per_bit=kind.edge,
            max_data_rate_per_s=max(kind.data_rates),
            channel_bits=kind.channel_width,
        )
        for name, kind in spec.types.items()
    }


def to_silicon(spec: SiliconFile) -> Silicon:
    """Build the constants of the reference node."""
    return Silicon(
        mac_energy_j={DType[name.upper()]: value for name, value in spec.mac_energy.items()},
        mac_area_mm2={DType[name.upper()]: value for name, value in spec.mac_area.items()},
        lane_energy_j=spec.lane_energy,
        lane_area_mm2=spec.lane_area,
        sram=_sram(spec),
        voltage=_voltage(spec),
        bank=BankLaw(
            reference_bytes=spec.bank.reference,
            bytes_per_cycle=spec.bank.port,
            reference_efficiency=spec.bank.efficiency,
            efficiency_per_doubling=spec.bank.efficiency_per_doubling,
        ),
        scratchpad_mm2_per_byte=spec.scratchpad_area,
        cache_mm2_per_byte=spec.cache_area,
        wire_j_per_bit_mm=spec.wire_energy,
        overhead_fraction=spec.overhead,
        die_logic_share=spec.die_logic,
        die_sram_share=spec.die_sram,
        wafer_diameter_mm=spec.wafer_diameter,
        yield_alpha=spec.yield_alpha,
        package_usd=spec.package_price,
        pin_usd=spec.pin_price,
        pins_per_dram_bit=spec.pins_per_dram_bit,
        active={
            str(kind): ActiveEnergy(law.lane, law.cell, law.issue, law.idle)
            for kind, law in spec.active.items()
        },
        sync_s=spec.sync,
    )


def _sram(spec: SiliconFile) -> SramLaw:
    law = spec.sram
    return SramLaw(
        knee_bytes=law.knee,
        knee_j_per_byte=law.knee_energy,
        exponent_above=law.exponent_above,
        exponent_below=law.exponent_below,
        floor_j_per_byte=law.floor_energy,
        write_factor=law.write_factor,
    )


def _voltage(spec: SiliconFile) -> VoltageLaw:
    law = spec.voltage
    return VoltageLaw(
        reference_v=law.reference,
        clock_fractions=tuple(law.clock),
        volts=tuple(law.volts),
        leakage_exponent=law.leakage_exponent,
        supply_v={str(key): value for key, value in law.supply.items()},
    )
