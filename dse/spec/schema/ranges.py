"""The file of how far technology numbers may be off."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dse.spec.schema.field import Quantity, Section

__all__ = ["Grades", "RangesFile", "StatedRange"]

_Share = Annotated[float, Quantity("ratio", high="0.95", zero=True)]


class Grades(Section):
    """Range of a number by its confidence."""

    A: _Share = Field(description="Datasheet, vendor text or measurement.")
    B: _Share = Field(description="Estimate or third party.")
    C: _Share = Field(description="Recalled or inferred.")


class StatedRange(Section):
    """Range of some numbers by their path."""

    path: str = Field(description="Path in its file; `*` stands for anything.")
    range: _Share = Field(description="To both sides, as a share of the number.")


class RangesFile(Section):
    """Ranges of technology numbers."""

    grades: Grades = Field(description="Ranges of numbers that none is stated of.")
    stated: tuple[StatedRange, ...] = Field(
        strict=False, description="Ranges that are known; the first that fits counts."
    )
