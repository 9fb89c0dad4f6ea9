"""The scenario file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dse.dtype import parse_format
from dse.spec.schema.field import Leaf, Name, Section, StorageFormat, Title

__all__ = ["ScenarioSpec"]


_Tokens = Annotated[int, Field(ge=1, le=10**8)]
_Batch = Annotated[int, Field(ge=1, le=10**6)]


class ScenarioSpec(Section):
    """What is asked of the model, and in which number formats."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    prompt_tokens: Annotated[_Tokens, Leaf("prompt_tokens", static=True)] = Field(
        description="Tokens of the prompt."
    )
    output_tokens: Annotated[_Tokens, Leaf("output_tokens", static=True)] = Field(
        description="Tokens generated."
    )
    batch_size: Annotated[_Batch, Leaf("batch_size", static=True)] = Field(
        1, description="Sequences processed together."
    )
    weights: Annotated[StorageFormat, Leaf("precision.weights")] = Field(
        description="Format of the layers' weights."
    )
    head: Annotated[StorageFormat | None, Leaf("precision.head")] = Field(
        None, description="Format of the LM head; by default that of the weights."
    )
    embedding: Annotated[StorageFormat | None, Leaf("precision.embedding")] = Field(
        None, description="Format of the embedding table; by default that of the head."
    )
    activations: Annotated[StorageFormat, Leaf("precision.activations")] = Field(
        parse_format("fp16"), description="Format of the activations."
    )
    kv: Annotated[StorageFormat, Leaf("precision.kv")] = Field(
        parse_format("fp16"), description="Format of the keys and values in the cache."
    )
    fusion: Annotated[Literal["full", "none"], Leaf("fusion", static=True)] = Field(
        "full", description="Whether elementwise work and attention fold into matrix kernels."
    )
