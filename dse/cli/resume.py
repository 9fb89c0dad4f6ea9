"""``dse resume``: go on with a run from what its folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse import __version__
from dse.cli.exploration import NO_DESIGN, tell_complete
from dse.cli.farm import RESUMED_WITH
from dse.cli.help import command_help
from dse.cli.options import NumberRange, json_option
from dse.cli.output import say
from dse.cli.progress import progress_options
from dse.cli.worker import Address
from dse.errors import StoreError, VersionMismatchError

if TYPE_CHECKING:
    from dse.store import Manifest

__all__ = ["resume"]

# Commands that write run folders.
_COMMANDS = ("sweep", "search", "worker")
_STORAGE = "DSE_WORKER_STORAGE"


@click.command(
    help=command_help(
        "Go on with a run that was cut short, and end with the bytes of one that was not.",
        (
            "dse resume out/phone_10b",
            "dse resume out/phone_10b --quiet --json",
            "dse resume out/phone_10b --local",
        ),
        "DIR is the folder of a sweep, a search, certified or not, or a worker. The command line "
        "and the text of every input file are taken from its manifest.json, so that a file that "
        "has changed or gone since makes no difference, and is said. A run of another version of "
        "dse or of its libraries is refused. A complete run is shown.",
    )
)
@click.argument("run_dir", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Of a sweep or a search: work on this Dask cluster.  [default: as it was started]",
)
@click.option("--local", is_flag=True, help="Work in this process, not on the cluster it had.")
@click.option(
    "--storage",
    type=Address(),
    envvar=_STORAGE,
    metavar="URL",
    help=f"Of a worker: its database, if its address held a password.  [env: {_STORAGE}]",
)
@click.option(
    "--timeout",
    type=NumberRange(0.0),
    metavar="SECONDS",
    help="Of a certified search: stop after so long.  [default: as it was started]",
)
@progress_options
@json_option
def resume(run_dir: Path, **options: Any) -> None:
    """Read the manifest, and give its command again."""
    from dse.spec.source import given_texts
    from dse.store import changed_inputs, input_texts, is_whole, load_manifest

    if options["local"] and options["dask"] is not None:
        raise click.UsageError("--local and --dask exclude each other")
    manifest = load_manifest(run_dir)
    if is_whole(run_dir, manifest):
        say(f"{run_dir}: complete since {manifest.ended}; nothing to do")
        if not tell_complete(run_dir, as_json=options["as_json"] or options["json_lines"]):
            click.get_current_context().exit(NO_DESIGN)
        return
    shown = {name: options[name] for name in ("quiet", "as_json", "json_lines")}
    _check_options(manifest, options)
    texts = input_texts(manifest, run_dir)
    for name, change in changed_inputs(manifest):
        say(f"note: {name} {change}; the run goes on with the text that it began with")
    with given_texts(texts), _context(run_dir, manifest) as context:
        _place(context, options)
        if context.info_name == "worker":
            context.params["storage"] = _storage(run_dir, context.params["storage"], options)
        context.params.update({**shown, "out": run_dir, "force": False})
        context.command.invoke(context)


def _check_options(manifest: Manifest, options: Mapping[str, Any]) -> None:
    """Refuse options that the run has no use for."""
    is_certified, is_worker = "certify" in manifest.settings, manifest.argv[:1] == ("worker",)
    source = click.get_current_context().get_parameter_source("storage")
    if options["timeout"] is not None and not is_certified:
        raise click.UsageError("--timeout is for certified searches")
    if (options["dask"] is not None or options["local"]) and (is_certified or is_worker):
        raise click.UsageError("--dask and --local are for sweeps, and searches by a sampler")
    if source is click.core.ParameterSource.COMMANDLINE and not is_worker:
        raise click.UsageError("--storage is for runs of `dse worker`")


def _place(context: click.Context, options: Mapping[str, Any]) -> None:
    """Have the run go on where it is wanted, and its advice say so."""
    if options["timeout"] is not None:
        context.params["timeout"] = options["timeout"]
    if options["local"] or options["dask"] is not None:
        context.params["dask"] = options["dask"]
        given = " --local" if options["local"] else f" --dask {options['dask']}"
        context.meta[RESUMED_WITH] = given


def _storage(run_dir: Path, known: str, options: Mapping[str, Any]) -> str:
    """Address of a worker's database: as given now, or as it was if it needed no secret.

    Raises
    ------
    StoreError
        If the manifest holds the address without what was secret in it.
    """
    from dse.search.database import is_masked

    storage: str | None = options["storage"]
    if storage is None and is_masked(known):
        raise StoreError(
            f"{run_dir}: its manifest keeps no password; give the address of the database once "
            f"more, in {_STORAGE} or by --storage"
        )
    return known if storage is None else storage


def _context(run_dir: Path, manifest: Manifest) -> click.Context:
    """Parse the command line of a manifest, free from today's environment.

    Raises
    ------
    StoreError
        If there is none: the run was started from Python.
    VersionMismatchError
        If this version of dse does not understand it.
    """
    from dse.cli.main import cli

    name, *arguments = manifest.argv or ("",)
    command = cli.get_command(click.get_current_context(), name) if name in _COMMANDS else None
    if command is None:
        raise StoreError(
            f"{run_dir}: its manifest holds no command line of dse; "
            "go on with the run from where it was started"
        )
    try:
        return command.make_context(name, list(arguments), obj=manifest.argv)
    except click.UsageError as error:
        raise VersionMismatchError(
            f"{run_dir}: dse {__version__} does not understand its command line: "
            f"{error.format_message().rstrip('.')}; use the version that wrote it"
        ) from error
