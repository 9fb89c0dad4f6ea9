"""What `dse sweep` and `dse search` share: reading a space, and telling what a run found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command, MetricName, SpecName, TargetType
from dse.cli.output import print_json, print_tables, say
from dse.cli.stop import is_stopped
from dse.errors import ClusterError

if TYPE_CHECKING:
    from dse.certify import CertifyResult
    from dse.farm import Farm
    from dse.report.front import FrontRow
    from dse.report.view import FrontView
    from dse.search import SearchResult
    from dse.space import Space
    from dse.store import Output, Run
    from dse.sweep import SweepResult
    from dse.technology import Silicon

__all__ = [
    "NO_DESIGN",
    "advise_if_stopped",
    "farm_at",
    "farm_option",
    "output_of",
    "print_front",
    "run_options",
    "say_resumed",
    "space_from",
    "subject_options",
    "tell",
    "tell_run",
]

# Exit code of a run that worked but found no design that meets the targets.
NO_DESIGN = 3
# Rows of the front that a finished run shows; `dse pareto` shows more.
_MAX_ROWS = 10


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


def run_options(folder: str) -> Callable[[Command], Command]:
    """Add ``--out``, which `folder` explains, ``--force`` and ``--seed``."""

    def add(command: Command) -> Command:
        for flags, kind, text in (
            (("--force",), {"is_flag": True}, "Clear the run that DIR holds; other files stay."),
            (("--out",), {"type": click.Path(path_type=Path), "metavar": "DIR"}, folder),
            (
                ("--seed",),
                {"type": click.IntRange(0, (1 << 32) - 1), "default": 0, "show_default": True},
                "Seed of everything random.",
            ),
        ):
            options: dict[str, Any] = {**kind, "help": text}
            command = click.option(*flags, **options)(command)
        return command

    return add


def farm_option(command: Command) -> Command:
    """Add ``--dask``."""
    return click.option(
        "--dask",
        metavar="ADDRESS",
        help="Work on a Dask cluster that is there: its scheduler, e.g. tcp://node7:8786, or the "
        "scheduler's file. The result is the same.",
    )(command)


@contextmanager
def farm_at(address: str | None) -> Iterator[Farm | None]:
    """Join the cluster that the user named; without one, a run has this process's threads."""
    if address is None:
        yield None
        return
    from dse.farm import DaskFarm

    with DaskFarm(address) as farm:
        yield farm


@contextmanager
def advise_if_stopped(advice: str) -> Iterator[None]:
    """Say what to do next if a signal, or the loss of a cluster, ends the block."""
    try:
        yield
    except BaseException as error:
        if is_stopped() or isinstance(error, KeyboardInterrupt | ClusterError):
            say(f"stopped; {advice}")
        raise


def say_resumed(out: Path, resumed: int, what: str, torn_bytes: int) -> None:
    """Say what a run took over from a journal, if anything."""
    if torn_bytes:
        say(f"note: {torn_bytes} bytes of a torn last line were cut off the journal")
    if resumed:
        say(f"note: went on after {resumed} {what} that {out} held")


def space_from(ref: str, options: Mapping[str, Any]) -> Space:
    """Load a space, with another chip, other models, and what more is asked, if the user said so.

    A limit on a metric that the space limits takes its place.
    """
    from dse.spec import load_model, load_space

    space: Space = load_space(ref, options["chip"])
    models = options["models"]
    space = replace(space, models=tuple(map(load_model, models))) if models else space
    limited = {target.metric: target for target in (*space.targets, *options["targets"])}
    space = replace(
        space,
        objectives=tuple(dict.fromkeys((*space.objectives, *options["objectives"]))),
        targets=tuple(limited.values()),
    )
    _check_quality(space)
    return space


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


def output_of(ref: str, space: Space, options: Mapping[str, Any]) -> Output:
    """Describe the run folder, and record the files that the run leans on."""
    from dse.store import Output

    if options["out"] is None:
        raise click.UsageError("--out DIR is missing: a run needs a folder")
    inputs = _inputs(ref, space, options)
    return Output(options["out"], options["force"], tuple(sys.argv[1:]), inputs)


def _inputs(ref: str, space: Space, options: Mapping[str, Any]) -> dict[str, str]:
    """Text of each spec file that was named, by its name in messages."""
    from dse.errors import SpecError
    from dse.spec.library import locate

    chip, models = options["chip"] or space.chip.name, options["models"]
    refs = [("space", ref), ("chip", chip)]
    refs += [("scenario", each.name) for mix in space.mixes for each in mix.scenarios]
    refs += [("model", name) for name in models or [model.name for model in space.models]]
    refs += [("technology", name) for name in ("nodes", "dram", "silicon")]
    texts = {}
    for kind, name in refs:
        try:
            file = locate(kind, name)
        except SpecError:
            continue  # a name that the space file changed; the manifest's hash covers it
        texts[file.shown] = file.path.read_text(encoding="utf-8")
    return texts


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
    if as_json:
        print_json(findings_document(name, run, rows, diagnosis))
    elif rows:
        print_front(rows, front_view(run, ""), _MAX_ROWS)
    if diagnosis is not None:
        say("\n".join(diagnosis_lines(diagnosis)))
        click.get_current_context().exit(NO_DESIGN)


def print_front(rows: Sequence[FrontRow], view: FrontView, most: int) -> None:
    """Print at most so many rows of a front, the knee among them."""
    from dse.report.front import front_table, thinned_rows

    print_tables(front_table(thinned_rows(rows, view.objectives, most), len(rows), view))
