"""One pass over a model, and the kernels that every block is made of.

Lane-operation counts are those of straightforward SIMD code, one FMA or ALU instruction per
element and step: RMSNorm 3 (square-accumulate, scale, weight), LayerNorm 5 (sum, centre,
square-accumulate, scale, FMA), rotary embedding 3 (four multiplies and two adds per pair, FMA
fused), residual 1, online softmax 4 and one exponential per score (scale-subtract, maximum, sum,
convert; FlashAttention-2, arXiv 2307.08691, algorithm 1), gated activation 4 and one exponential.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dse.workload.model import Model
from dse.workload.ops import Kind, Op
from dse.workload.span import Span

__all__ = [
    "ACTIVATION_OPS",
    "ROPE_OPS",
    "SOFTMAX_OPS",
    "Pass",
    "gemm",
    "hidden_elements",
    "norm",
    "post_norm",
    "residual",
    "vector",
]

RMS_NORM_OPS = 3
LAYER_NORM_OPS = 5
ROPE_OPS = 3
RESIDUAL_OPS = 1
SOFTMAX_OPS = 4
ACTIVATION_OPS = 4


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the model: `tokens` new tokens per sequence, attending to `context`."""

    model: Model
    batch: int
    tokens: int
    first: int
    last: int
    is_fused: bool

    @property
    def rows(self) -> int:
        """Rows of activations: tokens of all sequences."""
        return self.batch * self.tokens

    def context(self, window: int | None) -> Span:
        """Keys that the new tokens attend to, within a window."""
        return Span(self.first, self.last, window)

    def keys(self, window: int | None) -> float:
        """Distinct keys of one sequence: a pass over many tokens reads them all."""
        return float(self.last) if self.tokens > 1 else self.context(window).mean

    @property
    def norm_ops(self) -> int:
        """Lane operations per element of one normalisation."""
        return LAYER_NORM_OPS if self.model.norm_bias else RMS_NORM_OPS


def hidden_elements(p: Pass) -> float:
    """Elements of the hidden state of all rows."""
    return float(p.rows * p.model.hidden_size)


def gemm(p: Pass, name: str, repeat: float, shape: tuple[float, float], **more: Any) -> Op:
    """A projection of all rows with its own weights; `shape` is (k, n)."""
    k, n = shape
    return Op(
        name,
        Kind.GEMM,
        repeat,
        m=more.pop("m", p.rows),
        k=k,
        n=n,
        operand_elements=more.get("count", 1.0) * k * n,
        output_elements=more.pop("output_elements", p.rows * n),
        **more,
    )


def vector(p: Pass, name: str, elements: float, ops: float, **more: float) -> Op:
    """An elementwise kernel of its own, once per layer: reads and writes `elements`."""
    return Op(
        name,
        Kind.VECTOR,
        more.pop("repeat", p.model.num_layers),
        extra_elements=elements * more.pop("reads", 1.0),
        output_elements=elements,
        lane_ops=elements * ops,
        **more,  # type: ignore[arg-type]
    )


def norm(p: Pass, name: str, repeat: float) -> tuple[list[Op], float, float]:
    """A norm: a kernel of its own when unfused, else lane operations and parameters to fold."""
    ops = hidden_elements(p) * p.norm_ops
    parameters = float(p.model.norm_parameters(p.model.hidden_size))
    if p.is_fused:
        return [], ops, parameters
    kernel = vector(
        p, name, hidden_elements(p), p.norm_ops, repeat=repeat, parameter_elements=parameters
    )
    return [kernel], 0.0, 0.0


def residual(p: Pass, name: str, repeat: float) -> tuple[list[Op], float]:
    """A residual addition: a kernel when unfused, else lane operations to fold."""
    if p.is_fused:
        return [], hidden_elements(p) * RESIDUAL_OPS
    return [vector(p, name, hidden_elements(p), RESIDUAL_OPS, repeat=repeat, reads=2.0)], 0.0


def post_norm(p: Pass) -> tuple[float, float]:
    """Lane operations and parameters of the norm that four-norm layers put after each block."""
    if p.model.norms_per_layer != 4:
        return 0.0, 0.0
    parameters = p.model.norm_parameters(p.model.hidden_size)
    return hidden_elements(p) * p.norm_ops, float(parameters)
