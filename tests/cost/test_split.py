"""The closed form of a split against a grid of shares, and what any split obeys."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost.split import Part, best_split, part_seconds, split_seconds, whole_parts

Array = npt.NDArray[np.float64]


def part(
    fixed: float, engine: float, again: float, bytes_s: float, limit: float, at: int = 1
) -> Part:
    """A unit whose own DRAM limit is 1 / limit of what the controller gives."""
    return Part(
        *(
            np.full(at, value)
            for value in (fixed, engine, limit * again, limit * bytes_s, again, bytes_s)
        )
    )


times = st.floats(1e-5, 1e-2)
parts = st.builds(
    part,
    fixed=st.floats(0.0, 1e-4),
    engine=times,
    again=st.floats(0.0, 1e-4),
    bytes_s=times,
    limit=st.floats(1.0, 3.0),
)


def grid(units: int, steps: int) -> Array:
    """Every combination of shares in steps, shape (units, points)."""
    counts = itertools.product(range(steps + 1), repeat=units - 1)
    rows = [(*c, steps - sum(c)) for c in counts if sum(c) <= steps]
    return np.array(rows, dtype=np.float64).T / steps


def all_present(few: Sequence[Part], shares: Array) -> Array:
    """Time if every unit pays its launch and its second reading, also for a share of nothing."""
    held = [p.lines for p in few]
    alone = [
        np.maximum(*(a + b * x for a, b in lines)) for lines, x in zip(held, shares, strict=True)
    ]
    moved = sum(p.shared_offset_s + x * p.shared_s for p, x in zip(few, shares, strict=True))
    last = np.max([p.fixed_s for p in few])
    return np.maximum(np.max(alone, axis=0), last + moved)


@given(st.lists(parts, min_size=2, max_size=3))
def test_no_point_of_a_grid_is_faster_and_the_nearest_is_hardly_slower(few: list[Part]) -> None:
    best = split_seconds(few, best_split(few))[0]
    steps = 400 if len(few) == 2 else 60
    tried = all_present(few, grid(len(few), steps))
    assert best <= tried.min() * (1 + 1e-9)
    # One step of the grid costs at most the steepest slope.
    slope = sum(float(max(b[0] for _, b in p.lines) + p.shared_s[0]) for p in few)
    assert tried.min() <= all_present(few, best_split(few))[0] + slope / steps


@given(st.lists(parts, min_size=2, max_size=3))
def test_shares_add_up_and_nobody_draws_more_than_there_is(few: list[Part]) -> None:
    shares = best_split(few)
    seconds = split_seconds(few, shares)[0]
    assert np.all(shares >= 0.0)
    assert shares.sum(axis=0) == pytest.approx(1.0, rel=1e-12)
    moved = sum((x * p.shared_s)[0] for x, p in zip(shares, few, strict=True))
    assert moved <= seconds * (1 + 1e-9)
    for x, p in zip(shares, few, strict=True):
        assert part_seconds(p, x)[0] <= seconds * (1 + 1e-9)


def test_a_line_that_does_not_rise_leaves_room_for_all() -> None:
    # T is the intercept of the second unit's own DRAM, from which it draws no more: a division
    # by that slope of nothing would leave it no share at all.
    slow = Part(*(np.full(1, s) for s in (0.0, 7.2e-3, 0.0, 1.8e-5, 2.7e-4, 7.2e-5)))
    idle = Part(*(np.full(1, s) for s in (2.1e-5, 4.7e-5, 3.2e-4, 0.0, 1.7e-6, 1.1e-5)))
    shares = best_split([slow, idle])
    assert split_seconds([slow, idle], shares)[0] == pytest.approx(3.41e-4)


def test_equal_units_share_alike_until_the_memory_controller_is_full() -> None:
    free = [part(0.0, 1e-3, 0.0, 1e-6, 1.0)] * 2
    assert best_split(free)[:, 0] == pytest.approx([0.5, 0.5])
    assert split_seconds(free, best_split(free))[0] == pytest.approx(5e-4)
    # Each draws 43 of the 61.2 GB/s that both get together: 1.42 times one of them.
    full = [part(0.0, 1e-6, 0.0, 1e-3, 61.2 / 43.0)] * 2
    assert split_seconds(full, best_split(full))[0] == pytest.approx(1e-3)


def test_a_slow_unit_takes_only_what_it_finishes_in_time() -> None:
    few = [part(0.0, 1e-3, 0.0, 1e-6, 1.0), part(0.0, 9e-3, 0.0, 1e-6, 1.0)]
    assert best_split(few)[:, 0] == pytest.approx([0.9, 0.1])


def test_the_unit_that_moves_fewer_bytes_goes_first_where_memory_binds() -> None:
    lean, greedy = part(0.0, 2e-3, 0.0, 1e-3, 1.0), part(0.0, 1e-6, 0.0, 4e-3, 1.0)
    shares = best_split([greedy, lean])[:, 0]
    # 2e-3 x = 1e-3 x + 4e-3 (1 - x)
    assert shares[1] == pytest.approx(4.0 / 5.0)


@given(st.lists(parts, min_size=3, max_size=3), st.lists(parts, min_size=3, max_size=3))
def test_a_batch_is_its_designs_one_by_one(first: list[Part], second: list[Part]) -> None:
    both = [
        Part(*(np.concatenate([getattr(a, f), getattr(b, f)]) for f in Part.__slots__))
        for a, b in zip(first, second, strict=True)
    ]
    joined = best_split(both)
    assert joined[:, 0] == pytest.approx(best_split(first)[:, 0], rel=1e-12, abs=1e-300)
    assert joined[:, 1] == pytest.approx(best_split(second)[:, 0], rel=1e-12, abs=1e-300)


@given(st.lists(parts, min_size=2, max_size=3), st.integers(2, 9))
def test_whole_pieces_are_whole_and_for_two_units_the_best_of_all(
    few: list[Part], pieces: int
) -> None:
    shares = whole_parts(few, best_split(few), float(pieces))
    assert shares * pieces == pytest.approx(np.round(shares * pieces), abs=1e-9)
    assert shares.sum(axis=0) == pytest.approx(1.0)
    if len(few) == 2:
        every = split_seconds(few, grid(2, pieces)[:, 1:-1])
        assert split_seconds(few, shares)[0] <= every.min() * (1 + 1e-9)
