"""The library as tables: what there is of each kind, and what one file says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dse.report.evaluation import scenario_text
from dse.report.quantity import format_unit
from dse.report.tables import Column, Table
from dse.spec.tree import dotted, walk
from dse.store import unit_of
from dse.units import dimension_of, format_quantity

if TYPE_CHECKING:
    from dse.chip import Chip
    from dse.cost import Stack
    from dse.space import Axis, Space
    from dse.spec.tree import Node
    from dse.workload import Model, Network, Scenario

__all__ = ["LISTED", "catalogue_table", "fields_object", "fields_table", "resolution_notes"]

Row = dict[str, Any]


def _chip_row(chip: Chip) -> Row:
    dram = chip.dram
    bandwidth = dram.bus_width_bits * dram.data_rate_per_s * dram.type.payload_fraction / 8.0
    return {
        "name": chip.name,
        "title": chip.title,
        "segment": chip.segment,
        "year": chip.year,
        "node": chip.node.name,
        "units": ", ".join(unit.name for unit in chip.units),
        "dram": f"{format_unit(dram.capacity_bytes, 'B')} {dram.type.name}",
        "bandwidth": format_unit(bandwidth, "B/s"),
    }


def _model_row(model: Model) -> Row:
    return {
        "name": model.name,
        "title": model.title,
        "parameters": f"{model.parameters() / 1e9:.3g} B",
        "layers": model.num_layers,
        "context": model.max_context or "",
    }


def _network_row(network: Network) -> Row:
    return {
        "name": network.name,
        "title": network.title,
        "parameters": f"{network.parameters() / 1e9:.3g} B",
        "stages": ", ".join(stage.name for stage in network.stages),
        "steps": network.steps,
    }


def _scenario_row(scenario: Scenario) -> Row:
    return {"name": scenario.name, "asks": scenario_text(scenario)}


def _space_row(space: Space) -> Row:
    return {
        "name": space.name,
        "title": space.title,
        "designs": space.size,
        "axes": len(space.axes),
        "models": ", ".join(model.name for model in space.models),
        "asks": space.asks,
        "objectives": ", ".join(space.objectives),
    }


def _stack_row(stack: Stack) -> Row:
    return {
        "name": stack.name,
        "dram": f"{stack.dram_efficiency:.2f}",
        "matrix": f"{stack.matrix_efficiency:.2f}",
        "lanes": f"{stack.lane_efficiency:.2f}",
        "dispatches": f"{stack.dispatches_per_op:.3g}",
        "prompt": format_unit(stack.prompt_s, "s"),
        "step": format_unit(stack.step_s, "s"),
        "unpack": f"{stack.convert_ops:.3g}",
        "scores": f"{stack.score_bytes:.3g} B",
    }


LISTED: dict[str, Callable[[Any], Row]] = {
    "chip": _chip_row,
    "model": _model_row,
    "network": _network_row,
    "scenario": _scenario_row,
    "space": _space_row,
    "stack": _stack_row,
}

_LONG = ("title", "asks", "models", "objectives", "stages")
_NUMBERS = (
    "year",
    "parameters",
    "steps",
    "layers",
    "context",
    "designs",
    "axes",
    "bandwidth",
    "dram",
)


def catalogue_table(rows: Sequence[Row]) -> Table:
    """Rows of one kind as a table; all rows have the same keys."""
    names = list(rows[0]) if rows else ["name"]
    return Table(
        columns=tuple(Column(name, name in _NUMBERS, name in _LONG) for name in names),
        rows=tuple(tuple(str(row[name]) for name in names) for row in rows),
    )


def fields_object(tree: Node) -> list[Row]:
    """Every field of a spec, those of its base included, with who vouches for it."""
    return [
        {
            "path": dotted(path),
            "value": leaf.value,
            "text": leaf.text,
            "confidence": leaf.confidence,
            "source": leaf.source,
        }
        for path, leaf in walk(tree)
    ]


def fields_table(tree: Node, title: str, notes: tuple[str, ...] = ()) -> Table:
    """The same as a table, without the sources, which are long."""
    rows = tuple((row["path"], row["text"], row["confidence"]) for row in fields_object(tree))
    columns = (
        Column("field", may_fold=True),
        Column("value", may_fold=True),
        Column("confidence"),
    )
    return Table(columns, rows, title=title, notes=notes)


def resolution_notes(space: Space) -> tuple[str, ...]:
    """Say how fine the lattice of every continuous axis of a space is."""
    return tuple(_resolution(axis) for axis in space.axes if axis.is_continuous)


def _resolution(axis: Axis) -> str:
    values = [float(value) for value in axis.values]
    pairs = list(itertools.pairwise(values))
    dimension = dimension_of(unit_of(axis.leaves[0]))
    step = format_quantity(max(abs(b - a) for a, b in pairs), dimension)
    text = f"{axis.path} is continuous: {len(pairs)} steps of at most {step}"
    if min(values) <= 0.0:
        return text
    return f"{text}, or {100.0 * max(abs(b - a) / min(a, b) for a, b in pairs):.2g} % of the value"
