"""Designs under use cases, with tied and continuous axes: every way to evaluate them agrees."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.cost import METRICS, evaluate_mix, worst_columns
from dse.dtype import parse_format
from dse.space import Setting
from dse.store import columns_of, design_table
from dse.sweep import (
    Evaluator,
    GridSweep,
    Points,
    Survey,
    evaluate_designs,
    violations,
)
from dse.sweep.lattice import Lattice
from dse.sweep.tables import WorkTables
from dse.workload import Mix
from tests.sweep import toy

BASE = toy.make_scenario()
CASES = (
    dataclasses.replace(BASE, name="summary", prompt_tokens=512, output_tokens=32),
    dataclasses.replace(
        BASE,
        name="chat",
        prompt_tokens=64,
        output_tokens=64,
        precision=dataclasses.replace(BASE.precision, kv=parse_format("int8")),
    ),
)
MEAN = (Mix(CASES, (0.75, 0.25)),)
WORST = tuple(Mix((each,)) for each in CASES)
BANDWIDTH = Setting(
    "chip.units.npu.sram.bandwidth",
    ("chip.units.npu.sram.bytes_per_cycle",),
    tuple(16.0 * rows for rows in toy.ROWS.values),
    tuple(f"{16 * rows:g} B/cycle" for rows in toy.ROWS.values),
)
LANES = Setting(
    "chip.units.npu.vector.lanes",
    ("chip.units.npu.vector.lanes",),
    (512.0, 64.0),
    ("512", "64"),
)
TIED = (
    dataclasses.replace(toy.ROWS, ties=(BANDWIDTH,)),
    toy.CLOCK,
    toy.SRAM,
    toy.BUS,
    toy.DRAM,
    dataclasses.replace(toy.FLOW, ties=(LANES,)),
    toy.WEIGHTS,
)


@pytest.fixture(params=[MEAN, WORST], ids=["mean", "worst"])
def space(request):
    return toy.make_space(*TIED, mixes=request.param)


def test_a_batch_is_its_designs_one_by_one(space):
    index = space.sample(16, seed=3)
    batch = evaluate_designs(space, index, toy.SILICON)
    assert list(batch) == [entry.name for entry in METRICS]
    for place, row in enumerate(index):
        single = evaluate_designs(space, row[None], toy.SILICON)
        for name, values in single.items():
            assert values[0] == batch[name][place], name


def test_a_design_is_what_a_chip_made_by_hand_does(space):
    row = np.array([2, 1, 3, 2, 0, 1, 0])
    unit = space.chip.units[0]
    matrix = dataclasses.replace(unit.matrix, rows=128.0, dataflow=toy.FLOW.values[1])
    sram = dataclasses.replace(unit.sram, capacity_bytes=8 * toy.MIB, bytes_per_cycle=2048.0)
    vector = dataclasses.replace(unit.vector, lanes=64.0)
    unit = dataclasses.replace(unit, clock_hz=0.8e9, matrix=matrix, sram=sram, vector=vector)
    dram = dataclasses.replace(space.chip.dram, bus_width_bits=96.0, type=toy.LPDDR5X)
    chip = dataclasses.replace(space.chip, units=(unit,), dram=dram)
    mixes = tuple(
        dataclasses.replace(
            mix,
            scenarios=tuple(
                dataclasses.replace(
                    each,
                    precision=dataclasses.replace(each.precision, weights=parse_format("int8")),
                )
                for each in mix.scenarios
            ),
        )
        for mix in space.mixes
    )
    names = [entry.name for entry in METRICS]
    jobs = [
        evaluate_mix((chip, model, mix), toy.SILICON, None, names)
        for model in space.models
        for mix in mixes
    ]
    expected = worst_columns(jobs, names)
    found = evaluate_designs(space, row[None], toy.SILICON)
    for name in names:
        assert found[name][0] == expected[name].ravel()[0], name


@pytest.mark.parametrize("limit", [50, 1 << 20])
def test_the_factored_grid_is_the_flat_one_to_the_bit(space, limit):
    grid, lattice = GridSweep(space, toy.SILICON, limit), Lattice(space, limit)
    for block in lattice.blocks():
        index = space.decode(block.number + lattice.offsets(block.shape))
        expected = evaluate_designs(space, index, toy.SILICON)
        for name, values in grid.columns(block).items():
            whole = np.broadcast_to(values, block.shape).ravel()
            np.testing.assert_array_equal(whole, expected[name], err_msg=name)


def test_the_front_of_the_grid_is_that_of_the_designs(space):
    expected, found = Survey(space, toy.SILICON), Survey(space, toy.SILICON)
    for index in Points(space, None, 0).blocks():
        expected.evaluate(index)
    grid = GridSweep(space, toy.SILICON)
    grid.run()
    found.take_tally(grid.tally)
    assert found.feasible == expected.feasible > 0
    np.testing.assert_array_equal(found.front_index, expected.front_index)
    assert found.reach.requirements == expected.reach.requirements


def test_looked_up_counts_change_nothing(space):
    index = space.decode(np.arange(0, space.size, 7))
    plain, known = Evaluator(space, toy.SILICON), Evaluator(space, toy.SILICON)
    known._seen = 1 << 30
    assert WorkTables(space, toy.SILICON).is_usable
    expected, found = plain.evaluate(index), known.evaluate(index)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_a_rate_that_drags_a_shape_along_is_looked_up_with_it():
    """A clock's cycles are the same at any speed, but not with other rows."""
    clock = dataclasses.replace(
        toy.CLOCK, ties=(dataclasses.replace(BANDWIDTH, values=(1.0,) * 5, texts=("",) * 5),)
    )
    rows = Setting("rows", toy.ROWS.leaves, (32.0, 64.0, 64.0, 128.0, 256.0), ("",) * 5)
    varied = WorkTables(toy.make_space(clock, toy.DRAM), toy.SILICON)._varied
    assert varied == [False, False]
    tied = dataclasses.replace(toy.CLOCK, ties=(rows,))
    assert WorkTables(toy.make_space(tied, toy.DRAM), toy.SILICON)._varied == [True, False]


def test_tables_and_texts_name_what_is_tied(space):
    index = np.array([[0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 1, 0]])
    columns = evaluate_designs(space, index, toy.SILICON)
    table = design_table(space, index, columns, violations(space, columns))
    names = [column.name for column in columns_of(space)]
    assert list(table) == names
    assert names[1:3] == ["chip.units.npu.matrix.rows", "chip.units.npu.sram.bandwidth"]
    assert table["chip.units.npu.sram.bandwidth"].tolist() == [512.0, 4096.0]
    assert table["chip.units.npu.vector.lanes"].tolist() == [512.0, 64.0]
    column = columns_of(space)[2]
    assert (column.unit, column.role) == ("B/cycle", "tied")
    assert column.meaning.startswith("Follows chip.units.npu.matrix.rows; sets")
    assert space.texts(index[1])["chip.units.npu.sram.bandwidth"] == "4096 B/cycle"
