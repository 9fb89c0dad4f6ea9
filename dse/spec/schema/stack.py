"""The file of a software stack."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.spec.schema.field import Name, Quantity, Section, Title

__all__ = ["StackSpec"]

_Share = Annotated[float, Quantity("ratio", high="1")]


class StackSpec(Section):
    """What a runtime reaches on any chip that it runs on."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    dram_efficiency: Annotated[float, Quantity("ratio", high="2")] = Field(
        description="What its matrix-vector kernels stream over what the chip's memory controller "
        "gives a plain streaming kernel; never past the peak."
    )
    matrix_efficiency: _Share = Field(
        description="Share of the peak matrix rate that its products reach, edges not counted."
    )
    lane_efficiency: _Share = Field(
        description="Share of the peak lane rate of its elementwise and unpacking code."
    )
    dispatches_per_op: Annotated[float, Quantity("ratio", high="10000", zero=True)] = Field(
        description="Launches and synchronisations where the operator table has one kernel, each "
        "as long as the chip's own dispatch."
    )
    prompt: Annotated[float, Quantity("time", high="10 s", zero=True)] = Field(
        description="Fixed cost of a prefill: tokenising, setting up the graph and the cache."
    )
    step: Annotated[float, Quantity("time", high="1 s", zero=True)] = Field(
        description="Fixed cost of one decode step: sampling, host code."
    )
    convert_ops: Annotated[float, Quantity("ratio", high="1000", zero=True)] = Field(
        description="Lane operations to unpack one stored weight."
    )
    score_bytes: Annotated[float, Quantity("ratio", high="1000", zero=True)] = Field(
        description="DRAM traffic per attention score, B, of kernels that are not fused."
    )
    sums: Literal["wide", "narrow"] = Field(
        "wide",
        description="Whether its products add in 32 bits, or in no more than their operands have.",
    )
