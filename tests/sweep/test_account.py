"""The account of a grid, and what a process knows beforehand, which must not show in it."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.space import Target
from dse.sweep import GridSweep, Tally
from dse.sweep.account import NOTHING, Account, BlockMisses

misses = st.lists(
    st.tuples(*[st.sampled_from([-0.5, 0.0, 0.1, 0.2, 0.3, math.inf])] * 3),
    min_size=2,
    max_size=24,
)


def account_of(rows, start, known):
    columns = list(np.array(rows, dtype=np.float64).T)
    block = BlockMisses(columns, (len(rows),), start, np.arange(len(rows)))
    return known.of_block(block)


@given(misses, st.data())
def test_the_same_whatever_is_known_beforehand(rows, data):
    """Also of ties: the first design, or the one whose misses add up to less, counts."""
    border = data.draw(st.integers(1, len(rows) - 1))
    parts = [(rows[:border], 0), (rows[border:], border)]
    whole = account_of(rows, 0, Account.empty(3))
    apart, told = Account.empty(3), Account.empty(3)
    for part, start in parts:
        apart.add(account_of(part, start, Account.empty(3)))
        told.add(account_of(part, start, told.without_counts()))
    assert apart == told == whole
    positive = [[max(0.0, miss) for miss in row] for row in rows]
    order = min((max(row), sum(row), number) for number, row in enumerate(positive))
    assert whole.nearest[2] == order[2]


@given(misses)
def test_json_keeps_every_bit(rows):
    account = account_of(rows, 7, Account.empty(3))
    text = json.dumps(account.to_json(), allow_nan=False)
    assert Account.from_json(json.loads(text)) == account
    assert Account.from_json(Account.empty(3).to_json()).nearest == NOTHING


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("objectives", [3, 4])
def test_records_do_not_show_who_worked_on_a_piece_after_what(toy, seed, objectives):
    """Three workers, whose pieces come in any order, some of them twice."""
    names = ("tpot_s", "energy_per_token_j", "cost_usd", "ttft_s")[:objectives]
    targets = (Target("tpot_s", 0.03, -1), Target("decode_power_w", 3.0, -1))
    space = dataclasses.replace(toy.make_space(targets=targets), objectives=names)
    alone, chance = GridSweep(space, toy.SILICON, 50), np.random.default_rng(seed)
    expected = [alone.tally.add(alone.work(piece)) for piece in range(alone.pieces)]
    assert len(expected) > 20
    workers = [GridSweep(space, toy.SILICON, 50) for _ in range(3)]
    order = chance.permutation([*range(alone.pieces), *range(0, alone.pieces, 4)]).tolist()
    found = {piece: workers[chance.integers(3)].work(piece) for piece in order}
    tally = Tally(space)
    assert [tally.add(found[piece]) for piece in range(alone.pieces)] == expected
    resumed = Tally(space)
    records = json.loads(json.dumps(expected[:7]))
    resumed.restore(records, alone.ends(7))
    assert [resumed.add(found[piece]) for piece in range(7, alone.pieces)] == expected[7:]
