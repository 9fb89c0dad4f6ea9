"""``dse bench``: designs per second of this machine, and searches against exact fronts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.bench_proof import proof
from dse.cli.bench_scaling import scaling
from dse.cli.help import command_help
from dse.cli.options import NewPath, NumberRange, SpecName, json_option
from dse.cli.output import print_json, print_tables, say, write_figure, write_page

__all__ = ["bench"]

if TYPE_CHECKING:
    from dse.search.bench import Run, SearchBench

_SPACES = ("phone_10b_coarse", "phone_10b_core", "phone_10b_memory")
_MODELS = ("llama-2-7b", "solar-10.7b")


@click.group(
    invoke_without_command=True,
    help=command_help(
        "Measure how many designs per second this machine evaluates, and the floor of its memory.",
        (
            "dse bench",
            "dse bench --seconds 0.5 --json",
            "dse bench --space phone_10b --model llama-3.2-3b",
            "dse bench --docs out/performance.md",
            "dse bench search --help",
        ),
        "Random designs, and a grid with its exact front, of one space on each model; beside them "
        "how many designs' results the memory copies in the same time.",
    ),
)
@click.option(
    "--space",
    type=SpecName("space"),
    default="phone_10b",
    show_default=True,
    help="Space whose designs are evaluated.",
)
@click.option(
    "--model",
    "models",
    type=SpecName("model"),
    multiple=True,
    help="Model; may be repeated.  [default: llama-2-7b and solar-10.7b]",
)
@click.option(
    "--seconds",
    type=NumberRange(0.01, 600.0),
    default=2.0,
    show_default=True,
    help="Length of one of the three stretches of every figure.",
)
@click.option("--docs", type=NewPath(is_folder=False), help="Write the page of speed there.")
@json_option
@click.pass_context
def bench(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Measure the speed, unless a command below this one is called."""
    if context.invoked_subcommand is None:
        _measure(as_json=as_json, **options)
        return
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name
        and context.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(
            f"{given[0]} is of no use before {context.invoked_subcommand}; write it after", context
        )


def _measure(
    space: str, models: tuple[str, ...], seconds: float, docs: Path | None, *, as_json: bool
) -> None:
    """Load, measure, and show."""
    import dataclasses

    from dse.report.performance import bench_document, bench_table, performance_page
    from dse.spec import load_model, load_space, load_technology
    from dse.sweep import run_bench

    loaded, silicon = load_space(space), load_technology().silicon
    each = [
        dataclasses.replace(loaded, models=(load_model(model),)) for model in models or _MODELS
    ]
    result = run_bench(each, silicon, seconds)
    if as_json:
        print_json(bench_document(result))
    else:
        print_tables(bench_table(result))
    if docs is not None:
        write_page(docs, performance_page(result))


@bench.command(
    name="search",
    help=command_help(
        "Compare `dse search` with plain samplers on spaces whose exact front is known.",
        (
            "dse bench search --space phone_10b_coarse --seeds 1 --budget 100",
            "dse bench search --space phone_10b_core --seeds 1 --budget 60 --json",
        ),
        "Each space is enumerated; then `dse search` and Optuna's samplers search it with equal "
        "seeds, and the hypervolume of what they found is told as a ratio of the exact one. All "
        "ten seeds on all spaces take about an hour, most of it TPE's.",
    ),
)
@click.option(
    "--space",
    "spaces",
    type=SpecName("space"),
    multiple=True,
    help=f"Space; may be repeated.  [default: {', '.join(_SPACES)}]",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Runs of each sampler on each space.",
)
@click.option(
    "--budget",
    type=click.IntRange(1, 100_000),
    default=2000,
    show_default=True,
    help="Evaluations of a run.",
)
@click.option("--docs", type=NewPath(is_folder=False), help="Write the page there.")
@json_option
def search_bench(
    spaces: tuple[str, ...], seeds: int, budget: int, docs: Path | None, as_json: bool
) -> None:
    """Enumerate, search, and show."""
    from dse.report.search_bench import search_bench_document, search_bench_tables
    from dse.search.bench import Truth, run_search_bench
    from dse.spec import load_space, load_technology

    silicon = load_technology().silicon
    truths = [Truth(load_space(space), silicon) for space in spaces or _SPACES]
    try:
        result = run_search_bench(truths, silicon, seeds, budget, report=_tell)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(search_bench_document(result))
    else:
        print_tables(*search_bench_tables(result))
    if docs is not None:  # last, so that a page that cannot be written loses nothing
        _write_search_page(result, docs)


def _tell(run: Run) -> None:
    """Say on stderr what a run reached, for all of them take long."""
    reached = run.reached()
    there = "not reached" if reached is None else f"after {reached}"
    say(
        f"{run.space}, {run.sampler}, seed {run.seed}: ratio {run.ratios[-1]:.4f} after "
        f"{run.evaluations[-1]} evaluations and {run.seconds[-1]:.1f} s; 99.9 % {there}"
    )


def _write_search_page(result: SearchBench, page: Path) -> None:
    from dse.report.search_bench import search_page
    from dse.report.search_figure import search_figure

    picture = page.with_suffix(".png")
    write_page(page, search_page(result, picture.name))
    write_figure(search_figure(result), picture)


bench.add_command(proof)
bench.add_command(scaling)
