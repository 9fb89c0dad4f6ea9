"""Tables of one evaluation and of several side by side."""

from __future__ import annotations

import math

import pytest

from dse.cost.metric import METRICS
from dse.report.evaluation import Evaluation, compare_table, summary_table
from dse.workload import Scenario


def evaluation(name="chip", **changes):
    metrics = {entry.name: 1.0 for entry in METRICS} | {"prefill_bound": 0.0, "decode_bound": 4.0}
    fields = {
        "chip": name,
        "chip_title": name.title(),
        "model": "model",
        "model_title": "Model",
        "unit": "npu",
        "dram_capacity_bytes": 8 * 2**30,
        "sustained_w": 4.0,
        "is_partial_die": False,
    }
    chip_fields = {key: changes.pop(key) for key in list(changes) if key in fields}
    return Evaluation(**(fields | chip_fields), metrics=metrics | changes)


def cells(table, title):
    return next(row for row in table.rows if row[0] == title)


def test_bounds_come_with_what_is_used_of_them():
    table = summary_table(evaluation(prefill_utilisation=0.5, peak_ops_per_s=45e12), Scenario())
    assert cells(table, "Time to first token")[2] == "waits for matrix: 50.0 % of 45.0 TOPS"
    table = summary_table(evaluation(prefill_bound=5.0), Scenario())
    assert cells(table, "Time to first token")[2] == "waits for dispatch"


@pytest.mark.parametrize(
    ("sustained", "power", "text"),
    [(4.0, 5.0, "over the 4.00 W"), (4.0, 3.0, "within the 4.00 W"), (math.inf, 9.0, "")],
)
def test_power_is_held_against_what_can_be_sustained(sustained, power, text):
    table = summary_table(evaluation(sustained_w=sustained, decode_power_w=power), Scenario())
    note = cells(table, "Decode power")[2]
    assert note.startswith(text)
    assert bool(note) == bool(text)


def test_what_is_short_of_memory_is_said():
    table = summary_table(evaluation(memory_free_bytes=-(2.0**30)), Scenario())
    assert cells(table, "Memory use")[2] == "DOES NOT FIT: 1.00 GiB more than its 8.00 GiB"


def test_the_best_of_a_row_heeds_its_sense():
    table = compare_table(
        [evaluation("a", tpot_s=2.0, decode_tok_s=0.5), evaluation("b")], Scenario()
    )
    assert cells(table, "Time per output token")[1:] == ("2.00 s  ", "1.00 s *")
    assert cells(table, "Decode rate")[1:] == ("0.500 tok/s  ", "1.00 tok/s *")
    place = [row[0] for row in table.rows].index("Decode rate")
    assert (place, 2) in table.strong


def test_equal_infinite_and_senseless_values_have_no_best():
    table = compare_table(
        [evaluation("a", cost_usd=math.inf), evaluation("b", cost_usd=math.inf)], Scenario()
    )
    assert "*" not in "".join(text for row in table.rows for text in row)
    alone = compare_table([evaluation("a")], Scenario())
    assert "*" not in "".join(text for row in alone.rows for text in row)


def test_a_die_of_which_only_parts_are_known_is_never_the_cheapest() -> None:
    """Its area and cost leave most of the chip out: ranking it would mislead."""
    whole = evaluation("whole", area_mm2=120.0, cost_usd=100.0)
    larger = evaluation("larger", area_mm2=130.0, cost_usd=110.0)
    parts = evaluation("parts", area_mm2=10.0, cost_usd=50.0, is_partial_die=True)
    table = compare_table([whole, larger, parts], Scenario())
    row = next(r for r in table.rows if r[0] == "Cost")
    assert [cell.rstrip()[-1] for cell in row[1:]] == ["*", "D", "p"]
    assert any("no die area is published" in note for note in table.notes)
    assert "described parts" in str(summary_table(parts, Scenario()).rows)
