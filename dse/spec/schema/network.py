"""The network file: stages of layers, for whatever is no decoder-only transformer."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dse.spec.schema.field import Count, Key, Name, Section, Title, fault

__all__ = [
    "ActivationSpec",
    "AttentionSpec",
    "ConvSpec",
    "ElementwiseSpec",
    "EmbeddingSpec",
    "LayerSpec",
    "LinearSpec",
    "NetworkSpec",
    "NormSpec",
    "ResidualSpec",
    "StageSpec",
    "UNetSpec",
    "VaeDecoderSpec",
]

_Levels = Annotated[list[Count], Field(min_length=1, max_length=8)]
_Depths = Annotated[list[Annotated[int, Field(ge=0, le=1000)]], Field(min_length=1, max_length=8)]
_Small = Annotated[int, Field(ge=0, le=1000)]
_PerElement = Annotated[float, Field(ge=0, le=1000)]
_Side = Annotated[int, Field(ge=1, le=10**5)]


class ConvSpec(Section):
    """A convolution, padded so that a stride of one keeps the size."""

    inputs: Count = Field(description="Channels in.")
    outputs: Count = Field(description="Channels out.")
    height: _Side = Field(description="Rows of the input.")
    width: _Side = Field(description="Columns of the input.")
    kernel: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="Side of the window.")
    stride: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="Step of the window.")
    groups: Count = Field(1, description="Groups of channels that do not mix.")
    bias: bool = Field(True, description="Whether it has a bias, a folded batch norm included.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.inputs % self.groups or self.outputs % self.groups:
            raise fault("divide", "must divide inputs and outputs", at=("groups",), got=True)
        return self


class LinearSpec(Section):
    """A matrix of weights applied to each of so many vectors."""

    rows: Count = Field(description="Vectors: tokens, pixels, or 1.")
    inputs: Count = Field(description="Width in.")
    outputs: Count = Field(description="Width out.")
    bias: bool = Field(True, description="Whether it has a bias.")


class AttentionSpec(Section):
    """Queries attend to keys; the projections are layers of their own."""

    heads: Count = Field(description="Heads.")
    queries: Count = Field(description="Tokens that ask.")
    keys: Count | None = Field(None, description="Tokens asked; by default the same.")
    head_dim: Count = Field(description="Width of one head.")


class NormSpec(Section):
    """A normalisation."""

    rows: Count = Field(description="Vectors normalised.")
    width: Count = Field(description="Channels of each.")
    kind: Literal["layer", "group", "rms", "plain"] = Field(
        "layer", description="With weight and bias (layer, group), weight (rms), or neither."
    )


class ActivationSpec(Section):
    """A nonlinear function with one exponential per element: SiLU, GELU."""

    rows: Count = Field(description="Vectors.")
    width: Count = Field(description="Channels of the result.")
    gated: bool = Field(False, description="Whether it multiplies a second tensor of that size.")


class ResidualSpec(Section):
    """An addition of two tensors."""

    rows: Count = Field(description="Vectors.")
    width: Count = Field(description="Channels of each.")


class ElementwiseSpec(Section):
    """Any other work on every element of a tensor."""

    elements: Count = Field(description="Elements of the result.")
    operations: _PerElement = Field(1.0, description="Lane operations per element.")
    exponentials: _PerElement = Field(0.0, description="Exponentials per element.")
    reads: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="Tensors of that size that it reads."
    )


class EmbeddingSpec(Section):
    """A table of which some entries are read."""

    entries: Count = Field(description="Entries of the table.")
    width: Count = Field(description="Width of an entry.")
    rows: Count = Field(description="Entries read.")


class UNetSpec(Section):
    """A U-Net with cross-attention, or a ControlNet, under diffusers' key names."""

    in_channels: Count = Field(description="Channels of the latent image.")
    out_channels: Count = Field(4, description="Channels of the prediction.")
    block_out_channels: _Levels = Field(description="Channels of each level, finest first.")
    layers_per_block: Count = Field(description="Residual blocks per level on the way down.")
    transformer_layers_per_block: _Depths = Field(
        description="Transformer layers after each residual block, by level; 0 for none."
    )
    mid_transformer_layers: _Small = Field(description="Transformer layers in the middle.")
    num_attention_heads: _Levels = Field(description="Heads, by level.")
    context_tokens: Count = Field(description="Tokens of the text.")
    cross_attention_dim: Count = Field(description="Width of the text.")
    projection_class_embeddings_input_dim: Count | None = Field(
        None, description="Width of further conditions that join the time embedding."
    )
    conditioning_channels: _Levels | None = Field(
        None, description="Channels of a ControlNet's image encoder."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        levels = len(self.block_out_channels)
        for key in ("transformer_layers_per_block", "num_attention_heads"):
            if len(getattr(self, key)) != levels:
                raise fault("length", "must be as long as block_out_channels", at=(key,))
        return self


class VaeDecoderSpec(Section):
    """The decoder of an autoencoder, under diffusers' key names."""

    latent_channels: Count = Field(description="Channels of the latent image.")
    out_channels: Count = Field(3, description="Channels of the image.")
    block_out_channels: _Levels = Field(description="Channels of each level, finest first.")
    layers_per_block: Count = Field(description="Residual blocks per level, less one.")
    use_post_quant_conv: bool = Field(True, description="Whether a 1 x 1 convolution precedes it.")


class LayerSpec(Section):
    """One layer, or a block of them, and how many there are; exactly one kind is given."""

    repeat: Annotated[int, Field(ge=1, le=10**5)] = Field(
        1, description="How many of them follow one another, each with its own weights."
    )
    block: Annotated[list[LayerSpec], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Layers that repeat together."
    )
    conv: ConvSpec | None = Field(None, description="Convolution.")
    linear: LinearSpec | None = Field(None, description="Matrix of weights.")
    attention: AttentionSpec | None = Field(None, description="Attention without projections.")
    norm: NormSpec | None = Field(None, description="Normalisation.")
    activation: ActivationSpec | None = Field(None, description="Nonlinear function.")
    residual: ResidualSpec | None = Field(None, description="Addition.")
    elementwise: ElementwiseSpec | None = Field(None, description="Other elementwise work.")
    embedding: EmbeddingSpec | None = Field(None, description="Table.")
    unet: UNetSpec | None = Field(None, description="A whole U-Net.")
    controlnet: UNetSpec | None = Field(None, description="A whole ControlNet.")
    vae_decoder: VaeDecoderSpec | None = Field(None, description="A whole image decoder.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        kinds = [name for name in type(self).model_fields if name != "repeat"]
        if sum(getattr(self, name) is not None for name in kinds) != 1:
            raise fault("choice", f"must hold exactly one of {', '.join(kinds)}")
        if self.controlnet and self.controlnet.conditioning_channels is None:
            at = ("controlnet", "conditioning_channels")
            raise fault("missing-key", "missing key", at=at)
        return self


class StageSpec(Section):
    """A part of the network that runs as a whole."""

    each_step: bool = Field(False, description="Whether it runs at every step; else once.")
    guided: bool = Field(False, description="Whether guidance multiplies its batch.")
    layers: Annotated[list[LayerSpec], Field(min_length=1, max_length=1000)] = Field(
        description="Its layers, in the order they run."
    )


class NetworkSpec(Section):
    """One network of layers."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="Name for people.")
    height: _Side | None = Field(None, description="Rows of the image that is made.")
    width: _Side | None = Field(None, description="Columns of the image that is made.")
    latent_scale: Annotated[int, Field(ge=1, le=1024)] = Field(
        8, description="Side of an image over that of its latent image."
    )
    steps: Annotated[int, Field(ge=1, le=10**6)] = Field(
        1, description="Steps, unless a scenario says otherwise."
    )
    guidance: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description="Evaluations of a guided stage per step, as one batch: 2 for classifier-"
        "free guidance, unless a scenario says otherwise.",
    )
    stages: Annotated[dict[Key, StageSpec], Field(min_length=1, max_length=32)] = Field(
        description="Stages in the order they run, by name."
    )
    published_parameters: Annotated[int, Field(ge=1, le=10**15)] | None = Field(
        None, description="Parameter count, where it is published exactly."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        sizes = {"height": self.height, "width": self.width}
        entries = [layer for stage in self.stages.values() for layer in stage.layers]
        if not any(_is_sized(layer) for layer in entries):
            return self
        for key, size in sizes.items():
            if size is None:
                raise fault("missing-key", "missing key; its stages need it", at=(key,))
            if size % self.latent_scale:
                raise fault("divide", "must be a multiple of latent_scale", at=(key,), got=True)
        return self


def _is_sized(layer: LayerSpec) -> bool:
    """Whether a layer takes the size of the image from the file's head."""
    if layer.block is not None:
        return any(map(_is_sized, layer.block))
    return bool(layer.unet or layer.controlnet or layer.vae_decoder)
