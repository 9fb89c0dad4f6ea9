"""Axes that lead nowhere, and values that no file may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import load_space
from tests.spec.samples import faults_of, write_space


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("node: [n4]", "8:3: axes.node: must begin with chip. or scenario. [axis]"),
        ("chip: [n4]", "8:3: axes.chip: must begin with chip. or scenario. [axis]"),
        (
            "chip.nod: [n4]",
            '8:3: axes.chip.nod: must name a field, but there is no "nod"; did you mean "node"? '
            "[axis]",
        ),
        (
            "chip.units: [1]",
            "8:3: axes.chip.units: must name a field, not a section: kind, count, clock, matrix, "
            "vector, sram, dispatch, max_clock, max_dram_bandwidth, kernels [axis]",
        ),
        (
            "chip.units.npu: [1]",
            "8:3: axes.chip.units.npu: must name a field, not a section: kind, count, clock, "
            "matrix, vector, sram, dispatch, max_clock, max_dram_bandwidth, kernels [axis]",
        ),
        (
            "chip.cache: [1]",
            "8:3: axes.chip.cache: must name a field, not a section: capacity, bandwidth [axis]",
        ),
        (
            "chip.units.cpu.clock: [1 GHz]",
            '8:3: axes.chip.units.cpu.clock: must name a field, but the base has no "cpu" [axis]',
        ),
        (
            "chip.node.title: [1]",
            '8:3: axes.chip.node.title: must name a field, but there is nothing inside "node" '
            "[axis]",
        ),
        (
            "chip.units.npu.matrix.rates.rate: [1]",
            "8:3: axes.chip.units.npu.matrix.rates.rate: must name a field, but there is nothing "
            'inside "rates" [axis]',
        ),
        *[
            (
                f"{path}: [1]",
                f"8:3: axes.{path}: must name a number or a choice that may vary [axis]",
            )
            for path in (
                "chip.name",
                "chip.year",
                "chip.area.die",
                "chip.units.npu.kind",
                "chip.units.npu.matrix.rates",
                "scenario.title",
            )
        ],
        (
            "chip.units.npu.clock: [1 GHz, 2 GHZ, 0 Hz]",
            '8:33: units.npu.clock: must be a frequency such as "1.2 GHz", but got "2 GHZ"; '
            'did you mean "2 GHz"? [unit]\n'
            '8:40: units.npu.clock: must be > 0, but got "0 Hz" [range]',
        ),
        (
            "chip.dram.type: [lpddr5x, lpddr66]",
            "8:29: dram.type: must be a DRAM type of hw_configs/technology, but got "
            '"lpddr66"; did you mean "lpddr6"? [unknown-name]',
        ),
        (
            "chip.system_reserved: [4 GiB, 14 GiB]",
            '8:33: system_reserved: must be at most the DRAM\'s capacity, but got "14 GiB" '
            "[order]",
        ),
        (
            "chip.node: [n4, n3, n4]",
            '8:23: chip.node: must not be given twice, but got "n4" [duplicate]',
        ),
        (
            "chip.dram.capacity: [8 GiB, 8192 MiB]",
            '8:31: chip.dram.capacity: must not be given twice, but got "8192 MiB" [duplicate]',
        ),
        (
            "scenario.kv: [int4-g32, q4_0]",
            '8:27: scenario.kv: must not be given twice, but got "q4_0" [duplicate]',
        ),
        (
            "chip.node: []",
            "8:14: axes.chip.node: must hold at least 1 entry, but got a list of 0 [length]",
        ),
        (
            "chip.node: [[n4]]",
            "8:15: axes.chip.node[0]: must be a single value, but got a list of 1 [type]",
        ),
        (
            "chip.node: {from: n4, to: n3, steps: 3}",
            '8:21: chip.node: must be a number in a range, but got "n4" [type]',
        ),
        (
            "chip.power.peak: {from: 8 W, to: unlimited, steps: 3}",
            '8:27: chip.power.peak: must be finite, but got "8 W" [range]',
        ),
        (
            "chip.power.idle: {from: 0 W, to: 1 W, steps: 3, scale: log}",
            "8:27: chip.power.idle: must be > 0 and finite on a logarithmic scale, "
            'but got "0 W" [range]',
        ),
        (
            "chip.units.npu.matrix.rows: {from: 32, to: 64, steps: 4}",
            "8:38: chip.units.npu.matrix.rows: must give whole numbers, but one step would be "
            "42.6667 [type]\n"
            "8:38: chip.units.npu.matrix.rows: must give whole numbers, but one step would be "
            "53.3333 [type]",
        ),
        (
            "chip.power.idle: {from: 1 W, to: 1 W, steps: 2}",
            '8:36: chip.power.idle: must not be given twice, but got "1 W" [duplicate]',
        ),
        (
            "chip.power.idle: {from: 1 X, to: 2 W, steps: 2}",
            '8:27: power.idle: must be a power such as "4 W", but got "1 X" [unit]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, steps: 1}",
            '8:48: axes.chip.power.idle.steps: must be >= 2, but got "1" [range]',
        ),
        (
            "chip.power.idle: {from: 1 W, steps: 3, scale: cubic}",
            "8:3: axes.chip.power.idle.to: missing key [missing-key]\n"
            '8:49: axes.chip.power.idle.scale: must be linear or log, but got "cubic" [choice]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W}",
            "8:20: axes.chip.power.idle: must have one of steps, step and `continuous: true` "
            "[conflict]",
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, steps: 3, continuous: true}",
            "8:20: axes.chip.power.idle: must have one of steps, step and `continuous: true` "
            "[conflict]",
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, step: 0.5 W, scale: log}",
            '8:61: axes.chip.power.idle.scale: must be linear beside a step, but got "log" '
            "[conflict]",
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, step: 0.3 W}",
            '8:47: chip.power.idle: must lead from "1 W" to "2 W" in whole steps, '
            'but got "0.3 W" [range]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, step: 0.1 s}",
            '8:47: chip.power.idle: must be a power such as "4 W", but got "0.1 s", a time [unit]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, step: 0 W}",
            '8:47: chip.power.idle: must be > 0, but got "0 W" [range]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, step: 1 uW}",
            '8:47: chip.power.idle: must give at most 4096 values, but got "1 uW" [range]',
        ),
        (
            "chip.units.npu.matrix.rows: {from: 2, to: 64, step: 4}",
            '8:55: chip.units.npu.matrix.rows: must lead from "2" to "64" in whole steps, '
            'but got "4" [range]',
        ),
        (
            "chip.units.npu.matrix.rows: {from: 2, to: 4, step: 0.5}",
            "8:38: chip.units.npu.matrix.rows: must give whole numbers, but one step would be "
            "2.5 [type]\n"
            "8:38: chip.units.npu.matrix.rows: must give whole numbers, but one step would be "
            "3.5 [type]",
        ),
        (
            "chip.units.npu.matrix.rows: {from: 2, to: 64, continuous: true}",
            "8:61: chip.units.npu.matrix.rows: must not be continuous, for it counts; write "
            "`step: 1` [axis]",
        ),
        (
            "scenario.active_fraction: {from: 0.1, to: 0.9, continuous: true}",
            "8:62: scenario.active_fraction: must not be continuous, for designs that differ in "
            "it share no batch; write a list [axis]",
        ),
        (
            "chip.power.idle: {from: 1 W, to: 1 W, continuous: true}",
            '8:36: chip.power.idle: must not be given twice, but got "1 W" [duplicate]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 99 kW, continuous: true}",
            '8:36: power.idle: must be <= 10 kW, but got "99 kW" [range]',
        ),
        (
            "chip.dram.capacity: {from: 1 GiB, to: 8 GiB, continuous: true}",
            '8:30: chip.dram.capacity: with "1 GiB", system_reserved must be at most the '
            'DRAM\'s capacity, but got "4 GiB" [order]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, continuous: maybe}",
            '8:53: axes.chip.power.idle.continuous: must be true or false, but got "maybe" [type]',
        ),
        (
            "chip.dram.type: [lpddr5x]\nchip.dram.efficiency: [0.5]",
            "9:3: axes.chip.dram.efficiency: must not set what the axis "
            '"chip.dram.type" sets [duplicate]',
        ),
    ],
)
def test_bad_axes(library: Path, line: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, line))
    found = [each.replace('; did you mean "W"?', "") for each in faults_of(caught.value)]
    assert "\n".join(found) == fault


def test_a_missing_section_cannot_vary(library: Path) -> None:
    chip = library / "hw_configs/chips/tiny.yaml"
    chip.write_text(chip.read_text().replace("cache: {", "# cache: {"))
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, "chip.cache.capacity: [1 MiB]\nchip.power.idle: [1 X]"))
    assert [fault.path for fault in caught.value.faults] == [
        "axes.chip.cache.capacity",
        "power.idle",
    ]


def test_every_design_is_checked_against_the_first_choices_of_the_other_axes(
    library: Path,
) -> None:
    """The base's 12 GiB may not hold what the system reserves, but the space's 24 GiB do."""
    axes = "chip.dram.capacity: [24 GiB, 32 GiB]\nchip.system_reserved: [4 GiB, 16 GiB]"
    assert load_space(write_space(library, axes)).size == 4


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (
            "chip.dram.capacity: [1 GiB, 2 GiB]\nchip.units.npu.clock: [1 GHz, 2 GHz]",
            [("1 GiB", "8:24"), ("2 GiB", "8:31")],
        ),
        ("chip.dram.capacity: [16 GiB, 2 GiB]", [("2 GiB", "8:32")]),
    ],
)
def test_a_fault_that_a_choice_causes_elsewhere_is_its_own(
    library: Path, line: str, faults: list[tuple[str, str]]
) -> None:
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, line))
    assert faults_of(caught.value) == [
        f'{place}: chip.dram.capacity: with "{text}", system_reserved must be at most the '
        'DRAM\'s capacity, but got "4 GiB" [order]'
        for text, place in faults
    ]
    assert {Path(fault.file).name for fault in caught.value.faults} == {"wide.yaml"}
