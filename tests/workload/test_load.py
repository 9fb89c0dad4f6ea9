"""Expert loads: closed forms against the binomial sums that they stand for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import Load

loads = st.builds(Load, st.integers(1, 300), st.sampled_from([1 / 64, 0.125, 0.25, 0.5, 1.0]))


def chances(load: Load) -> list[float]:
    """P(X = c) for c = 1 .. tokens, given that the expert is visited."""
    p, tokens = load.share, load.tokens
    ways = [math.comb(tokens, c) * p**c * (1 - p) ** (tokens - c) for c in range(1, tokens + 1)]
    return [way / sum(ways) for way in ways]


@given(loads, st.integers(1, 100))
def test_means_equal_the_sums_over_the_binomial(load: Load, tile: int) -> None:
    share = chances(load)
    mean = sum(c * chance for c, chance in enumerate(share, start=1))
    covers = sum(math.ceil(c / tile) * chance for c, chance in enumerate(share, start=1))
    assert load.mean == pytest.approx(mean, rel=1e-9)
    assert float(load.mean_tiles(float(tile))) == pytest.approx(covers, rel=1e-9)


@given(loads)
def test_tiles_never_grow_with_the_tile(load: Load) -> None:
    assert np.all(np.diff(load.mean_tiles(np.arange(1.0, 80.0))) <= 1e-12)


def test_a_token_more_is_no_cliff() -> None:
    """64 tokens on average fill one or two tiles of 64, and so do 64.25."""
    before, after = (float(Load(n, 0.25).mean_tiles(64.0)) for n in (256, 257))
    assert 1.4 < before <= after < before * 1.02
