"""The table of units: complete, consistent, and closed."""

from __future__ import annotations

import itertools

import pytest

from dse.cost import METRICS, Metric
from dse.errors import UnitError
from dse.units import DIMENSIONS, Unit, dimension_of, parse_quantity


@pytest.mark.parametrize("name", DIMENSIONS)
def test_row_is_consistent(name: str) -> None:
    entry = DIMENSIONS[name]
    assert entry.units[entry.base] == Unit()
    assert set(entry.shown) <= set(entry.units)
    factors = [parse_quantity(f"1 {unit}", name) for unit in entry.shown]
    assert factors == sorted(factors), "the formatter takes the last unit that fits"
    assert parse_quantity(entry.example, name) > 0.0


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(DIMENSIONS, 2)))
def test_every_dimension_rejects_the_units_of_every_other(one: str, other: str) -> None:
    for unit in DIMENSIONS[one].units:
        if unit in DIMENSIONS[other].units:
            # Only pure numbers share a spelling.
            assert not unit
            continue
        with pytest.raises(UnitError):
            parse_quantity(f"3 {unit}".strip(), other)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_units_are_told_apart_by_case_alone_only_for_milli_and_mega(name: str) -> None:
    folded: dict[str, str] = {}
    for unit in DIMENSIONS[name].units:
        twin = folded.setdefault(unit.lower(), unit)
        assert twin == unit or {twin[0], unit[0]} == {"m", "M"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_has_a_dimension(metric: Metric) -> None:
    assert dimension_of(metric.unit) in DIMENSIONS


def test_unknown_base_unit_has_no_dimension() -> None:
    with pytest.raises(KeyError):
        dimension_of("furlong")
