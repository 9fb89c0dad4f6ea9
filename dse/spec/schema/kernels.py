"""Parts of the chip file that only single kernels need: the library's reach, and power rails."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dse.spec.schema.field import OperandType, Quantity, Section

__all__ = ["KernelsSpec", "RailsSpec"]

_Share = Annotated[float, Quantity("ratio", high="1")]
_Ops = Annotated[float, Quantity("ratio", high="10000", zero=True)]
_Watts = Annotated[float, Quantity("power", high="10 kW", zero=True)]
_Launch = Annotated[float | None, Quantity("time", high="1 s", zero=True)]


class KernelsSpec(Section):
    """What a tuned kernel library reaches on a unit; defaults are those measured on an Orin."""

    launch: _Launch = Field(None, description="Launch of one kernel; default the dispatch.")
    fused_launch: _Launch = Field(
        None, description="Launch, set-up and tail of a fused attention; default the launch."
    )
    matrix_efficiency: _Share = Field(
        0.99, description="Share of the peak matrix rate that the inner loop reaches."
    )
    cache_efficiency: _Share = Field(
        0.76, description="Share of the cache's bandwidth at which cores fill their tiles."
    )
    dram_efficiency: Annotated[float | None, Quantity("ratio", high="1")] = Field(
        None, description="Share of the peak DRAM bandwidth; default the chip's own efficiency."
    )
    exposed: Annotated[float, Quantity("ratio", high="1", zero=True)] = Field(
        0.17,
        description="Share of the shorter of computing and streaming that the longer cannot hide.",
    )
    epilogue_ops: _Ops = Field(
        26.5, description="Lane operations per result of a product: scale, convert, store."
    )
    score_ops: _Ops = Field(
        4.5, description="Lane operations per attention score beside its exponential."
    )
    norm_ops: _Ops = Field(106.0, description="Lane operations per element of a normalisation.")


class RailsSpec(Section):
    """Measured power rails of a board."""

    idle: _Watts = Field(description="Compute rail between two kernels.")
    active: _Watts = Field(description="Compute rail while a kernel runs, work not counted.")
    mac: dict[OperandType, Annotated[float, Quantity("energy", high="1 nJ")]] = Field(
        description="One multiply-accumulate on the compute rail, by operand type."
    )
    cache: Annotated[float, Quantity("energy_per_byte", high="10 nJ/B", zero=True)] = Field(
        description="One byte from the cache to a core."
    )
    score: Annotated[float, Quantity("energy", high="1 uJ", zero=True)] = Field(
        description="One attention score beside its multiply-accumulates."
    )
    memory_idle: _Watts = Field(description="Memory rail between two kernels.")
    memory_active: _Watts = Field(
        description="Memory rail while a kernel runs, traffic not counted."
    )
    memory: Annotated[float, Quantity("energy_per_bit", high="1 nJ/bit", zero=True)] = Field(
        description="One bit moved, on the memory rail."
    )
