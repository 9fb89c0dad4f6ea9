"""``dse worker``: one of several searchers at one study in a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.exploration import (
    output_of,
    run_options,
    sampler_options,
    space_from,
    subject_options,
    tell,
    tell_run,
)
from dse.cli.farm import advise_if_stopped
from dse.cli.help import command_help
from dse.cli.options import SpecName, json_option
from dse.cli.output import say
from dse.cli.progress import progress_reports
from dse.cli.stop import watched

if TYPE_CHECKING:
    from dse.search import SearchResult
    from dse.search.shared import SharedStudy
    from dse.store import Output, Run

__all__ = ["Address", "worker"]

_STORAGE = "--storage"


class Address(click.ParamType):  # type: ignore[type-arg]
    """The address of a PostgreSQL database; converts to itself."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the address, and say what is wrong with it without its password."""
        from dse.search.database import read_address

        try:
            read_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


@click.command(
    help=command_help(
        "Join several searchers to one Optuna study in PostgreSQL.",
        (
            "dse worker phone_10b --storage postgresql://dse@db.lab/dse",
            "dse worker phone_10b --storage postgresql://dse@db.lab/dse --study a --out out/a",
        ),
        "Give the same command on every machine, but for --out, a folder of one worker's own. "
        "The first worker makes the study, and leads: it "
        "proposes; all evaluate. When one dies, the others take over what it had at hand. Any "
        "number of workers, or deaths among them, gives the result of `dse search` with the same "
        "options, byte for byte; --out writes it as a run folder. A worker of another space, of "
        "other settings or of other versions is refused. Let PGPASSWORD or libpq's password file "
        "hold the password, for a command line can be read by others. One process is faster "
        "unless designs are slow to evaluate: see docs/worker.md.",
    )
)
@click.argument("space", type=SpecName("space"))
@subject_options
@click.option(
    _STORAGE,
    type=Address(),
    required=True,
    metavar="URL",
    help="Database, postgresql://user@host/database.",
)
@click.option("--study", metavar="NAME", help="Name of the study.  [default: that of the space]")
@sampler_options(", for all workers together")
@run_options("Run folder for the result; without it, it is only shown.")
@json_option
def worker(space: str, as_json: bool, **options: Any) -> None:
    """Load, join, work, and tell what was found."""
    from dse.search import join_study
    from dse.spec import load_technology

    loaded, silicon = space_from(space, options), load_technology().silicon
    out = None if options["out"] is None else _output(options)
    settings = {name: options[name] for name in ("trials", "seed", "sampler")}
    name = options["study"] or loaded.name
    with (
        advise_if_stopped("the other workers go on, and so does the same command"),
        join_study(loaded, silicon, options["storage"], name, **settings) as study,
    ):
        result = _work(study, out)
        if out is not None:
            tell("search", out.path, loaded, silicon, result, as_json=as_json)
        else:
            tell_run("search", _run_of(study, result), loaded, silicon, result, as_json=as_json)


def _output(options: Mapping[str, Any]) -> Output:
    """Describe the run folder, whose record of the command line shows no password."""
    out = output_of(options)
    return replace(out, argv=tuple(_masked(out.argv)))


def _masked(argv: Sequence[str]) -> Iterator[str]:
    """Give a command line without the secrets of its databases."""
    is_next = False
    for argument in argv:
        if is_next:
            yield _shown(argument)
        elif argument.startswith(f"{_STORAGE}="):
            yield f"{_STORAGE}={_shown(argument.removeprefix(f'{_STORAGE}='))}"
        else:
            yield argument
        is_next = argument == _STORAGE


def _shown(address: str) -> str:
    from dse.search.database import read_address, shown_address

    try:
        return shown_address(read_address(address))
    except ValueError:  # one that a later address replaces
        return "***"


def _work(study: SharedStudy, out: Output | None) -> SearchResult:
    """Work until the study is complete."""
    from dse.errors import DatabaseError, LockedRunError
    from dse.search import run_worker

    verb = "made" if study.is_new else "joined"
    say(f'{verb} study "{study.name}" in {study.session.shown}; workers now: {study.workers}')
    try:
        with progress_reports() as progress:
            result = run_worker(study, out, watched(progress))
    except DatabaseError:
        say("stopped; the same command goes on from the last batch in the database")
        raise
    except LockedRunError:
        say("stopped; a worker needs a folder of its own, or none: another --out, or no --out")
        raise
    say(
        f"this worker led {study.led} of {len(study.records)} batches, and evaluated "
        f"{study.evaluated} of {result.trials} proposals"
    )
    say(
        f"{result.evaluated} evaluations in a space of {study.space.size} designs; "
        f"{result.feasible} of them meet the targets, {len(result.front_index)} are on the front"
    )
    return result


def _run_of(study: SharedStudy, result: SearchResult) -> Run:
    """Make what a run folder would hold, named after the study."""
    from dse.store import FRONT, Run, make_manifest

    manifest = make_manifest("search", study.space, study.silicon, study.settings)
    counts = {"evaluated": result.evaluated, "feasible": result.feasible}
    return Run(Path(study.name), manifest, counts, {FRONT: result.front})
