"""The scenario file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dse.dtype import parse_format
from dse.spec.schema.field import (
    Leaf,
    Name,
    Quantity,
    Section,
    StorageFormat,
    Title,
    fault,
)
from dse.spec.schema.quality import MethodName
from dse.workload import PLAIN, conflict

__all__ = ["ScenarioSpec"]


_Tokens = Annotated[int, Field(ge=1, le=10**8)]
_Batch = Annotated[int, Field(ge=1, le=10**6)]


class _ServingSpec(Section):
    """How a request is served: what is cached, cut, drafted, searched and left on flash."""

    cached_prompt_tokens: Annotated[
        int, Field(ge=0, le=10**8), Leaf("cached_prompt_tokens", static=True)
    ] = Field(0, description="Tokens at the head of the prompt whose keys are cached already.")
    prefill_chunk_tokens: Annotated[_Tokens | None, Leaf("prefill_chunk_tokens", static=True)] = (
        Field(None, description="Tokens of the prompt per pass; by default all of them.")
    )
    beams: Annotated[int, Field(ge=1, le=10**4), Leaf("beams", static=True)] = Field(
        1, description="Sequences of a beam search, which share the prompt and give one output."
    )
    draft: Name | None = Field(
        None, description="Model of the library that drafts tokens for the model to verify."
    )
    draft_tokens: Annotated[int, Field(ge=1, le=1000), Leaf("draft_tokens", static=True)] = Field(
        4, description="Tokens drafted before they are verified."
    )
    acceptance: Annotated[
        float | None, Quantity("ratio", high="1", zero=True), Leaf("acceptance", static=True)
    ] = Field(None, description="Probability that a drafted token is accepted.")
    offload: Annotated[
        Literal["none", "weights", "experts", "kv"], Leaf("offload", static=True)
    ] = Field("none", description="What stays on flash as far as the DRAM is too small for it.")
    load_ahead: Annotated[bool, Leaf("load_ahead", static=True)] = Field(
        True, description="Whether what comes from flash is loaded while the unit computes."
    )
    active_fraction: Annotated[
        float, Quantity("ratio", high="1"), Leaf("active_fraction", static=True)
    ] = Field(1.0, description="Share of feed-forward neurons that a token activates.")
    popularity_skew: Annotated[
        float, Quantity("ratio", high="0.99", zero=True), Leaf("popularity_skew", static=True)
    ] = Field(
        0.0, description="Exponent s of the popularity rank^-s of experts or of sparse neurons."
    )

    @model_validator(mode="after")
    def _check_draft(self) -> Self:
        found = conflict(self.draft, self.acceptance, self.beams)
        if found is not None:
            key, rule = found
            raise fault("conflict", rule, at=(key,))
        return self


class ScenarioSpec(_ServingSpec):
    """What is asked of the model, and in which number formats."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    prompt_tokens: Annotated[_Tokens, Leaf("prompt_tokens", static=True)] = Field(
        1, description="Tokens of the prompt; may be left out where steps are given."
    )
    output_tokens: Annotated[_Tokens, Leaf("output_tokens", static=True)] = Field(
        1, description="Tokens generated; may be left out where steps are given."
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
    quantisation: Annotated[MethodName, Leaf("precision.quantisation", static=True)] = Field(
        PLAIN,
        description="Method that rounded into these formats, or best for the least loss measured "
        "after training; by default to nearest. It bears on the quality alone.",
    )
    steps: Annotated[int, Field(ge=1, le=10**6)] | None = Field(
        None, description="Steps of a network of layers; by default its own."
    )
    guidance: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Evaluations of a network's guided stages per step; by default its own."
    )
    fusion: Annotated[Literal["full", "none"], Leaf("fusion", static=True)] = Field(
        "full", description="Whether elementwise work and attention fold into matrix kernels."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in ("prompt_tokens", "output_tokens"):
            if self.steps is None and key not in self.model_fields_set:
                raise fault("missing-key", "missing key", at=(key,))
        return self
