"""Where a run is worked on, and what to do next when that place is lost, or the run is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dse.cli.options import Command
from dse.cli.output import say
from dse.cli.stop import is_stopped
from dse.errors import ClusterError, StoreError

if TYPE_CHECKING:
    from dse.farm import Farm

__all__ = [
    "RESUMED_WITH",
    "advise_if_stopped",
    "farm_at",
    "farm_option",
    "resumable",
    "say_resumed",
]

# Where `dse resume` keeps its own options that place the run, so that advice repeats them.
RESUMED_WITH = "dse.resumed-with"


def farm_option(command: Command) -> Command:
    """Add ``--dask``."""
    return click.option(
        "--dask",
        metavar="ADDRESS",
        help="Work on a Dask cluster that is there: its scheduler, e.g. tcp://node7:8786, or the "
        "scheduler's file. The result is the same.",
    )(command)


@contextmanager
def farm_at(address: str | None) -> Iterator[Farm | None]:
    """Join the cluster that the user named; without one, a run has this process's threads."""
    if address is None:
        yield None
        return
    from dse.farm import DaskFarm

    with DaskFarm(address) as farm:
        yield farm


@contextmanager
def advise_if_stopped(advice: str) -> Iterator[None]:
    """Say what to do next if a signal ends the block."""
    try:
        yield
    except BaseException as error:
        if _is_signal(error):
            say(f"stopped; {advice}")
        raise


@contextmanager
def resumable(out: Path, last: str) -> Iterator[None]:
    """Say how the run in a folder goes on from its `last` step if a signal, or a cluster, ends it.

    Nothing is said where the folder holds no run yet.
    """
    options = click.get_current_context().meta.get(RESUMED_WITH, "")
    try:
        yield
    except BaseException as error:
        if _is_signal(error) and _is_begun(out):
            say(f"stopped; `dse resume {out}{options}` goes on from {last}")
        elif isinstance(error, ClusterError) and _is_begun(out):
            say(
                f"stopped; `dse resume {out} --local` goes on from {last} without a cluster, "
                "and with --dask ADDRESS instead on another"
            )
        raise


def _is_signal(error: BaseException) -> bool:
    return is_stopped() or isinstance(error, KeyboardInterrupt)


def _is_begun(out: Path) -> bool:
    from dse.store import load_manifest

    with suppress(StoreError):
        load_manifest(out)
        return True
    return False


def say_resumed(out: Path, resumed: int, what: str, torn_bytes: int) -> None:
    """Say what a run took over from a journal, if anything."""
    if torn_bytes:
        say(f"note: {torn_bytes} bytes of a torn last line were cut off the journal")
    if resumed:
        say(f"note: went on after {resumed} {what} that {out} held")
