"""Network files to stages of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from dse.spec.library import is_name, locate, locate_name
from dse.spec.load import load_model, validate
from dse.spec.read import read_spec
from dse.spec.schema import NetworkSpec
from dse.spec.schema.network import LayerSpec, UNetSpec, VaeDecoderSpec
from dse.spec.source import read_file
from dse.spec.text import parse_text
from dse.workload import (
    AttentionLayer,
    Conv,
    Elementwise,
    Embedding,
    Layer,
    Linear,
    Model,
    Network,
    Stage,
    UNet,
    VaeDecoder,
    activation_layer,
    controlnet_layers,
    norm_layer,
    residual_layer,
    unet_layers,
    vae_decoder_layers,
)

__all__ = ["kind_of_workload", "load_network", "load_workload", "to_network"]

_Size = tuple[int, int]


def load_network(ref: str | Path) -> Network:
    """Load a network of layers by its name in the library or by the path of its file.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    return to_network(validate(NetworkSpec, read_spec(locate("network", ref))))


def load_workload(ref: str | Path) -> Model | Network:
    """Load whatever a chip may run: a language model, or a network of layers.

    Raises
    ------
    SpecError
        With all faults of the file, located.
    """
    return load_network(ref) if kind_of_workload(ref) == "network" else load_model(ref)


def kind_of_workload(ref: str | Path) -> str:
    """Return ``network`` for what names one, else ``model``.

    Raises
    ------
    SpecError
        If `ref` is a file that cannot be parsed.
    """
    text = str(ref)
    if not isinstance(ref, Path) and is_name(text):
        return "network" if locate_name("network", text) else "model"
    if not text.endswith((".yaml", ".yml")):
        return "model"
    schema = parse_text(read_file(Path(ref), text), text).value.get("schema")
    is_network = schema is not None and schema.text.startswith("dse.network/")
    return "network" if is_network else "model"


def to_network(spec: NetworkSpec) -> Network:
    """Build the network; whole parts such as a U-Net are unrolled to layers."""
    scale = spec.latent_scale
    size = (spec.height or 0) // scale, (spec.width or 0) // scale
    stages = tuple(
        Stage(name, tuple(_layers(stage.layers, 1, size)), stage.each_step, stage.guided)
        for name, stage in spec.stages.items()
    )
    return Network(
        name=spec.name,
        title=spec.title,
        stages=stages,
        steps=spec.steps,
        guidance=spec.guidance,
        published_parameters=spec.published_parameters,
    )


def _layers(specs: Iterable[LayerSpec], repeat: int, size: _Size) -> Iterator[Layer]:
    for spec in specs:
        times = repeat * spec.repeat
        if spec.block is not None:
            yield from _layers(spec.block, times, size)
        else:
            found = _matrices(spec) or _elementwise(spec) or _parts(spec, size)
            yield from (replace(layer, repeat=times * layer.repeat) for layer in found)


def _matrices(spec: LayerSpec) -> tuple[Layer, ...]:
    if (conv := spec.conv) is not None:
        side = (conv.height, conv.width, conv.kernel, conv.stride, conv.groups)
        return (Conv(conv.inputs, conv.outputs, *side, has_bias=conv.bias),)
    if (linear := spec.linear) is not None:
        return (Linear(linear.rows, linear.inputs, linear.outputs, linear.bias),)
    if (each := spec.attention) is not None:
        keys = each.keys or each.queries
        return (AttentionLayer(each.heads, each.queries, keys, each.head_dim),)
    return ()


def _elementwise(spec: LayerSpec) -> tuple[Layer, ...]:
    if (norm := spec.norm) is not None:
        return (norm_layer(norm.rows, norm.width, norm.kind),)
    if (function := spec.activation) is not None:
        return (activation_layer(function.rows * function.width, function.gated),)
    if (residual := spec.residual) is not None:
        return (residual_layer(residual.rows * residual.width),)
    if (other := spec.elementwise) is not None:
        return (Elementwise(other.elements, other.operations, other.exponentials, other.reads),)
    if (table := spec.embedding) is not None:
        return (Embedding(table.entries, table.width, table.rows),)
    return ()


def _parts(spec: LayerSpec, size: _Size) -> tuple[Layer, ...]:
    if spec.unet is not None:
        return unet_layers(_unet(spec.unet, size))
    if spec.controlnet is not None:
        return controlnet_layers(_unet(spec.controlnet, size))
    assert spec.vae_decoder is not None  # noqa: S101 -- the schema wants exactly one kind
    return vae_decoder_layers(_vae_decoder(spec.vae_decoder, size))


def _unet(spec: UNetSpec, size: _Size) -> UNet:
    return UNet(
        *size,
        in_channels=spec.in_channels,
        out_channels=spec.out_channels,
        block_out_channels=tuple(spec.block_out_channels),
        layers_per_block=spec.layers_per_block,
        transformer_layers=tuple(spec.transformer_layers_per_block),
        mid_transformer_layers=spec.mid_transformer_layers,
        attention_heads=tuple(spec.num_attention_heads),
        context_tokens=spec.context_tokens,
        context_width=spec.cross_attention_dim,
        added_width=spec.projection_class_embeddings_input_dim or 0,
        conditioning_channels=tuple(spec.conditioning_channels or ()),
    )


def _vae_decoder(spec: VaeDecoderSpec, size: _Size) -> VaeDecoder:
    return VaeDecoder(
        *size,
        latent_channels=spec.latent_channels,
        out_channels=spec.out_channels,
        block_out_channels=tuple(spec.block_out_channels),
        layers_per_block=spec.layers_per_block,
        has_post_quant=spec.use_post_quant_conv,
    )
