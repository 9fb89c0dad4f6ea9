"""The file of how far the model's figures were off where somebody measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.spec.schema.field import Quantity, Section

__all__ = ["AccuracyFile", "PhaseErrors"]

_Error = Annotated[float, Quantity("ratio", high="10", zero=True)]


class PhaseErrors(Section):
    """Median error without its sign, by what is predicted."""

    decode: _Error = Field(description="Of decode rates.")
    prefill: _Error = Field(description="Of prefill rates and times to first token.")
    energy: _Error = Field(description="Of energies and powers.")
    image: _Error = Field(description="Of times per image.")


class AccuracyFile(Section):
    """Errors of predictions by market segment, and of ratios of two predictions."""

    segments: dict[Literal["phone", "datacentre"], PhaseErrors] = Field(
        min_length=1, description="Errors of absolute figures by segment."
    )
    ratios: PhaseErrors = Field(
        description="Errors of ratios: two chips, one stack, model and metric."
    )
