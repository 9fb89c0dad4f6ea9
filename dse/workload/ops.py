"""`Op`: one row of the operator table, the only thing the cost model knows of a workload."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from dse.workload.load import Load
from dse.workload.span import Span

__all__ = ["Dim", "Kind", "Op", "Operand", "Part", "Storage", "Stream", "Workload", "mean"]

Dim = float | Span | Load


class Kind(StrEnum):
    """How an operator moves data."""

    GEMM = "gemm"
    ATTENTION = "attention"
    VECTOR = "vector"


class Operand(IntEnum):
    """Which stored operand a matrix product streams; an index into per-operand coefficients."""

    WEIGHTS = 0
    HEAD = 1
    KV = 2


class Part(StrEnum):
    """Part of a layer whose weights a product streams, as far as somebody asks for it."""

    OTHER = "other"
    FEEDFORWARD = "feedforward"
    EXPERTS = "experts"


@dataclass(frozen=True, slots=True)
class Stream:
    """How an operand that may stay on flash is read from there.

    Parameters
    ----------
    storage : Storage
        All that must be kept, which decides the share that finds room in DRAM.
    skew : float
        Exponent of the popularity of its parts, 0 (all alike) to 1.
    is_scattered : bool
        Whether what is missing is read in small pieces from all over the device.
    is_exposed : bool
        Whether the runtime waits for it, and does not load ahead.
    """

    storage: Storage
    skew: float = 0.0
    is_scattered: bool = False
    is_exposed: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """One kernel of a phase, and how often it runs.

    A GEMM multiplies `count` independent pairs (m x k) by (k x n). An ATTENTION is the fused pair
    (m x k)(k x n) and (m x n)(n x v) with a softmax between, whose m x n scores never leave the
    chip; n is then the context. A VECTOR kernel only reads and writes activations.

    Parameters
    ----------
    name : str
        Name for people.
    kind : Kind
        How data moves.
    repeat : float
        Launches of this kernel in the phase, one after another (layers).
    count : float
        Independent products in one launch (experts; batch x KV heads).
    overlap : float
        Times that the (m x k) operands repeat each element that memory holds: the windows of a
        convolution overlap.
    m, k, n, v : float, Span or Load
        Dimensions of one product; a `Span` where one is a growing context, a `Load` where rows
        are the tokens that an expert happens to get.
    operand : Operand
        Storage class of the (k x n) operand.
    operand_elements : float
        Elements of that operand that one launch must read at least once.
    keys : float
        Distinct keys that one product reads where n (or k) is a context: in a causal prefill all
        of them, though a query attends to fewer on average.
    extra_elements : float
        Activation elements that one launch reads beyond the (m x k) operands: residuals.
    output_elements : float
        Activation elements that one launch writes.
    kv_write_elements : float
        Elements that one launch appends to the KV cache.
    parameter_elements : float
        Norm and bias elements that one launch reads, stored in 16 bits.
    lane_ops, exp_count : float
        Vector-lane operations, and exponentials, of one launch.
    part : Part
        Part of the layer that it belongs to.
    chain : str
        Name of the chain of neighbouring products whose results in between need not leave the
        chip, where it is part of one.
    stream : Stream or None
        How its operand is read from flash; None where it always sits in DRAM.
    """

    name: str
    kind: Kind
    repeat: float
    count: float = 1.0
    m: Dim = 0.0
    k: Dim = 0.0
    n: Dim = 0.0
    v: float = 0.0
    operand: Operand = Operand.WEIGHTS
    operand_elements: float = 0.0
    keys: float = 0.0
    extra_elements: float = 0.0
    output_elements: float = 0.0
    kv_write_elements: float = 0.0
    parameter_elements: float = 0.0
    lane_ops: float = 0.0
    exp_count: float = 0.0
    overlap: float = 1.0
    part: Part = Part.OTHER
    chain: str = ""
    stream: Stream | None = None

    @property
    def macs(self) -> float:
        """Multiply-accumulates of one launch."""
        return self.count * mean(self.m) * mean(self.n) * (mean(self.k) + self.v)

    @property
    def scores(self) -> float:
        """Attention scores of one launch; none in any other operator."""
        return self.exp_count if self.kind is Kind.ATTENTION else 0.0

    @property
    def input_elements(self) -> float:
        """Activation elements of the (m x k) operands of one launch, as memory holds them."""
        return self.count * mean(self.m) * mean(self.k) / self.overlap


def mean(length: Dim) -> float:
    """Mean of a dimension that may vary."""
    return length.mean if isinstance(length, Span | Load) else length


@dataclass(frozen=True, slots=True)
class Storage:
    """Elements that must sit in memory, per storage class.

    Parameters
    ----------
    weight_elements, head_elements, embedding_elements : float
        Matrix elements of the layers, the LM head and the embedding; a tied table counts as head.
    parameter_elements : float
        Norm and bias elements, stored in 16 bits.
    kv_elements : float
        KV-cache elements at the end of the output, over the batch.
    activation_elements : float
        Largest working set of one kernel.
    streamed_elements : float
        Those of the class `streamed` that may stay on flash.
    streamed : Operand
        Their class.
    """

    weight_elements: float
    head_elements: float
    embedding_elements: float
    parameter_elements: float
    kv_elements: float
    activation_elements: float
    streamed_elements: float = 0.0
    streamed: Operand = Operand.WEIGHTS


@dataclass(frozen=True, slots=True)
class Workload:
    """The operator tables of a scenario.

    Parameters
    ----------
    prefill : tuple of Op
        Rows of the whole prefill.
    decode : tuple of Op
        Rows of one decode step, averaged over the growing context.
    decode_steps, batch_size, prompt_tokens : int
        How often the decode runs, maybe never, for how many sequences, and tokens of each prompt
        that the prefill processes.
    storage : Storage
        What must sit in memory.
    passes : float
        Passes over a model, each with its fixed cost, that one decode step stands for.
    """

    prefill: tuple[Op, ...]
    decode: tuple[Op, ...]
    decode_steps: int
    batch_size: int
    prompt_tokens: int
    storage: Storage
    passes: float = 1.0
