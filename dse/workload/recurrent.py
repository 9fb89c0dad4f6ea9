"""The kernels of a recurrent token mixer: gated delta net, Mamba-2, RWKV-7, short convolution."""

from __future__ import annotations

from collections.abc import Iterator

from dse.workload.kernels import (
    ACTIVATION_OPS,
    Pass,
    gemm,
    hidden_elements,
    norm,
    post_norm,
    residual,
    vector,
)
from dse.workload.mixer import LANE_OPS, Mixer
from dse.workload.ops import Kind, Op, Operand

__all__ = ["STATE_16_BIT_ELEMENTS", "recurrent"]

# States are kept in 32 bits (`mamba_ssm_dtype` of the configurations): two elements of 16 bits.
STATE_16_BIT_ELEMENTS = 2


def recurrent(p: Pass, mixer: Mixer) -> Iterator[Op]:
    """Norm, input projections, convolution, recurrence, output projection, residual."""
    model, layers = p.model, mixer.num_layers
    hidden, width = model.hidden_size, mixer.width(model.hidden_size)
    norm_kernel, norm_ops, parameters = norm(p, "mixer_norm", layers)
    yield from norm_kernel
    columns = mixer.input_width(hidden)
    yield gemm(
        p,
        "mixer_in_proj",
        layers,
        (hidden, columns),
        parameter_elements=parameters,
        lane_ops=norm_ops,
    )
    if mixer.low_ranks:
        ranks = sum(mixer.low_ranks)
        yield gemm(p, "mixer_low_rank_down", layers, (hidden, ranks))
        yield gemm(p, "mixer_low_rank_up", layers, (ranks, hidden))
    if mixer.conv_kernel:
        yield _convolution(p, mixer)
    if mixer.num_heads:
        yield _step(p, mixer) if p.tokens == 1 else _scan(p, mixer)
    addition, ops = residual(p, "mixer_residual", layers)
    post_ops, post_parameters = post_norm(p)
    yield gemm(
        p,
        "mixer_out_proj",
        layers,
        (width, hidden),
        extra_elements=hidden_elements(p) if p.is_fused else 0.0,
        lane_ops=ops + post_ops,
        parameter_elements=post_parameters,
    )
    yield from addition


def _convolution(p: Pass, mixer: Mixer) -> Op:
    """Causal depthwise convolution, one FMA per tap, with its activation or its two gates.

    The taps and the last inputs are read, and those inputs written back.
    """
    hidden = p.model.hidden_size
    channels = mixer.conv_channels(hidden)
    inputs = 3 if mixer.kind == "short_conv" else 1
    is_gated_only = mixer.kind == "short_conv"
    last_inputs = p.batch * (mixer.conv_kernel - 1) * channels
    return vector(
        p,
        "mixer_conv",
        float(p.rows * channels),
        mixer.conv_kernel + (2 if is_gated_only else ACTIVATION_OPS),
        repeat=mixer.num_layers,
        reads=float(inputs),
        parameter_elements=float(mixer.convolution(hidden) + 2 * last_inputs),
        exp_count=0.0 if is_gated_only else float(p.rows * channels),
    )


def _step(p: Pass, mixer: Mixer) -> Op:
    """One token: the whole state is read, decayed, corrected and written back.

    The state comes from memory, since a step's weights pass through the near side in between.
    """
    hidden = p.model.hidden_size
    state = float(p.batch * mixer.num_heads * mixer.key_dim * mixer.value_dim)
    width = mixer.width(hidden)
    return Op(
        f"{mixer.kind}_step",
        Kind.VECTOR,
        mixer.num_layers,
        extra_elements=float(p.rows * mixer.input_width(hidden)),
        output_elements=float(p.rows * width),
        parameter_elements=2.0 * STATE_16_BIT_ELEMENTS * state + mixer.vectors(hidden),
        lane_ops=LANE_OPS[mixer.kind] * state + p.rows * width * (p.norm_ops + ACTIVATION_OPS),
        exp_count=float(p.rows * width),
    )


def _scan(p: Pass, mixer: Mixer) -> Op:
    """A prompt in chunks: the chunks' products as one of equal work, `Mixer.chunk_macs`.

    Per head (tokens x key_dim)(key_dim x n) with n = chunk_macs / key_dim; its right operand, at
    the width of keys and values, stands for the state, which is of the same size, read and
    written once.
    """
    hidden = p.model.hidden_size
    heads, width = p.batch * mixer.num_heads, mixer.width(hidden)
    n = mixer.chunk_macs(p.tokens) / mixer.key_dim
    return Op(
        f"{mixer.kind}_scan",
        Kind.GEMM,
        mixer.num_layers,
        count=heads,
        m=p.tokens,
        k=mixer.key_dim,
        n=n,
        operand=Operand.KV,
        operand_elements=heads * mixer.key_dim * n,
        extra_elements=float(p.rows * mixer.input_width(hidden)),
        output_elements=float(p.rows * width),
        parameter_elements=float(mixer.vectors(hidden)),
        lane_ops=float(p.rows * width * (p.norm_ops + ACTIVATION_OPS)),
        exp_count=float(p.rows * width),
    )
