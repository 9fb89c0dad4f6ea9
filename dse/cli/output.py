"""Where words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

from dse.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from dse.report.tables import Table

__all__ = [
    "can_redraw",
    "compact_text",
    "is_quiet",
    "is_styled",
    "is_terminal",
    "json_text",
    "print_json",
    "print_line",
    "print_tables",
    "print_text",
    "say",
    "say_why",
    "wants_lines",
    "write_figure",
    "write_page",
]


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads the stream; Python has None for one that was closed at the start."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # a closed stream
        return False


def is_styled(stream: TextIO | None) -> bool:
    """Whether escape codes may be written: on a terminal that has not asked for none.

    References
    ----------
    https://no-color.org; ``FORCE_COLOR`` is its common counterpart.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return can_redraw(stream)


def can_redraw(stream: TextIO | None) -> bool:
    """Whether lines may change in place, in colour or without: on any terminal that can."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def json_text(document: Mapping[str, Any]) -> str:
    """Write one JSON object as text; what is not finite was made null by the report."""
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def compact_text(document: Mapping[str, Any]) -> str:
    """Write one JSON object as a single line of text."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON object to stdout; on a single line where the command was asked for lines."""
    if wants_lines():
        print_line(compact_text(document))
    else:
        _write(json_text(document))


def print_line(text: str) -> None:
    """Write a line to stdout; click flushes it, so that its reader has it at once."""
    _write(text + "\n")


def print_tables(*tables: Table) -> None:
    """Write tables to stdout: ruled on a terminal, aligned plain text elsewhere."""
    from dse.report.tables import cut_to_width, plain_text, styled_text

    width = shutil.get_terminal_size((100, 24)).columns
    if is_terminal(sys.stdout):
        tables = tuple(part for table in tables for part in cut_to_width(table, width))
    styled = is_styled(sys.stdout)
    texts = [styled_text(table, width) if styled else plain_text(table) for table in tables]
    _write("\n".join(texts), color=styled)


def print_text(text: str) -> None:
    """Write a text to stdout as it is."""
    _write(text)


def _write(text: str, *, color: bool | None = None) -> None:
    """Write to stdout; a disk that is full is not a bug, and a closed pipe is told by its code."""
    stream: Any = sys.stdout
    if isinstance(getattr(stream, "buffer", None), io.RawIOBase):
        stream = _Whole(stream)
    try:
        click.echo(text, file=stream, nl=False, color=color)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error


class _Whole:
    """Writes all of a text to a stream without a buffer, as stdout is under PYTHONUNBUFFERED.

    Such a stream drops what the system does not take at once.

    Parameters
    ----------
    stream : text stream
        Its `buffer` is raw.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.isatty = stream.isatty

    def write(self, text: str) -> int:
        """Write a text; return its length."""
        rest = memoryview(text.encode(self._stream.encoding, self._stream.errors))
        while rest:
            rest = rest[self._stream.buffer.write(rest) or 0 :]
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing waits."""


def say(message: str) -> None:
    """Write a line for people to stderr, unless they asked for silence."""
    if not is_quiet():
        say_why(message)


def say_why(message: str) -> None:
    """Write to stderr why a command failed, or found nothing."""
    click.echo(message, err=True)


def is_quiet() -> bool:
    """Whether the command was given ``--quiet``."""
    return _has_flag("quiet")


def wants_lines() -> bool:
    """Whether the command was given ``--json-lines``."""
    return _has_flag("json_lines")


def _has_flag(name: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.params.get(name))


def write_figure(figure: Figure, path: Path) -> None:
    """Write a picture where the user asked for it, and say so.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    from dse.report.figures import save_figure

    with _writing(path):
        save_figure(figure, path)


def write_page(path: Path, text: str) -> None:
    """Write a text where the user asked for it, and say so.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    with _writing(path):
        path.write_text(text, encoding="utf-8")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    from dse.store.files import report_os_errors

    with report_os_errors(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    say(f"wrote {path}")
