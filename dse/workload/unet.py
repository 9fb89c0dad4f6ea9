"""Unrolls the parts of a latent diffusion model to layers: U-Net, ControlNet and VAE decoder.

Structure and names follow Hugging Face's diffusers, so that a ``config.json`` can be read beside.

References
----------
Rombach et al., "High-resolution image synthesis with latent diffusion models", CVPR 2022,
arXiv 2112.10752. Zhang et al., "Adding conditional control to text-to-image diffusion models",
ICCV 2023, arXiv 2302.05543. Podell et al., "SDXL", arXiv 2307.01952.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from dse.workload.layers import (
    AttentionLayer,
    Conv,
    Layer,
    Linear,
    activation_layer,
    norm_layer,
    residual_layer,
)

__all__ = ["UNet", "VaeDecoder", "controlnet_layers", "unet_layers", "vae_decoder_layers"]

# Channels and level of a result of the way down that the way up reads again.
_Skip = tuple[int, int]


@dataclass(frozen=True, slots=True)
class UNet:
    """A U-Net with cross-attention.

    Parameters
    ----------
    height, width : int
        Size of the latent image.
    in_channels, out_channels : int
        Channels of the latent image, in and out.
    block_out_channels : tuple of int
        Channels of each level, finest first.
    layers_per_block : int
        Residual blocks per level on the way down; one more on the way up.
    transformer_layers : tuple of int
        Transformer layers after each residual block, by level; 0 for none.
    mid_transformer_layers : int
        The same in the middle.
    attention_heads : tuple of int
        Heads by level.
    context_tokens, context_width : int
        Tokens of the text and their width.
    added_width : int
        Width of further conditions (pooled text, sizes) that join the time embedding; 0 for none.
    conditioning_channels : tuple of int
        Channels of a ControlNet's image encoder; empty for a U-Net.
    """

    height: int
    width: int
    in_channels: int
    out_channels: int
    block_out_channels: tuple[int, ...]
    layers_per_block: int
    transformer_layers: tuple[int, ...]
    mid_transformer_layers: int
    attention_heads: tuple[int, ...]
    context_tokens: int
    context_width: int
    added_width: int = 0
    conditioning_channels: tuple[int, ...] = ()

    @property
    def time_width(self) -> int:
        """Width of the time embedding: four times the finest level's channels."""
        return 4 * self.block_out_channels[0]


@dataclass(frozen=True, slots=True)
class VaeDecoder:
    """The decoder of an autoencoder: latent image to image.

    Parameters
    ----------
    height, width : int
        Size of the latent image.
    latent_channels, out_channels : int
        Channels in and out.
    block_out_channels : tuple of int
        Channels of each level, finest first.
    layers_per_block : int
        Residual blocks per level, as diffusers counts them: one fewer than there are.
    has_post_quant : bool
        Whether a 1 x 1 convolution precedes the decoder.
    """

    height: int
    width: int
    latent_channels: int
    out_channels: int
    block_out_channels: tuple[int, ...]
    layers_per_block: int
    has_post_quant: bool = True


def unet_layers(net: UNet) -> tuple[Layer, ...]:
    """Layers of one evaluation of a U-Net."""
    skips: list[_Skip] = []
    encoder = tuple(_encoder(net, skips))
    return (*encoder, *_decoder(net, skips))


def controlnet_layers(net: UNet) -> tuple[Layer, ...]:
    """Layers of one evaluation of a ControlNet: an encoder, and a 1 x 1 convolution per result.

    Its condition, an image at full resolution, is encoded anew at every step, as diffusers does.
    """
    skips: list[_Skip] = []
    layers = [*_conditioning(net), *_encoder(net, skips)]
    last = len(net.block_out_channels) - 1
    results = (*skips, (net.block_out_channels[last], last))
    copies = (Conv(width, width, net.height >> i, net.width >> i) for width, i in results)
    return (*layers, *copies)


def _encoder(net: UNet, skips: list[_Skip]) -> Iterator[Layer]:
    """Yield the way down and the middle; `skips` receives each result."""
    levels, time = net.block_out_channels, net.time_width
    yield Linear(1, levels[0], time)
    yield Linear(1, time, time)
    if net.added_width:
        yield Linear(1, net.added_width, time)
        yield Linear(1, time, time)
    yield Conv(net.in_channels, levels[0], net.height, net.width, kernel=3)
    skips.append((levels[0], 0))
    channels = levels[0]
    for i, outputs in enumerate(levels):
        size = net.height >> i, net.width >> i
        for _ in range(net.layers_per_block):
            yield from _residual(channels, outputs, size, time)
            yield from _transformer(net, i, net.transformer_layers[i])
            channels = outputs
            skips.append((channels, i))
        if i < len(levels) - 1:
            yield Conv(channels, channels, *size, kernel=3, stride=2)
            skips.append((channels, i + 1))
    last = len(levels) - 1
    size = net.height >> last, net.width >> last
    yield from _residual(channels, channels, size, time)
    yield from _transformer(net, last, net.mid_transformer_layers)
    yield from _residual(channels, channels, size, time)


