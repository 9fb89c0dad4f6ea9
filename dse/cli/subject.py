"""From the command line to the nouns of an evaluation: chip, model, scenario, unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from dse.cli.output import say

if TYPE_CHECKING:
    from dse.chip import Chip, ComputeUnit
    from dse.cost import Stack, StageCost
    from dse.report.evaluation import Evaluation
    from dse.report.placement import PhasePlacement
    from dse.technology import Silicon
    from dse.workload import Model, Network, Precision, Scenario

__all__ = ["asked_of", "evaluate_one", "find_unit", "scenario_from", "stack_from", "warn"]


def scenario_from(options: Mapping[str, Any]) -> Scenario:
    """Build the scenario that `scenario_options` describe.

    Parameters
    ----------
    options : mapping of str to object
        Values of those options; None where the user said nothing.
    """
    from dse.spec import load_scenario
    from dse.workload import Scenario

    base = load_scenario(options["scenario"]) if options["scenario"] else Scenario()
    fields = {
        "prompt_tokens": options["prompt"],
        "output_tokens": options["output"],
        "batch_size": options["batch"],
        "fusion": options["fusion"],
        "steps": options.get("steps"),
        "guidance": options.get("guidance"),
    }
    changes = {name: value for name, value in fields.items() if value is not None}
    precision = _precision(base.precision, options)
    if changes or precision != base.precision:
        return replace(base, name="custom", precision=precision, **changes)
    return base


def asked_of(network: Model | Network, scenario: Scenario) -> Scenario:
    """Fill in what a scenario leaves to a network.

    Raises
    ------
    click.UsageError
        If a language model is asked for steps.
    """
    from dse.workload import Network

    if isinstance(network, Network):
        return network.asked(scenario)
    if scenario.steps is not None or scenario.guidance is not None:
        message = f"{network.title} is a language model: it has no steps and no guidance"
        raise click.UsageError(message)
    return scenario


def _precision(base: Precision, options: Mapping[str, Any]) -> Precision:
    """Replace formats; head and embedding follow what they were equal to, as in the files."""
    weights = options["weights"] or base.weights
    head = options["head"] or (weights if base.head == base.weights else base.head)
    embedding = head if base.embedding == base.head else base.embedding
    return replace(
        base,
        weights=weights,
        head=head,
        embedding=embedding,
        activations=options["activations"] or base.activations,
        kv=options["kv"] or base.kv,
        quantisation=options.get("quantisation") or base.quantisation,
    )


def find_unit(chip: Chip, name: str | None) -> ComputeUnit:
    """Find the unit of a chip that ``--unit`` names, or say which there are.

    Raises
    ------
    click.BadParameter
        If the chip has no such unit.
    """
    try:
        return chip.unit(name)
    except KeyError:
        known = ", ".join(unit.name for unit in chip.units)
        message = f'{chip.name} has no unit "{name}"; it has {known}'
        raise click.BadParameter(message, param_hint="--unit") from None


def _team(chip: Chip, name: str | None) -> tuple[ComputeUnit, ...]:
    """Units that a name joins, none for a single unit, or say which there are."""
    from dse.cost import team_units

    try:
        return team_units(chip, name)
    except KeyError:
        return (find_unit(chip, name),)


def evaluate_one(
    chip: Chip,
    model: Model | Network,
    scenario: Scenario,
    silicon: Silicon,
    unit: str | None,
    stack: Stack | None = None,
) -> Evaluation:
    """Evaluate one chip, and name what was evaluated."""
    from dse.cost import evaluate, explain, quality_report, stage_costs
    from dse.report.evaluation import Evaluation
    from dse.report.placement import phase_placements
    from dse.workload import Network, unroll_network

    units = _team(chip, unit)
    name = str(unit) if units else find_unit(chip, unit).name
    metrics = evaluate(chip, model, scenario, silicon, unit, stack).row()
    stages: tuple[StageCost, ...] = ()
    placements: tuple[PhasePlacement, ...] = ()
    is_network = isinstance(model, Network)
    rows = explain(chip, model, scenario, silicon, unit, stack) if units or is_network else ()
    if isinstance(model, Network):
        stages = stage_costs(rows, unroll_network(model, scenario))
    if units:
        names = (each.name for each in units)
        alone = {n: evaluate(chip, model, scenario, silicon, n, stack).row() for n in names}
        placements = phase_placements(rows, metrics, alone)
    return Evaluation(
        chip=chip.name,
        chip_title=chip.title,
        model=model.name,
        model_title=model.title,
        unit=name,
        stack=stack.name if stack is not None else None,
        dram_capacity_bytes=chip.dram.capacity_bytes,
        sustained_w=chip.power.sustained_w,
        is_partial_die=chip.area.is_partial,
        metrics=metrics,
        stages=stages,
        placements=placements,
        quality=quality_report(model, scenario.precision),
        resident=_resident(chip, model, scenario, silicon),
    )


def _resident(
    chip: Chip, model: Model | Network, scenario: Scenario, silicon: Silicon
) -> float | None:
    """Share in DRAM of what the scenario lets stay on flash; None where nothing can stay there."""
    from dse.cost import derive, resident_share
    from dse.workload import Network, unroll

    if isinstance(model, Network) or chip.storage is None:
        return None
    storage = unroll(model, scenario).storage
    if not storage.streamed_elements:
        return None
    return float(resident_share(derive(chip, scenario.precision, silicon), storage)[0])


def stack_from(options: Mapping[str, Any]) -> Stack | None:
    """Load the stack that ``--stack`` names, if any."""
    from dse.spec import load_stack

    return load_stack(options["stack"]) if options["stack"] else None


def warn(chip: Chip, scenario: Scenario, result: Evaluation) -> None:
    """Say on stderr what makes a result hypothetical or odd."""
    from dse.cost import team_obstacles, team_units

    units = team_units(chip, result.unit) or (chip.unit(result.unit),)
    if not result.metrics["fits"]:
        say(f"warning: {result.model_title} does not fit the DRAM of {result.chip_title}")
    if scenario.offload != "none" and result.resident is None:
        lacks = "storage" if chip.storage is None else scenario.offload
        of = result.chip_title if chip.storage is None else result.model_title
        say(f"warning: nothing comes from flash: {of} has no {lacks}")
    if not result.metrics["buildable"]:
        found = team_obstacles(chip, result.unit, result.metrics["edge_fraction"])
        say(f"warning: {result.chip_title} cannot be built: {'; '.join(found)}")
    for unit in units:
        _warn_of_pairs(unit, scenario, result)


def _warn_of_pairs(unit: ComputeUnit, scenario: Scenario, result: Evaluation) -> None:
    """Say which formats a unit has no matrix rate for."""
    from dse.cost import missing_pairs

    pairs = missing_pairs(unit.matrix, scenario.precision)
    if pairs:
        known = ", ".join(f"{r.weights.name} x {r.activations.name}" for r in unit.matrix.rates)
        lacks = ", ".join(f"{weights.name} x {inputs.name}" for weights, inputs in pairs)
        say(
            f"warning: the {unit.name} of {result.chip_title} has no matrix rate for "
            f"{lacks.lower()}, which run on its vector lanes; it has {known.lower()}"
        )
