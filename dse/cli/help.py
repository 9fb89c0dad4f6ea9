"""Help pages: examples first, options after them, exit codes last."""

from __future__ import annotations

import click

__all__ = ["EXIT_CODES", "command_help", "examples", "examples_of", "write_epilog"]

EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "done"),
    (1, "a spec or data file has a fault (all are listed), or stdout fails"),
    (2, "the command line was wrong"),
    (3, "it ran, but no design meets the targets"),
    (4, "a run, shared study or file is locked, damaged, another or out of reach"),
    (5, "a cluster cannot be reached, was lost, or runs other versions"),
    (70, "a bug in dse"),
    (129, "hung up (SIGHUP: the terminal was closed)"),
    (130, "interrupted (Ctrl-C)"),
    (141, "the reader of the output went away"),
    (143, "terminated (SIGTERM)"),
)

_ENVIRONMENT: tuple[tuple[str, str], ...] = (
    ("DSE_<COMMAND>_<OPTION>", "default of an option, e.g. DSE_EVALUATE_PROMPT=2048; a flag wins"),
    ("NO_COLOR, FORCE_COLOR", "never, or always, colour the tables"),
)

_PROMPT = "$ "


def examples(*lines: str) -> str:
    """Lay command lines out as the examples paragraph of a help page.

    Examples
    --------
    >>> examples("dse specs list").splitlines()
    ['Examples:', '  $ dse specs list']
    """
    return "\n".join(["Examples:", *(f"  {_PROMPT}{line}" for line in lines)])


def examples_of(help_text: str) -> tuple[str, ...]:
    """Read the command lines back out of a help text.

    Examples
    --------
    >>> examples_of(examples("dse specs list", "dse --version"))
    ('dse specs list', 'dse --version')
    """
    stripped = (line.strip() for line in help_text.splitlines())
    return tuple(line[len(_PROMPT) :] for line in stripped if line.startswith(_PROMPT))


def command_help(summary: str, lines: tuple[str, ...], details: str = "") -> str:
    r"""Compose a command's help: one sentence, examples, then what more there is to say.

    The ``\b`` marks keep click from re-wrapping the examples.
    """
    parts = [summary, "\b\n" + examples(*lines)]
    if details:
        parts.append(details)
    return "\n\n".join(parts)


def write_epilog(formatter: click.HelpFormatter) -> None:
    """Write the exit codes and the environment of the tool at the foot of its help page."""
    with formatter.section("Exit codes"):
        formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
    with formatter.section("Environment"):
        formatter.write_dl(list(_ENVIRONMENT))
