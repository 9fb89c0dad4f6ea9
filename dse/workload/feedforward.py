"""The kernels of a feed-forward block: dense, or a mixture of experts."""

from __future__ import annotations

from collections.abc import Iterator

from dse.workload.kernels import (
    ACTIVATION_OPS,
    SOFTMAX_OPS,
    Pass,
    gemm,
    hidden_elements,
    norm,
    post_norm,
    residual,
    vector,
)
from dse.workload.load import Load
from dse.workload.ops import Op, Part
from dse.workload.parts import Moe

__all__ = ["expected_distinct_experts", "mixture", "mlp"]


def expected_distinct_experts(moe: Moe, tokens: float) -> float:
    """Expected number of distinct experts that a batch of tokens touches, routed uniformly.

    E (1 - (1 - k/E)^B), since each token misses a given expert with probability 1 - k/E.

    Examples
    --------
    >>> moe = Moe(num_experts=8, experts_per_token=2, intermediate_size=1)
    >>> expected_distinct_experts(moe, 1)
    2.0
    """
    miss = 1.0 - moe.experts_per_token / moe.num_experts
    return float(moe.num_experts * (1.0 - miss**tokens))


def mlp(p: Pass, name: str, layers: int, width: int, has_bias: bool) -> Iterator[Op]:
    """Norm, up (and gate) projection with its activation, down projection, residual."""
    norm_kernel, norm_ops, parameters = norm(p, f"{name}_norm", layers)
    # A block of its own has a norm of its own; a parallel one shares that of the attention.
    first = p.model.norms_per_layer > 1 or p.model.feedforward_layers is not None
    yield from norm_kernel if first else ()
    biases = p.model.mlp_vectors(width) if has_bias else 0.0
    yield from _ffn(
        p,
        name,
        layers,
        width,
        lane_ops=norm_ops if first else 0.0,
        parameter_elements=(parameters if first else 0.0) + biases,
    )


def _ffn(
    p: Pass, name: str, layers: int, width: float, *, lane_ops: float, parameter_elements: float
) -> Iterator[Op]:
    width = p.active(width) if p.active_fraction < 1.0 else width
    hidden, activated = p.model.hidden_size, p.rows * width
    projections = 2 if p.model.gated_mlp else 1
    up = "gate_up" if p.model.gated_mlp else "up"
    yield gemm(
        p,
        f"{name}_{up}",
        layers,
        (hidden, projections * width),
        part=Part.FEEDFORWARD,
        chain=name if p.is_fused else "",
        output_elements=activated if p.is_fused else activated * projections,
        parameter_elements=parameter_elements,
        lane_ops=lane_ops + (activated * ACTIVATION_OPS if p.is_fused else 0.0),
        exp_count=activated if p.is_fused else 0.0,
    )
    if not p.is_fused:
        yield vector(
            p,
            f"{name}_act",
            activated,
            ACTIVATION_OPS,
            repeat=layers,
            reads=projections,
            exp_count=activated,
        )
    addition, ops = residual(p, f"{name}_residual", layers)
    post_ops, post_parameters = post_norm(p)
    yield gemm(
        p,
        f"{name}_down",
        layers,
        (width, hidden),
        part=Part.FEEDFORWARD,
        chain=name if p.is_fused else "",
        extra_elements=hidden_elements(p) if p.is_fused else 0.0,
        lane_ops=ops + post_ops,
        parameter_elements=post_parameters,
    )
    yield from addition


def mixture(p: Pass, moe: Moe) -> Iterator[Op]:
    """Router, the experts that the tokens are expected to touch, and the shared expert."""
    layers, hidden = p.model.num_moe_layers, p.model.hidden_size
    norm_kernel, norm_ops, parameters = norm(p, "moe_norm", layers)
    yield from norm_kernel
    bias = moe.num_experts if moe.router_bias else 0
    yield gemm(
        p,
        "router",
        layers,
        (hidden, moe.num_experts),
        parameter_elements=parameters + bias,
        lane_ops=norm_ops + p.rows * moe.num_experts * SOFTMAX_OPS,
        exp_count=p.rows * moe.num_experts,
    )
    yield from _experts(p, moe)
    if moe.shared_intermediate_size:
        yield from _ffn(
            p,
            "shared_expert",
            layers,
            moe.shared_intermediate_size,
            lane_ops=0.0,
            parameter_elements=float(hidden if moe.shared_gate else 0),
        )


def _experts(p: Pass, moe: Moe) -> Iterator[Op]:
    """The routed experts that the tokens are expected to touch, each on its own tokens."""
    model, layers, hidden = p.model, p.model.num_moe_layers, p.model.hidden_size
    touched = expected_distinct_experts(moe, p.rows)
    per_expert = Load(p.rows, moe.experts_per_token / moe.num_experts)
    width: float = moe.intermediate_size
    if p.active_fraction < 1.0:
        width = p.active(width, per_expert.mean)
    visits = p.rows * moe.experts_per_token
    biases = touched * model.mlp_vectors(moe.intermediate_size) if moe.expert_bias else 0.0
    projections = 2 if model.gated_mlp else 1
    yield gemm(
        p,
        "experts_gate_up",
        layers,
        (hidden, projections * width),
        part=Part.EXPERTS,
        chain="experts" if p.is_fused else "",
        count=touched,
        m=per_expert,
        output_elements=visits * width,
        parameter_elements=biases,
        lane_ops=visits * width * ACTIVATION_OPS,
        exp_count=visits * width,
    )
    yield gemm(
        p,
        "experts_down",
        layers,
        (width, hidden),
        part=Part.EXPERTS,
        chain="experts" if p.is_fused else "",
        count=touched,
        m=per_expert,
        extra_elements=hidden_elements(p),
        lane_ops=visits * hidden,
    )
