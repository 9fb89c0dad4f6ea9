"""From design choices to physical coefficients: the one place where technology data enters."""

from __future__ import annotations

from typing import Any

import numpy as np

from dse.chip import Chip, ComputeUnit, Dataflow
from dse.cost.area import area_parts, edge_fraction
from dse.cost.batch import Array, ChipBatch, OperandCoefficients
from dse.cost.buildable import is_buildable
from dse.cost.energy import energy_coefficients, lane_energy_j
from dse.cost.money import chip_usd
from dse.cost.numerics import PairTables, pair_tables
from dse.cost.stack import Stack, apply_stack
from dse.dtype import Format
from dse.technology import Silicon
from dse.workload import Precision

__all__ = ["derive"]

# Stands for "no such pair": so slow that the vector lanes always win, yet finite.
NO_PAIR_CYCLES = 1e9


def derive(
    chip: Chip,
    precision: Precision,
    silicon: Silicon,
    unit: str | None = None,
    stack: Stack | None = None,
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
    stack : Stack, optional
        Software that runs it; the chip's own defaults for a competent one otherwise.

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
    is_narrow = stack is not None and stack.has_narrow_sums
    matrix = core.matrix.with_narrow_sums() if is_narrow else core.matrix
    tables = pair_tables(matrix, silicon)
    volts = silicon.voltage.ratio(core.clock_hz, core.max_clock_hz, chip.segment)
    logic, lane_j = chip.node.logic_energy * volts**2, lane_energy_j(core, silicon)
    batch = ChipBatch(
        **_engine(core),
        **_memory(chip, core),
        **_flash(chip),
        **energy_coefficients(chip, core, silicon, (parts, area), volts),
        activation_bytes=_array(precision.activations.bytes_per_element),
        score_bytes=np.zeros(1),
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
    return batch if stack is None else apply_stack(batch, stack)


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
        "prompt_s": np.zeros(1),
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
        "dram_streamed_s_per_byte": _array(1.0 / (peak * np.asarray(kind.efficiency))),
        "dram_limit_s_per_byte": _array(1.0 / limit),
        "latency_s": _array(kind.latency_s),
        "peak_dram_bytes_per_s": _array(peak),
    }


def _flash(chip: Chip) -> dict[str, Any]:
    """Coefficients of the storage; a chip without any leaves nothing on it."""
    storage = chip.storage
    if storage is None:
        return dict.fromkeys(
            ("flash_s_per_byte", "flash_random_s_per_byte", "flash_j", "has_flash"), np.zeros(1)
        )
    random = storage.random_read_bytes_per_s
    return {
        "flash_s_per_byte": _array(1.0 / np.asarray(storage.read_bytes_per_s)),
        "flash_random_s_per_byte": _array(
            1.0 / np.asarray(storage.read_bytes_per_s if random is None else random)
        ),
        "flash_j": _array(8.0 * storage.energy_j_per_bit),
        "has_flash": np.ones(1),
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
