"""``dse resume``: go on with a run from what its folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse import __version__
from dse.cli.exploration import NO_DESIGN, tell_complete
from dse.cli.help import command_help
from dse.cli.options import NumberRange, json_option
from dse.cli.output import say
from dse.cli.progress import progress_options
from dse.errors import StoreError, VersionMismatchError

if TYPE_CHECKING:
    from dse.store import Manifest

__all__ = ["resume"]

# Commands that write run folders.
_COMMANDS = ("sweep", "search")


@click.command(
    help=command_help(
        "Go on with a run that was cut short, and end with the bytes of one that was not.",
        ("dse resume out/phone_10b", "dse resume out/phone_10b --quiet --json"),
        "DIR is the folder of a sweep or a search, certified or not. The command line and the "
        "text of every input file are taken from its manifest.json, so that a file that has "
        "changed or gone since makes no difference, and is said. A run of another version of dse "
        "or of its libraries is refused. A complete run is shown.",
    )
)
@click.argument("run_dir", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--timeout",
    type=NumberRange(0.0),
    metavar="SECONDS",
    help="Of a certified search: stop after so long.  [default: as it was started]",
)
@progress_options
@json_option
def resume(run_dir: Path, timeout: float | None, **options: Any) -> None:
    """Read the manifest, and give its command again."""
    from dse.spec.source import given_texts
    from dse.store import changed_inputs, input_texts, is_whole, load_manifest

    manifest = load_manifest(run_dir)
    if is_whole(run_dir, manifest):
        say(f"{run_dir}: complete since {manifest.ended}; nothing to do")
        if not tell_complete(run_dir, as_json=options["as_json"] or options["json_lines"]):
            click.get_current_context().exit(NO_DESIGN)
        return
    changes = {**options, "out": run_dir, "force": False}
    if timeout is not None:
        if "certify" not in manifest.settings:
            raise click.UsageError("--timeout is for certified searches")
        changes["timeout"] = timeout
    texts = input_texts(manifest, run_dir)
    for name, change in changed_inputs(texts):
        say(f"note: {name} {change}; the run goes on with the text that it began with")
    with given_texts(texts), _context(run_dir, manifest) as context:
        context.params.update(changes)
        context.command.invoke(context)


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
