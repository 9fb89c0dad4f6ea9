"""The weak numbers that a result leans on: recalled or inferred, confidence C."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.cost import team_units
from dse.report.tables import Column, Table
from dse.spec.library import locate
from dse.spec.network import kind_of_workload
from dse.spec.provenance import provenance
from dse.spec.read import read_spec

if TYPE_CHECKING:
    from dse.chip import Chip

__all__ = ["Assumption", "assumptions", "assumptions_table"]

_WEAK = "C"
# Longer sources are cut in the table; the document has them whole.
_MAX_SOURCE = 72


@dataclass(frozen=True, slots=True)
class Assumption:
    """One weak number.

    Parameters
    ----------
    of : str
        ``chip``, ``model``, ``network`` or ``technology``.
    path, value : str
        Where it stands in its file, and how it is written there.
    confidence, source : str
        C, and what is known about where it came from.
    file : str
    line : int
        The place.
    """

    of: str
    path: str
    value: str
    confidence: str
    source: str
    file: str
    line: int


def assumptions(
    chip_ref: str,
    model_ref: str,
    chip: Chip,
    unit: str,
    changed: Sequence[str],
    *,
    of_device: bool = False,
) -> tuple[Assumption, ...]:
    """Weak numbers of the chip and its unit, the model, and the technology behind them.

    Parameters
    ----------
    chip_ref, model_ref : str
        Names in the library, or paths.
    chip : Chip
        The chip as evaluated.
    unit : str
        Unit, or units together, that ran the model; what only concerns the others is left out.
    changed : sequence of str
        Fields that the user replaced, and so vouches for.
    of_device : bool
        Whether heat and battery of the device around the chip were asked for.
    """
    ran = {entry.name for entry in team_units(chip, unit)} or {unit}
    others = tuple(f"units.{entry.name}." for entry in chip.units if entry.name not in ran)
    node, dram = f"nodes.{chip.node.name}.", f"types.{chip.dram.type.name}."
    if not of_device:
        others = (*others, "device.")
    found = [
        *(
            entry
            for entry in _weak("chip", chip_ref)
            if not entry.path.startswith(others) and entry.path not in changed
        ),
        *_weak(kind_of_workload(model_ref), model_ref),
        *(e for e in _weak("technology", "nodes") if e.path.startswith(node)),
        *(e for e in _weak("technology", "dram") if e.path.startswith(dram)),
        *_weak("technology", "silicon"),
        *(_of_class(chip_ref, chip.segment, changed) if of_device else ()),
    ]
    return tuple(found)


def _of_class(chip_ref: str, segment: str, changed: Sequence[str]) -> Iterator[Assumption]:
    """Weak numbers of the usual device of a segment that the chip's own file leaves alone."""
    draft = read_spec(locate("chip", chip_ref))
    own = {entry.path for entry in provenance(draft.tree)} | set(changed)
    prefix = f"classes.{segment}."
    for entry in _weak("technology", "device"):
        if entry.path.startswith(prefix) and entry.path.replace(prefix, "device.", 1) not in own:
            yield entry


def _weak(kind: str, ref: str) -> Iterator[Assumption]:
    draft = read_spec(locate(kind, ref))
    for entry in provenance(draft.tree):
        if entry.confidence == _WEAK:
            yield Assumption(
                kind,
                entry.path,
                entry.text,
                entry.confidence,
                entry.source,
                entry.file,
                entry.line,
            )


def assumptions_table(found: Sequence[Assumption]) -> Table:
    """Weak numbers as a table."""
    rows = tuple(
        (f"{entry.file}:{entry.line}", entry.path, entry.value, _cut(entry.source))
        for entry in found
    )
    columns = tuple(
        Column(title, may_fold=title != "value") for title in ("where", "field", "value", "source")
    )
    title = f"{len(rows)} numbers behind this were recalled or inferred (confidence C)"
    return Table(columns, rows, title=title)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SOURCE else f"{text[: _MAX_SOURCE - 3]}..."
