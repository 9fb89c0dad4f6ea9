"""What is built: frozen descriptions whose numbers may be arrays, one entry per design."""

from dse.chip.chip import Area, Chip, Power, Rails
from dse.chip.memory import Cache, Dram, Storage
from dse.chip.unit import (
    ComputeUnit,
    Dataflow,
    KernelLibrary,
    LocalSram,
    MatrixEngine,
    Rate,
    VectorEngine,
)

__all__ = [
    "Area",
    "Cache",
    "Chip",
    "ComputeUnit",
    "Dataflow",
    "Dram",
    "KernelLibrary",
    "LocalSram",
    "MatrixEngine",
    "Power",
    "Rails",
    "Rate",
    "Storage",
    "VectorEngine",
]
