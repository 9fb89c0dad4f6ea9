"""From the command line to the nouns of an evaluation: chip, model, scenario, unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dse.chip import Chip, ComputeUnit
    from dse.report.evaluation import Evaluation
    from dse.technology import Silicon
    from dse.workload import Model, Precision, Scenario

__all__ = ["evaluate_one", "find_unit", "scenario_from"]


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
