"""Compute units: a matrix engine, a vector engine and a local SRAM behind one dispatch queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from dse.dtype import DType

__all__ = [
    "ComputeUnit",
    "Dataflow",
    "KernelLibrary",
    "LocalSram",
    "MatrixEngine",
    "Rate",
    "VectorEngine",
]


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
    narrow_ratio : float or None
        The same with sums no wider than the operands, where that is faster: GeForce cards add
        FP16 products in FP32 at half their rate. None for `ratio`.
    """

    weights: DType
    activations: DType
    ratio: float
    narrow_ratio: float | None = None


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

    def with_narrow_sums(self) -> MatrixEngine:
        """Return the engine under software that keeps sums no wider than the operands."""
        rates = tuple(
            replace(rate, ratio=rate.narrow_ratio or rate.ratio, narrow_ratio=None)
            for rate in self.rates
        )
        return replace(self, rates=rates)


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
class KernelLibrary:
    """What a tuned kernel library reaches on a unit: single kernels only, no effect on models.

    Defaults are those that `dse.spec` documents.

    Parameters
    ----------
    launch_s : float or None
        Launch of one kernel in a queue of them, s; None for the unit's dispatch.
    fused_launch_s : float or None
        The same for fused attention, whose set-up and tail are longer, s; None for `launch_s`.
    matrix_efficiency : float
        Share of the peak matrix rate that the inner loop reaches, 0 to 1.
    cache_efficiency : float
        Share of the cache's bandwidth at which cores fill their tiles, 0 to 1.
    dram_efficiency : float or None
        Share of the peak DRAM bandwidth that a kernel streams, 0 to 1; None for the chip's own.
    exposed : float
        Share of the shorter of computing and streaming that the longer does not hide, 0 to 1.
    epilogue_ops, score_ops, norm_ops : float
        Lane operations per result of a product (scale, convert, store), per attention score
        beside its exponential, and per element of a normalisation.
    """

    launch_s: float | None = None
    fused_launch_s: float | None = None
    matrix_efficiency: float = 0.99
    cache_efficiency: float = 0.76
    dram_efficiency: float | None = None
    exposed: float = 0.17
    epilogue_ops: float = 26.5
    score_ops: float = 4.5
    norm_ops: float = 106.0


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
    kernels : KernelLibrary
        What its kernel library reaches, one kernel at a time.
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
    kernels: KernelLibrary = KernelLibrary()
