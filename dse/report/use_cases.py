"""What the models of a run were asked: its use cases, read back from the manifest and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dse.report.evaluation import scenario_text
from dse.workload import Mix, Scenario, mixes_text

__all__ = ["mixes_lines", "mixes_of", "use_cases_of"]


def use_cases_of(space: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Scenarios, with their shares, that a manifest's space states; older ones state one alone."""
    return list(space.get("use_cases", [{"scenario": space["scenario"], "weight": 1.0}]))


def mixes_of(space: Mapping[str, Any], load: Callable[[str], Scenario]) -> tuple[Mix, ...]:
    """What a manifest's space asks of its models, `load` giving each scenario by its name."""
    cases = use_cases_of(space)
    scenarios = tuple(load(case["scenario"]) for case in cases)
    if any(case["weight"] is None for case in cases):
        return tuple(Mix((scenario,)) for scenario in scenarios)
    return (Mix(scenarios, tuple(case["weight"] for case in cases)),)


def mixes_lines(mixes: Sequence[Mix]) -> list[str]:
    """Say what was asked of a model, in what shares, and what every scenario is.

    Examples
    --------
    >>> mixes_lines([Mix((Scenario("a"), Scenario("b", 256)), (0.75, 0.25))])[:2]
    ['75 % a, 25 % b', 'a: prompt 1024, output 256, batch 1; b: prompt 256, output 256, batch 1']
    """
    every = [each for mix in mixes for each in mix.scenarios]
    if len(every) == 1:
        return [scenario_text(every[0])]
    texts = {each.name: scenario_text(each).rpartition("; ") for each in every}
    heads = "; ".join(f"{name}: {head}" for name, (head, _, _) in texts.items())
    formats = "; ".join(dict.fromkeys(tail for _, _, tail in texts.values()))
    return [mixes_text(mixes), heads, formats]
