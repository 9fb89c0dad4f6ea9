"""How far a run is: a line for people, and a document for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dse.report.documents import finite
from dse.report.quantity import format_metric, format_unit
from dse.report.schema_parts import COUNT, NUMBER, REAL, TEXT, Schema, many, record

if TYPE_CHECKING:
    from dse.sweep import Mark, Progress, Standing

__all__ = ["is_open", "pace_text", "progress_document", "progress_schema", "standing_text"]


def progress_schema() -> Schema:
    """JSON Schema of ``dse.progress/1``, one line of ``--json-lines``."""
    mark = {
        "metric": TEXT,
        "value": NUMBER,
        "limit": {"type": ["number", "null"]},
        "sense": {"enum": ["<=", ">="]},
        "met": {"type": "boolean"},
    }
    best = record(
        {"design": COUNT, "feasible": {"type": "boolean"}, "metrics": many(record(mark))}
    )
    return record(
        {
            "stage": {"enum": ["scout", "sweep", "table", "search", "polish", "certify"]},
            "unit": {"enum": ["designs", "boxes"]},
            "done": COUNT,
            "total": COUNT,
            "per_second": {"type": ["number", "null"]},
            "eta_s": {"type": ["number", "null"]},
            "elapsed_s": REAL,
            "front": COUNT,
            "feasible": COUNT,
            "hypervolume": {"type": ["number", "null"]},
            "best": {"anyOf": [best, {"type": "null"}]},
        }
    )


def progress_document(
    progress: Progress, standing: Standing | None, per_second: float | None, elapsed_s: float
) -> dict[str, Any]:
    """``dse.progress/1``: how far a run is.

    Parameters
    ----------
    progress : Progress
        A report of the run.
    standing : Standing or None
        What it has found, if that was measured.
    per_second : float or None
        Designs, or boxes of a proof, per second; None before it is known.
    elapsed_s : float
        Time since the command began, s.
    """
    return {
        "schema": "dse.progress/1",
        "stage": progress.stage,
        "unit": _unit(progress),
        "done": progress.done,
        "total": progress.total,
        "per_second": per_second,
        "eta_s": _left_s(progress, per_second),
        "elapsed_s": elapsed_s,
        "front": progress.front,
        "feasible": progress.feasible,
        "hypervolume": standing.hypervolume if standing else None,
        "best": _best_object(standing) if standing and standing.design is not None else None,
    }


def _best_object(standing: Standing) -> dict[str, Any]:
    return {
        "design": standing.design,
        "feasible": standing.is_feasible,
        "metrics": [
            {
                "metric": mark.metric,
                "value": finite(mark.value),
                "limit": mark.limit,
                "sense": _sign(mark),
                "met": mark.is_met,
            }
            for mark in standing.marks
        ],
    }


def pace_text(progress: Progress, per_second: float | None) -> str:
    """Write how far and how fast, e.g. ``1200/2000  830 designs/s  1 s left``."""
    parts = [f"{progress.done}" if is_open(progress) else f"{progress.done}/{progress.total}"]
    if per_second is not None:
        parts.append(f"{per_second:,.0f} {_unit(progress)}/s")
    left = _left_s(progress, per_second)
    if left is not None:
        parts.append(f"{format_unit(left, 's', 2)} left")
    return "  ".join(parts)


def standing_text(progress: Progress, standing: Standing | None, width: int = 10_000) -> str:
    """Write what was found, e.g. ``4 on the front | hypervolume 0.49 | tpot 81 ms <= 100 ms ok``.

    The last part is the knee of the front; while there is none, the design that misses least.
    Lines are at most `width` columns long, unless a part is longer.
    """
    parts = [f"{progress.front} on the front"]
    if standing is not None and standing.hypervolume is not None:
        parts.append(f"hypervolume {standing.hypervolume:.4f}")
    if standing is not None and standing.marks:
        best = "knee" if progress.front else "nearest"
        parts.append(f"{best}: {_mark_text(standing.marks[0])}")
        parts += [_mark_text(mark) for mark in standing.marks[1:]]
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]} | {part}"
        lines = [*lines[:-1], longer] if len(longer) <= width else [*lines, part]
    return "\n".join(lines)


def _mark_text(mark: Mark) -> str:
    name = mark.metric.removesuffix(_suffix(mark.metric))
    value = format_metric(mark.metric, mark.value)
    if mark.limit is None:
        return f"{name} {value}"
    limit = format_metric(mark.metric, mark.limit)
    return f"{name} {value} {_sign(mark)} {limit} {'ok' if mark.is_met else 'MISSED'}"


def _suffix(name: str) -> str:
    """The unit at the end of a metric's name, which its value tells again."""
    return next(
        (end for end in ("_mm2", "_usd", "_bytes", "_s", "_j", "_w") if name.endswith(end)), ""
    )


def is_open(progress: Progress) -> bool:
    """Whether nobody knows of the stage how much is left to do."""
    return progress.stage == "polish"


def _unit(progress: Progress) -> str:
    return "boxes" if progress.stage == "certify" else "designs"


def _left_s(progress: Progress, per_second: float | None) -> float | None:
    """Seconds to the end of the stage; None where its length is not known."""
    if not per_second or is_open(progress) or progress.stage == "certify":
        return None
    return max(0, progress.total - progress.done) / per_second


def _sign(mark: Mark) -> str:
    return "<=" if mark.sense < 0 else ">="
