"""``dse runs``: the run folders, what they hold, and how far they are."""

from __future__ import annotations

from pathlib import Path

import click

from dse.cli.help import command_help
from dse.cli.options import json_option
from dse.cli.output import print_json, print_tables, say

__all__ = ["runs"]

_DEFAULT = Path("out")


@click.command(
    help=command_help(
        "List run folders: what they hold, how far they came, and what they found.",
        ("dse runs", "dse runs out/phone_10b", "dse runs out --json"),
        "DIR is a run folder, or a folder of run folders (out by default); what else lies there "
        "is passed over. STATE is complete; running: a process writes to it; interrupted: `dse "
        "resume` goes on with it, or says what does; empty: it ended before it began; corrupt, or "
        "newer: of a newer dse, both with the reason below the table. Nothing is written or "
        "repaired.",
    )
)
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def runs(folders: tuple[Path, ...], as_json: bool) -> None:
    """Look, and show."""
    from dse.report.runs import runs_document, runs_table
    from dse.store import list_runs

    if not folders and not _DEFAULT.is_dir():
        say(f"there is no folder {_DEFAULT} here; name the folder of the runs")
    places = folders or ((_DEFAULT,) if _DEFAULT.is_dir() else ())
    states = [state for place in places for state in list_runs(place)]
    if as_json:
        print_json(runs_document(states))
    elif states:
        print_tables(runs_table(states))
    elif places:
        say(f"no run in {', '.join(map(str, places))}")
