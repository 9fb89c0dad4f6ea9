"""Layers of a network of any kind, and the operators that they lower to.

A transformer is unrolled from a handful of dimensions; anything else (convolutional networks,
diffusion) is a table of these layers. Each knows its parameters and the one `Op` that runs it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dse.workload.kernels import (
    ACTIVATION_OPS,
    LAYER_NORM_OPS,
    RESIDUAL_OPS,
    RMS_NORM_OPS,
    SOFTMAX_OPS,
)
from dse.workload.ops import Kind, Op, Operand

__all__ = [
    "AttentionLayer",
    "Conv",
    "Elementwise",
    "Embedding",
    "Layer",
    "Linear",
    "activation_layer",
    "norm_layer",
    "residual_layer",
]


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution, padded so that a stride of one keeps the size.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    height, width : int
        Size of the input.
    kernel, stride : int
        Side of the window and its step.
    groups : int
        Groups of channels that do not mix; `inputs` of them for a depthwise convolution.
    has_bias : bool
        Whether each output channel has a bias, a folded batch norm included.
    repeat : int
        How many of them there are, each with its own weights.
    """

    inputs: int
    outputs: int
    height: int
    width: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    has_bias: bool = True
    repeat: int = 1

    @property
    def pixels(self) -> int:
        """Pixels of the output."""
        return -(-self.height // self.stride) * -(-self.width // self.stride)

    @property
    def weights(self) -> int:
        """Matrix elements of one layer."""
        return self.inputs // self.groups * self.kernel**2 * self.outputs

    @property
    def vectors(self) -> int:
        """Bias elements of one layer."""
        return self.outputs if self.has_bias else 0

    def op(self, batch: int) -> Op:
        """Lower to an implicit GEMM: pixels x (inputs x window) times that x outputs.

        The window slides over the feature map, so that the left operand repeats each pixel
        kernel² / stride² times; memory holds it once.
        """
        repeated = self.pixels * self.kernel**2 / (self.height * self.width)
        side = f"{self.kernel}x{self.kernel}"
        return Op(
            f"conv{side} {self.inputs}-{self.outputs} {self.height}x{self.width}",
            Kind.GEMM,
            self.repeat,
            count=self.groups,
            m=batch * self.pixels,
            k=self.inputs // self.groups * self.kernel**2,
            n=self.outputs // self.groups,
            overlap=max(1.0, repeated),
            operand_elements=float(self.weights),
            output_elements=float(batch * self.pixels * self.outputs),
            parameter_elements=float(self.vectors),
        )


@dataclass(frozen=True, slots=True)
class Linear:
    """A matrix of weights applied to each of `rows` vectors; `repeat` of them."""

    rows: int
    inputs: int
    outputs: int
    has_bias: bool = True
    repeat: int = 1

    @property
    def weights(self) -> int:
        """Matrix elements of one layer."""
        return self.inputs * self.outputs

    @property
    def vectors(self) -> int:
        """Bias elements of one layer."""
        return self.outputs if self.has_bias else 0

    def op(self, batch: int) -> Op:
        """Lower to a GEMM."""
        return Op(
            f"linear {self.inputs}-{self.outputs} x{self.rows}",
            Kind.GEMM,
            self.repeat,
            m=batch * self.rows,
            k=self.inputs,
            n=self.outputs,
            operand_elements=float(self.weights),
            output_elements=float(batch * self.rows * self.outputs),
            parameter_elements=float(self.vectors),
        )


@dataclass(frozen=True, slots=True)
class AttentionLayer:
    """Queries attend to keys, flash-style: scores stay on the chip. It has no weights."""

    heads: int
    queries: int
    keys: int
    head_dim: int
    repeat: int = 1

    @property
    def weights(self) -> int:
        """Matrix elements of one layer: none."""
        return 0

    @property
    def vectors(self) -> int:
        """Bias elements of one layer: none."""
        return 0

    def op(self, batch: int) -> Op:
        """Lower to one fused kernel; keys and values were written by the layers before."""
        instances = batch * self.heads
        scores = float(instances * self.queries * self.keys)
        return Op(
            f"attention {self.heads}x{self.head_dim} {self.queries}x{self.keys}",
            Kind.ATTENTION,
            self.repeat,
            count=instances,
            m=self.queries,
            k=self.head_dim,
            n=self.keys,
            v=self.head_dim,
            operand=Operand.KV,
            operand_elements=float(instances * self.keys * 2 * self.head_dim),
            keys=float(self.keys),
            output_elements=float(instances * self.queries * self.head_dim),
            lane_ops=scores * SOFTMAX_OPS,
            exp_count=scores,
        )


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Work on every element of a tensor: norms, activations, residual additions.

    Parameters
    ----------
    elements : int
        Elements of the result.
    operations, exponentials : float
        Lane operations and exponentials per element of the result.
    reads : int
        Tensors of that size that it reads: two for a residual or a gate.
    parameters : int
        Norm weights and biases of one layer.
    repeat : int
        How many there are.
    """

    elements: int
    operations: float = 1.0
    exponentials: float = 0.0
    reads: int = 1
    parameters: int = 0
    repeat: int = 1

    @property
    def weights(self) -> int:
        """Matrix elements of one layer: none."""
        return 0

    @property
    def vectors(self) -> int:
        """Norm elements of one layer."""
        return self.parameters

    def op(self, batch: int) -> Op:
        """Lower to a kernel of its own."""
        elements = float(batch * self.elements)
        return Op(
            f"elementwise x{self.elements}",
            Kind.VECTOR,
            self.repeat,
            extra_elements=elements * self.reads,
            output_elements=elements,
            parameter_elements=float(self.parameters),
            lane_ops=elements * self.operations,
            exp_count=elements * self.exponentials,
        )


@dataclass(frozen=True, slots=True)
class Embedding:
    """A table of which `rows` entries are read."""

    entries: int
    width: int
    rows: int
    repeat: int = 1

    @property
    def weights(self) -> int:
        """Matrix elements of one layer: none; the table is counted apart."""
        return 0

    @property
    def vectors(self) -> int:
        """Bias elements of one layer: none."""
        return 0

    @property
    def table(self) -> int:
        """Elements of one table."""
        return self.entries * self.width

    def op(self, batch: int) -> Op:
        """Lower to a gather."""
        elements = float(batch * self.rows * self.width)
        name = f"embedding {self.entries}x{self.width}"
        return Op(
            name, Kind.VECTOR, self.repeat, extra_elements=elements, output_elements=elements
        )


Layer = Conv | Linear | AttentionLayer | Elementwise | Embedding


def norm_layer(rows: int, width: int, kind: str = "layer") -> Elementwise:
    """A norm over `width` channels of `rows` vectors.

    Parameters
    ----------
    rows, width : int
        Vectors (pixels, tokens), and channels of each.
    kind : str
        ``layer`` or ``group`` with weight and bias, ``rms`` with a weight, or ``plain`` without.
    """
    operations = RMS_NORM_OPS if kind == "rms" else LAYER_NORM_OPS
    vectors = {"layer": 2, "group": 2, "rms": 1, "plain": 0}[kind]
    return Elementwise(rows * width, operations, parameters=vectors * width)


def activation_layer(elements: int, is_gated: bool = False) -> Elementwise:
    """A nonlinear function with one exponential per element, maybe times a second tensor."""
    return Elementwise(elements, ACTIVATION_OPS, 1.0, reads=2 if is_gated else 1)


def residual_layer(elements: int) -> Elementwise:
    """An addition of two tensors."""
    return Elementwise(elements, RESIDUAL_OPS, reads=2)
