"""How far predictions are from measurements: tables, documents and the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite
from dse.report.style import rc
from dse.report.tables import Column, Table
from dse.validate import grouped, phase_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from dse.validate import Outcome, Summary, Validation

__all__ = [
    "GROUPINGS",
    "excluded_table",
    "figure",
    "group_table",
    "headline_table",
    "validation_document",
    "worst_table",
]

GROUPINGS: Mapping[str, Callable[[Outcome], str]] = {
    "engine": lambda outcome: outcome.subject.stack,
    "chip": lambda outcome: outcome.subject.chip_key,
    "class": lambda outcome: outcome.subject.row.chip_class or "unknown",
    "metric": lambda outcome: outcome.subject.row.metric,
    "scope": lambda outcome: outcome.scope or "time",
}
_WORST = 12
_COLOURS = {
    "decode": "#0072B2",
    "prefill": "#E69F00",
    "energy": "#CC79A7",
    "image": "#009E73",
    "gemm": "#56B4E9",
}
_NUMBERS = (
    Column("rows", True),
    Column("chips", True),
    Column("median |error|", True),
    Column("90th percentile", True),
    Column("bias", True),
)


def _cells(summary: Summary) -> tuple[str, ...]:
    return (
        str(summary.n),
        str(summary.chips),
        f"{summary.median_abs_error:.1%}",
        f"{summary.p90_abs_error:.1%}",
        f"{summary.bias:+.1%}",
    )


def headline_table(result: Validation) -> Table:
    """Errors of decode, prefill, energy, images and single products over all rows predicted."""
    groups = grouped(result.outcomes, lambda _: "all").get("all", {})
    how = (
        "each chip predicted by stacks fitted without it"
        if result.is_left_out
        else "stacks of the library, as they are"
    )
    return Table(
        columns=(Column("phase"), *_NUMBERS),
        rows=tuple((phase, *_cells(summary)) for phase, summary in groups.items()),
        title=f"Predicted against measured: {how}",
        notes=("error = predicted / measured - 1; prefill holds time to first token, too",),
    )


def group_table(outcomes: Iterable[Outcome], by: str) -> Table:
    """Errors by engine, chip, class, metric or scope: a key of `GROUPINGS`."""
    groups = grouped(outcomes, GROUPINGS[by])
    return Table(
        columns=(Column(by), Column("phase"), *_NUMBERS),
        rows=tuple(
            (name, phase, *_cells(summary))
            for name, phases in groups.items()
            for phase, summary in phases.items()
        ),
        title=f"By {by}",
        lead=2,
    )


def worst_table(outcomes: Iterable[Outcome], count: int = _WORST) -> Table:
    """Rows whose predicted value is furthest from the measured one, by their ratio."""
    rows = sorted(
        outcomes,
        key=lambda o: max(o.predicted / o.measured, o.measured / o.predicted),
        reverse=True,
    )
    return Table(
        columns=(
            Column("row"),
            Column("chip", may_fold=True),
            Column("engine", may_fold=True),
            Column("model", may_fold=True),
            Column("metric"),
            Column("measured", True),
            Column("predicted", True),
            Column("error", True),
        ),
        rows=tuple(
            (
                each.subject.row.id,
                each.subject.row.chip,
                each.subject.row.engine,
                each.subject.row.model,
                each.subject.row.metric,
                f"{each.measured:.4g}",
                f"{each.predicted:.4g}",
                f"{each.error:+.0%}",
            )
            for each in rows[:count]
        ),
        title="Worst rows",
    )


def _excluded(result: Validation) -> dict[str, int]:
    """Rows not predicted, counted by rule."""
    counts = Counter(each.reason for each in result.unpredictable)
    return {**dict(result.set_aside), **dict(sorted(counts.items()))}


def excluded_table(result: Validation) -> Table:
    """How many rows each rule keeps out of the figures."""
    rows = tuple((rule, str(count)) for rule, count in _excluded(result).items())
    return Table(
        (Column("rule", may_fold=True), Column("rows", True)), rows, title="Not predicted"
    )


def _summaries(groups: Mapping[str, Mapping[str, Summary]]) -> dict[str, Any]:
    return {
        name: {phase: asdict(summary) for phase, summary in phases.items()}
        for name, phases in groups.items()
    }


def validation_document(result: Validation) -> dict[str, Any]:
    """``dse.validate/1``: summaries, and every row of the file that was asked for."""
    outcomes = result.outcomes
    whole = _summaries(grouped(outcomes, lambda _: "all"))
    return {
        "schema": "dse.validate/1",
        "left_out": result.is_left_out,
        "summary": whole.get("all", {}),
        "by_class": _summaries(grouped(outcomes, GROUPINGS["class"])),
        "by_stack": _summaries(grouped(outcomes, GROUPINGS["engine"])),
        "by_metric": _summaries(grouped(outcomes, GROUPINGS["metric"])),
        "by_scope": _summaries(grouped((o for o in outcomes if o.scope), GROUPINGS["scope"])),
        "excluded": _excluded(result),
        "rows": [_row(each) for each in outcomes],
        "unpredictable": [
            {"id": each.row.id, "reason": each.reason} for each in result.unpredictable
        ],
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    subject = outcome.subject
    return {
        "id": subject.row.id,
        "chip": subject.chip_key,
        "class": subject.row.chip_class,
        "stack": subject.stack,
        "model": subject.model.name,
        "metric": subject.row.metric,
        "scope": outcome.scope,
        "predicted": finite(outcome.predicted),
        "measured": outcome.measured,
        "error": finite(outcome.error),
    }


_UNITS = {
    "decode": "token/s",
    "prefill": "token/s or s",
    "energy": "J/token or W",
    "image": "s",
    "gemm": "TFLOP/s",
}
_COLUMNS = 3


def figure(result: Validation) -> Figure:
    """Draw predicted over measured on log axes, a panel per phase, with the factor-2 band."""
    from matplotlib.figure import Figure

    phases = [p for p in _COLOURS if any(phase_of(o) == p for o in result.outcomes)]
    lines = max(1, -(-len(phases) // _COLUMNS))
    columns = max(1, min(len(phases), _COLUMNS))
    with rc():
        drawn = Figure(figsize=(3.9 * columns, 4.1 * lines), layout="constrained")
        for i, phase in enumerate(phases):
            rows = [each for each in result.outcomes if phase_of(each) == phase]
            _panel(drawn.add_subplot(lines, columns, i + 1), phase, rows)
    return drawn


def _panel(axes: Axes, phase: str, rows: Sequence[Outcome]) -> None:
    x, y = [each.measured for each in rows], [each.predicted for each in rows]
    ends = [min(*x, *y) / 1.5, max(*x, *y) * 1.5]
    axes.fill_between(
        ends, [e / 2.0 for e in ends], [e * 2.0 for e in ends], color="#EEEEEE", lw=0.0
    )
    axes.plot(ends, ends, color="#777777", lw=0.8)
    axes.scatter(x, y, s=8.0, alpha=0.55, color=_COLOURS[phase], lw=0.0)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    axes.set(xlabel=f"measured, {_UNITS[phase]}", ylabel=f"predicted, {_UNITS[phase]}")
    axes.set_title(f"{phase}: {len(rows)} rows", loc="left")
    axes.text(0.97, 0.04, "grey: within a factor of 2", transform=axes.transAxes, ha="right")
