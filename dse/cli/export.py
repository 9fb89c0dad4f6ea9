"""``dse export``: a run for other tools."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, json_option
from dse.cli.output import json_text, print_json, print_text, say

if TYPE_CHECKING:
    from dse.store import Run
    from dse.store.destination import Destination

__all__ = ["export"]

_FORMATS = ("csv", "json", "parquet", "optuna-sqlite")
_TABLES = ("front", "results")


@click.command(
    help=command_help(
        "Write a run for other tools: as CSV, JSON, Parquet, or an Optuna study.",
        (
            "dse export out/phone_10b --to csv",
            "dse export out/phone_10b --to json --table results --output designs.json",
            "dse export out/phone_10b --to parquet --output front.parquet --force",
            "dse export out/phone_10b --to optuna-sqlite --output phone.db",
        ),
        "DIR is the folder of a sweep or a search. The table is the front, or the designs that "
        "were kept (results); numbers are SI. JSON names the unit of every column, and so does "
        "the metadata of a Parquet file, which needs the extra dse[parquet]. The study, named "
        "dse, holds the designs that the sampler was told of and those of the front, or of a "
        "sweep the designs that were kept; optuna-dashboard opens it. Its parameters are the SI "
        "numbers of an axis of numbers, so that plots are to scale, and else the choices.",
    )
)
@click.argument("run_dir", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(_FORMATS), required=True, help="Format.")
@click.option(
    "--table", type=click.Choice(_TABLES), help="Table of the first three.  [default: front]"
)
@click.option(
    "--output",
    type=NewPath(is_folder=False),
    metavar="FILE",
    help="File, which appears when it is complete.  [default: stdout, of csv and json]",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@json_option
def export(
    run_dir: Path, form: str, table: str | None, output: Path | None, force: bool, as_json: bool
) -> None:
    """Read the run, and write."""
    from dse.store import load_run

    _check(form, table, output, as_json)
    place = None if output is None else _place(output, form, force)
    if as_json and place is not None and place.is_stream:
        raise click.UsageError("--json needs --output FILE to be a regular file, or a new one")
    run = load_run(run_dir)
    name = table or _TABLES[0]
    if place is None:
        _print(run, form, name)
        return
    from dse.report.export import export_document

    began = time.perf_counter()
    count = _write(run, form, name, place)
    seconds = time.perf_counter() - began
    shown = "trials" if form == _FORMATS[3] else name
    if as_json:
        more: dict[str, Any] = {"file": str(output), "seconds": seconds}
        print_json(export_document(run, shown, form, count, more))
    say(f"wrote {output}: {count} {'trials' if shown == 'trials' else 'rows'} in {seconds:.1f} s")


def _check(form: str, table: str | None, output: Path | None, as_json: bool) -> None:
    if form == "optuna-sqlite" and table is not None:
        raise click.UsageError("--table is of no use with optuna-sqlite, which holds all trials")
    if output is None and form in ("parquet", "optuna-sqlite"):
        raise click.UsageError(f"--to {form} needs --output FILE")
    if output is None and as_json and form != "json":
        raise click.UsageError("--json needs --output FILE: the table itself goes to stdout")


def _print(run: Run, form: str, name: str) -> None:
    from dse.report.export import csv_text, table_document

    if form == "json":
        print_json(table_document(run, name))
    else:
        print_text(csv_text(run, name))


def _place(output: Path, form: str, force: bool) -> Destination:
    """Where the file goes; a database cannot be written into a pipe."""
    from dse.errors import StoreError
    from dse.store.destination import destination

    place = destination(output, force=force)
    if place.is_stream and form in _FORMATS[2:]:
        raise StoreError(f"{output}: must be a regular file, or a new one, for {form}")
    return place


def _write(run: Run, form: str, name: str, place: Destination) -> int:
    """Write the file; say how many rows or trials it has."""
    from dse.report.export import csv_text, table_document, write_parquet

    if form == "parquet":
        return write_parquet(run, name, place.path)
    if form == "optuna-sqlite":
        from dse.search.study_file import export_study

        return export_study(run, place.path)
    text = csv_text(run, name) if form == "csv" else json_text(table_document(run, name))
    with place.open_text() as stream:
        stream.write(text)
    return len(run.table(name)["design"])
