"""Compute units: a matrix engine, a vector engine and a local SRAM behind one dispatch queue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dse.dtype import DType

__all__ = ["ComputeUnit", "Dataflow", "LocalSram", "MatrixEngine", "Rate", "VectorEngine"]


class Dataflow(StrEnum):
    """What a matrix engine keeps in place while the rest streams past it."""

    WEIGHT_STATIONARY = "weight_stationary"
    OUTPUT_STATIONARY = "output_stationary"
    INPUT_STATIONARY = "input_stationary"
    DOT_PRODUCT = "dot_product"


@dataclass(frozen=True, slots=True)
class Rate:
    """Native multiply rate of one pair of operand types.

    Parameters
    ----------
    weights, activations : DType
        Operand types that the engine multiplies without conversion; group scales of a stored
        format are applied in the accumulator.
    ratio : float
        Multiply-accumulates per cell and cycle, relative to `rows x cols x depth`.
    """

    weights: DType
    activations: DType
    ratio: float


@dataclass(frozen=True, slots=True)
class MatrixEngine:
    """A systolic array, or a dot-product engine of rows x cols results of depth-long products.

    Parameters
    ----------
    dataflow : Dataflow
        Mapping of a matrix product onto the array.
    rows, cols : float
        Array shape; for ``dot_product`` the m and n of its m x n x k product per cycle.
    depth : float
        The k of ``dot_product``; 1 for a systolic array.
    rates : tuple of Rate
        Operand pairs that it multiplies natively; at least one.
    double_buffered : bool
        Whether the stationary operand of the next tile loads (or the finished outputs drain)
        while this one computes.
    block_rows, block_cols : float
        Block of results that registers hold while the inner dimension streams past, which sets
        the SRAM traffic; never less than `rows` and `cols`. A GPU core keeps about 64 x 64.
    """

    dataflow: Dataflow
    rows: float
    cols: float
    depth: float
    rates: tuple[Rate, ...]
    double_buffered: bool = True
    block_rows: float = 0.0
    block_cols: float = 0.0


@dataclass(frozen=True, slots=True)
class VectorEngine:
    """SIMD lanes for everything that is not a matrix product.

    Parameters
    ----------
    lanes : float
        Lane operations (one FMA or ALU instruction on one element) per cycle.
    exp_ops : float
        Lane operations that one exponential costs.
    convert_ops : float
        Lane operations that widening one stored weight costs (unpack and scale).
    """

    lanes: float
    exp_ops: float
    convert_ops: float


@dataclass(frozen=True, slots=True)
class LocalSram:
    """The scratchpad of one core.

    Parameters
    ----------
    capacity_bytes : float
        Capacity, B.
    bytes_per_cycle : float
        Bandwidth between the scratchpad and the engines, B per clock cycle.
    """

    capacity_bytes: float
    bytes_per_cycle: float


@dataclass(frozen=True, slots=True)
class ComputeUnit:
    """`count` equal cores that run one kernel together.

    Parameters
    ----------
    name : str
        Key of the unit in its chip file.
    kind : str
        ``npu``, ``gpu`` or ``cpu``.
    count : float
        Cores; matrix, vector and SRAM figures are per core.
    clock_hz : float
        Clock, Hz.
    dispatch_s : float
        Launch and synchronisation of one kernel, s.
    max_dram_bytes_per_s : float
        What this unit alone can draw from DRAM, B/s; infinite where the bus is the only limit.
    max_clock_hz : float
        Clock at the highest voltage, Hz: a lower clock then takes less voltage and energy.
        Infinite where unknown: the unit runs at the technology's reference voltage.
    """

    name: str
    kind: str
    count: float
    clock_hz: float
    matrix: MatrixEngine
    vector: VectorEngine
    sram: LocalSram
    dispatch_s: float
    max_dram_bytes_per_s: float = float("inf")
    max_clock_hz: float = float("inf")
