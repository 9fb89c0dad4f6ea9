"""What a sweep or a search found, as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.diagnosis import diagnosis_object
from dse.report.documents import metrics_object

if TYPE_CHECKING:
    from dse.report.front import FrontRow
    from dse.search import Diagnosis
    from dse.space import Space
    from dse.store import Run
    from dse.sweep import SweepEstimate

__all__ = ["estimate_document", "findings_document"]


def findings_document(
    name: str, run: Run, rows: Sequence[FrontRow], diagnosis: Diagnosis | None
) -> dict[str, Any]:
    """``dse.sweep/1`` or ``dse.search/1``.

    Parameters
    ----------
    name : str
        ``sweep`` or ``search``.
    run : Run
        The finished run.
    rows : sequence of FrontRow
        Its front.
    diagnosis : Diagnosis or None
        Why the front is empty, if it is.
    """
    knee = next((row for row in rows if row.is_knee), None)
    proof = {}
    if "certificate" in run.summary:
        # Format 1 kept the time in the certificate itself.
        proof["certificate"] = {"seconds": run.manifest.seconds, **run.summary["certificate"]}
    return {
        "schema": f"dse.{name}/1",
        "run": str(run.path),
        "space": run.manifest.space["name"],
        "designs_in_space": run.manifest.space["size"],
        "settings": dict(run.manifest.settings),
        "evaluated": run.summary["evaluated"],
        "feasible": run.summary["feasible"],
        "front": len(rows),
        "knee": None
        if knee is None
        else {
            "design": knee.design,
            "axes": dict(knee.axes),
            "metrics": metrics_object(knee.metrics),
        },
        "diagnosis": None if diagnosis is None else diagnosis_object(diagnosis),
        **proof,
    }


def estimate_document(space: Space, estimate: SweepEstimate) -> dict[str, Any]:
    """``dse.estimate/1``: what a sweep would cost."""
    return {
        "schema": "dse.estimate/1",
        "space": space.name,
        "designs_in_space": space.size,
        "designs": estimate.designs,
        "exhaustive": estimate.is_exhaustive,
        "seconds": estimate.seconds,
        "stored_bytes": estimate.stored_bytes,
    }
