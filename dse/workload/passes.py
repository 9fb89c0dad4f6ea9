"""From a scenario to passes over models: chunks of a prompt, steps, drafts and their verification.

Every way to serve a request is a number of passes, each with its rows of the operator table; the
cost model sees nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dse.workload.kernels import Pass
from dse.workload.model import Model
from dse.workload.scenario import Scenario

__all__ = [
    "DRAFT",
    "Passes",
    "decode_passes",
    "expected_tokens",
    "prefill_passes",
    "prefilled_tokens",
]

DRAFT = "draft_"


@dataclass(frozen=True, slots=True)
class Passes:
    """Equal passes of one phase.

    Parameters
    ----------
    prefix : str
        What sets the names of their kernels apart.
    count : float
        How many run, in the mean, in the phase.
    each : Pass
        One of them, or their mean.
    """

    prefix: str
    count: float
    each: Pass

    @property
    def is_draft(self) -> bool:
        """Whether they run over the draft model."""
        return self.prefix.startswith(DRAFT)


def expected_tokens(acceptance: float, draft_tokens: int) -> float:
    """Tokens that one verification of k drafted tokens yields in the mean.

    (1 - a^(k+1)) / (1 - a) = 1 + a + ... + a^k                                               (1)

    Each drafted token is accepted with probability a, independently; the first rejected one is
    replaced by the target's own, and after k accepted ones the target adds another.

    Parameters
    ----------
    acceptance : float
        a, 0 to 1.
    draft_tokens : int
        k, >= 1.

    References
    ----------
    (1) Leviathan, Kalman, Matias, "Fast inference from transformers via speculative decoding",
    arXiv 2211.17192, equation 1.

    Examples
    --------
    >>> expected_tokens(0.5, 2), expected_tokens(1.0, 4)
    (1.75, 5.0)
    """
    return float(sum(acceptance**i for i in range(draft_tokens + 1)))


def prefilled_tokens(scenario: Scenario) -> int:
    """Tokens of each prompt that the prefill processes: all but those whose keys are cached.

    The last token of a prompt is always processed, for its logits are wanted.
    """
    cached = min(scenario.cached_prompt_tokens, scenario.prompt_tokens - 1)
    return scenario.prompt_tokens - cached


def prefill_passes(model: Model, scenario: Scenario) -> Iterator[Passes]:
    """Chunks of the prompt, one after another; the last one yields logits.

    Every chunk attends to all tokens before it and reads all weights anew. What is cached of the
    prompt is attended to and not processed.

    Parameters
    ----------
    model : Model
        Architecture.
    scenario : Scenario
        Lengths; `prefill_chunk_tokens` and `cached_prompt_tokens`.

    References
    ----------
    Agrawal et al., "Sarathi", arXiv 2308.16369, section 4.2 (chunks); Zheng et al., "SGLang",
    arXiv 2312.07104, section 3, and Kwon et al., arXiv 2309.06180, section 4.4 (prefixes).
    """
    prompt, rest = scenario.prompt_tokens, prefilled_tokens(scenario)
    chunk = min(scenario.prefill_chunk_tokens or rest, rest)
    earlier = (rest - 1) // chunk
    border = prompt - rest + earlier * chunk
    if earlier:
        each = _pass(model, scenario, chunk, (prompt - rest + 1, border))
        yield Passes("chunk_", earlier, replace(each, logits=0))
    yield Passes("", 1.0, _pass(model, scenario, prompt - border, (border + 1, prompt)))


def _pass(model: Model, scenario: Scenario, tokens: int, span: tuple[int, int]) -> Pass:
    """One pass over `tokens` of each sequence, or the mean of many, with contexts of `span`."""
    is_fused = scenario.fusion == "full"
    share = scenario.active_fraction
    batch = scenario.batch_size
    return Pass(model, batch, tokens, *span, is_fused, active_fraction=share)


def decode_passes(model: Model, scenario: Scenario) -> Iterator[Passes]:
    """Passes that one token of output takes in the mean.

    One pass over one token; or, with a draft of k tokens, k passes over the draft model and one of
    the target over k + 1 tokens per `expected_tokens`. Beams decode as so many sequences, whose
    common prompt is stored and read once; ranking their candidates is not counted.

    Parameters
    ----------
    model : Model
        Architecture.
    scenario : Scenario
        Lengths; `draft`, `draft_tokens`, `acceptance` and `beams`.

    References
    ----------
    Leviathan, Kalman, Matias, arXiv 2211.17192, section 3.4 (cost of a draft); Kwon et al.,
    "PagedAttention", arXiv 2309.06180, section 4.4 (beams that share their prompt).
    """
    prompt, steps = scenario.prompt_tokens, max(1, scenario.decode_steps)
    if scenario.draft is None:
        each = _pass(model, scenario, 1, (prompt + 1, prompt + steps))
        batch = scenario.batch_size * scenario.beams
        yield Passes("", 1.0, replace(each, batch=batch, beams=scenario.beams, shared=prompt))
        return
    k = scenario.draft_tokens
    share = 1.0 / expected_tokens(scenario.acceptance or 0.0, k)
    drafted = _pass(scenario.draft, scenario, 1, (prompt + 1, prompt + steps + k - 1))
    yield Passes(DRAFT, k * share, replace(drafted, active_fraction=1.0))
    verified = _pass(model, scenario, k + 1, (prompt + 1, prompt + steps + k))
    yield Passes("", share, replace(verified, logits=k + 1))
