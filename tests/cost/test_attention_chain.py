"""QKV, attention and output projection: by hand, against every way to run them, and the laws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import derive
from dse.cost.handover import moved_bytes
from dse.cost.io_bound import phase_io_bytes
from dse.workload import Model, Op, Scenario, unroll
from tests.conftest import SILICON, build_chip, precision
from tests.cost.twins import attention_chain
from tests.cost.twins.attention_block import Block, formats, modelled, moved_by, table
from tests.cost.twins.attention_chain import fused, optimum, unfused
from tests.cost.twins.nest import Values

widths = st.sampled_from([1.0, 2.0])
blocks_of = st.builds(
    Block,
    st.sampled_from([1.0, 2.0, 4.0]),
    st.integers(2, 5000).map(float),
    st.sampled_from([0.0, 0.0, 100.0, 3000.0]),
    st.integers(64, 8192).map(float),
    st.integers(1, 16).map(float),
    st.sampled_from([1.0, 2.0, 4.0, 8.0]),
    st.sampled_from([64.0, 128.0]),
    widths,
    widths,
    widths,
)
capacities = st.floats(2.0**14, 2.0**30)


def test_the_chain_stays_near_the_best_of_all_splits_and_fused_tilings() -> None:
    """Within 10 % in 995 of 1,000, within 5 % in 97 of 100; the worst of 12,000 found is 16 %.

    Kernel by kernel, the best of all shares is within 10 % in 90 of 100, the worst 2.6 times.
    """
    found = attention_chain.ratios(80, seed=3)
    assert found.min() >= 0.98  # the twin's shares are steps of a 64th
    assert found.max() <= 1.18
    assert np.mean(found <= 1.10) >= 0.995
    assert np.mean(found <= 1.05) >= 0.97


BLOCK = Block(1.0, 1024.0, 0.0, 1024.0, 4.0, 4.0, 64.0, 2.0, 1.0, 1.0)


def test_with_room_for_all_the_chain_reads_its_weights_and_writes_its_cache() -> None:
    """Keys and values go out, and need not come back; those of before are read once."""
    room = np.array([2.0**28])
    made = 1024.0 * BLOCK.made
    assert modelled(BLOCK, room)[0] == optimum(BLOCK, room)[0] == sum(BLOCK.weights) + made
    longer = dataclasses.replace(BLOCK, past=500.0)
    expected = sum(BLOCK.weights) + made + 500.0 * BLOCK.made
    assert modelled(longer, room)[0] == optimum(longer, room)[0] == expected


def test_weights_and_keys_that_stay_let_the_rows_pass_once() -> None:
    """2.5 MiB of weights, 0.5 MiB of keys and values, 16 rows: only the ends move beside them."""
    block = dataclasses.replace(BLOCK, tokens=8192.0)
    weights, keys = sum(block.weights), 8192.0 * block.made
    rows = 16.0 * (1024 * 2 + 1024 * 2 + 16 * 4)
    room = np.array([weights + keys + rows + 2.0 * 16 * 16, weights + keys + rows - 1.0])
    moved = modelled(block, room)
    assert moved[0] == pytest.approx(weights + keys + 3.0 * 8192 * 2048)
    assert moved[1] > moved[0]
    assert optimum(block, room[:1])[0] <= moved[0] * (1 + 1e-12)
    assert moved[0] < 0.6 * unfused(block, room[:1])[0]


def test_the_twin_knows_a_block_of_rows_done_by_hand() -> None:
    """Four blocks of 256 rows with their keys: weights pass four times, keys 1.5 times."""
    row = 1024 * 2 + 1024 * 2 + 16 * 4 + BLOCK.made
    room = np.array([256.0 * row + 2.0 * 16 * 16])
    weights = sum(BLOCK.weights)
    keys = 1024.0 * BLOCK.made + 3.0 * (1025.0 / 2.0) * BLOCK.made
    expected = 4.0 * weights + keys + 3.0 * 1024 * 2048
    found = attention_chain.fronts(BLOCK)[0]
    place = np.searchsorted(found[0], room[0], side="right") - 1
    assert found[1][place] <= expected
    assert modelled(BLOCK, room)[0] <= expected
    assert fused(BLOCK, room)[0] <= expected


def test_nothing_is_fused_where_that_moves_more() -> None:
    """In 16 KiB so few rows go at a time that all weights again for them cost more."""
    room = np.array([2.0**14])
    assert fused(BLOCK, room)[0] > 2.0 * unfused(BLOCK, room)[0]
    assert modelled(BLOCK, room)[0] == pytest.approx(unfused(BLOCK, room)[0], rel=0.02)


@given(blocks_of, capacities, st.floats(1.0, 100.0))
def test_more_memory_never_moves_more_in_any_kernel(
    block: Block, capacity: float, factor: float
) -> None:
    for moved in moved_by(table(block), block, np.array([capacity, capacity * factor])):
        low, high = moved
        assert high <= low * (1 + 1e-12) + 1e-6  # what is left of a sum that cancels


@given(blocks_of, capacities)
def test_wider_numbers_never_move_less_in_any_kernel(block: Block, capacity: float) -> None:
    room = np.array([capacity])
    for name in ("width", "weight", "stored"):
        narrow, wide = (dataclasses.replace(block, **{name: size}) for size in (1.0, 2.0))
        pairs = zip(
            moved_by(table(narrow), narrow, room), moved_by(table(wide), wide, room), strict=True
        )
        for thin, thick in pairs:
            assert thick[0] >= thin[0] * (1 - 1e-12) - 1e-6


@given(blocks_of, capacities, st.integers(1, 500))
def test_more_tokens_never_move_less(block: Block, capacity: float, more: int) -> None:
    room = np.array([capacity])
    moved = modelled(block, room)[0]
    for name in ("tokens", "past", "batch"):
        longer = dataclasses.replace(block, **{name: getattr(block, name) + more})
        assert modelled(longer, room)[0] >= moved * (1 - 1e-12)


@given(blocks_of, capacities)
def test_no_way_to_run_the_chain_beats_the_bound_of_its_phase(
    block: Block, capacity: float
) -> None:
    room = np.array([capacity])
    rest = block.batch * block.keys * block.made
    bound = phase_io_bytes(table(block), formats(block), room, sum(block.weights) + rest)
    assert modelled(block, room)[0] >= bound[0] * (1 - 1e-12)


@given(blocks_of, st.lists(capacities, min_size=1, max_size=20))
def test_a_batch_equals_its_members_to_the_bit(block: Block, rooms: list[float]) -> None:
    rows, capacity = table(block), np.array(rooms)

    def moved(room: Values) -> Values:
        return np.stack([np.broadcast_to(b, room.shape) for b in moved_by(rows, block, room)])

    together = moved(capacity)
    for place in range(len(rooms)):
        np.testing.assert_array_equal(together[:, [place]], moved(capacity[[place]]))


def _layers(repeats: tuple[float, ...]) -> tuple[Op, ...]:
    """Rows of layers that share their projections; every further kind sees half as far."""
    first, scores, last = table(BLOCK)
    ways = [
        dataclasses.replace(scores, name=f"attention{i}", n=512.5 / 2**i, repeat=repeat)
        for i, repeat in enumerate(repeats)
    ]
    ends = [dataclasses.replace(op, repeat=sum(repeats)) for op in (first, last)]
    return ends[0], *ways, ends[1]


def test_layers_that_attend_to_less_share_the_rows_of_their_projections() -> None:
    """One layer of a kind and three of another move as much as four chains of their own."""
    room = np.geomspace(2.0**15, 2.0**24, 40)
    rows = _layers((1.0, 3.0))
    together = sum(op.repeat * b for op, b in zip(rows, moved_by(rows, BLOCK, room), strict=True))
    apart = np.zeros(1)
    for kind, count in ((1, 1.0), (2, 3.0)):
        own = tuple(dataclasses.replace(op, repeat=1.0) for op in (rows[0], rows[kind], rows[3]))
        apart = apart + count * sum(moved_by(own, BLOCK, room))
    np.testing.assert_allclose(together, apart, rtol=1e-12)


def test_the_twin_runs_the_rows_that_a_model_has() -> None:
    """Those of a prefill with full fusion; a decode of one token hands over what it can."""
    model = Model("m", "", 1024, 2816, 4, 16, 4, 64, 8000, False)
    scenario = Scenario(prompt_tokens=1024, precision=precision("int8", "fp16", "int8"))
    work = unroll(model, scenario)
    rows = [op for op in work.prefill if op.chain == "attention"]
    assert [op.name for op in rows] == ["qkv_proj", "attention", "o_proj"]
    for row, own in zip(rows, table(BLOCK), strict=True):
        for name in ("kind", "count", "m", "k", "n", "v", "keys", "operand_elements"):
            assert getattr(row, name) == getattr(own, name) or name == "operand_elements"
        for name in ("extra_elements", "output_elements", "kv_write_elements", "macs"):
            assert getattr(row, name) == getattr(own, name)
    assert not any(op.chain == "attention" for op in work.decode)
    apart = unroll(model, dataclasses.replace(scenario, fusion="none"))
    assert not any(op.chain for op in apart.prefill)


@pytest.mark.parametrize("capacities_of_axis", [1, 9])
def test_the_chain_of_a_grid_is_that_of_its_designs(capacities_of_axis: int) -> None:
    """Formats of weights, activations and the cache, and capacities, each along its own axis."""
    room = np.geomspace(2.0**18, 2.0**24, capacities_of_axis)
    sizes, chips = np.array([1.0, 2.0]), derive(build_chip(), formats(BLOCK), SILICON)
    along = [sizes.reshape([-1 if i == axis else 1 for i in range(4)]) for axis in range(3)]
    weights, head, cache = chips.operands
    grid = dataclasses.replace(
        chips,
        activation_bytes=along[1],
        operands=(
            dataclasses.replace(weights, bytes_per_element=along[0]),
            head,
            dataclasses.replace(cache, bytes_per_element=along[2]),
        ),
    )
    shape = (2, 2, 2, capacities_of_axis)
    spread, _ = moved_bytes(table(BLOCK), grid, (room, room[:1]))
    for place in np.ndindex(2, 2, 2):
        weight, width, stored = sizes[list(place)]
        block = dataclasses.replace(BLOCK, weight=weight, width=width, stored=stored)
        for all_of_them, own in zip(spread, moved_by(table(block), block, room), strict=True):
            np.testing.assert_array_equal(np.broadcast_to(all_of_them, shape)[place], own)
