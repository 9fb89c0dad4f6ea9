"""``dse search``: the Pareto front of a space too large to enumerate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dse.cli.exploration import (
    output_of,
    run_options,
    sampler_options,
    space_from,
    subject_options,
    tell,
)
from dse.cli.farm import farm_at, farm_option, resumable, say_resumed
from dse.cli.help import command_help
from dse.cli.options import NumberRange, SpecName, json_option
from dse.cli.output import say
from dse.cli.progress import progress_reports
from dse.cli.stop import watched

if TYPE_CHECKING:
    from dse.certify import CertifyResult
    from dse.search import SearchResult
    from dse.space import Space
    from dse.store import Output
    from dse.technology import Silicon

__all__ = ["search"]


@click.command(
    help=command_help(
        "Search a design space for the front of the designs that meet its targets.",
        (
            "dse search phone_10b --out out/phone_10b",
            "dse search phone_10b --out out/tpe --sampler tpe --trials 300 --seed 1",
            "dse search phone_10b --out out/llama --model llama-3.1-8b --model qwen3-8b",
            "dse search phone_10b --out out/proof --certify 0.01",
        ),
        "SPACE is a name of the library (`dse specs list space`) or the path of a file. An even "
        "sample comes first, then the sampler's proposals, then a local search around the front; "
        "a space no larger than the sample is enumerated. The same seed gives the same bytes. A "
        "search that was cut short goes on with `dse resume`, or when the command is given again. "
        "With --certify, "
        "branch and bound takes the sampler's place, and ends with a proof: to every design of "
        "the space that meets the targets, one on the front is at least as good in every "
        "objective, within a factor of 1 + EPS. 0 asks for the exact front; of designs that are "
        "equal in all objectives it holds one.",
    )
)
@click.argument("space", type=SpecName("space"))
@subject_options
@sampler_options()
@click.option(
    "--scouts",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    help="Designs that a model of the space chooses first: fewer evaluations, more time for each.",
)
@click.option(
    "--certify",
    type=NumberRange(0.0, 1e6),
    metavar="EPS",
    help="Prove the front to within a factor of 1 + EPS, e.g. 0.01; 0 for the exact front.",
)
@click.option(
    "--timeout",
    type=NumberRange(0.0),
    metavar="SECONDS",
    help="With --certify: stop after so long, and say which EPS is proven.",
)
@run_options("Run folder; the same command goes on with a search that was cut short.")
@farm_option
@json_option
def search(space: str, as_json: bool, **options: Any) -> None:
    """Load, run, and tell what was found."""
    from dse.spec import load_technology

    _check_options(options)
    loaded, silicon = space_from(space, options), load_technology().silicon
    out = output_of(options)
    run = _search if options["certify"] is None else _certify
    result = run(loaded, silicon, out, options)
    tell("search", out.path, loaded, silicon, result, as_json=as_json)


def _check_options(options: Mapping[str, Any]) -> None:
    context = click.get_current_context()
    given = {
        name
        for name in ("trials", "sampler", "scouts")
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    if options["certify"] is not None and given:
        raise click.UsageError(
            f"--{given.pop()} is of no use with --certify, which has no sampler"
        )
    if options["certify"] is not None and options["dask"] is not None:
        raise click.UsageError("--dask is of no use with --certify, which runs in this process")
    if options["certify"] is None and options["timeout"] is not None:
        raise click.UsageError("--timeout needs --certify")


def _certify(
    space: Space, silicon: Silicon, out: Output, options: Mapping[str, Any]
) -> CertifyResult:
    """Prove a front by branch and bound."""
    from dse.certify import run_certify
    from dse.report.certificate import certificate_line

    last = "the boxes in it"
    limit = math.inf if options["timeout"] is None else options["timeout"]
    with resumable(out.path, last), progress_reports() as progress:
        result = run_certify(
            space,
            silicon,
            options["certify"],
            seed=options["seed"],
            timeout_s=limit,
            out=out,
            progress=watched(progress),
        )
    if result.resumed:
        say(f"note: went on with {result.resumed} open boxes that {out.path} held")
    say(certificate_line(result.certificate.to_json()))
    if not result.certificate.complete:
        say(f"stopped; `dse resume {out.path}` goes on from {last}")
    return result


def _search(
    loaded: Space, silicon: Silicon, out: Output, options: Mapping[str, Any]
) -> SearchResult:
    """Search with the sampler."""
    from dse.search import run_search

    settings = {name: options[name] for name in ("trials", "seed", "sampler", "scouts")}
    going_on = resumable(out.path, "its last batch")
    with going_on, farm_at(options["dask"]) as farm, progress_reports() as progress:
        report = watched(progress)
        result = run_search(loaded, silicon, out=out, progress=report, farm=farm, **settings)
    say_resumed(out.path, result.resumed, "batches", result.torn_bytes)
    say(
        f"{result.evaluated} evaluations in a space of {loaded.size} designs; "
        f"{result.feasible} of them meet the targets, {len(result.front_index)} are on the front"
    )
    return result
