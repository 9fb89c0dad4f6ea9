"""Ties: fields that follow an axis, and relations that no file may declare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dse.errors import SpecError
from dse.spec import load_space
from tests.spec.samples import faults_of, write_space

ROWS = "chip.units.npu.matrix.rows: [32, 64]"
BANDWIDTH = "chip.units.npu.sram.bandwidth"
LANES = "chip.units.npu.vector.lanes"
CLOCK = "chip.units.npu.clock"


def load(library: Path, axes: str, *ties: str):
    lines = "".join(f"  {tie}\n" for tie in ties)
    return load_space(write_space(library, axes, f"ties:\n{lines}"))


def faults(library: Path, axes: str, *ties: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(library, axes, *ties)
    return faults_of(caught.value)


@pytest.mark.parametrize(
    ("axes", "tie", "texts"),
    [
        (ROWS, f"{BANDWIDTH}: {{follows: chip.units.npu.matrix.rows, factor: 4 B/cycle}}",
         ("128 B/cycle", "256 B/cycle")),
        (ROWS, f"{LANES}: {{follows: chip.units.npu.matrix.rows, factor: 1.5}}", ("48", "96")),
        (ROWS, f"{LANES}: {{follows: chip.units.npu.matrix.rows, values: [100, 7]}}",
         ("100", "7")),
        (ROWS, f"{LANES}: {{follows: chip.units.npu.matrix.rows, values: {{64: 9, 32: 8}}}}",
         ("8", "9")),
        ("chip.cache.capacity: [4 MiB, 8 MiB]",
         "chip.units.npu.sram.capacity: {follows: chip.cache.capacity, factor: 50 %}",
         ("2 MiB", "4 MiB")),
        ("chip.node: [n4, n3]",
         "chip.dram.type: {follows: chip.node, values: {n4: lpddr5x, n3: lpddr6}}",
         ("lpddr5x", "lpddr6")),
        ("scenario.batch_size: [1, 4]", f"{LANES}: {{follows: scenario.batch_size, factor: 16}}",
         ("16", "64")),
        ("scenario.weights: [int4, int8]",
         "scenario.kv: {follows: scenario.weights, values: [int8, fp16]}",
         ("int8", "fp16")),
    ],
)  # fmt: skip
def test_a_tied_field_has_a_value_for_every_choice(
    library: Path, axes: str, tie: str, texts: tuple[str, ...]
) -> None:
    (axis,) = load(library, axes, tie).axes
    (tied,) = axis.ties
    assert tied.path == tie.partition(":")[0]
    assert tied.texts == texts
    assert len(tied.values) == len(axis.values)


def test_a_tied_value_is_what_a_file_would_say(library: Path) -> None:
    tie = f"{BANDWIDTH}: {{follows: chip.units.npu.matrix.rows, factor: 4 B/cycle}}"
    space = load(library, ROWS, tie)
    chip, _ = space.build(np.arange(2)[None])
    unit = chip.units[0]
    assert unit.matrix.rows.tolist() == [32.0, 64.0]
    assert unit.sram.bytes_per_cycle.tolist() == [128.0, 256.0]
    assert space.texts([1]) == {"chip.units.npu.matrix.rows": "64", BANDWIDTH: "256 B/cycle"}


def test_what_shapes_batches_does_so_where_it_is_tied(library: Path) -> None:
    space = load(
        library,
        ROWS,
        "scenario.fusion: {follows: chip.units.npu.matrix.rows, values: [full, none]}",
    )
    assert space.axes[0].static
    assert len(list(space.groups(space.decode(np.arange(2))))) == 2


def test_choices_are_checked_with_what_follows_them(library: Path) -> None:
    """14 GiB reserved do not fit the 12 GiB of the base, but those of the tied capacity do."""
    axes = "chip.system_reserved: [4 GiB, 14 GiB]"
    tie = "chip.dram.capacity: {follows: chip.system_reserved, factor: 2}"
    assert load(library, axes, tie).axes[0].ties[0].texts == ("8 GiB", "28 GiB")


def test_a_range_that_cannot_be_read_is_the_only_fault(library: Path) -> None:
    axis = "chip.power.idle: {from: 1 W, to: 2 X, steps: 5}"
    tie = "chip.power.peak: {follows: chip.power.idle, values: [5 W, 6 W, 7 W, 8 W, 9 W]}"
    (fault,) = faults(library, axis, tie)
    assert fault.startswith('8:36: power.idle: must be a power such as "4 W", but got "2 X"')


def test_a_fault_that_a_tied_value_causes_is_the_choice_s(library: Path) -> None:
    tie = "chip.dram.capacity: {follows: chip.units.npu.matrix.rows, factor: 0.1 GiB}"
    assert faults(library, ROWS, tie) == [
        '8:32: chip.units.npu.matrix.rows: with "32", system_reserved must be at most the DRAM\'s '
        'capacity, but got "4 GiB" [order]'
    ]


@pytest.mark.parametrize(
    ("axes", "ties", "fault"),
    [
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.row, factor: 2}}"],
            f"12:42: ties.{LANES}.follows: must be the path of an axis, but got "
            '"chip.units.npu.matrix.row"; did you mean "chip.units.npu.matrix.rows"? '
            "[unknown-name]",
        ),
        (
            ROWS,
            ["chip.units.npu.matrix.rows: {follows: chip.units.npu.matrix.rows, factor: 2}"],
            "12:3: ties.chip.units.npu.matrix.rows: must not set what the axis "
            '"chip.units.npu.matrix.rows" sets [duplicate]',
        ),
        (
            "scenario.weights: [int4, int8]",
            ["scenario.weights: {follows: scenario.weights, values: [int4, int8]}"],
            "12:3: ties.scenario.weights: must not set what the axis "
            '"scenario.weights" sets [duplicate]',
        ),
        (
            "chip.node: [n4, n3]",
            [
                "chip.dram.type: {follows: chip.node, values: [lpddr5x, lpddr6]}",
                "chip.dram.efficiency: {follows: chip.node, values: [0.7, 0.8]}",
            ],
            '13:3: ties.chip.dram.efficiency: must not set what the tie "chip.dram.type" sets '
            "[duplicate]",
        ),
        (
            ROWS,
            [
                f"{LANES}: {{follows: chip.units.npu.matrix.rows, factor: 2}}",
                f"{BANDWIDTH}: {{follows: {LANES}, factor: 2 B/cycle}}",
            ],
            f"13:44: ties.{BANDWIDTH}.follows: must be the path of an axis, and not of a tie, but "
            f'got "{LANES}"; did you mean "chip.units.npu.matrix.rows"? [tie]',
        ),
        (
            ROWS,
            [
                f"{LANES}: {{follows: {BANDWIDTH}, factor: 2}}",
                f"{BANDWIDTH}: {{follows: {LANES}, factor: 2 B/cycle}}",
            ],
            f"12:42: ties.{LANES}.follows: must be the path of an axis, and not of a tie, but got "
            f'"{BANDWIDTH}" [tie]\n'
            f"13:44: ties.{BANDWIDTH}.follows: must be the path of an axis, and not of a tie, but "
            f'got "{LANES}" [tie]',
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows}}"],
            f"12:32: ties.{LANES}: must have either a factor or values [conflict]",
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows, factor: 2, values: [1, 2]}}"],
            f"12:32: ties.{LANES}: must have either a factor or values [conflict]",
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows, values: [1, 2, 3]}}"],
            f"12:78: ties.{LANES}.values: must hold one value per choice of "
            '"chip.units.npu.matrix.rows", which has 2, but got a list of 3 [length]',
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows, values: {{32: 1, 65: 2}}}}"],
            f"12:78: ties.{LANES}.values: must hold a value for each choice of "
            '"chip.units.npu.matrix.rows", but lacks "64" [missing-key]\n'
            f"12:86: ties.{LANES}.values.65: the key must be a choice of "
            '"chip.units.npu.matrix.rows", but got "65" [tie]',
        ),
        (
            "chip.node: [n4, n3]",
            [f"{LANES}: {{follows: chip.node, factor: 2}}"],
            f'12:61: ties.{LANES}.factor: must be values, for the choices of "chip.node" are no '
            "numbers [tie]",
        ),
        (
            "chip.power.idle: [1 W, 2 W]",
            [f"{CLOCK}: {{follows: chip.power.idle, factor: 1 GHz}}"],
            f"12:35: ties.{CLOCK}.follows: must follow an axis of pure numbers, or of a frequency "
            'itself; "chip.power.idle" is a power [unit]',
        ),
        (
            ROWS,
            [f"{CLOCK}: {{follows: chip.units.npu.matrix.rows, factor: 10 MW}}"],
            '12:71: chip.units.npu.clock: must be a frequency such as "1.2 GHz", but got "10 MW", '
            "a power [unit]",
        ),
        (
            ROWS,
            [f"{CLOCK}: {{follows: chip.units.npu.matrix.rows, factor: -10 MHz}}"],
            '12:71: chip.units.npu.clock: must be > 0, but got "-10 MHz" [range]',
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows, factor: 1.01}}"],
            f'12:78: ties.{LANES}.factor: must give whole numbers, but with "32" it would be '
            "32.32 [tie]",
        ),
        (
            ROWS,
            [f"{CLOCK}: {{follows: chip.units.npu.matrix.rows, factor: 2 GHz}}"],
            '12:71: units.npu.clock: must be <= 100 GHz, but got "128 GHz" [range]',
        ),
        (
            ROWS,
            [f"{LANES}: {{follows: chip.units.npu.matrix.rows, values: [1, 0]}}"],
            '12:82: units.npu.vector.lanes: must be >= 1, but got "0" [range]',
        ),
        (
            ROWS,
            ["chip.units.cpu.clock: {follows: chip.units.npu.matrix.rows, factor: 1 MHz}"],
            '12:3: ties.chip.units.cpu.clock: must name a field, but the base has no "cpu" [axis]',
        ),
        (
            ROWS,
            ["chip.title: {follows: chip.units.npu.matrix.rows, factor: 1 MHz}"],
            "12:3: ties.chip.title: must name a number or a choice that may vary [axis]",
        ),
        (
            f"{CLOCK}: {{from: 1 GHz, to: 2 GHz, continuous: true}}",
            [f"{LANES}: {{follows: {CLOCK}, factor: 2}}"],
            f'12:3: ties.{LANES}: must not follow "{CLOCK}", which is continuous, for it counts '
            "[tie]",
        ),
        (
            f"{CLOCK}: {{from: 1 GHz, to: 2 GHz, continuous: true}}",
            [f"chip.units.npu.max_clock: {{follows: {CLOCK}, values: [1 GHz]}}"],
            f"12:69: ties.chip.units.npu.max_clock.values: must be a factor, for the axis "
            f'"{CLOCK}" is continuous [tie]',
        ),
        (
            "chip.power.idle: {from: 1 W, to: 2 W, continuous: true}",
            ["scenario.acceptance: {follows: chip.power.idle, factor: 0.1}"],
            '12:3: ties.scenario.acceptance: must not follow "chip.power.idle", which is '
            "continuous: it tells batches apart [tie]",
        ),
    ],
)
def test_bad_ties(library: Path, axes: str, ties: list[str], fault: str) -> None:
    assert "\n".join(faults(library, axes, *ties)) == fault
