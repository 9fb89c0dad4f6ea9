"""`Scenario`: what the user asks of the model, and in which number formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dse.dtype import Format, parse_format
from dse.workload.curve import PLAIN

if TYPE_CHECKING:
    from dse.workload.model import Model

__all__ = ["Precision", "Scenario", "conflict"]


def conflict(draft: object, acceptance: object, beams: int) -> tuple[str, str] | None:
    """Field of a scenario that does not go with its others, and the rule; None where all do.

    Examples
    --------
    >>> conflict(None, None, 4)
    >>> conflict("a-draft", None, 1)
    ('acceptance', 'must be given beside a draft')
    """
    if draft is not None and acceptance is None:
        return "acceptance", "must be given beside a draft"
    if draft is not None and beams > 1:
        return "beams", "must be 1 beside a draft"
    return None


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
    quantisation : str
        How numbers were rounded into these formats: a method of `METHODS`, or ``best``; by
        default to nearest. It bears on the quality alone.
    """

    weights: Format
    head: Format
    embedding: Format
    activations: Format
    kv: Format
    quantisation: str = PLAIN


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
    steps, guidance : int or None
        Of a network of layers: steps, and evaluations of a guided stage per step; None takes the
        network's own. A language model has neither.
    cached_prompt_tokens : int
        Tokens at the head of the prompt whose keys and values are in the cache already.
    prefill_chunk_tokens : int or None
        Tokens of the prompt that one pass processes; None for all of them.
    beams : int
        Sequences that a beam search keeps for one output, >= 1.
    draft : Model or None
        Model that drafts tokens for this one to verify, in the same formats; None for no draft.
    draft_tokens : int
        Tokens drafted at a time, >= 1.
    acceptance : float or None
        Probability that a drafted token is accepted, 0 to 1; a number where there is a draft.
    offload : str
        What may stay on flash where the DRAM is too small: ``none``, ``weights``, ``experts`` or
        ``kv``.
    load_ahead : bool
        Whether what comes from flash is loaded while the unit computes.
    active_fraction : float
        Share of the neurons of its feed-forward networks that one token activates, in (0, 1].
    popularity_skew : float
        Exponent s of the popularity rank^-s of experts, or of sparsely active neurons, in [0, 1).
    """

    name: str = "custom"
    prompt_tokens: int = 1024
    output_tokens: int = 256
    batch_size: int = 1
    precision: Precision = field(default_factory=_fp16)
    fusion: str = "full"
    steps: int | None = None
    guidance: int | None = None
    cached_prompt_tokens: int = 0
    prefill_chunk_tokens: int | None = None
    beams: int = 1
    draft: Model | None = None
    draft_tokens: int = 4
    acceptance: float | None = None
    offload: str = "none"
    load_ahead: bool = True
    active_fraction: float = 1.0
    popularity_skew: float = 0.0

    @property
    def decode_steps(self) -> int:
        """Decode steps after the token that the prefill yields; none for a single token."""
        return self.output_tokens - 1
