"""A progress bar on stderr, for people only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dse.cli.output import is_styled, is_terminal

if TYPE_CHECKING:
    from dse.sweep import Progress

__all__ = ["progress_bar"]


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """Show how far a run is, where stderr is a terminal that takes escape codes.

    Yields
    ------
    callable or None
        To be called with every report of the run.
    """
    if not (is_terminal(sys.stderr) and is_styled(sys.stderr)):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
    )
    # It was found above to be a terminal; rich need not guess again.
    console = Console(file=sys.stderr, force_terminal=True)
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, found="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=progress.stage,
                completed=progress.done,
                total=progress.total,
                found=f"{progress.feasible} meet the targets, {progress.front} on the front",
            )

        yield show
