"""``dse calibrate``: fits the parameters of a software stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, json_option
from dse.cli.output import print_json, print_tables, say, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse.validate import Fit, Summary, Validation

__all__ = ["calibrate"]


@click.command(
    help=command_help(
        "Fit the parameters of a software stack to measurements.",
        (
            "dse calibrate measurements.csv --stack llama.cpp-metal",
            "dse calibrate measurements.csv --stack llama.cpp-metal --out metal.yaml",
        ),
        "Prints the error of the fit beside that with each chip left out, which is the one to "
        "expect on a new chip. With --stack all, every stack of the data is written to the folder "
        "--out. A parameter that the data hardly narrow is marked and stays near its prior, the "
        "mean of the other stacks of the same kind of unit, weighted with what their data tell; "
        "where they narrow none, nothing is fitted. A NAME that the library does not know is the "
        "engine that the rows call so.",
    )
)
@click.argument("csv", type=click.Path(path_type=Path))
@click.option("--stack", "name", required=True, help="Name of the stack, or all.")
@click.option("--out", type=NewPath(), help="File, or folder, to write.")
@json_option
def calibrate(csv: Path, name: str, out: Path | None, as_json: bool) -> None:
    """Read, fit, and show."""
    from dse.report.stacks import fit_document, fit_table, fitted_yaml

    if name == "all":
        _write_all(csv, out)
        return
    fit, left_out, errors = _fitted(csv, name)
    if out is not None:
        write_page(out, fitted_yaml(fit, csv.name))
    if as_json:
        print_json(fit_document(fit, left_out))
    else:
        print_tables(fit_table(fit, errors))


def _write_all(csv: Path, out: Path | None) -> None:
    """Write every stack of the data, and the centre of each kind of unit."""
    from dse.report.stacks import fitted_yaml, stack_yaml
    from dse.store.files import report_os_errors

    if out is None:
        raise click.UsageError("--stack all needs --out, a folder")
    result = _validated(csv, None)
    texts = {name: fitted_yaml(fit, csv.name) for name, fit in result.fits.items()}
    for kind, stack in result.generics.items():
        source = f"weighted mean of the {kind} stacks that dse calibrate fits to {csv.name}"
        texts[stack.name] = stack_yaml(stack, source, ())
    with report_os_errors(out, "write"):
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / f"{name}.yaml").write_text(text, encoding="utf-8")
    say(f"wrote {len(texts)} stacks to {out}")


def _validated(csv: Path, name: str | None) -> Validation:
    """Predict each chip without its own rows; an engine of the name asked for is that stack."""
    from dataclasses import replace

    from dse.validate import load_library, read_measurements, validate_rows

    rows = read_measurements(csv)
    library = load_library(rows)
    if name is not None:
        library = replace(library, names=library.names.with_stack(name))
    return validate_rows(rows, library, is_left_out=True)


def _fitted(csv: Path, name: str) -> tuple[Fit, Mapping[str, Summary], Mapping[str, list[float]]]:
    """Fit with all rows, and predict each chip without its own."""
    from dse.validate import grouped

    result = _validated(csv, name)
    if name not in result.fits:
        known = ", ".join(sorted(result.fits)) or "none"
        message = f"{csv} has no clean rows of the stack {name}; it has {known}"
        raise click.BadParameter(message, param_hint="--stack")
    fit = result.fits[name]
    if not fit.identified:
        rows = f"{fit.rows} row{'s' if fit.rows > 1 else ''}"
        message = f"{csv} identifies no parameter of {name} with its {rows}; add other models"
        raise click.BadParameter(message, param_hint="--stack")
    own = [each for each in result.outcomes if each.subject.stack == name]
    summaries = grouped(own, lambda _: name).get(name, {})
    errors = {
        "fit": [abs(float(each)) for each in fit.error],
        "each chip left out": [abs(each.error) for each in own if each.subject.row.is_clean],
    }
    return fit, summaries, errors
