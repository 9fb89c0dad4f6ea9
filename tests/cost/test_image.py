"""Images: the kernel summed over stages, and what convolutions move."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dse.cost import IMAGE_METRICS, METRICS, evaluate, explain, stage_costs
from dse.dtype import parse_format
from dse.spec import load_chip, load_network, load_technology
from dse.workload import Conv, Linear, Network, Scenario, Stage, unroll_network

CHIP = load_chip("snapdragon-8-elite")
SILICON = load_technology().silicon
SD = load_network("stable-diffusion-1.5-controlnet")


def image(network, scenario=None, chip=CHIP, **changes):
    asked = replace(scenario or Scenario(), **changes)
    return evaluate(chip, network, asked, SILICON, "npu").row()


def test_a_network_has_the_metrics_of_images_and_none_of_texts():
    assert list(image(SD)) == [entry.name for entry in IMAGE_METRICS]
    assert {"ttft_s", "tpot_s", "kv_cache_bytes", "prefill_bound"}.isdisjoint(image(SD))
    shared = {"memory_bytes", "fits", "cost_usd", "area_mm2", "peak_ops_per_s"}
    assert (
        shared
        <= set(image(SD))
        <= {"image_bound"} | {entry.name for entry in (*METRICS, *IMAGE_METRICS)}
    )


def test_operators_and_stages_add_up_to_the_metrics():
    rows = explain(CHIP, SD, Scenario(), SILICON, "npu")
    whole = image(SD)
    stages = stage_costs(rows, unroll_network(SD, Scenario()))
    assert [stage.name for stage in stages] == [stage.name for stage in SD.stages]
    for seconds, joules in (
        (sum(r.seconds for r in rows), sum(r.energy_j for r in rows)),
        (sum(s.seconds for s in stages), sum(s.energy_j for s in stages)),
    ):
        assert seconds == pytest.approx(whole["image_s"], rel=1e-9)
        assert joules == pytest.approx(whole["image_energy_j"], rel=1e-9)
    assert sum(r.dram_bytes for r in rows) == pytest.approx(whole["image_dram_bytes"], rel=1e-9)


def test_time_is_affine_in_the_steps():
    one, two, five = (image(SD, steps=steps)["image_s"] for steps in (1, 2, 5))
    assert five - one == pytest.approx(4.0 * (two - one), rel=1e-9)


def test_guidance_at_most_doubles_what_it_guides():
    plain, guided = (image(SD, guidance=guidance)["image_s"] for guidance in (1, 2))
    assert 1.5 * plain < guided <= 2.0 * plain


def test_a_batch_shares_the_weights():
    alone, together = image(SD), image(SD, batch_size=4)
    assert together["image_s"] <= alone["image_s"]
    assert together["image_dram_bytes"] < alone["image_dram_bytes"]


def test_a_convolution_reads_its_feature_map_once_and_not_its_windows():
    layer = Conv(512, 512, 512, 512, kernel=3)
    moved = image(Network("c", "C", (Stage("s", (layer,)),)))["image_dram_bytes"]
    compulsory = 2.0 * (2 * 512**3 + layer.weights + layer.vectors)
    windows = 2.0 * (10 * 512**3)
    assert 0.9 * compulsory < moved < 1.5 * compulsory < windows


def test_the_same_product_as_a_linear_layer_takes_as_long_to_compute():
    conv = Conv(256, 256, 64, 64, kernel=3)
    linear = Linear(64 * 64, 9 * 256, 256)
    rows = [
        explain(CHIP, Network("n", "N", (Stage("s", (each,)),)), Scenario(), SILICON, "npu")[0]
        for each in (conv, linear)
    ]
    assert rows[0].busy_s[0] == rows[1].busy_s[0] > 0.0
    assert rows[0].ops == rows[1].ops
    assert rows[0].dram_bytes < rows[1].dram_bytes


def test_keys_and_values_are_activations():
    precision = Scenario().precision
    narrow = replace(precision, kv=parse_format("int8"))
    assert image(SD, precision=narrow) == image(SD, precision=precision)


def test_weights_of_eight_bits_halve_the_memory():
    precision = Scenario().precision
    int8 = parse_format("int8")
    stored = replace(precision, weights=int8, head=int8, embedding=int8)
    full, half = image(SD)["weight_bytes"], image(SD, precision=stored)["weight_bytes"]
    assert full == pytest.approx(2.0 * SD.parameters())
    assert half == pytest.approx(SD.parameters(), rel=2e-3)  # norms and biases stay in 16 bits
