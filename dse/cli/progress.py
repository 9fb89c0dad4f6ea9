"""How far a run is: live lines for people on stderr, JSON lines for machines on stdout."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command
from dse.cli.output import can_redraw, compact_text, is_quiet, print_line, wants_lines

if TYPE_CHECKING:
    from rich.live import Live

    from dse.sweep import Progress

__all__ = ["Pace", "progress_options", "progress_reports"]

# Seconds between two reports that are shown, or more where showing one takes more than a tenth of
# that: a large front is slow to measure. Then, seconds over which the rate is taken.
_EVERY_S = 0.25
_LARGEST_SHARE = 0.1
_WINDOW_S = 30.0


def progress_options(command: Command) -> Command:
    """Add ``--quiet`` and ``--json-lines``."""
    text = (
        "Print one JSON object per line: how far the run is, at most four times a second, and "
        "at last what --json prints."
    )
    command = click.option("--json-lines", is_flag=True, help=text)(command)
    text = "No progress and no notes: results and errors only."
    return click.option("--quiet", "-q", is_flag=True, help=text)(command)


class Pace:
    """Rate of a stage over the last half minute.

    Parameters
    ----------
    now : float
        Time at which the run began, s.
    """

    def __init__(self, now: float) -> None:
        self.began = now
        self._stage = ""
        self._seen: deque[tuple[float, int]] = deque([(now, 0)])

    def update(self, progress: Progress, now: float) -> None:
        """Take in a report."""
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._seen = deque([(self._seen[-1][0], 0)])
        self._seen.append((now, progress.done))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_S:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """Designs per second; None where no time has passed."""
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last - first) / (end - start) if end > start else None


class Reporter(ABC):
    """Shows the reports of a run, not more often than can be read.

    Parameters
    ----------
    clock : callable
        Seconds, never falling.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace(clock())
        self._next = -float("inf")
        self._waiting: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Show the report, or keep it until the next one if it comes too soon."""
        if self._waiting is not None and self._waiting.stage != progress.stage:
            self.flush()
        now = self._clock()
        self._pace.update(progress, now)
        self._waiting = progress
        if now >= self._next:
            self.flush()

    def flush(self) -> None:
        """Show the last report, if it was not yet."""
        if self._waiting is not None:
            progress, self._waiting = self._waiting, None
            began = self._clock()
            self.show(progress, self._pace)
            took = self._clock() - began
            self._next = began + max(_EVERY_S, took / _LARGEST_SHARE)

    @abstractmethod
    def show(self, progress: Progress, pace: Pace) -> None:
        """Show a report."""


class JsonLines(Reporter):
    """One object a line, on stdout."""

    def show(self, progress: Progress, pace: Pace) -> None:
        """Print a report."""
        from dse.report.progress import progress_document

        standing = progress.standing() if progress.standing else None
        elapsed = self._clock() - pace.began
        document = progress_document(progress, standing, pace.per_second, elapsed)
        print_line(compact_text(document))


class LiveLines(Reporter):
    """Lines that change in place: how far and how fast, and what was found.

    Parameters
    ----------
    live : rich.live.Live
        Where they stand.
    """

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def show(self, progress: Progress, pace: Pace) -> None:
        """Draw a report."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        from dse.report.progress import is_open, pace_text, standing_text

        standing = progress.standing() if progress.standing else None
        line = Table.grid(padding=(0, 1))
        total = None if is_open(progress) else max(1, progress.total)
        bar = ProgressBar(total, progress.done, width=24)
        line.add_row(progress.stage, bar, pace_text(progress, pace.per_second))
        width = self._live.console.width
        found = Text(standing_text(progress, standing, width), no_wrap=True, overflow="ellipsis")
        self._live.update(Group(line, found), refresh=True)


@contextmanager
def progress_reports() -> Iterator[Callable[[Progress], None] | None]:
    """Show how far a run is, as its command was asked to.

    Yields
    ------
    callable or None
        To be called with every report of the run; None where nobody wants to know.
    """
    if wants_lines():
        yield from _flushed(JsonLines())
    elif is_quiet() or not can_redraw(sys.stderr):
        yield None
    else:
        from rich.console import Console
        from rich.live import Live

        # It was found above to be a terminal; rich need not guess again.
        console = Console(file=sys.stderr, force_terminal=True)
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield from _flushed(LiveLines(live))


def _flushed(reporter: Reporter) -> Iterator[Any]:
    """Show the last report at the end, though not after a fault."""
    yield reporter
    reporter.flush()
