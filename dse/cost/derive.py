"""From design choices to physical coefficients: the one place where technology data enters."""

from __future__ import annotations

from typing import Any

import numpy as np

from dse.chip import Chip, ComputeUnit, Dataflow
from dse.cost.area import AreaParts, area_parts, edge_fraction
from dse.cost.batch import Array, ChipBatch, OperandCoefficients
from dse.cost.buildable import is_buildable
from dse.cost.money import chip_usd
from dse.cost.numerics import PairTables, pair_tables
from dse.dtype import Format
from dse.technology import Silicon
from dse.workload import Precision

__all__ = ["derive"]

# Stands for "no such pair": so slow that the vector lanes always win, yet finite.
NO_PAIR_CYCLES = 1e9


def derive(
    chip: Chip, precision: Precision, silicon: Silicon, unit: str | None = None
) -> ChipBatch:
    """Physical coefficients of a chip, or of n chips at once.

    Parameters
    ----------
    chip : Chip
        Numeric leaves are floats or arrays of shape (n,).
    precision : Precision
        Formats; leaves likewise.
    silicon : Silicon
        Constants of the reference node.
    unit : str, optional
        Unit that runs the model; the chip's first by default.

    Returns
    -------
    ChipBatch
        Coefficients that broadcast to shape (n,).

    Raises
    ------
    KeyError
        If the chip has no such unit.
    """
    core = chip.unit(unit)
    parts = area_parts(chip, core, silicon)
    area = parts.total if chip.area.die_mm2 is None else np.asarray(chip.area.die_mm2 + 0.0)
    edge = edge_fraction(chip, area)
    tables = pair_tables(core.matrix, silicon)
    volts = silicon.voltage.ratio(core.clock_hz, core.max_clock_hz)
    logic, lane_j = chip.node.logic_energy * volts**2, silicon.lane_energy_j
    return ChipBatch(
        **_engine(core),
        **_memory(chip, core),
        **_energy(chip, core, silicon, parts, volts),
        activation_bytes=_array(precision.activations.bytes_per_element),
        embedding_bytes=_array(precision.embedding.bytes_per_element),
        operands=tuple(
            _operand(stored, precision.activations, tables, core, lane_j, logic)
            for stored in (precision.weights, precision.head, precision.kv)
        ),
        dram_capacity_bytes=_array(chip.dram.capacity_bytes),
        reserved_bytes=_array(chip.system_reserved_bytes),
        npu_area_mm2=parts.unit,
        area_mm2=area,
        edge_fraction=edge,
        buildable=_array(is_buildable(chip, core, edge)),
        cost_usd=chip_usd(chip, area, silicon),
        peak_ops_per_s=_peak_ops(core, precision, tables),
    )


def _array(value: Any) -> Array:
    return np.atleast_1d(np.asarray(value, dtype=np.float64))


def _engine(unit: ComputeUnit) -> dict[str, Any]:
    """Shape and rates of the matrix and vector engines."""
    matrix = unit.matrix
    is_systolic = matrix.dataflow is not Dataflow.DOT_PRODUCT
    rows, cols = _array(matrix.rows), _array(matrix.cols)
    return {
        "dataflow": matrix.dataflow,
        "is_double_buffered": matrix.double_buffered,
        "tile_rows": rows,
        "tile_cols": cols,
        "depth": _array(matrix.depth),
        "block_rows": np.maximum(rows, matrix.block_rows),
        "block_cols": np.maximum(cols, matrix.block_cols),
        "fill_cycles": 2.0 * rows + cols - 2.0 if is_systolic else np.zeros(1),
        "load_cycles": rows if is_systolic else np.zeros(1),
        "cores": _array(unit.count),
        "cycle_s": _array(1.0 / np.asarray(unit.clock_hz)),
        "lane_s": _array(1.0 / np.asarray(unit.vector.lanes * unit.count * unit.clock_hz)),
        "exp_ops": _array(unit.vector.exp_ops),
        "sram_bytes": _array(unit.sram.capacity_bytes * unit.count),
        "core_sram_bytes": _array(unit.sram.capacity_bytes),
        "sram_s_per_byte": _array(
            1.0 / np.asarray(unit.sram.bytes_per_cycle * unit.count * unit.clock_hz)
        ),
        "dispatch_s": _array(unit.dispatch_s),
        "step_s": np.zeros(1),
    }


