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
    """One pass over the model, or the mean of several at different places of the sequence.

    Parameters
    ----------
    model : Model
        Architecture.
    batch, tokens : int
        Sequences, and new tokens of each in one pass.
    first, last : int
        Shortest and longest context of a new token, itself included.
    is_fused : bool
        Whether elementwise work folds into matrix kernels.
    logits : int
        Tokens of each sequence, the last ones, whose logits are wanted.
    beams, shared : int
        Sequences that share their first `shared` tokens, among those of `batch`.
    active_fraction : float
        Share of the neurons of a feed-forward network that one token activates.
    """

    model: Model
    batch: int
    tokens: int
    first: int
    last: int
    is_fused: bool
    logits: int = 1
    beams: int = 1
    shared: int = 0
    active_fraction: float = 1.0

    @property
    def rows(self) -> int:
        """Rows of activations: tokens of all sequences."""
        return self.batch * self.tokens

    def context(self, window: int | None) -> Span:
        """Keys that the new tokens attend to, within a window."""
        return Span(self.first, self.last, window)

    def keys(self, window: int | None) -> float:
        """Distinct keys that a pass reads, per sequence; those that beams share, once for all.

        A pass over t tokens within a window w reads the keys of the last t + w - 1 tokens. What b
        beams share, they read together (Juravsky et al., "Hydragen", arXiv 2402.05099).
        """
        reach = None if window is None else window + self.tokens - 1
        first = self.first + self.tokens - 1
        keys = Span(first, self.last, reach).mean
        if self.beams == 1:
            return keys
        own = Span(first - self.shared, self.last - self.shared, reach).mean
        return own + (keys - own) / self.beams

    def active(self, width: float, rows: float | None = None) -> float:
        """Neurons of `width` that the rows activate at all: w (1 - (1 - f)^rows).

        Each row activates a share f, taken as independent of the others' (as for experts); the
        product then runs over all of them for every row.
        """
        count = self.rows if rows is None else rows
        return width * (1.0 - (1.0 - self.active_fraction) ** count)

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
