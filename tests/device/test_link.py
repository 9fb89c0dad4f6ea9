"""Collectives and radios against arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.device.link import Link, Radio, all_gather, all_reduce, radio_use

LINK = Link("l", "L", bytes_per_s=1e9, latency_s=1e-6, energy_j_per_bit=1e-12)
RADIO = Radio("r", "R", 1e6, 1e7, 0.05, 0.1, 0.5, 3e-8, 1e-8, 10.0, 0.4, 1e-4)
COUNTS = st.integers(2, 64)
SIZES = st.floats(1.0, 1e9)


def test_two_chips_exchange_all_they_have():
    cost = all_reduce(1e6, 2, LINK)
    assert cost.seconds[0] == pytest.approx(1e-6 + 1e-3)
    assert cost.sent_bytes[0] == 2e6
    assert cost.energy_j(LINK)[0] == pytest.approx(2e6 * 8e-12)


def test_a_ring_wins_where_messages_are_long():
    size = 1e9
    assert all_reduce(size, 8, LINK).seconds[0] == pytest.approx(14e-6 + 14 / 8 * size / 1e9)
    assert all_reduce(8.0, 8, LINK).seconds[0] == pytest.approx(1e-6 + 7 * 8e-9)


@given(SIZES, COUNTS)
def test_no_collective_beats_its_lower_bound(size, count):
    # Each chip must receive what it lacks: 2 (c - 1) / c V for a sum, (c - 1) / c V of a whole.
    least = (count - 1) / count * size / 1e9
    assert all_reduce(size, count, LINK).seconds[0] >= 2 * least * (1 - 1e-9) or count == 2
    assert all_reduce(size, count, LINK).seconds[0] >= least + 1e-6 - 1e-15
    assert all_gather(size, count, LINK).seconds[0] >= least + 1e-6 - 1e-15
    assert all_gather(size, count, LINK).seconds[0] <= all_reduce(size, count, LINK).seconds[0]


def test_one_chip_has_nothing_to_send():
    for collective in (all_reduce, all_gather):
        cost = collective(1e6, 1, LINK)
        assert cost.seconds[0] == cost.sent_bytes[0] == 0.0


def test_designs_are_arrays():
    link = Link("l", "L", np.array([1e9, 2e9]), 0.0, 1e-12)
    assert all_reduce(1e6, 2, link).seconds == pytest.approx([1e-3, 5e-4])


def test_a_radio_is_awake_bits_and_a_tail():
    use = radio_use(RADIO, 1000.0, 5000.0, 2.0, is_asleep=True)
    bits = 8000 * 3e-8 + 40000 * 1e-8
    assert float(use.phone_j) == pytest.approx(0.5 * 2.1 + bits + 4.0)
    assert float(use.network_j) == pytest.approx(48000 * 1e-4)
    awake = radio_use(RADIO, 1000.0, 5000.0, 2.0, is_asleep=False)
    assert float(use.phone_j - awake.phone_j) == pytest.approx(0.5 * 0.1 + 4.0)
