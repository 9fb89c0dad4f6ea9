"""``--sustained`` of ``dse evaluate``: a decode that goes on for minutes, in its device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command, NumberRange, PicturePath, QuantityType

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.cost import Stack
    from dse.report.sustained import SustainedView
    from dse.report.tables import Table
    from dse.technology import Silicon
    from dse.workload import Model, Network, Scenario

__all__ = ["check_sustained", "sustained_options", "sustained_tables", "sustained_view"]

_POINTS = 241


def sustained_options(command: Command) -> Command:
    """Add ``--sustained`` and what belongs to it."""
    options = (
        (("--sustained",), {"is_flag": True}, "Say what heat and battery leave of the decode."),
        (
            ("--minutes",),
            {"type": NumberRange(0.1, 1e5), "default": 20.0, "show_default": True},
            "Time that --plot and --json follow the decode for.",
        ),
        (
            ("--at-least", "at_least"),
            {"type": QuantityType("token_rate"), "metavar": "RATE"},
            'Rate that the cheapest clocks must meet, e.g. "10 tok/s".  [default: the fastest]',
        ),
        (
            ("--plot",),
            {"type": PicturePath(), "metavar": "FILE"},
            "Draw rate, power and temperatures against time, as .png or .svg.",
        ),
    )
    for flags, settings, text in reversed(options):
        command = click.option(*flags, help=text, **settings)(command)
    return command


def check_sustained(options: Mapping[str, Any]) -> None:
    """Refuse what belongs to a sustained decode where none is asked for.

    Raises
    ------
    click.UsageError
        With the option that would be ignored.
    """
    if options["sustained"] or options["plot"] is not None:
        return
    context = click.get_current_context()
    for name in ("minutes", "at_least"):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            flag = name.replace("_", "-")
            raise click.UsageError(f"--{flag} is of use with --sustained or --plot only")


def sustained_view(
    ref: str,
    changes: Mapping[str, str],
    subject: tuple[Chip, Model | Network, Scenario, Silicon, Stack | None],
    options: Mapping[str, Any],
) -> SustainedView | None:
    """Follow the decode, and draw it, if the user asked for it.

    Parameters
    ----------
    ref, changes
        As for `dse.spec.changes.changed_chip`; the device is built from the same file.
    subject : tuple
        What is evaluated.
    options : mapping of str to object
        Of the command.

    Raises
    ------
    click.UsageError
        If the model is a network of layers.
    StoreError
        If the picture cannot be written.
    """
    plot: Path | None = options["plot"]
    if not (options["sustained"] or plot is not None):
        return None
    import numpy as np

    from dse.device import curve, operating_points, sustain
    from dse.report.sustained import SustainedView
    from dse.spec.changes import changed_draft
    from dse.spec.device import device_from
    from dse.workload import Model

    chip, model, scenario, silicon, stack = subject
    if not isinstance(model, Model):
        message = f"{model.title} has no decode: --sustained is for language models"
        raise click.UsageError(message)
    device = device_from(changed_draft("chip", ref, changes))
    unit = chip.unit(options["unit"]).name
    points = operating_points(chip, model, scenario, silicon, unit, stack=stack)
    seconds = np.linspace(0.0, 60.0 * options["minutes"], _POINTS)
    view = SustainedView(
        title=f"{model.title} on {chip.title} ({unit})",
        device=device,
        points=points,
        result=sustain(device, points),
        curve=curve(device, points, seconds),
        least_tok_s=options["at_least"],
    )
    if plot is not None:
        from dse.cli.output import write_figure
        from dse.report.sustained_figure import sustained_figure

        write_figure(sustained_figure(view), plot)
    return view


def sustained_tables(view: SustainedView | None) -> list[Table]:
    """Table of what was followed; none where it was not."""
    from dse.report.sustained import sustained_table

    return [] if view is None else [sustained_table(view)]
