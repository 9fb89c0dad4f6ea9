"""What a space asks of its models: one scenario, or use cases with the share of each."""

from __future__ import annotations

from collections.abc import Iterator

from dse.errors import Fault
from dse.spec.fault import fault_at
from dse.spec.schema import SpaceSpec
from dse.spec.tree import FieldPath, Node, find
from dse.workload import Mix, Scenario

__all__ = ["mixes_from", "scenario_paths"]


def scenario_paths(tree: Node, faults: set[Fault]) -> Iterator[FieldPath]:
    """Yield where a space names its scenarios, and refuse one that is named twice."""
    cases = find(tree, ("use_cases",))
    if cases is None or not isinstance(cases.value, list):
        yield ("scenario",)
        return
    seen: set[object] = set()
    for place in range(len(cases.value)):
        path = ("use_cases", place, "scenario")
        node = find(tree, path)
        if node is None or not isinstance(node.value, str):
            continue
        if node.value in seen:
            faults.add(fault_at(tree, path, "duplicate", "must not be given twice", got=True))
        seen.add(node.value)
        yield path


def mixes_from(spec: SpaceSpec, scenarios: tuple[Scenario, ...]) -> tuple[Mix, ...]:
    """Mixes of requests of which the worst counts.

    Use cases whose mean counts are one mix; use cases of which the worst counts are a mix each.
    Shares that are given nowhere are equal.

    Parameters
    ----------
    spec : SpaceSpec
        The space.
    scenarios : tuple of Scenario
        Its scenarios in their order.
    """
    cases = spec.use_cases or []
    weights = tuple(case.weight for case in cases if case.weight is not None)
    combine = spec.combine or ("mean" if weights else "worst")
    if combine == "worst":
        return tuple(Mix((scenario,)) for scenario in scenarios)
    return (Mix(scenarios, weights or (1.0 / len(scenarios),) * len(scenarios)),)
