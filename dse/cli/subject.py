"""From the command line to the nouns of an evaluation: chip, model, scenario, unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from dse.cli.output import say

if TYPE_CHECKING:
    from dse.chip import Chip, ComputeUnit
    from dse.report.evaluation import Evaluation
    from dse.technology import Silicon
    from dse.workload import Model, Precision, Scenario

__all__ = ["evaluate_one", "find_unit", "scenario_from", "warn"]


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
    }
    changes = {name: value for name, value in fields.items() if value is not None}
    precision = _precision(base.precision, options)
    if changes or precision != base.precision:
        return replace(base, name="custom", precision=precision, **changes)
    return base


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


def evaluate_one(
    chip: Chip, model: Model, scenario: Scenario, silicon: Silicon, unit: str | None
) -> Evaluation:
    """Evaluate one chip, and name what was evaluated."""
    from dse.cost import evaluate
    from dse.report.evaluation import Evaluation

    return Evaluation(
        chip=chip.name,
        chip_title=chip.title,
        model=model.name,
        model_title=model.title,
        unit=find_unit(chip, unit).name,
        dram_capacity_bytes=chip.dram.capacity_bytes,
        sustained_w=chip.power.sustained_w,
        is_partial_die=chip.area.is_partial,
        metrics=evaluate(chip, model, scenario, silicon, unit).row(),
    )


def warn(chip: Chip, scenario: Scenario, result: Evaluation) -> None:
    """Say on stderr what makes a result hypothetical or odd."""
    from dse.cost import missing_pairs, obstacles

    unit = chip.unit(result.unit)
    if not result.metrics["fits"]:
        say(f"warning: {result.model_title} does not fit the DRAM of {result.chip_title}")
    if not result.metrics["buildable"]:
        reasons = "; ".join(obstacles(chip, unit, result.metrics["edge_fraction"]))
        say(f"warning: {result.chip_title} cannot be built: {reasons}")
    pairs = missing_pairs(unit.matrix, scenario.precision)
    if pairs:
        known = ", ".join(f"{r.weights.name} x {r.activations.name}" for r in unit.matrix.rates)
        lacks = ", ".join(f"{weights.name} x {inputs.name}" for weights, inputs in pairs)
        say(
            f"warning: the {unit.name} of {result.chip_title} has no matrix rate for "
            f"{lacks.lower()}, which run on its vector lanes; it has {known.lower()}"
        )
