"""Published figures that the model must reproduce without being tuned to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from dse.chip import Chip
from dse.cost import derive, evaluate
from dse.dtype import parse_format
from dse.technology import Silicon
from dse.workload import Model, Precision, Scenario, matrix_ops, unroll

LLAMA_7B = Model("llama-2-7b", "", 4096, 11008, 32, 32, 32, 128, 32000, False)
LLAMA_13B = Model("llama-2-13b", "", 5120, 13824, 40, 40, 40, 128, 32000, False)
SOLAR = Model("solar-10.7b", "", 4096, 14336, 48, 32, 8, 128, 32000, False)
INT8 = parse_format("int8")
ASK = Scenario(prompt_tokens=1024, output_tokens=2, precision=Precision(*[INT8] * 5))

Maker = Callable[..., Chip]


def bandwidth_only(make_chip: Maker, bytes_per_s: float, **more: Any) -> Chip:
    """A chip that waits for nothing but DRAM."""
    return make_chip(
        data_rate_per_s=bytes_per_s / 8.0,
        efficiency=1.0,
        dispatch_s=0.0,
        latency_s=1e-30,
        depth=1e5,
        bytes_per_cycle=1e9,
        lanes=1e9,
        **more,
    )


@pytest.mark.parametrize(
    ("model", "least_ms", "most_ms"),
    [(LLAMA_7B, 88.0, 89.4), (LLAMA_13B, 171.6, 172.5)],
    ids=lambda v: getattr(v, "name", v),
)
def test_decode_of_int8_llama_at_77_gb_s(
    make_chip: Maker, silicon: Silicon, model: Model, least_ms: float, most_ms: float
) -> None:
    """Four independent public tools give these ranges for context 1024 on 77 GB/s."""
    tpot = evaluate(bandwidth_only(make_chip, 77e9), model, ASK, silicon)["tpot_s"][0]
    assert least_ms <= tpot * 1e3 <= most_ms


@pytest.mark.parametrize(
    ("model", "causal_ms", "dense_ms"),
    [(LLAMA_7B, 300.8, 307.0), (LLAMA_13B, 587.0, 596.5)],
    ids=lambda v: getattr(v, "name", v),
)
def test_compute_floor_of_prefill_at_45_tops(
    model: Model, causal_ms: float, dense_ms: float
) -> None:
    causal = matrix_ops(unroll(model, ASK).prefill)
    masked_pairs = 1024 * 1023 / 2
    dense = causal + model.num_layers * 4 * model.hidden_size * masked_pairs
    assert causal / 45e12 * 1e3 == pytest.approx(causal_ms, abs=0.1)
    assert dense / 45e12 * 1e3 == pytest.approx(dense_ms, abs=0.1)


def test_prefill_at_45_tops_is_at_its_floor_when_fully_used(
    make_chip: Maker, silicon: Silicon
) -> None:
    """One cell of great depth has no edges, so the prefill takes its operations over the peak."""
    chip = make_chip(
        rows=1.0,
        cols=1.0,
        depth=16.0,
        clock_hz=45e12 / 32.0,
        data_rate_per_s=1e15,
        dispatch_s=0.0,
        latency_s=1e-30,
        bytes_per_cycle=1e6,
        lanes=15.0,
    )
    ttft = evaluate(chip, LLAMA_7B, ASK, silicon)["ttft_s"][0]
    floor = matrix_ops(unroll(LLAMA_7B, ASK).prefill) / 45e12
    assert floor <= ttft <= 1.005 * floor


def test_solar_at_4_5_bits_moves_6_gb_per_token(make_chip: Maker, silicon: Silicon) -> None:
    int4, fp16 = parse_format("int4-g32"), parse_format("fp16")
    precision = Precision(int4, int4, int4, fp16, fp16)
    ask = Scenario(prompt_tokens=1, output_tokens=2, precision=precision)
    row = evaluate(bandwidth_only(make_chip, 76.8e9), SOLAR, ask, silicon).row()
    assert row["decode_dram_bytes"] == pytest.approx(6.0e9, rel=0.01)
    assert row["decode_tok_s"] <= 12.9
    longer = dataclasses.replace(ask, prompt_tokens=1024)
    assert evaluate(bandwidth_only(make_chip, 76.8e9), SOLAR, longer, silicon)[
        "decode_tok_s"
    ] <= min(12.8, row["decode_tok_s"])


def test_bandwidth_is_decimal(make_chip: Maker, silicon: Silicon) -> None:
    """Reading 77 GB/s as 77 GiB/s would predict 83 ms, below the physical floor."""
    chip = bandwidth_only(make_chip, 77e9)
    batch = derive(chip, ASK.precision, silicon)
    assert 1.0 / batch.dram_s_per_byte[0] == pytest.approx(77e9, rel=1e-12)
    floor = 6_607_343_616 / 77e9  # matrices of Llama-2-7B without the embedding, one byte each
    assert evaluate(chip, LLAMA_7B, ASK, silicon)["tpot_s"][0] > floor
