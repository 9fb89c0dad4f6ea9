"""The file of a software stack."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dse.spec.schema.field import Name, Quantity, Section, Title

__all__ = ["StackSpec"]

_Share = Annotated[float, Quantity("ratio", high="1")]


class StackSpec(Section):
    """What a runtime reaches on any chip that it runs on."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    dram_efficiency: _Share = Field(
        description="Share of the peak DRAM bandwidth that its matrix-vector kernels stream."
    )
    matrix_efficiency: _Share = Field(
        description="Share of the peak matrix rate that its products reach, edges not counted."
    )
    lane_efficiency: _Share = Field(
        description="Share of the peak lane rate of its elementwise and unpacking code."
    )
    kernel: Annotated[float, Quantity("time", high="1 s", zero=True)] = Field(
        description="Launch and synchronisation of one kernel."
    )
    kernels_per_op: Annotated[float, Quantity("ratio", low="1", high="1000")] = Field(
        description="Kernels that it launches where the operator table has one."
    )
    step: Annotated[float, Quantity("time", high="1 s", zero=True)] = Field(
        description="Fixed cost of one prefill or one decode step."
    )
    convert_ops: Annotated[float, Quantity("ratio", high="1000", zero=True)] = Field(
        description="Lane operations to unpack one stored weight."
    )
