"""What `dse sweep` and `dse search` share: reading a space, and telling what a run found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command, MetricName, NewPath, SpecName, TargetType
from dse.cli.output import print_json, print_tables, say, say_why, wants_lines
from dse.cli.progress import progress_options

if TYPE_CHECKING:
    from dse.certify import CertifyResult
    from dse.report.front import FrontRow
    from dse.report.view import FrontView
    from dse.search import SearchResult
    from dse.space import Space
    from dse.store import Output, Run
    from dse.sweep import SweepResult
    from dse.technology import Silicon
    from dse.workload import Model

__all__ = [
    "NO_DESIGN",
    "output_of",
    "print_front",
    "run_options",
    "sampler_options",
    "space_from",
    "subject_options",
    "tell",
    "tell_complete",
    "tell_run",
]

# Exit code of a run that worked but found no design that meets the targets.
NO_DESIGN = 3
# Rows of the front that a finished run shows; `dse pareto` shows more.
_MAX_ROWS = 10
# Where a command keeps the texts of the files that it read.
_INPUTS = "dse.inputs"
# Named here and not read from the room, which would import Optuna to show a help page.
_SAMPLERS = ("nsga2", "nsga3", "tpe", "qmc", "random")
_ENVIRONMENT = click.core.ParameterSource.ENVIRONMENT


def subject_options(command: Command) -> Command:
    """Add ``--chip``, ``--model``, ``--objective`` and ``--target``."""
    text = "Limit beside those of the space, e.g. 'perplexity_ratio <= 1.03' (repeatable)."
    command = click.option("--target", "targets", multiple=True, type=TargetType(), help=text)(
        command
    )
    text = "Metric to optimise beside those of the space (repeatable)."
    command = click.option(
        "--objective", "objectives", multiple=True, type=MetricName(has_sense=True), help=text
    )(command)
    text = "Base chip, a name or a file; replaces that of the space."
    command = click.option("--chip", type=SpecName("chip"), help=text)(command)
    text = "Model that every design must run (repeatable); replaces those of the space."
    return click.option("--model", "models", multiple=True, type=SpecName("model"), help=text)(
        command
    )


def sampler_options(whose: str = "") -> Callable[[Command], Command]:
    """Add ``--trials``, whose meaning may be `whose`, and ``--sampler``."""

    def add(command: Command) -> Command:
        command = click.option(
            "--sampler",
            type=click.Choice(_SAMPLERS),
            default=_SAMPLERS[0],
            show_default=True,
            help="Who proposes.",
        )(command)
        return click.option(
            "--trials",
            type=click.IntRange(0, 1_000_000),
            default=2000,
            show_default=True,
            help=f"Designs that the sampler proposes{whose}.",
        )(command)

    return add


def run_options(folder: str) -> Callable[[Command], Command]:
    """Add ``--out``, which `folder` explains, ``--force``, ``--seed`` and what is shown."""

    def add(command: Command) -> Command:
        for flags, kind, text in (
            (("--force",), {"is_flag": True}, "Clear the run that DIR holds; other files stay."),
            (("--out",), {"type": NewPath(), "metavar": "DIR"}, folder),
            (
                ("--seed",),
                {"type": click.IntRange(0, (1 << 32) - 1), "default": 0, "show_default": True},
                "Seed of everything random.",
            ),
        ):
            options: dict[str, Any] = {**kind, "help": text}
            command = click.option(*flags, **options)(command)
        return progress_options(command)

    return add


def space_from(ref: str, options: Mapping[str, Any]) -> Space:
    """Load a space, with another chip, other models, and what more is asked, if the user said so.

    A limit on a metric that the space limits takes its place.
    """
    from dse.spec import load_model, load_space, load_technology
    from dse.spec.source import recorded_texts

    with recorded_texts() as texts:
        space: Space = load_space(ref, options["chip"])
        models = options["models"]
        space = _asked_of(space, tuple(map(load_model, models))) if models else space
        load_technology()
    click.get_current_context().meta[_INPUTS] = texts
    limited = {target.metric: target for target in (*space.targets, *options["targets"])}
    space = replace(
        space,
        objectives=tuple(dict.fromkeys((*space.objectives, *options["objectives"]))),
        targets=tuple(limited.values()),
    )
    _check_quality(space)
    return space


def _asked_of(space: Space, models: tuple[Model, ...]) -> Space:
    """Space with other models, and a title that does not speak of its own."""
    title = f"{space.name} for {', '.join(model.title for model in models)}"
    return replace(space, models=models, title=title)


def _check_quality(space: Space) -> None:
    """Refuse to weigh a quality that no design of the space can have.

    Raises
    ------
    click.UsageError
        With the models of which no perplexity under quantisation was measured.
    """
    asked = {*space.objectives, *(target.metric for target in space.targets)}
    unknown = [m.name for m in space.models if m.quality is None or not m.quality.weights]
    if "perplexity_ratio" in asked and unknown:
        raise click.UsageError(
            f"perplexity_ratio was not measured of {', '.join(unknown)}; `dse quality` lists the "
            "models of which it was"
        )


def output_of(options: Mapping[str, Any]) -> Output:
    """Describe the run folder, with the files that `space_from` read."""
    from dse.store import Output

    if options["out"] is None:
        raise click.UsageError("--out DIR is missing: a run needs a folder")
    context = click.get_current_context()
    inputs = dict(sorted(context.meta[_INPUTS].items()))
    return Output(options["out"], options["force"], _command_line(context), inputs)


def _command_line(context: click.Context) -> tuple[str, ...]:
    """Give the arguments of the process, with those that the environment stood in for."""
    given = context.find_root().obj
    name, *rest = given if isinstance(given, tuple) and given else sys.argv[1:] or [""]
    return (name, *_from_environment(context), *rest)


def _from_environment(context: click.Context) -> Iterator[str]:
    for option in context.command.params:
        source = context.get_parameter_source(str(option.name))
        if not isinstance(option, click.Option) or source is not _ENVIRONMENT:
            continue
        if option.is_flag:
            yield from option.opts[:1] if context.params[str(option.name)] else ()
            continue
        raw = option.value_from_envvar(context)
        for text in raw if isinstance(raw, list | tuple) else [raw]:
            yield from (option.opts[0], str(text))


def tell(
    name: str,
    out: Path,
    space: Space,
    silicon: Silicon,
    result: SweepResult | SearchResult | CertifyResult,
    *,
    as_json: bool,
) -> None:
    """Print what a finished run found; leave with code 3 if nothing meets the targets."""
    from dse.store import FRONT, load_run

    tell_run(name, load_run(out, (FRONT,)), space, silicon, result, as_json=as_json)
    say(f"`dse pareto {out}` shows and draws the front")


def tell_run(
    name: str,
    run: Run,
    space: Space,
    silicon: Silicon,
    result: SweepResult | SearchResult | CertifyResult,
    *,
    as_json: bool,
) -> None:
    """Print what a run found, of which there need be no folder, as `tell` does."""
    from dse.report.diagnosis import diagnosis_lines
    from dse.report.findings import findings_document
    from dse.report.front import front_rows, front_view

    rows = front_rows(run)
    diagnosis = None
    if not rows:
        from dse.search import diagnose

        diagnosis = diagnose(space, silicon, result)
    if as_json or wants_lines():
        print_json(findings_document(name, run, rows, diagnosis))
    elif rows:
        print_front(rows, front_view(run, ""), _MAX_ROWS)
    if diagnosis is not None:
        say_why("\n".join(diagnosis_lines(diagnosis)))
        click.get_current_context().exit(NO_DESIGN)


def tell_complete(out: Path, *, as_json: bool) -> bool:
    """Print what a complete run found long ago; say whether any design meets the targets."""
    from dse.report.findings import findings_document
    from dse.report.front import front_rows, front_view
    from dse.store import FRONT, load_run

    run = load_run(out, (FRONT,))
    rows = front_rows(run)
    if as_json:
        print_json(findings_document(run.manifest.kind, run, rows, None))
    elif rows:
        print_front(rows, front_view(run, ""), _MAX_ROWS)
    if not rows:
        say_why("no design meets the targets")
    return bool(rows)


def print_front(rows: Sequence[FrontRow], view: FrontView, most: int) -> None:
    """Print at most so many rows of a front, the knee among them."""
    from dse.report.front import front_table, thinned_rows

    print_tables(front_table(thinned_rows(rows, view.objectives, most), len(rows), view))
