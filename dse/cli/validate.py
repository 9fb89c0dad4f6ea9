"""``dse validate``: predicted against measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, json_option
from dse.cli.output import json_text, print_json, print_tables, write_figure, write_page

if TYPE_CHECKING:
    from dse.validate import Validation

__all__ = ["validate"]

_BY = ("engine", "chip", "class", "metric", "scope")


@click.command(
    help=command_help(
        "Predict published measurements and say how far off the predictions are.",
        (
            "dse validate",
            "dse validate --by chip",
            "dse validate my-measurements.csv --all --json",
            "dse validate hw_configs/measurements/kernels.csv",
            "dse validate --out out/accuracy",
        ),
        "CSV is a file of measurements; without it, those that come with dse: then each chip is "
        "predicted by stacks fitted without it. Any other file is predicted with the library's "
        "stacks; one of single kernels is known by its header. Rows that cannot be predicted are "
        "counted by the rule that excludes them.",
    )
)
@click.argument("csv", required=False, type=click.Path(path_type=Path))
@click.option("--by", type=click.Choice(_BY), default="class", show_default=True, help="Grouping.")
@click.option("--all", "is_all", is_flag=True, help="Predict the rows that are not clean, too.")
@click.option("--out", type=NewPath(), help="Folder for picture and JSON.")
@click.option("--docs", type=NewPath(is_folder=False), help="Write the accuracy page there.")
@json_option
def validate(csv: Path | None, by: str, is_all: bool, as_json: bool, **options: Any) -> None:
    """Read, predict, and show."""
    if csv is not None and options["docs"]:
        raise click.UsageError("--docs writes the page of the shipped data; leave out the file")
    if csv is not None and _is_of_kernels(csv):
        _validate_kernels(csv, as_json)
        return
    from dse.report.validation import (
        excluded_table,
        group_table,
        headline_table,
        validation_document,
        worst_table,
    )

    result = _result(csv, is_all, is_left_out=options["docs"] is not None)
    if options["out"]:
        _write(result, options["out"])
    if options["docs"]:
        _write_page(result, options["docs"])
    if as_json:
        print_json(validation_document(result))
        return
    print_tables(
        headline_table(result),
        group_table(result.outcomes, by),
        worst_table(result.outcomes),
        excluded_table(result),
    )


def _is_of_kernels(path: Path) -> bool:
    """Whether a file's first line names the columns of single kernels."""
    from csv import Error, reader

    from dse.validate.kernel_file import is_kernels

    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return is_kernels(next(reader([file.readline(10_000)]), []))
    except (OSError, Error):
        return False  # what reads it next says why


def _validate_kernels(csv: Path, as_json: bool) -> None:
    """Predict single kernels, and show."""
    from dse.report.kernels import kernel_document, kernel_tables
    from dse.validate.kernel_file import read_kernels
    from dse.validate.kernel_run import validate_kernels

    result = validate_kernels(read_kernels(csv))
    if as_json:
        print_json(kernel_document(result))
    else:
        print_tables(*kernel_tables(result))


def _result(csv: Path | None, is_all: bool, is_left_out: bool) -> Validation:
    """Predict a file; the shipped one, by whatever path, leave-one-chip-out."""
    from dse.validate import (
        load_library,
        read_measurements,
        shipped_measurements,
        validate_rows,
    )

    shipped = shipped_measurements()
    path = csv or shipped
    rows = read_measurements(path)
    is_shipped = path.read_bytes() == shipped.read_bytes()
    return validate_rows(
        rows, load_library(rows), is_all=is_all, is_left_out=is_left_out or is_shipped
    )


def _write(result: Validation, out: Path) -> None:
    from dse.report.validation import figure, validation_document

    write_page(out / "validation.json", json_text(validation_document(result)))
    write_figure(figure(result), out / "predicted-measured.png")


def _write_page(result: Validation, page: Path) -> None:
    from dse.report.accuracy import accuracy_page
    from dse.report.validation import figure

    picture = page.with_suffix(".png")
    write_page(page, accuracy_page(result, picture.name))
    write_figure(figure(result), picture)
