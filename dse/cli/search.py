"""``dse search``: the Pareto front of a space too large to enumerate."""

from __future__ import annotations

from typing import Any

import click

from dse.cli.exploration import (
    advise_if_stopped,
    output_of,
    run_options,
    space_from,
    subject_options,
    tell,
)
from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option
from dse.cli.output import say
from dse.cli.progress import progress_bar
from dse.cli.stop import watched

__all__ = ["search"]

# Named here and not read from the room, which would import Optuna to show a help page.
_SAMPLERS = ("nsga2", "nsga3", "tpe", "qmc", "random")


@click.command(
    help=command_help(
        "Search a design space for the front of the designs that meet its targets.",
        (
            "dse search phone_10b --out out/phone_10b",
            "dse search phone_10b --out out/tpe --sampler tpe --trials 300 --seed 1",
            "dse search phone_10b --out out/llama --model llama-3.1-8b --model qwen3-8b",
        ),
        "SPACE is a name of the library (`dse specs list space`) or the path of a file. An even "
        "sample comes first, then the sampler's proposals, then a local search around the front; "
        "a space no larger than the sample is enumerated. The same seed gives the same bytes. A "
        "search that was cut short goes on when the command is given again.",
    )
)
@click.argument("space", type=SpecName("space"))
@subject_options
@click.option(
    "--trials",
    type=click.IntRange(0, 1_000_000),
    default=2000,
    show_default=True,
    help="Designs that the sampler proposes.",
)
@click.option(
    "--sampler",
    type=click.Choice(_SAMPLERS),
    default=_SAMPLERS[0],
    show_default=True,
    help="Who proposes.",
)
@run_options("Run folder; the same command goes on with a search that was cut short.")
@json_option
def search(space: str, as_json: bool, **options: Any) -> None:
    """Load, run, and tell what was found."""
    from dse.search import run_search
    from dse.spec import load_technology

    loaded, silicon = space_from(space, options), load_technology().silicon
    out = output_of(space, loaded, options)
    settings = {name: options[name] for name in ("trials", "seed", "sampler")}
    advice = f"the same command goes on from the last batch in {out.path}"
    with advise_if_stopped(advice), progress_bar() as progress:
        result = run_search(loaded, silicon, out=out, progress=watched(progress), **settings)
    if result.torn_bytes:
        say(f"note: {result.torn_bytes} bytes of a torn last line were cut off the journal")
    if result.resumed:
        say(f"note: went on after {result.resumed} batches that {out.path} held")
    say(
        f"{result.evaluated} evaluations in a space of {loaded.size} designs; "
        f"{result.feasible} meet the targets, {len(result.front_index)} are on the front"
    )
    tell("search", out.path, loaded, silicon, result, as_json=as_json)
