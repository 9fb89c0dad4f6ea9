"""The space file: a base chip and scenario, axes over their fields, objectives and targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from dse.spec.schema.field import Key, Name, Section, Title, fault

__all__ = ["RangeSpec", "SpaceSpec"]

_MAX_STEPS = 4096


def _single(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise fault("type", "must be a single value", got=True)
    return value


# One choice of an axis; the field that the axis varies says what it must be.
_Choice = Annotated[
    Any, PlainValidator(_single), WithJsonSchema({"type": ["string", "number", "boolean"]})
]


class RangeSpec(Section):
    """Evenly spread values of an axis."""

    from_: _Choice = Field(alias="from", description="First value, with its unit.")
    to: _Choice = Field(description="Last value, with its unit.")
    steps: int = Field(ge=2, le=_MAX_STEPS, description="How many values, both ends counted.")
    scale: Literal["linear", "log"] = Field(
        "linear", description="Whether neighbours have equal differences or equal ratios."
    )


def _branch(value: object) -> str | None:
    return "<list>" if isinstance(value, list) else "<range>" if isinstance(value, dict) else None


_Choices = Annotated[list[_Choice], Field(min_length=1, max_length=_MAX_STEPS)]
_AxisEntry = Annotated[
    Annotated[_Choices, Tag("<list>")] | Annotated[RangeSpec, Tag("<range>")],
    Discriminator(_branch),
]


class SpaceSpec(Section):
    """What may vary about a chip and a scenario, and what to look for."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    chip: Name = Field(description="Base chip, by its name in the library.")
    models: list[Name] = Field(
        min_length=1, max_length=64, description="Models that every design must run, by name."
    )
    scenario: Name = Field(description="Base scenario, by its name in the library.")
    unit: Key | None = Field(
        None, description="Unit that runs the models, by key or kind; by default the chip's first."
    )
    axes: dict[str, _AxisEntry] = Field(
        min_length=1,
        max_length=64,
        description="What varies: the path of a field of the chip or scenario, and its values.",
    )
    objectives: list[str] = Field(
        min_length=1, max_length=8, description="Metrics to optimise, each in its own sense."
    )
    targets: dict[str, str] = Field(
        {}, description='Limits of metrics to meet, such as "<= 100 ms".'
    )
