"""``dse sweep``: a grid or a sample of a design space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dse.cli.exploration import output_of, run_options, space_from, subject_options, tell
from dse.cli.farm import farm_at, farm_option, resumable, say_resumed
from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option
from dse.cli.output import print_json, say
from dse.cli.progress import progress_reports
from dse.cli.stop import watched

if TYPE_CHECKING:
    from dse.space import Space
    from dse.store import Output
    from dse.sweep import SweepEstimate, SweepResult
    from dse.technology import Silicon

__all__ = ["sweep"]

# Designs of a grid above which its size is announced, and above which it is refused: to this
# machine, and to a cluster.
_LARGE = 10_000_000
_TOO_LARGE = 2_000_000_000
_TOO_LARGE_FOR_MANY = 2_000_000_000_000


@click.command(
    help=command_help(
        "Evaluate every design of a space, or an even sample of them, and keep the Pareto front.",
        (
            "dse sweep phone_10b --out out/sweep --samples 4096",
            "dse sweep phone_10b --grid --dry-run",
            "dse sweep phone_10b --out out/llama --samples 1024 --model llama-3.1-8b",
        ),
        "SPACE is a name of the library (`dse specs list space`) or the path of a file. The "
        "folder gets the front (front.csv), a sample of all designs (results.csv) and a "
        "manifest from which the run can be repeated. A sweep that was cut short goes on when the "
        "command is given again, and ends with the same bytes; with --keep-all, results.csv is "
        "then written anew.",
    )
)
@click.argument("space", type=SpecName("space"))
@subject_options
@click.option(
    "--grid", is_flag=True, help="Evaluate every design of the space: the front is then exact."
)
@click.option(
    "--samples", type=click.IntRange(1, 1 << 30), help="Size of the sample.  [default: 65536]"
)
@run_options("Run folder; the same command goes on with a sweep that was cut short.")
@farm_option
@click.option("--keep-all", is_flag=True, help="Keep every design in results.csv.")
@click.option("--dry-run", is_flag=True, help="Say how large the sweep is, and stop.")
@json_option
def sweep(space: str, as_json: bool, **options: Any) -> None:
    """Load, run, and tell what was found."""
    from dse.spec import load_technology
    from dse.sweep import KEEP, SAMPLES

    if options["grid"] and options["samples"] is not None:
        raise click.UsageError("--grid and --samples exclude each other")
    loaded, silicon = space_from(space, options), load_technology().silicon
    settings = {
        "samples": None if options["grid"] else options["samples"] or SAMPLES,
        "seed": options["seed"],
        "keep": None if options["keep_all"] else KEEP,
    }
    if options["dry_run"]:
        _dry_run(loaded, silicon, settings, as_json)
        return
    out = output_of(options)
    if options["grid"] and loaded.size > _LARGE:
        limit = _TOO_LARGE if options["dask"] is None else _TOO_LARGE_FOR_MANY
        _announce(loaded, silicon, settings, limit)
    result = _run(loaded, silicon, out, options["dask"], settings)
    say(
        f"{result.evaluated} of {loaded.size} designs evaluated; "
        f"{result.feasible} meet the targets, {len(result.front_index)} are on the front"
    )
    tell("sweep", out.path, loaded, silicon, result, as_json=as_json)


def _run(
    space: Space, silicon: Silicon, out: Output, address: str | None, settings: dict[str, Any]
) -> SweepResult:
    """Sweep, and say what was taken over from a sweep that was cut short."""
    from dse.sweep import run_sweep

    going_on = resumable(out.path, "its last piece")
    with going_on, farm_at(address) as farm, progress_reports() as progress:
        report = watched(progress)
        result = run_sweep(space, silicon, out=out, progress=report, farm=farm, **settings)
    say_resumed(out.path, result.resumed, "pieces", result.torn_bytes)
    return result


def _announce(space: Space, silicon: Silicon, settings: dict[str, Any], limit: int) -> None:
    """Say what a large grid will take here, or refuse one that would never end."""
    from dse.errors import TooLargeError
    from dse.sweep import estimate_sweep

    text = _estimate_text(space, estimate_sweep(space, silicon, **settings))
    if space.size > limit:
        raise TooLargeError(
            f"{text}: a grid may have at most {limit} designs; "
            "take a sample of it with --samples, or use `dse search`"
        )
    say(text)


def _dry_run(space: Space, silicon: Silicon, settings: dict[str, Any], as_json: bool) -> None:
    """Estimate the sweep from a short trial."""
    from dse.report.findings import estimate_document
    from dse.sweep import estimate_sweep

    estimate = estimate_sweep(space, silicon, **settings)
    if as_json:
        print_json(estimate_document(space, estimate))
        return
    click.echo(_estimate_text(space, estimate))


def _estimate_text(space: Space, estimate: SweepEstimate) -> str:
    from dse.report.quantity import format_unit

    return (
        f"{space.title}: {estimate.designs} of {space.size} designs, "
        f"about {format_unit(estimate.seconds, 's')} on this machine and "
        f"{format_unit(estimate.stored_bytes, 'B')} on disk"
    )
