"""Closed forms over a growing context equal the sums that they replace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import Span

spans = st.builds(
    lambda first, extra, cap: Span(first, first + extra, cap),
    st.integers(1, 400),
    st.integers(0, 300),
    st.none() | st.integers(1, 500),
)


@given(spans)
def test_mean_equals_the_mean_of_the_lengths(span: Span) -> None:
    lengths = span.lengths()
    assert span.mean == pytest.approx(sum(lengths) / len(lengths), rel=1e-15)


@given(spans, st.integers(1, 300))
def test_mean_tiles_equals_the_mean_of_the_ceilings(span: Span, tile: int) -> None:
    exact = sum(math.ceil(n / tile) for n in span.lengths()) / span.count
    assert float(span.mean_tiles(float(tile))) == pytest.approx(exact, rel=1e-14)


@given(spans)
def test_tiles_never_grow_with_the_tile(span: Span) -> None:
    counts = span.mean_tiles(np.arange(1.0, 600.0))
    assert np.all(np.diff(counts) <= 1e-12)
