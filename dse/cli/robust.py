"""``--uncertainty`` of ``dse pareto``: what the ranges of estimated numbers leave of a front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command
from dse.cli.output import say

if TYPE_CHECKING:
    from dse.report.robust import RobustView
    from dse.report.view import FrontView
    from dse.store import Run
    from dse.store.origin import Origin

__all__ = ["robust_entry", "robust_of", "robust_options", "write_robust"]

# Objectives of all designs in all draws may take so much memory.
_MOST_BYTES = 1 << 29
# Kept designs that are looked at beside the front, those that miss least.
_KEPT = 20_000
_NAME = "uncertainty"


def robust_options(command: Command) -> Command:
    """Add ``--uncertainty``, ``--draws`` and ``--seed``."""
    for flags, settings, text in (
        (
            "--seed",
            {"type": click.IntRange(0, (1 << 32) - 1), "default": 0, "show_default": True},
            "Seed of the draws.",
        ),
        (
            "--draws",
            {"type": click.IntRange(2, 1 << 20)},
            "Draws of the numbers.  [default: 1024, fewer from 7,000 designs on]",
        ),
        (
            "--uncertainty",
            {"is_flag": True},
            "Percentiles, bounds and robustness of the designs over the ranges of the estimated "
            "numbers, and the numbers that matter most.",
        ),
    ):
        options: dict[str, Any] = {**settings, "help": text}
        command = click.option(flags, **options)(command)
    return command


def robust_of(run: Run, options: Mapping[str, Any]) -> RobustView | None:
    """What the ranges leave of a run's front, if the user asked and there is one.

    Raises
    ------
    click.UsageError
        If draws are asked for without ``--uncertainty``, or more than memory holds, or several
        units share the work.
    VersionMismatchError
        If this version of dse computes other numbers for the run.
    """
    from dse.store import FRONT, changed_inputs
    from dse.store.origin import open_origin

    draws = options["draws"]
    if not options["uncertainty"]:
        if draws is not None:
            raise click.UsageError("--draws needs --uncertainty")
        return None
    if not len(run.tables[FRONT]["design"]):
        return None
    with open_origin(run.manifest, run.path) as origin:
        for name, change in changed_inputs(run.manifest):
            say(f"note: {name} {change}; this is about the text that the run began with")
        return _robust(run, origin, draws, options["seed"])


def _robust(run: Run, origin: Origin, draws: int | None, seed: int) -> RobustView:
    from dse.advise import CHALLENGERS, find_robustness
    from dse.cost import team_units
    from dse.report.robust import RobustView
    from dse.sweep import evaluate_designs

    space = origin.space
    front, kept = (space.decode(numbers) for numbers in _designs(run))
    most = len(front) + min(len(kept), CHALLENGERS)
    _check_draws(draws, most * len(space.objectives))
    if team_units(space.chip, space.unit):
        raise click.UsageError(f'--uncertainty is known of one unit, not of "{space.unit}"')
    _check_values(run, evaluate_designs(space, front, origin.silicon))
    robustness = find_robustness(
        space, origin.silicon, front, kept, chip=origin.chip, draws=draws, seed=seed
    )
    return RobustView(space, robustness)


def _check_draws(draws: int | None, numbers: int) -> None:
    most = _MOST_BYTES // (8 * numbers)
    if draws is not None and draws > most:
        raise click.UsageError(f"--draws of this front must be at most {most}, but got {draws}")


def _designs(run: Run) -> tuple[Any, Any]:
    """Numbers of the front's designs, and of those kept beside it that miss least."""
    from dse.store import FRONT, RESULTS

    front = run.tables[FRONT]["design"]
    if RESULTS not in run.tables:
        return front, front[:0]
    results = run.tables[RESULTS]
    order = results["violation"].argsort(kind="stable")[:_KEPT]
    return front, results["design"][order]


def _check_values(run: Run, values: Mapping[str, Any]) -> None:
    """Refuse a front whose numbers this version of dse computes differently.

    Raises
    ------
    VersionMismatchError
        With the version that wrote them.
    """
    import numpy as np

    from dse.errors import VersionMismatchError
    from dse.store import FRONT

    front = run.tables[FRONT]
    for name in run.manifest.space["objectives"]:
        if not np.allclose(values[name], front[name], rtol=1e-9, atol=0.0):
            raise VersionMismatchError(
                f"{run.path}: {name} of its front is not what this version computes; it was "
                f"written by dse {run.manifest.versions.get('dse')}; repeat the run"
            )


def write_robust(
    robust: RobustView | None,
    view: FrontView,
    out: Path,
    formats: Sequence[str],
    axes: tuple[str, str],
) -> list[Path]:
    """Write the picture and the CSV file, if uncertainty was asked for."""
    if robust is None:
        return []
    from dse.report.figures import save_figure
    from dse.report.robust_document import write_robust_csv
    from dse.report.robust_figure import robust_figure
    from dse.store.files import atomic_path

    paths = []
    pictures = [kind for kind in formats if kind in ("png", "svg")]
    if pictures:
        if not set(axes) & set(robust.space.objectives):
            say("note: bars are drawn along objectives alone, and neither axis is one")
        figure = robust_figure(view, robust, *axes)
        for kind in pictures:
            paths.append(out / f"{_NAME}-{axes[0]}-{axes[1]}.{kind}")
            with atomic_path(paths[-1], follow=False) as place:
                save_figure(figure, place, kind)
    if "csv" in formats:
        paths.append(out / f"{_NAME}.csv")
        write_robust_csv(robust, paths[-1])
    return paths


def robust_entry(robust: RobustView | None) -> dict[str, Any]:
    """Give what was found as an entry of the document; none where none was asked for."""
    from dse.report.robust_document import robust_object

    return {} if robust is None else {"uncertainty": robust_object(robust)}
