"""The ``dse`` command, and the one place that turns errors into words and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import click

from dse import __version__
from dse.cli.help import command_help, write_epilog
from dse.cli.lazy import LazyGroup
from dse.errors import DseError, Fault, SpecError

__all__ = ["cli", "main"]

BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
TERMINATED = 143

_COMMANDS = {
    "evaluate": ("dse.cli.evaluate:evaluate", "Time, energy, area and cost of a chip on a model."),
    "compare": ("dse.cli.compare:compare", "Several chips on one model, side by side."),
    "require": ("dse.cli.require:require", "The least chip that a model and a target ask for."),
    "sweep": ("dse.cli.sweep:sweep", "Evaluate a grid or a sample of a design space."),
    "search": ("dse.cli.search:search", "Search a design space for its Pareto front."),
    "pareto": ("dse.cli.pareto:pareto", "The front of a run: table, pictures and data."),
    "specs": ("dse.cli.specs:specs", "List, show and check chips, models and other files."),
    "import": ("dse.cli.imports:imports", "Turn foreign model descriptions into zoo files."),
}


class ClosedPipeError(Exception):
    """The reader of our output went away; not an `OSError`, which click would exit 1 for."""


class Root(LazyGroup):
    """The group itself, with exit codes and environment at the foot of its help."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments, which may print help."""
        try:
            return super().make_context(*args, **kwargs)
        except BrokenPipeError:
            raise ClosedPipeError from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ClosedPipeError from None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what holds for every command."""
        write_epilog(formatter)


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"dse {__version__} (Python {sys.version.split()[0]})")
        ctx.exit()


@click.group(
    name="dse",
    cls=Root,
    homes=_COMMANDS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "DSE",
        "max_content_width": 100,
    },
    no_args_is_help=True,
    help=command_help(
        "Explore the design space of AI accelerators for language models.",
        (
            "dse evaluate snapdragon-8-elite llama-3.2-3b --weights int4-g32",
            "dse compare snapdragon-8-elite apple-a18-pro --model llama-3.2-3b",
            "dse search phone_10b --out out/phone_10b",
            "dse pareto out/phone_10b",
        ),
    ),
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Hold the commands together; what it says is in `help` above."""


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Parameters
    ----------
    args : sequence of str, optional
        Arguments without the programme's name; those of the process if not given.

    Returns
    -------
    int
        An exit code of `dse.cli.help.EXIT_CODES`.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        code = cli.main(arguments, prog_name="dse", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:
        return _report(error, as_json="--json" in arguments)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """Leave through the `finally` clauses, so that a run folder stays resumable."""
    raise SystemExit(TERMINATED)


def _report(error: BaseException, as_json: bool) -> int:
    """Say what happened, and return the exit code that stands for it."""
    match error:
        case ClosedPipeError() | BrokenPipeError():
            return _leave_closed_pipe()
        case SystemExit(code=int(code)):
            return code
        case KeyboardInterrupt() | click.Abort():
            return _fail(Fault("", 0, 0, "", "interrupted", "interrupted"), INTERRUPTED, as_json)
        case click.ClickException():
            return _report_usage(error, as_json)
        case SpecError():
            click.echo(str(error), err=True)
            return _finish(error.faults, error.exit_code, as_json)
        case DseError():
            return _fail(Fault("", 0, 0, "", str(error), error.slug), error.exit_code, as_json)
        case _:
            return _report_bug(error, as_json)


def _report_usage(error: click.ClickException, as_json: bool) -> int:
    """Show a mistake on the command line in the house form, with the way to the help page."""
    message = error.format_message()
    message = message[:1].lower() + message[1:].rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    code = _fail(Fault("", 0, 0, "", message, "usage"), error.exit_code, as_json)
    if context is not None:
        click.echo(f'try "{context.command_path} --help"', err=True)
    return code


def _report_bug(error: BaseException, as_json: bool) -> int:
    from traceback import format_exception

    click.echo("".join(format_exception(error)), err=True, nl=False)
    message = f"{type(error).__name__}: {error}: this is a bug in dse"
    return _fail(Fault("", 0, 0, "", message, "bug"), BUG, as_json)


def _fail(fault: Fault, code: int, as_json: bool) -> int:
    click.echo(f"dse: {fault.message} [{fault.slug}]", err=True)
    return _finish((fault,), code, as_json)


def _finish(faults: tuple[Fault, ...], code: int, as_json: bool) -> int:
    """Write the faults as one JSON object where that was asked for."""
    if as_json:
        from dse.cli.output import print_json
        from dse.report.documents import error_document

        try:
            print_json(error_document(faults, code))
        except OSError:
            return _leave_closed_pipe()
    return code


def _leave_closed_pipe() -> int:
    """Send what is still buffered to nowhere, so that the interpreter's last flush is quiet."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(null, stream.fileno())
    return CLOSED_PIPE