def _memory(chip: Chip, unit: ComputeUnit) -> dict[str, Any]:
    """Capacities and bandwidths outside the unit.

    B_peak = bus width / 8 x data rate x payload fraction                                     (1)
    B = min(B_peak x efficiency, bytes in flight / latency, the unit's own limit)             (2)

    References
    ----------
    (2) Little, "A proof for the queuing formula L = lambda W", Operations Research 9(3), 1961.
    """
    dram, kind = chip.dram, chip.dram.type
    peak = dram.bus_width_bits / 8.0 * dram.data_rate_per_s * kind.payload_fraction
    in_flight = dram.max_outstanding_bytes / np.asarray(kind.latency_s)
    limit = np.minimum(in_flight, unit.max_dram_bytes_per_s)
    bandwidth = np.minimum(peak * kind.efficiency, limit)
    has_cache = np.asarray(chip.cache.capacity_bytes) > 0.0
    cache_rate = np.where(has_cache, chip.cache.bandwidth_bytes_per_s, np.inf)
    return {
        "cache_bytes": _array(chip.cache.capacity_bytes),
        "cache_s_per_byte": _array(1.0 / cache_rate),
        "dram_s_per_byte": _array(1.0 / bandwidth),
        "dram_limit_s_per_byte": _array(1.0 / limit),
        "latency_s": _array(kind.latency_s),
        "peak_dram_bytes_per_s": _array(peak),
    }


def _energy(
    chip: Chip, unit: ComputeUnit, silicon: Silicon, parts: AreaParts, volts: Array
) -> dict[str, Any]:
    """Energy per event and static power.

    A byte between SRAM and engines pays the array's access and a wire half as long as the side
    of one core's engines. The unit is one voltage domain: its dynamic energy follows V^2 and its
    leakage a higher power, V from the clock; cache, DRAM and the rest keep their own supply.
    """
    node = chip.node
    side_mm = np.sqrt(parts.logic / unit.count)
    wire = silicon.wire_j_per_bit_mm * 8.0 * 0.5 * side_mm * node.logic_energy * volts**2
    read = silicon.sram.read_j_per_byte(unit.sram.capacity_bytes) * node.sram_energy * volts**2
    cached = silicon.sram.read_j_per_byte(chip.cache.capacity_bytes) * node.sram_energy
    own = parts.logic * node.logic_leakage_w_per_mm2
    own = own + unit.sram.capacity_bytes * unit.count * node.sram_leakage_w_per_byte
    cache = chip.cache.capacity_bytes * node.sram_leakage_w_per_byte
    background = chip.dram.capacity_bytes * chip.dram.type.background_w_per_byte
    leakage = own * volts**silicon.voltage.leakage_exponent + cache
    static = leakage + background + chip.power.idle_w
    has_cache = np.asarray(chip.cache.capacity_bytes) > 0.0
    return {
        "lane_j": _array(silicon.lane_energy_j * node.logic_energy * volts**2),
        "sram_read_j": _array(read + wire),
        "sram_write_j": _array(read * silicon.sram.write_factor + wire),
        "cache_j": _array(np.where(has_cache, cached, 0.0)),
        "dram_j": _array(8.0 * chip.dram.type.energy_j_per_bit),
        "static_w": _array(static),
    }


def _operand(
    stored: Format,
    activations: Format,
    tables: PairTables,
    unit: ComputeUnit,
    lane_j: float,
    logic: Array,
) -> OperandCoefficients:
    """Coefficients of one stored operand against the activations.

    A pair that the matrix engine lacks runs on the vector lanes, at a lane operation of `lane_j`
    each; `logic` is the energy of logic over that at the reference node and voltage.
    """
    pair = (stored.code, activations.code)
    cycles = tables.cycles_per_mac[pair]
    has_pair = np.isfinite(cycles)
    energy = np.where(has_pair, np.nan_to_num(tables.mac_j[pair]), lane_j)
    return OperandCoefficients(
        bytes_per_element=_array(stored.bytes_per_element),
        cycles_per_mac=_array(np.where(has_pair, cycles, NO_PAIR_CYCLES)),
        mac_j=_array(energy * logic),
        convert_ops=_array(tables.is_converted[pair] * unit.vector.convert_ops),
    )


def _peak_ops(unit: ComputeUnit, precision: Precision, tables: PairTables) -> Array:
    """Peak rate for weights against activations: two operations per multiply-accumulate."""
    cells = unit.matrix.rows * unit.matrix.cols * unit.matrix.depth
    ratio = 1.0 / tables.cycles_per_mac[precision.weights.code, precision.activations.code]
    lanes = np.asarray(unit.vector.lanes)
    return _array(2.0 * unit.count * unit.clock_hz * np.maximum(cells * ratio, lanes))
