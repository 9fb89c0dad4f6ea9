"""``dse steps``: how many steps it takes to bring a model onto a chip, and which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.changes import change_options, changes_from
from dse.cli.exploration import NO_DESIGN
from dse.cli.help import command_help
from dse.cli.options import (
    PicturePath,
    SpecName,
    TargetType,
    json_option,
    stack_option,
    unit_option,
)
from dse.cli.output import print_json, print_tables, say, write_figure
from dse.cli.subject import find_unit, stack_from

if TYPE_CHECKING:
    from dse.report.steps import StepsView
    from dse.spec.step_space import StepSpace
    from dse.spec.steps import Catalogue

__all__ = ["steps"]

_LENGTHS = {"prompt": "prompt_tokens", "output": "output_tokens", "batch": "batch_size"}


@click.command(
    help=command_help(
        "Find the fewest steps that bring a model onto a chip: from a naive port to the targets.",
        (
            "dse steps snapdragon-8-gen-2 llama-2-7b",
            "dse steps snapdragon-8-gen-2 solar-10.7b --plot steps.svg",
            'dse steps snapdragon-8-elite llama-3.1-8b --target "decode_tok_s >= 30" '
            '--target "perplexity_ratio <= 1.05"',
            "dse steps apple-a18-pro llama-3.2-3b --prompt 256 --json",
        ),
        "A catalogue names the steps, what each changes, which are alternatives, and the naive "
        "port that they start from. All sets of one step are tried, then all of two, and so on, "
        "so no set with fewer steps meets the targets; of equal ones the cheapest is shown: the "
        "least USD, then perplexity, then watts.",
    )
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model"))
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=TargetType(),
    metavar="LIMIT",
    help='Limit to meet, e.g. "decode_tok_s >= 10" (repeatable).  [default: the catalogue\'s]',
)
@click.option(
    "--catalogue",
    type=SpecName("catalogue"),
    default="phone",
    show_default=True,
    help="Catalogue of the library or a file.",
)
@click.option(
    "--scenario",
    type=SpecName("scenario"),
    help="Scenario of the library or a file.  [default: the catalogue's]",
)
@click.option("--prompt", type=click.IntRange(1, 1 << 24), help="Tokens of the prompt.")
@click.option("--output", type=click.IntRange(1, 1 << 24), help="Tokens to generate.")
@click.option("--batch", type=click.IntRange(1, 1 << 20), help="Sequences processed together.")
@click.option("--as-is", is_flag=True, help="Start from the scenario, not from a naive port.")
@click.option(
    "--most",
    type=click.IntRange(0, 256),
    default=8,
    show_default=True,
    help="Steps of the largest set to try; a high number tries all sets, which may take a minute.",
)
@unit_option
@stack_option
@change_options
@click.option(
    "--plot",
    type=PicturePath(),
    metavar="FILE",
    help="Draw what each step gained, as .png or .svg.",
)
@json_option
def steps(chip: str, model: str, as_json: bool, **options: Any) -> None:
    """Load, search, and show."""
    from dse.report.steps import costs_table, progress_table
    from dse.report.steps_document import steps_document
    from dse.report.steps_missing import missing_lines

    plot: Path | None = options["plot"]
    view = _view(chip, model, options)
    if as_json:
        print_json(steps_document(view))
    else:
        tables = [progress_table(view)]
        print_tables(*tables, *([costs_table(view)] if view.result.taken else []))
    if plot is not None:
        from dse.report.waterfall import waterfall_figure

        write_figure(waterfall_figure(view), plot)
    if not view.result.is_met:
        say("\n".join(missing_lines(view)))
        click.get_current_context().exit(NO_DESIGN)


def _view(chip: str, model: str, options: Mapping[str, Any]) -> StepsView:
    """Find the steps."""
    from dse.advise import find_steps
    from dse.report.steps import StepsView
    from dse.spec import load_catalogue, load_model, load_technology

    catalogue, network, stack = (
        load_catalogue(options["catalogue"]),
        load_model(model),
        stack_from(options),
    )
    changes = changes_from(options)
    space = _space(catalogue, chip, changes, network.name, options)
    result = find_steps(
        space,
        network,
        options["targets"] or catalogue.targets,
        load_technology().silicon,
        stack=stack,
        most=options["most"],
    )
    name = stack.name if stack is not None else None
    return StepsView(network.name, network.title, name, changes, space, result)


def _space(
    catalogue: Catalogue,
    chip: str,
    changes: Mapping[str, str],
    model: str,
    options: Mapping[str, Any],
) -> StepSpace:
    """Work out what the steps are on this chip, from this start."""
    from dse.spec.changes import changed_chip, changed_draft
    from dse.spec.step_build import start_draft, step_space

    base = changed_chip(chip, changes)
    lengths = {
        field: str(options[name]) for name, field in _LENGTHS.items() if options[name] is not None
    }
    asked = changed_draft("scenario", options["scenario"] or catalogue.scenario, lengths)
    scenario = asked if options["as_is"] else start_draft(asked, catalogue.start)
    drafts = {"chip": changed_draft("chip", chip, changes), "scenario": scenario}
    unit = find_unit(base, options["unit"]).name
    return step_space(catalogue, base, drafts, model, unit)
