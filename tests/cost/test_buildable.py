"""Why a chip cannot be built, in words with numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dse.chip import Chip
from dse.cost import obstacles
from dse.cost.buildable import is_buildable

Maker = Callable[..., Chip]


def limited(chip: Chip, **changes: float) -> Chip:
    """A chip of a DRAM type with limits, on a bus of 64 bit."""
    kind = replace(chip.dram.type, name="lpddr6", max_data_rate_per_s=8e9, channel_bits=24.0)
    fields = {"bus_width_bits": 48.0, "data_rate_per_s": 8e9} | changes
    return replace(chip, dram=replace(chip.dram, type=kind, **fields))


@pytest.mark.parametrize(
    ("clock_hz", "changes", "edge", "text"),
    [
        (1e9, {}, 1.0, ()),
        (1e9, {"data_rate_per_s": 8.005e9}, 0.5, ()),
        (1.2e9, {}, 0.5, ("clock", "1.2 GHz", "1 GHz")),
        (1e9, {"data_rate_per_s": 9e9}, 0.5, ("9000 MT/s", "lpddr6", "8000 MT/s")),
        (1e9, {"bus_width_bits": 64.0}, 0.5, ("64 bit", "whole channels of 24 bit")),
        (1e9, {}, 1.3, ("130 %", "100 %")),
    ],
)
def test_each_obstacle_is_named(
    make_chip: Maker,
    clock_hz: float,
    changes: dict[str, float],
    edge: float,
    text: tuple[str, ...],
) -> None:
    chip = limited(make_chip(clock_hz=clock_hz, max_clock_hz=1e9), **changes)
    found = obstacles(chip, chip.units[0], edge)
    assert len(found) == bool(text)
    assert all(part in "".join(found) for part in text)
    assert bool(is_buildable(chip, chip.units[0], edge)) == (not text)


def test_obstacles_add_up_and_arrays_are_judged_one_by_one(make_chip: Maker) -> None:
    chip = limited(make_chip(clock_hz=2e9, max_clock_hz=1e9), bus_width_bits=64.0)
    assert len(obstacles(chip, chip.units[0], 2.0)) == 3
    sound = limited(make_chip(clock_hz=1e9, max_clock_hz=1e9))
    edges = np.array([0.5, 1.5])
    assert is_buildable(sound, sound.units[0], edges).tolist() == [True, False]
