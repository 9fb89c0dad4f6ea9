"""The ``dse`` command, and the one place that turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import click

from dse import __version__
from dse.cli.help import command_help, write_epilog
from dse.cli.lazy import LazyGroup
from dse.cli.stop import INTERRUPTED, catch_signals, stop_code
from dse.errors import DseError, Fault, OutputError, SpecError, TooLargeError, printable

__all__ = ["cli", "main"]

OUTPUT = 1
BUG = 70
CLOSED_PIPE = 141

_COMMANDS = {
    "evaluate": ("dse.cli.evaluate:evaluate", "Time, energy, area and cost of a chip on a model."),
    "compare": ("dse.cli.compare:compare", "Several chips on one model, side by side."),
    "require": ("dse.cli.require:require", "The least chip that a model and a target ask for."),
    "traffic": ("dse.cli.traffic:traffic", "DRAM traffic against on-chip memory, and its bound."),
    "plot": ("dse.cli.plot:plot", "Pictures of a model: traffic against on-chip memory."),
    "quality": ("dse.cli.quality:quality", "What was measured of a model under quantisation."),
    "runtime": ("dse.cli.runtime:runtime", "A request on a unit that others use too."),
    "split": ("dse.cli.split:split", "A model cut over several chips and a link."),
    "cloud": ("dse.cli.cloud:cloud", "A phone against a data centre behind a radio."),
    "steps": ("dse.cli.steps:steps", "The fewest steps that bring a model onto a chip."),
    "sweep": ("dse.cli.sweep:sweep", "Evaluate a grid or a sample of a design space."),
    "search": ("dse.cli.search:search", "Search a design space for its Pareto front."),
    "worker": ("dse.cli.worker:worker", "Join several searchers to one study in a database."),
    "resume": ("dse.cli.resume:resume", "Go on with a run that was cut short."),
    "runs": ("dse.cli.runs:runs", "List run folders: what they hold, and how far they are."),
    "export": ("dse.cli.export:export", "A run as CSV, JSON, Parquet or an Optuna study."),
    "pareto": ("dse.cli.pareto:pareto", "The front of a run: table, pictures and data."),
    "sensitivity": (
        "dse.cli.sensitivity:sensitivity",
        "Which axes of a space matter, and what a step buys.",
    ),
    "claims": ("dse.cli.claims:claims", "What vendors claim, and whether it holds."),
    "validate": ("dse.cli.validate:validate", "Predicted against measured, chip by chip."),
    "calibrate": ("dse.cli.calibrate:calibrate", "Fit a software stack to measurements."),
    "bench": ("dse.cli.bench:bench", "Designs per second on this machine."),
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
    if sys.stdout is None:  # closed by the caller: the next file opened would be taken for it
        return _leave_output("it is closed")
    with catch_signals():
        try:
            code = cli.main(
                arguments, prog_name="dse", standalone_mode=False, obj=tuple(arguments)
            )
            sys.stdout.flush()
            return stop_code() or (code if isinstance(code, int) else 0)
        except BaseException as error:
            return _report(error, as_json=bool({"--json", "--json-lines"} & set(arguments)))


def _report(error: BaseException, as_json: bool) -> int:
    """Say what happened, and return the exit code that stands for it."""
    if isinstance(error, ClosedPipeError | BrokenPipeError):
        return _leave_closed_pipe()
    # A signal's exception may have become another on its way, as an import that failed.
    stopped = stop_code()
    if stopped == INTERRUPTED or isinstance(error, KeyboardInterrupt | click.Abort):
        return _fail(Fault("", 0, 0, "", "interrupted", "interrupted"), INTERRUPTED, as_json)
    return _explain(error, as_json) if stopped is None else stopped


def _explain(error: BaseException, as_json: bool) -> int:
    match error:
        case SystemExit(code=int(code)):
            return code
        case click.ClickException():
            return _report_usage(error, as_json)
        case SpecError():
            click.echo(str(error), err=True)
            return _finish(error.faults, error.exit_code, as_json)
        case OutputError():
            return _leave_output(str(error))
        case DseError():
            return _fail(Fault("", 0, 0, "", str(error), error.slug), error.exit_code, as_json)
        case OSError() if _is_of_stdout(error):
            return _leave_output(error.strerror or str(error))
        case MemoryError():
            too_large = TooLargeError(f"there is too little memory for it: {error or 'none left'}")
            return _explain(too_large, as_json)
        case _:
            return _report_bug(error, as_json)


def _report_usage(error: click.ClickException, as_json: bool) -> int:
    """Show a mistake on the command line in the house form, with the way to the help page."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # since click 8.2; its message is the help
        click.echo(message, err=True)
        return error.exit_code
    if isinstance(error, click.MissingParameter):
        message = " ".join(message.split())  # click lists the choices in lines of their own
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
    click.echo(f"dse: {printable(fault.message)} [{fault.slug}]", err=True)
    return _finish((fault,), code, as_json)


def _finish(faults: tuple[Fault, ...], code: int, as_json: bool) -> int:
    """Write the faults as one JSON object, on one line, where JSON was asked for."""
    if as_json:
        from dse.cli.output import compact_text, print_line
        from dse.report.documents import error_document

        try:
            print_line(compact_text(error_document(faults, code)))
        except BrokenPipeError:
            return _leave_closed_pipe()
        except OutputError as error:
            return _leave_output(str(error))
    return code


def _is_of_stdout(error: OSError) -> bool:
    """Whether click's `echo`, or the last flush in `main`, raised the error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_name in ("echo", "main")


def _leave_output(fault: str) -> int:
    _discard(sys.__stdout__)
    return _fail(Fault("", 0, 0, "", f"cannot write to stdout: {fault}", "output"), OUTPUT, False)


def _leave_closed_pipe() -> int:
    _discard(sys.__stdout__, sys.__stderr__)
    return CLOSED_PIPE


def _discard(*streams: TextIO | None) -> None:
    """Send what is still buffered to nowhere, so that the interpreter's last flush is quiet."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        if stream is not None:
            os.dup2(null, stream.fileno())
