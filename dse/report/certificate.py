"""The certificate of a front, in words and as a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dse.report.quantity import format_unit
from dse.report.schema_parts import COUNT, NUMBER, REAL, Schema, record

__all__ = ["certificate_line", "certificate_schema"]


def certificate_schema() -> Schema:
    """JSON Schema of ``certificate``; `eps_reached` is null where nothing is proven yet."""
    return record(
        {
            "space_size": COUNT,
            "eps": REAL,
            "eps_reached": NUMBER,
            "boxes": COUNT,
            "open_boxes": COUNT,
            "seconds": REAL,
            "complete": {"type": "boolean"},
        }
    )


def certificate_line(certificate: Mapping[str, Any]) -> str:
    """Say what is proven, in one line.

    Examples
    --------
    >>> base = {"space_size": 1000, "eps": 0.01, "boxes": 50, "open_boxes": 7, "seconds": 2.0}
    >>> certificate_line({**base, "eps_reached": 0.05, "complete": False})
    'certificate: EPS = 0.05 is proven so far, 0.01 was asked for (50 boxes, 7 open, 2.00 s)'
    """
    eps, reached = certificate["eps"], certificate["eps_reached"]
    cost = f"{certificate['boxes']} boxes, {format_unit(certificate['seconds'], 's')}"
    size = certificate["space_size"]
    if not certificate["complete"]:
        proven = "nothing" if reached is None else f"EPS = {reached:.3g}"
        left = f"{certificate['boxes']} boxes, {certificate['open_boxes']} open"
        seconds = format_unit(certificate["seconds"], "s")
        return f"certificate: {proven} is proven so far, {eps:g} was asked for ({left}, {seconds})"
    if eps == 0.0:
        return f"certificate: the front is exact, EPS = 0, for all {size} designs ({cost})"
    return (
        f"certificate: whichever of the {size} designs meets the targets, the front has one that "
        f"is at most {100.0 * eps:g} % worse in every objective, EPS = {eps:g} ({cost})"
    )
