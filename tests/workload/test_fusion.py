"""Layers to operators: what folds into what, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import (
    AttentionLayer,
    Conv,
    Embedding,
    Kind,
    Linear,
    activation_layer,
    norm_layer,
    residual_layer,
)
from dse.workload.fusion import lower


def test_equal_layers_share_a_row():
    first = Linear(10, 4, 4, repeat=3)
    rows = lower(
        (
            first,
            Linear(10, 4, 8),
            Linear(10, 4, 4),
        ),
        1,
        is_fused=True,
    )
    assert [(row.name, row.repeat) for row in rows] == [
        ("linear 4-4 x10", 4),
        ("linear 4-8 x10", 1),
    ]


def test_a_residual_rides_on_the_product_before_it_and_reads_its_other_tensor():
    (row,) = lower(
        (
            Linear(10, 4, 8),
            residual_layer(80),
        ),
        1,
        is_fused=True,
    )
    assert row.extra_elements == 80
    assert row.output_elements == 80
    assert row.lane_ops == 80


def test_a_gate_halves_what_is_written():
    (row,) = lower(
        (
            Linear(10, 4, 16),
            activation_layer(80, is_gated=True),
        ),
        1,
        is_fused=True,
    )
    assert row.extra_elements == 0
    assert row.output_elements == 80
    assert row.exp_count == 80


def test_a_leading_norm_rides_on_the_product_after_it():
    (row,) = lower(
        (
            norm_layer(10, 4),
            Linear(10, 4, 16),
        ),
        1,
        is_fused=True,
    )
    assert row.parameter_elements == 8 + 16
    assert row.output_elements == 160
    assert row.lane_ops == 10 * 4 * 5


def test_nothing_rides_on_a_product_that_runs_less_often():
    rows = lower(
        (
            Linear(10, 4, 4),
            norm_layer(10, 4),
            Embedding(9, 4, 10, repeat=2),
        ),
        1,
        True,
    )
    assert [row.kind for row in rows] == [Kind.GEMM, Kind.VECTOR]


def test_without_fusion_every_layer_is_a_kernel():
    layers = [norm_layer(10, 4), Linear(10, 4, 8), activation_layer(80), residual_layer(80)]
    rows = lower(tuple(layers), 1, is_fused=False)
    assert [row.kind for row in rows] == [Kind.VECTOR, Kind.GEMM, Kind.VECTOR, Kind.VECTOR]
    assert sum(row.repeat for row in rows) == 4


_LAYERS = st.lists(
    st.sampled_from(
        [
            Linear(10, 4, 8),
            Linear(10, 8, 4, repeat=2),
            Conv(4, 8, 5, 2, kernel=3),
            AttentionLayer(2, 10, 10, 2),
            norm_layer(10, 4),
            activation_layer(80, is_gated=True),
            residual_layer(40),
            Embedding(9, 4, 10),
        ]
    ),
    min_size=1,
    max_size=12,
)


@given(_LAYERS, st.integers(1, 3))
def test_fusion_moves_work_and_loses_none(layers, batch):
    def totals(is_fused):
        rows = lower(tuple(layers), batch, is_fused)
        return [
            sum(row.repeat * getattr(row, name) for row in rows)
            for name in ("macs", "lane_ops", "exp_count", "parameter_elements", "operand_elements")
        ]

    assert totals(True) == pytest.approx(totals(False))


@given(_LAYERS)
def test_fusion_never_moves_more(layers):
    def moved(is_fused):
        rows = lower(tuple(layers), 1, is_fused)
        return sum(row.repeat * (row.extra_elements + row.output_elements) for row in rows)

    assert moved(True) <= moved(False)
