"""`Scenario`: what the user asks of the model, and in which number formats."""

from __future__ import annotations

from dataclasses import dataclass, field

from dse.dtype import Format, parse_format

__all__ = ["Precision", "Scenario"]


@dataclass(frozen=True, slots=True)
class Precision:
    """Storage formats of the operands; each `Format` may hold arrays of shape (n,).

    Parameters
    ----------
    weights, head, embedding : Format
        Projections of the layers; the LM head; the embedding table (capacity only, since a
        token reads one row of it). A tied head is stored once, in the head's format.
    activations : Format
        Activations, and the type that matrix products with weights take.
    kv : Format
        Keys and values in the cache.
    """

    weights: Format
    head: Format
    embedding: Format
    activations: Format
    kv: Format


def _fp16() -> Precision:
    fp16 = parse_format("fp16")
    return Precision(fp16, fp16, fp16, fp16, fp16)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request, or a batch of equal requests.

    Parameters
    ----------
    name : str
        Key in the library, or ``custom``.
    prompt_tokens : int
        Tokens of the prompt that the prefill processes, >= 1.
    output_tokens : int
        Tokens generated, the first of which the prefill yields, >= 1.
    batch_size : int
        Sequences processed together, >= 1.
    precision : Precision
        Number formats.
    fusion : str
        ``full``: flash-style attention and elementwise work folded into the matrix kernels, as a
        competent compiler does; ``none``: each operator is a kernel of its own.
    """

    name: str = "custom"
    prompt_tokens: int = 1024
    output_tokens: int = 256
    batch_size: int = 1
    precision: Precision = field(default_factory=_fp16)
    fusion: str = "full"

    @property
    def decode_steps(self) -> int:
        """Decode steps after the token that the prefill yields; none for a single token."""
        return self.output_tokens - 1
