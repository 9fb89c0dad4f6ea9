"""The file of what was measured of models under quantisation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.errors import UnitError
from dse.spec.schema.field import Checked, Name, Section, Title
from dse.workload import BEST, parse_method

__all__ = ["MethodName", "QuantisationSpec"]

MethodName = Annotated[str, Checked(parse_method, ("rtn", "awq", "gptq", "k-quant", "best"))]
_Bits = Annotated[float, Field(gt=0.0, le=16.0)]
_Value = Annotated[float, Field(gt=0.0, le=1e9)]


def _measured_method(text: str) -> str:
    """Read a method; the least over several is none."""
    name = parse_method(text)
    if name == BEST:
        raise UnitError(f'must be the method that was measured, but got "{text}"', "method")
    return name


class RowSpec(Section):
    """One measurement."""

    name: Title = Field(description="As the source calls it.")
    method: Annotated[str, Checked(_measured_method, ("rtn", "awq", "k-quant"))] = Field(
        description="Method of quantisation."
    )
    weights: _Bits | None = Field(
        None, description="Effective bits per weight; by default those of the reference."
    )
    per_channel: bool = Field(
        False, description="Whether scales go by whole channels or vectors, not by small groups."
    )
    activations: _Bits = Field(16.0, description="Bits of the activations.")
    kv: _Bits = Field(16.0, description="Effective bits per key or value.")
    result: _Value = Field(description="The measurement.")


class SetSpec(Section):
    """Measurements of one model, under one metric of one source."""

    model: Name = Field(description="The model.")
    metric: Title = Field(description="What was measured, with its context.")
    kind: Literal["perplexity", "score"] = Field(
        description="Perplexity, of which less is better, or a score of tasks, of which more is."
    )
    reference: _Value = Field(description="The same model without this quantisation.")
    reference_weights: _Bits = Field(
        16.0, description="Bits of the reference's weights; fewer where only the cache differs."
    )
    step: Annotated[float, Field(ge=0.0, le=1e3)] = Field(
        0.0, description="Last digit that the source prints; left out where it prints many."
    )
    rows: list[RowSpec] = Field(min_length=1, description="The measurements.")


class RelativeSpec(Section):
    """A model that another's measurements may stand for."""

    model: Name = Field(description="The model that was measured.")
    why: Title = Field(description="What they have in common.")


class QuantisationSpec(Section):
    """What was measured of models under quantisation."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    relatives: dict[Name, RelativeSpec] = Field(
        default_factory=dict, description="Models without measurements of their own."
    )
    sets: list[SetSpec] = Field(min_length=1, description="The measurements.")
