"""The space file: a base chip, what it is asked, what may vary, and what to look for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from dse.spec.schema.field import Key, Name, Quantity, Section, Title, fault

__all__ = ["RangeSpec", "SpaceSpec", "TieSpec", "UseCaseSpec"]

_MAX_STEPS = 4096
# Weights may be rounded texts: their sum may miss 1 by so much.
_ROUNDING = 1e-9


def _single(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise fault("type", "must be a single value", got=True)
    return value


# One choice of an axis; the field that the axis varies says what it must be.
_Choice = Annotated[
    Any, PlainValidator(_single), WithJsonSchema({"type": ["string", "number", "boolean"]})
]


class RangeSpec(Section):
    """Evenly spread values of an axis: so many, so far apart, or all that lie between."""

    from_: _Choice = Field(alias="from", description="First value, with its unit.")
    to: _Choice = Field(description="Last value, with its unit.")
    steps: int | None = Field(
        None, ge=2, le=_MAX_STEPS, description="How many values, both ends counted."
    )
    step: _Choice | None = Field(
        None, description="How far neighbours are apart, with its unit; it must lead to the last."
    )
    continuous: bool = Field(
        False,
        description="Whether all values between may be taken: as 4,096 even steps.",
    )
    scale: Literal["linear", "log"] = Field(
        "linear", description="Whether neighbours have equal differences or equal ratios."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.steps is not None) + (self.step is not None) + self.continuous != 1:
            rule = "must have one of steps, step and `continuous: true`"
            raise fault("conflict", rule)
        if self.step is not None and self.scale == "log":
            raise fault("conflict", "must be linear beside a step", at=("scale",), got=True)
        return self


def _branch(value: object) -> str | None:
    return "<list>" if isinstance(value, list) else "<range>" if isinstance(value, dict) else None


def _values_branch(value: object) -> str | None:
    return "<list>" if isinstance(value, list) else "<table>" if isinstance(value, dict) else None


_Choices = Annotated[list[_Choice], Field(min_length=1, max_length=_MAX_STEPS)]
_AxisEntry = Annotated[
    Annotated[_Choices, Tag("<list>")] | Annotated[RangeSpec, Tag("<range>")],
    Discriminator(_branch),
]
_TieValues = Annotated[
    Annotated[_Choices, Tag("<list>")]
    | Annotated[dict[str, _Choice], Field(min_length=1, max_length=_MAX_STEPS), Tag("<table>")],
    Discriminator(_values_branch),
]


class TieSpec(Section):
    """A field that follows an axis: by a factor, or by a value for each choice."""

    follows: str = Field(description="Path of the axis.")
    factor: _Choice | None = Field(
        None,
        description="Value of the field over that of the axis, with the unit that turns one into "
        'the other, such as "4 B/cycle" of bandwidth per column.',
    )
    values: _TieValues | None = Field(
        None, description="Values in the order of the choices, or by choice as the axis writes it."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.factor is None) == (self.values is None):
            raise fault("conflict", "must have either a factor or values")
        return self


class UseCaseSpec(Section):
    """A kind of requests, and how often it comes."""

    scenario: Name = Field(description="Scenario, by its name in the library.")
    weight: Annotated[float | None, Quantity("ratio", high="1")] = Field(
        None, description="Share of the requests that are of this kind, such as 40 %."
    )


class SpaceSpec(Section):
    """What may vary about a chip and what it is asked, and what to look for."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    chip: Name = Field(description="Base chip, by its name in the library.")
    models: list[Name] = Field(
        min_length=1, max_length=64, description="Models that every design must run, by name."
    )
    scenario: Name | None = Field(
        None, description="Base scenario, by its name in the library, where there is one alone."
    )
    use_cases: list[UseCaseSpec] | None = Field(
        None, min_length=1, max_length=64, description="Base scenarios, where there are several."
    )
    combine: Literal["worst", "mean"] | None = Field(
        None,
        description="Whether each metric is that of the worst use case or the mean over the "
        "requests; by default the mean where weights are given.",
    )
    unit: Key | None = Field(
        None, description="Unit that runs the models, by key or kind; by default the chip's first."
    )
    axes: dict[str, _AxisEntry] = Field(
        min_length=1,
        max_length=64,
        description="What varies: the path of a field of the chip or scenario, and its values.",
    )
    ties: dict[str, TieSpec] = Field(
        {}, max_length=64, description="Fields that follow an axis, by path."
    )
    objectives: list[str] = Field(
        min_length=1, max_length=8, description="Metrics to optimise, each in its own sense."
    )
    targets: dict[str, str] = Field(
        {}, description='Limits of metrics to meet, such as "<= 100 ms".'
    )

    @model_validator(mode="after")
    def _check_use_cases(self) -> Self:
        if self.scenario is not None and self.use_cases is not None:
            rule = "must not stand beside scenario"
            raise fault("conflict", rule, at=("use_cases",))
        if self.use_cases is None:
            if self.scenario is None:
                raise fault("missing-key", "missing key; or give use_cases", at=("scenario",))
            if self.combine is not None:
                raise fault("conflict", "must stand beside use_cases", at=("combine",))
            return self
        weights = [case.weight for case in self.use_cases if case.weight is not None]
        if weights and len(weights) < len(self.use_cases):
            rule = "must have a weight each, or none at all"
            raise fault("conflict", rule, at=("use_cases",))
        if weights and abs(sum(weights) - 1.0) > _ROUNDING:
            rule = f"must have weights that add up to 1, but theirs add up to {sum(weights):.6g}"
            raise fault("sum", rule, at=("use_cases",))
        return self
