"""`ChipBatch`: the physical coefficients of n designs, the only thing the kernel knows of chips.

Each coefficient says in its metadata which way is better. Time, energy, area and cost never fall
when one of them moves the worse way, all others fixed: a bound over a whole box of designs is
therefore one evaluation of the box's best coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dse.chip import Dataflow

__all__ = ["MORE_IS_BETTER", "MORE_IS_WORSE", "Array", "ChipBatch", "OperandCoefficients"]

Array = npt.NDArray[np.float64]
MORE_IS_BETTER = {"sense": 1}
MORE_IS_WORSE = {"sense": -1}


@dataclass(frozen=True, slots=True)
class OperandCoefficients:
    """How one storage class of operands is stored, widened and multiplied; arrays of shape (n,).

    Parameters
    ----------
    bytes_per_element : Array
        Group scales counted, B.
    cycles_per_mac : Array
        Inverse of the engine's rate for this pair of types, relative to one
        multiply-accumulate per cell and cycle; infinite where the matrix engine has no such pair.
    mac_j : Array
        Energy of one multiply-accumulate, J.
    convert_ops : Array
        Lane operations to widen one element; 0 where the engine takes it as stored.
    """

    bytes_per_element: Array = field(metadata=MORE_IS_WORSE)
    cycles_per_mac: Array = field(metadata=MORE_IS_WORSE)
    mac_j: Array = field(metadata=MORE_IS_WORSE)
    convert_ops: Array = field(metadata=MORE_IS_WORSE)


@dataclass(frozen=True, slots=True)
class ChipBatch:
    """Coefficients of n designs for one unit; arrays that broadcast to shape (n,).

    Parameters
    ----------
    dataflow, is_double_buffered : Dataflow, bool
        Structure of the matrix engine, one for the whole batch.
    tile_rows, tile_cols, depth : Array
        Results per pass of the engine, and products per result and cycle.
    block_rows, block_cols : Array
        Results held in registers while operands stream from SRAM.
    fill_cycles, load_cycles : Array
        Skew of a pass through the array, and load of its stationary operand; cycles.
    cores : Array
        Cores that share the passes of one kernel.
    cycle_s : Array
        Clock period, s.
    lane_s : Array
        Seconds per lane operation over all lanes of all cores.
    exp_ops : Array
        Lane operations per exponential.
    sram_bytes, core_sram_bytes, cache_bytes : Array
        Local SRAM over all cores and of one core, and shared cache, B.
    sram_s_per_byte, cache_s_per_byte, dram_s_per_byte : Array
        Inverse bandwidths, s/B; DRAM with its efficiency.
    dram_streamed_s_per_byte, dram_limit_s_per_byte : Array
        Inverse of what the memory controller gives a streaming kernel, and of what the unit can
        draw whatever the software does, s/B; 0 for no limit.
    latency_s, dispatch_s : Array
        Exposed DRAM latency, and launch cost, of one kernel, s.
    prompt_s, step_s : Array
        Fixed cost of a prefill, and of one decode step, s.
    activation_bytes : Array
        Bytes per activation element.
    score_bytes : Array
        DRAM traffic per attention score between kernels that are not fused, B.
    operands : tuple of OperandCoefficients
        Indexed by `dse.workload.Operand`.
    embedding_bytes : Array
        Bytes per element of the embedding table (capacity only).
    lane_j, sram_read_j, sram_write_j, cache_j, dram_j : Array
        Energy of a lane operation, J, and of a byte at each level, J/B.
    flash_s_per_byte, flash_random_s_per_byte, flash_j : Array
        Inverse bandwidths of storage for large and for small reads, s/B, and energy of a byte,
        J/B.
    has_flash : Array
        1 where there is storage to leave operands on, else 0.
    static_w : Array
        Leakage, DRAM background and idle power, W.
    active_w : Array
        What the running unit burns beside its operations (clock tree, issue, registers), W.
    dram_capacity_bytes, reserved_bytes : Array
        DRAM, and what the system keeps of it, B.
    npu_area_mm2, area_mm2, edge_fraction, cost_usd : Array
        Area of the unit and the die, mm2; die edge taken by the PHY over the perimeter; cost, USD.
    buildable : Array
        1 where clock, DRAM rate and width are on offer and the PHY finds room, else 0.
    peak_ops_per_s, peak_dram_bytes_per_s : Array
        Peak rates for reporting and utilisation, op/s and B/s.
    """

    dataflow: Dataflow
    is_double_buffered: bool
    tile_rows: Array = field(metadata=MORE_IS_BETTER)
    tile_cols: Array = field(metadata=MORE_IS_BETTER)
    depth: Array = field(metadata=MORE_IS_BETTER)
    block_rows: Array = field(metadata=MORE_IS_BETTER)
    block_cols: Array = field(metadata=MORE_IS_BETTER)
    fill_cycles: Array = field(metadata=MORE_IS_WORSE)
    load_cycles: Array = field(metadata=MORE_IS_WORSE)
    cores: Array = field(metadata=MORE_IS_BETTER)
    cycle_s: Array = field(metadata=MORE_IS_WORSE)
    lane_s: Array = field(metadata=MORE_IS_WORSE)
    exp_ops: Array = field(metadata=MORE_IS_WORSE)
    sram_bytes: Array = field(metadata=MORE_IS_BETTER)
    core_sram_bytes: Array = field(metadata=MORE_IS_BETTER)
    cache_bytes: Array = field(metadata=MORE_IS_BETTER)
    sram_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    cache_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    dram_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    latency_s: Array = field(metadata=MORE_IS_WORSE)
    dram_streamed_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    dram_limit_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    dispatch_s: Array = field(metadata=MORE_IS_WORSE)
    prompt_s: Array = field(metadata=MORE_IS_WORSE)
    step_s: Array = field(metadata=MORE_IS_WORSE)
    activation_bytes: Array = field(metadata=MORE_IS_WORSE)
    score_bytes: Array = field(metadata=MORE_IS_WORSE)
    operands: tuple[OperandCoefficients, ...]
    embedding_bytes: Array = field(metadata=MORE_IS_WORSE)
    lane_j: Array = field(metadata=MORE_IS_WORSE)
    sram_read_j: Array = field(metadata=MORE_IS_WORSE)
    sram_write_j: Array = field(metadata=MORE_IS_WORSE)
    cache_j: Array = field(metadata=MORE_IS_WORSE)
    dram_j: Array = field(metadata=MORE_IS_WORSE)
    flash_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    flash_random_s_per_byte: Array = field(metadata=MORE_IS_WORSE)
    flash_j: Array = field(metadata=MORE_IS_WORSE)
    has_flash: Array = field(metadata={"sense": 0})
    static_w: Array = field(metadata=MORE_IS_WORSE)
    active_w: Array = field(metadata=MORE_IS_WORSE)
    dram_capacity_bytes: Array = field(metadata=MORE_IS_BETTER)
    reserved_bytes: Array = field(metadata=MORE_IS_WORSE)
    npu_area_mm2: Array = field(metadata=MORE_IS_WORSE)
    area_mm2: Array = field(metadata=MORE_IS_WORSE)
    edge_fraction: Array = field(metadata=MORE_IS_WORSE)
    cost_usd: Array = field(metadata=MORE_IS_WORSE)
    buildable: Array = field(metadata={"sense": 0})
    peak_ops_per_s: Array = field(metadata=MORE_IS_BETTER)
    peak_dram_bytes_per_s: Array = field(metadata=MORE_IS_BETTER)
