"""What it cost to prove fronts of a space on this machine: a table, a document, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.report.accuracy import markdown
from dse.report.certificate import certificate_schema
from dse.report.machine import load_text, machine_text
from dse.report.quantity import format_unit
from dse.report.schema_parts import COUNT, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.certify import CertifyResult

__all__ = ["proofs_document", "proofs_page", "proofs_schema", "proofs_table"]

_INTRODUCTION = """\
# What a proof costs

This page is written by `dse bench proof --docs docs/proof.md`; do not edit it.

`dse search SPACE --certify EPS` ends with a certificate: to every design of the space that meets
the targets there is one on the front that is, in every objective, at least as good within a factor
of 1 + EPS. With EPS = 0 the front is exact: one design for each distinct vector of objectives. The
method is branch and bound over boxes of designs. A box is bounded by one evaluation of
coefficients that are each at its best end of the box, which is sound because every metric is
monotone in every coefficient (`tests/properties`); a design that beats the bound of its box ends
the run as an error. Which way each coefficient moves along an axis is found along whole lines of
the space, all of a small one and a sample of a large one, and from end to end of each axis beside
every choice of every other: along one field a coefficient goes one way by its equation, and the
lines find out which. What is not ruled out is a coefficient that moves along an axis of a large
space only where two other axes have one rare choice each. Axes to which other fields are tied, and
choices without an order, are enumerated. `tests/certify` enumerates random spaces and finds no
certificate false.

Each row is a run of its own from nothing, on all cores; a **box** is a set of designs that was
taken up, which is to be enumerated or cut. Seconds are those of a machine that others may use too.
"""


def proofs_table(results: Sequence[CertifyResult]) -> Table:
    """A row per run."""
    columns = (
        Column("Space"),
        Column("Designs", is_number=True),
        Column("EPS asked", is_number=True),
        Column("EPS proven", is_number=True),
        Column("Boxes", is_number=True),
        Column("Front", is_number=True),
        Column("Time", is_number=True),
    )
    rows = []
    for result in results:
        proven = result.certificate
        asked, reached = (f"{100.0 * eps:.3g} %" for eps in (proven.eps, proven.eps_reached))
        rows.append(
            (
                result.space.name,
                f"{proven.space_size:.3g}",
                asked,
                reached,
                f"{proven.boxes:,}",
                f"{len(result.front_index):,}",
                format_unit(proven.seconds, "s"),
            )
        )
    return Table(columns, tuple(rows), title="Proofs", lead=1)


def proofs_document(results: Sequence[CertifyResult]) -> dict[str, Any]:
    """``dse.proofs/1``."""
    return {
        "schema": "dse.proofs/1",
        "proofs": [
            {
                "space": result.space.name,
                "front": len(result.front_index),
                "certificate": result.certificate.to_json(),
            }
            for result in results
        ],
    }


def proofs_schema() -> Schema:
    """Describe `proofs_document`."""
    proof = {"space": TEXT, "front": COUNT, "certificate": certificate_schema()}
    return record({"proofs": many(record(proof))})


def proofs_page(results: Sequence[CertifyResult], load: float) -> str:
    """Write the whole page.

    Parameters
    ----------
    results : sequence of CertifyResult
        At least one.
    load : float
        Processes that wanted a core just before; NaN where the system does not say.
    """
    space = results[0].space
    limits = ", ".join(f"`{target.metric}`" for target in space.targets) or "none"
    objectives = ", ".join(f"`{name}`" for name in space.objectives)
    models = ", ".join(model.title for model in space.models)
    return "\n".join(
        [
            _INTRODUCTION,
            markdown(proofs_table(results)),
            f"Every design must run {models}. Objectives: {objectives}. Limits: {limits}. Every "
            "design must also fit its DRAM, and be one that can be built.\n",
            f"Taken on {machine_text()}{load_text(load)}.\n",
        ]
    )