def _decoder(net: UNet, skips: list[_Skip]) -> Iterator[Layer]:
    """Yield the way up, each residual block reading a result of the way down beside its own."""
    levels, time = net.block_out_channels, net.time_width
    channels = levels[-1]
    for i in reversed(range(len(levels))):
        size = net.height >> i, net.width >> i
        for _ in range(net.layers_per_block + 1):
            yield from _residual(channels + skips.pop()[0], levels[i], size, time)
            yield from _transformer(net, i, net.transformer_layers[i])
            channels = levels[i]
        if i > 0:
            yield Conv(channels, channels, 2 * size[0], 2 * size[1], kernel=3)
    yield from _norm_silu(channels, (net.height, net.width))
    yield Conv(channels, net.out_channels, net.height, net.width, kernel=3)


def _conditioning(net: UNet) -> Iterator[Layer]:
    """Yield the encoder of a ControlNet's image, from full resolution to the latent's."""
    widths = net.conditioning_channels
    scale = 1 << (len(widths) - 1)
    height, width = scale * net.height, scale * net.width
    yield Conv(3, widths[0], height, width, kernel=3)
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        size = height >> i, width >> i
        yield Conv(inputs, inputs, *size, kernel=3)
        yield Conv(inputs, outputs, *size, kernel=3, stride=2)
    yield Conv(widths[-1], net.block_out_channels[0], net.height, net.width, kernel=3)


def _norm_silu(channels: int, size: tuple[int, int]) -> Iterator[Layer]:
    pixels = size[0] * size[1]
    yield norm_layer(pixels, channels, "group")
    yield activation_layer(pixels * channels)


def _residual(inputs: int, outputs: int, size: tuple[int, int], time: int) -> Iterator[Layer]:
    """Yield a residual block; `time` is the width of the time embedding, 0 for none."""
    yield from _norm_silu(inputs, size)
    yield Conv(inputs, outputs, *size, kernel=3)
    if time:
        yield Linear(1, time, outputs)
    yield from _norm_silu(outputs, size)
    yield Conv(outputs, outputs, *size, kernel=3)
    if inputs != outputs:
        yield Conv(inputs, outputs, *size)
    yield residual_layer(size[0] * size[1] * outputs)


def _transformer(net: UNet, level: int, layers: int) -> Iterator[Layer]:
    """Yield the transformer after a residual block: self- and cross-attention, gated network."""
    if not layers:
        return
    width, heads = net.block_out_channels[level], net.attention_heads[level]
    tokens = (net.height >> level) * (net.width >> level)
    text, context = net.context_tokens, net.context_width
    head_dim = width // heads
    addition = residual_layer(tokens * width)
    normal = norm_layer(tokens, width)
    yield norm_layer(tokens, width, "group")
    yield Linear(tokens, width, width)
    for _ in range(layers):
        yield from (normal, Linear(tokens, width, 3 * width, has_bias=False))
        yield AttentionLayer(heads, tokens, tokens, head_dim)
        yield from (Linear(tokens, width, width), addition)
        yield from (normal, Linear(tokens, width, width, has_bias=False))
        yield Linear(text, context, 2 * width, has_bias=False)
        yield AttentionLayer(heads, tokens, text, head_dim)
        yield from (Linear(tokens, width, width), addition)
        yield from (normal, Linear(tokens, width, 8 * width))
        yield activation_layer(tokens * 4 * width, is_gated=True)
        yield from (Linear(tokens, 4 * width, width), addition)
    yield from (Linear(tokens, width, width), addition)


def vae_decoder_layers(net: VaeDecoder) -> tuple[Layer, ...]:
    """Layers of one decoding."""
    return tuple(_vae_decoder(net))


def _vae_decoder(net: VaeDecoder) -> Iterator[Layer]:
    levels = net.block_out_channels
    channels, size = levels[-1], (net.height, net.width)
    if net.has_post_quant:
        yield Conv(net.latent_channels, net.latent_channels, *size)
    yield Conv(net.latent_channels, channels, *size, kernel=3)
    yield from _residual(channels, channels, size, 0)
    pixels = size[0] * size[1]
    yield norm_layer(pixels, channels, "group")
    yield Linear(pixels, channels, 3 * channels)
    yield AttentionLayer(1, pixels, pixels, channels)
    yield Linear(pixels, channels, channels)
    yield residual_layer(pixels * channels)
    yield from _residual(channels, channels, size, 0)
    for i, outputs in enumerate(reversed(levels)):
        for _ in range(net.layers_per_block + 1):
            yield from _residual(channels, outputs, size, 0)
            channels = outputs
        if i < len(levels) - 1:
            size = 2 * size[0], 2 * size[1]
            yield Conv(channels, channels, *size, kernel=3)
    yield from _norm_silu(channels, size)
    yield Conv(channels, net.out_channels, *size, kernel=3)
