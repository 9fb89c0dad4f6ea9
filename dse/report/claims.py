"""Judged claims: tables, and the JSON document with its schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dse.report.documents import finite
from dse.report.schema_parts import NUMBER, REAL, TEXT, Schema, many, record
from dse.report.tables import Column, Table

if TYPE_CHECKING:
    from dse.claims import JudgedClaim, JudgedPart, Wall, WallsRow

__all__ = [
    "claims_document",
    "claims_schema",
    "claims_table",
    "readings_table",
    "wall_titles",
    "walls_table",
]

_SENSES = {"at least": "", "at most": "< ", "about": "~ "}
_RULE = (
    "ratio = modelled / claimed; a figure that misses the claim by no more than the model's error "
    "counts as one that reaches it, and none beyond the bound does."
)


def claims_table(judged: Sequence[JudgedClaim]) -> Table:
    """One row per claimed figure."""
    return Table(
        columns=(
            Column("claim"),
            Column("of what", may_fold=True),
            *(Column(name, is_number=True) for name in ("claimed", "modelled", "ratio")),
            Column("bound", may_fold=True),
            Column("verdict", may_fold=True),
        ),
        rows=tuple(_row(each, part) for each in judged for part in each.parts),
        title="Claims, and what the model makes of them",
        notes=(_RULE,),
    )


def _row(judged: JudgedClaim, part: JudgedPart) -> tuple[str, ...]:
    spec, decisive = part.part, part.decisive
    claimed = f"{_SENSES[spec.sense]}{_figure(spec.claimed, 4)} {spec.unit}"
    modelled = f"{_figure(decisive.modelled)} {spec.unit}" if decisive else "-"
    ratio = f"{decisive.modelled / spec.claimed:.2f}" if decisive else "-"
    bound = decisive.bound if decisive else "-"
    return (judged.claim.name, spec.title, claimed, modelled, ratio, bound, part.verdict.words)


def readings_table(part: JudgedPart) -> Table:
    """Every way in which a figure was read."""
    spec = part.part
    rows = tuple(
        (
            reading.label,
            _figure(reading.modelled),
            _limit(reading.limit),
            reading.bound,
            f"{100.0 * reading.tolerance:.0f} %",
            reading.missing or "-",
        )
        for reading in part.readings
    )
    claimed = f"{spec.sense} {_figure(spec.claimed, 4)} {spec.unit}"
    return Table(
        columns=(
            Column("where", may_fold=True),
            *(Column(name, is_number=True) for name in ("modelled", "bound is")),
            Column("bound", may_fold=True),
            Column("model's error", is_number=True),
            Column("does not count", may_fold=True),
        ),
        rows=rows,
        title=f"{spec.title}: claimed {claimed}: {part.verdict.words}",
    )


def _figure(value: float, digits: int = 3) -> str:
    """Write a figure without an exponent.

    Examples
    --------
    >>> _figure(1106.2), _figure(0.1250), _figure(155.7, 2)
    ('1,106', '0.125', '156')
    """
    return f"{value:,.0f}" if abs(value) >= 10.0**digits else f"{value:.{digits}g}"


def _limit(limit: float) -> str:
    return "none" if finite(limit) is None or limit == 0.0 else _figure(limit)


def wall_titles(rows: Sequence[WallsRow]) -> tuple[str, ...]:
    """Names of all measures, in the order of their walls."""
    return tuple(dict.fromkeys(f"{w.wall}: {w.what}" for row in rows for w in row.walls))


def walls_table(rows: Sequence[WallsRow]) -> Table:
    """All margins: what there is over what is needed; below 1 a wall stands."""
    cells = []
    for row in rows:
        first, second = row.order[:2]
        margins = {f"{w.wall}: {w.what}": _figure(w.margin, 2) for w in row.walls}
        cells.append(
            (
                row.model_title,
                f"{row.chip_title} ({row.year})",
                _met(first),
                _met(second),
                *(margins.get(title, "-") for title in wall_titles(rows)),
            )
        )
    return Table(
        columns=(
            Column("model"),
            Column("chip"),
            Column("first wall"),
            Column("next wall"),
            *(Column(title, is_number=True, may_fold=True) for title in wall_titles(rows)),
        ),
        rows=tuple(cells),
        title="Margins: what there is over what the targets need",
        notes=("Below 1 a wall stands. In a row the smallest margin binds first.",),
        lead=2,
    )


def _met(wall: Wall) -> str:
    return f"{wall.wall} ({wall.what}), {_figure(wall.margin, 2)}"


def claims_document(judged: Sequence[JudgedClaim]) -> dict[str, Any]:
    """``dse.claims/1``: claims, readings and verdicts."""
    return {"schema": "dse.claims/1", "claims": [_claim_object(each) for each in judged]}


def _claim_object(judged: JudgedClaim) -> dict[str, Any]:
    names = ("name", "title", "claimant", "date", "source", "confidence", "modelling")
    head = {name: getattr(judged.claim, name) for name in names}
    return head | {"parts": [_part_object(part) for part in judged.parts]}


def _part_object(part: JudgedPart) -> dict[str, Any]:
    spec, decisive = part.part, part.decisive
    modelled = decisive.modelled if decisive else None
    return {
        "name": part.name,
        "title": spec.title,
        "kind": spec.kind,
        "claimed": spec.claimed,
        "unit": spec.unit,
        "sense": spec.sense,
        "modelled": None if modelled is None else finite(modelled),
        "ratio": None if modelled is None else finite(modelled / spec.claimed),
        "bound": decisive.bound if decisive else None,
        "verdict": part.verdict.kind,
        "words": part.verdict.words,
        "readings": list(_reading_objects(part)),
        "walls": [_walls_object(row) for row in part.walls],
    }


def _reading_objects(part: JudgedPart) -> Iterator[dict[str, Any]]:
    for reading in part.readings:
        yield {
            "label": reading.label,
            "modelled": finite(reading.modelled),
            "limit": finite(reading.limit),
            "bound": reading.bound,
            "tolerance": reading.tolerance,
            "missing": reading.missing or None,
        }


def _walls_object(row: WallsRow) -> dict[str, Any]:
    return {
        "chip": row.chip,
        "model": row.model,
        "first": row.order[0].wall,
        "next": row.order[1].wall,
        "margins": [
            {
                "wall": wall.wall,
                "what": wall.what,
                "has": wall.has,
                "needs": wall.needs,
                "unit": wall.unit,
                "margin": wall.margin,
            }
            for wall in row.walls
        ],
    }


def claims_schema() -> Schema:
    """Describe ``dse.claims/1``."""
    from dse.claims import VERDICTS, WALLS

    maybe: Schema = {"type": ["string", "null"]}
    reading = {"label": TEXT, "modelled": NUMBER, "limit": NUMBER, "bound": TEXT}
    reading |= {"tolerance": REAL, "missing": maybe}
    wall = {"enum": list(WALLS)}
    margin = {"wall": wall, "what": TEXT, "has": REAL, "needs": REAL, "unit": TEXT, "margin": REAL}
    walls = {"chip": TEXT, "model": TEXT, "first": wall, "next": wall}
    part = dict.fromkeys(("name", "title", "kind", "unit", "words"), TEXT)
    part |= {"claimed": REAL, "sense": {"enum": list(_SENSES)}, "bound": maybe}
    part |= {"modelled": NUMBER, "ratio": NUMBER, "verdict": {"enum": list(VERDICTS)}}
    part |= {"readings": many(record(reading))}
    part |= {"walls": many(record(walls | {"margins": many(record(margin))}))}
    names = ("name", "title", "claimant", "date", "source", "confidence", "modelling")
    return record(
        {"claims": many(record(dict.fromkeys(names, TEXT) | {"parts": many(record(part))}))}
    )
