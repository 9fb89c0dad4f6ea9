"""The file of steps that bring a model onto a device."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from dse.spec.schema.field import Key, Name, Quantity, Section, Title, fault

__all__ = ["OPERATIONS", "CatalogueSpec"]

OPERATIONS = ("add", "multiply", "next", "map", "by_model")


def _single(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise fault("type", "must be a single value", got=True)
    return value


# What a field becomes; the field itself says what it must be.
_Value = Annotated[
    Any, PlainValidator(_single), WithJsonSchema({"type": ["string", "number", "boolean"]})
]


class ChangeSpec(Section):
    """A field that changes from what it is; exactly one of these."""

    add: _Value | None = Field(None, description="What is added to it, with its unit.")
    multiply: Annotated[float, Quantity("ratio", high="1000")] | None = Field(
        None, description="What it is multiplied by."
    )
    next: list[_Value] | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Grades on offer, from low to high: it goes to the first that is more than "
        "2 % above it.",
    )
    map: dict[str, _Value] | None = Field(
        None, min_length=1, max_length=64, description="What each of its names turns into."
    )

    by_model: dict[str, _Value] | None = Field(
        None, min_length=1, max_length=256, description="What it becomes, by the model that runs."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise fault("choice", f"must be one of {', '.join(OPERATIONS)}")
        return self


def _branch(value: object) -> str:
    return "<change>" if isinstance(value, dict) else "<value>"


_Change = Annotated[
    Annotated[_Value, Tag("<value>")] | Annotated[ChangeSpec, Tag("<change>")],
    Discriminator(_branch),
]


class StepSpec(Section):
    """One step: what it is called, what it changes, and what it does to the quality."""

    title: Title = Field(description="The step for people, as an order: Widen the bus by 16 bits.")
    group: Key | None = Field(
        None, description="Steps of one group are alternatives: at most one of them is taken."
    )
    repeat: int = Field(1, ge=1, le=16, description="How often it may be taken.")
    changes: dict[str, _Change] = Field(
        min_length=1,
        max_length=16,
        description="Fields of the chip or scenario, or the unit, and what each becomes; "
        "chip.unit stands for the unit that runs the model.",
    )
    perplexity: Annotated[float, Quantity("ratio", low="1", high="1000")] = Field(
        1.0,
        description="Perplexity over that before, as stated of models of this size: it holds "
        "where nothing was measured of the model itself.",
    )


class CatalogueSpec(Section):
    """Steps that bring a model onto a device, applied in their order."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    scenario: Name = Field(description="What is asked of the model, by its name in the library.")
    start: dict[str, _Value] = Field(
        {},
        description="Fields of the scenario before any step; a head and an embedding that the "
        "scenario names apart follow the weights that stand here.",
    )
    targets: dict[str, str] = Field(
        min_length=1, description='Limits of metrics to meet, such as "<= 1 s".'
    )
    steps: dict[Key, StepSpec] = Field(
        min_length=1, max_length=64, description="The steps, in the order of their application."
    )
