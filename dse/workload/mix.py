"""`Mix`: kinds of requests that one chip serves, and how often each of them comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dse.workload.scenario import Scenario

__all__ = ["Mix", "mixes_text"]


@dataclass(frozen=True, slots=True)
class Mix:
    """Kinds of requests that one chip serves.

    Parameters
    ----------
    scenarios : tuple of Scenario
        At least one; a request is one run of its scenario, with all of its batch.
    weights : tuple of float
        Share of each among the requests, > 0; they add up to 1.

    Examples
    --------
    >>> Mix((Scenario("summary"), Scenario("chat")), (0.75, 0.25)).text
    '75 % summary, 25 % chat'
    >>> Mix((Scenario("chat"),)).text
    'chat'
    """

    scenarios: tuple[Scenario, ...]
    weights: tuple[float, ...] = (1.0,)

    @property
    def decode_steps(self) -> tuple[int, ...]:
        """Decode steps of each scenario; one of each where no scenario has any.

        A mean over decode steps is then one over requests.
        """
        steps = tuple(scenario.decode_steps for scenario in self.scenarios)
        return steps if any(steps) else (1,) * len(steps)

    @property
    def decode_tokens(self) -> tuple[int, ...]:
        """Output tokens of those steps, over the whole batch."""
        pairs = zip(self.decode_steps, self.scenarios, strict=True)
        return tuple(steps * scenario.batch_size for steps, scenario in pairs)

    @property
    def text(self) -> str:
        """The mix in words."""
        if len(self.scenarios) == 1:
            return self.scenarios[0].name
        parts = zip(self.weights, self.scenarios, strict=True)
        return ", ".join(f"{100.0 * weight:.4g} % {each.name}" for weight, each in parts)


def mixes_text(mixes: Sequence[Mix]) -> str:
    """What is asked, in words, where the worst of these counts.

    Examples
    --------
    >>> mixes_text([Mix((Scenario("summary"),)), Mix((Scenario("chat"),))])
    'the worst of summary, chat'
    """
    texts = [mix.text for mix in mixes]
    return texts[0] if len(texts) == 1 else f"the worst of {', '.join(texts)}"
