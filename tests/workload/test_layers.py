"""Layers: their parameters, and the operators they lower to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.workload import (
    AttentionLayer,
    Conv,
    Kind,
)

SIDES = st.integers(1, 40)
CHANNELS = st.integers(1, 32)


def test_a_convolution_is_a_gemm_over_pixels():
    op = Conv(3, 64, 224, 224, kernel=7, stride=2).op(batch=2)
    assert (op.kind, op.count, op.m, op.k, op.n) == (Kind.GEMM, 1, 2 * 112 * 112, 3 * 49, 64)
    assert op.macs == 2 * 112 * 112 * 64 * 3 * 49
    assert op.operand_elements == 3 * 49 * 64
    assert op.parameter_elements == 64
    assert op.output_elements == 2 * 112 * 112 * 64


def test_memory_holds_the_feature_map_and_not_its_windows():
    assert Conv(16, 8, 10, 12, kernel=3).op(2).input_elements == pytest.approx(2 * 16 * 10 * 12)
    strided = Conv(16, 8, 10, 12, kernel=3, stride=2).op(1)
    assert strided.input_elements == pytest.approx(16 * 10 * 12)


def test_a_strided_window_of_one_reads_the_pixels_that_it_keeps():
    op = Conv(16, 8, 10, 12, kernel=1, stride=2).op(1)
    assert op.overlap == 1.0
    assert op.input_elements == 16 * 5 * 6


def test_an_odd_side_keeps_its_last_pixel():
    assert Conv(1, 1, 7, 5, kernel=3, stride=2).pixels == 4 * 3


def test_groups_do_not_mix():
    depthwise = Conv(32, 32, 8, 8, kernel=3, groups=32)
    op = depthwise.op(1)
    assert (op.count, op.k, op.n) == (32, 9, 1)
    assert depthwise.weights == 32 * 9
    assert op.macs == 64 * 32 * 9
    assert op.input_elements == pytest.approx(32 * 64)


@given(CHANNELS, CHANNELS, SIDES, SIDES, st.integers(1, 7), st.integers(1, 4))
def test_no_convolution_reads_more_than_its_windows_or_its_input(i, o, height, width, k, s):
    op = Conv(i, o, height, width, kernel=k, stride=s).op(1)
    assert op.input_elements <= op.m * op.k * (1 + 1e-12)
    assert op.input_elements <= i * height * width * (1 + 1e-12) or s > 1
    assert op.macs == op.m * op.k * op.n


def test_attention_reads_keys_and_values_once_per_head():
    op = AttentionLayer(heads=5, queries=4096, keys=77, head_dim=64).op(2)
    assert op.macs == 2 * 5 * 4096 * 77 * 2 * 64
    assert op.operand_elements == 2 * 5 * 77 * 2 * 64
    assert op.exp_count == 2 * 5 * 4096 * 77
    assert op.output_elements == 2 * 5 * 4096 * 64
