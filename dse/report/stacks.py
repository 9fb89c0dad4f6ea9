"""Fitted software stacks: as a table, as a document, and as a file of the library."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.report.quantity import format_unit
from dse.report.tables import Column, Table
from dse.units import format_quantity
from dse.validate import FITTED

if TYPE_CHECKING:
    from dse.cost import Stack
    from dse.validate import Fit, Summary

__all__ = ["fit_document", "fit_table", "fitted_yaml", "stack_yaml", "stacks_table"]

_DIGITS = 3


def _shown(name: str, value: float) -> str:
    return format_unit(value, "s") if name.endswith("_s") else f"{value:.3g}"


def fit_table(fit: Fit, errors: Mapping[str, Sequence[float]]) -> Table:
    """Parameters of one stack with their intervals, and its errors.

    Parameters
    ----------
    fit : Fit
        The stack.
    errors : mapping of str to sequence of float
        Absolute errors under a heading: of the fit, and with each chip left out.
    """
    rows = tuple(
        (
            name,
            _shown(name, getattr(fit.stack, name)),
            f"{_shown(name, fit.low[name])} to {_shown(name, fit.high[name])}",
            "data" if name in fit.identified else "prior: the data do not identify it",
        )
        for name in FITTED
    )
    notes = tuple(
        f"{title}: median |error| {np.median(values):.1%}, 90th percentile "
        f"{np.percentile(values, 90.0):.1%}"
        for title, values in errors.items()
        if len(values)
    )
    columns = (Column("parameter"), Column("value", True), Column("95 %"), Column("set by"))
    title = f"{fit.stack.name}: {fit.rows} rows on {fit.chips} chip{'s' if fit.chips != 1 else ''}"
    return Table(columns, rows, title=title, notes=notes)


def fit_document(fit: Fit, left_out: Mapping[str, Summary]) -> dict[str, Any]:
    """``dse.calibrate/1``: one fitted stack."""
    return {
        "schema": "dse.calibrate/1",
        "stack": fit.stack.name,
        "rows": fit.rows,
        "chips": fit.chips,
        "parameters": {
            name: {
                "value": getattr(fit.stack, name),
                "low": fit.low[name],
                "high": fit.high[name],
                "identified": name in fit.identified,
            }
            for name in FITTED
        },
        "fit_median_abs_error": float(np.median(np.abs(fit.error))),
        "left_out_median_abs_error": {
            phase: summary.median_abs_error for phase, summary in left_out.items()
        },
    }


def stacks_table(fits: Mapping[str, Fit]) -> Table:
    """Parameters of all stacks; those that the data do not identify in brackets."""
    rows = []
    for name, fit in fits.items():
        values = [
            text if key in fit.identified else f"({text})"
            for key in FITTED
            for text in [_shown(key, getattr(fit.stack, key))]
        ]
        error = f"{np.median(np.abs(fit.error)):.1%}"
        rows.append((name, str(fit.rows), str(fit.chips), *values, error))
    columns = (
        Column("stack"),
        Column("rows", True),
        Column("chips", True),
        *(Column(name, True) for name in FITTED),
        Column("fit |error|", True),
    )
    return Table(columns, tuple(rows), title="Stacks, fitted to all clean rows")


def fitted_yaml(fit: Fit, data: str) -> str:
    """File of the library for a fitted stack; `data` names what it was fitted to."""
    rows = f"{fit.rows} row{'s' if fit.rows != 1 else ''}"
    chips = f"{fit.chips} chip{'s' if fit.chips != 1 else ''}"
    source = f"fitted by dse calibrate to {rows} on {chips} of {data}"
    return stack_yaml(fit.stack, source, fit.identified)


def stack_yaml(stack: Stack, source: str, identified: Collection[str]) -> str:
    """File of the library for a stack.

    Parameters
    ----------
    stack : Stack
        With its name as the file's.
    source : str
        What it was derived from.
    identified : collection of str
        Parameters that the data identify.
    """
    lines = [
        "schema: dse.stack/1",
        f"name: {stack.name}",
        f'title: "{stack.name}"',
        f'source: "{source}"',
        "confidence: B",
        *(["sums: narrow"] if stack.has_narrow_sums else []),
    ]
    for name in FITTED:
        lines += _field(name, getattr(stack, name), name in identified)
    return "\n".join(lines) + "\n"


def _field(name: str, value: float, is_identified: bool) -> list[str]:
    key = name.removesuffix("_s")
    text = format_quantity(value, "time", _DIGITS) if key != name else f"{value:.3g}"
    if is_identified:
        return [f"{key}: {text}"]
    source = "not identified by the data: near the mean of the stacks of the same kind of unit"
    return [f"{key}:", f"  value: {text}", f'  source: "{source}"', "  confidence: C"]
