"""Cutting a model over chips: nothing is lost, nothing is free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dse.cost import evaluate
from dse.device import Cut, Link, evaluate_split, split_operators, split_workload
from dse.dtype import parse_format
from dse.spec import load_chip, load_model, load_scenario, load_stack, load_technology
from dse.spec.links import load_links
from dse.workload import Precision, Scenario, unroll

SILICON = load_technology().silicon
LINK = Link("l", "L", bytes_per_s=100e9, latency_s=1e-6, energy_j_per_bit=2e-12)
FREE = Link("f", "F", bytes_per_s=1e18, latency_s=0.0, energy_j_per_bit=0.0)
SCENARIO = load_scenario("phone-chat")
MODELS = ("llama-3.1-8b", "gemma-2-9b", "mixtral-8x7b", "deepseek-v2-lite")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("chips", [2, 3, 8])
@pytest.mark.parametrize("fusion", ["full", "none"])
def test_the_parts_cover_the_whole(name, chips, fusion):
    work = unroll(load_model(name), replace(SCENARIO, batch_size=2, fusion=fusion))
    for table in (work.prefill, work.decode):
        for op, part in zip(table, split_operators(table, chips, 2), strict=True):
            assert chips * part.macs >= op.macs * (1.0 - 1e-9), op.name
            assert chips * part.operand_elements >= op.operand_elements * (1.0 - 1e-9), op.name
            assert part.macs <= op.macs
            assert part.repeat == op.repeat


def test_layers_of_a_llama_are_cut_evenly():
    work = unroll(load_model("llama-3.1-8b"), SCENARIO)
    part = split_workload(work, 4)
    for op, cut in zip(work.decode, part.decode, strict=True):
        assert cut.macs == pytest.approx(op.macs / 4), op.name
    assert part.storage.weight_elements == pytest.approx(work.storage.weight_elements / 4)
    assert part.storage.kv_elements == pytest.approx(work.storage.kv_elements / 4)
    assert part.storage.embedding_elements == work.storage.embedding_elements


def test_few_key_heads_are_repeated_and_their_queries_cut():
    work = unroll(load_model("llama-3.1-8b"), SCENARIO)  # 32 heads on 8 of keys and values
    (whole,) = (op for op in work.decode if op.name == "attention")
    (part,) = (op for op in split_operators(work.decode, 16, 1) if op.name == "attention")
    assert part.macs == pytest.approx(whole.macs / 16)
    assert part.operand_elements == pytest.approx(whole.operand_elements / 8)


def test_one_chip_is_the_chip_itself():
    chip, model = load_chip("snapdragon-8-elite"), load_model("llama-3.1-8b")
    alone = evaluate(chip, model, SCENARIO, SILICON)
    cost = evaluate_split(chip, model, SCENARIO, SILICON, Cut(1, LINK))
    for name, metric in (("ttft_s", "ttft_s"), ("tpot_s", "tpot_s"), ("energy_j", "e2e_energy_j")):
        assert getattr(cost, name) == pytest.approx(alone[metric], rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("chips", [2, 4, 16])
@pytest.mark.parametrize("link", [LINK, FREE])
def test_never_better_than_an_equal_share(name, chips, link):
    chip, model = load_chip("snapdragon-8-elite"), load_model(name)
    one = evaluate_split(chip, model, SCENARIO, SILICON, Cut(1, link))
    many = evaluate_split(chip, model, SCENARIO, SILICON, Cut(chips, link))
    for time in ("ttft_s", "tpot_s", "latency_s"):
        assert getattr(many, time)[0] >= getattr(one, time)[0] / chips * (1.0 - 1e-12)


def test_two_sums_per_layer():
    chip, model = load_chip("nvidia-h100-sxm"), load_model("llama-3.1-8b")
    cost = evaluate_split(chip, model, SCENARIO, SILICON, Cut(2, LINK))
    launch = chip.unit().dispatch_s
    each = LINK.latency_s + 4096 * 2 / LINK.bytes_per_s + launch
    logits = LINK.latency_s + 0.5 * 128256 * 2 / LINK.bytes_per_s + launch
    assert cost.step_link_s[0] == pytest.approx(2 * 32 * each + logits)
    bits = 8 * (2 * 32 * 2 * 4096 * 2 + 128256 * 2)
    prompt = 8 * (2 * 32 * 2 * 256 * 4096 * 2 + 128256 * 2)
    assert cost.link_j[0] == pytest.approx((prompt + 255 * bits) * 2e-12)


def test_a_mixture_sums_its_experts_once():
    model = load_model("deepseek-v2-lite")  # routed and shared experts in all layers but the first
    chip = load_chip("nvidia-h100-sxm")
    cost = evaluate_split(chip, model, SCENARIO, SILICON, Cut(2, LINK))
    each = LINK.latency_s + model.hidden_size * 2 / LINK.bytes_per_s + chip.unit().dispatch_s
    assert cost.step_link_s[0] == pytest.approx(2 * model.num_layers * each, rel=0.05)


def test_slow_links_cost_time_and_links_between_dies_little():
    links = load_links()
    chip, model = load_chip("snapdragon-8-elite"), load_model("llama-3.1-8b")
    times = [
        evaluate_split(chip, model, SCENARIO, SILICON, Cut(2, links[name])).tpot_s[0]
        for name in ("ucie-a", "ucie-s", "pcie4-x4", "ethernet-10g")
    ]
    assert times == sorted(times)
    alone = evaluate_split(chip, model, SCENARIO, SILICON, Cut(1, links["ucie-s"])).tpot_s[0]
    assert alone / times[1] > 1.9


def test_designs_are_arrays():
    chip, model = load_chip("snapdragon-8-elite"), load_model("llama-3.2-1b")
    widths = np.array([64.0, 128.0])
    both = replace(chip, dram=replace(chip.dram, bus_width_bits=widths))
    many = evaluate_split(both, model, SCENARIO, SILICON, Cut(2, LINK))
    for i, width in enumerate(widths):
        one = replace(chip, dram=replace(chip.dram, bus_width_bits=float(width)))
        alone = evaluate_split(one, model, SCENARIO, SILICON, Cut(2, LINK))
        assert many.tpot_s[i] == pytest.approx(alone.tpot_s[0])
        assert many.energy_j[i] == pytest.approx(alone.energy_j[0])


# Tokens per second of one sequence on 1, 2, 4 and 8 A100-80GB with bfloat16 weights after a prompt
# of five tokens: README of gpt-fast, tensor parallelism, and its page on Mixtral.
MEASURED = {
    "llama-2-7b": {1: 104.9, 2: 168.84, 4: 254.02, 8: 328.43},
    "llama-2-70b": {2: 21.32, 4: 38.01, 8: 62.50},
    "llama-3.1-8b": {1: 93.83, 2: 149.10, 4: 217.21, 8: 276.01},
    "llama-3.1-70b": {2: 16.03, 4: 37.45, 8: 58.78},
    "mixtral-8x7b": {2: 96.67, 4: 155.35, 8: 227.82},
}


def test_against_measured_a100():
    # The stack was fitted to single chips; the link is the library's; nothing is fitted here.
    bf16 = parse_format("bf16")
    scenario = Scenario(
        prompt_tokens=5, output_tokens=200, precision=Precision(bf16, bf16, bf16, bf16, bf16)
    )
    chip, stack, link = load_chip("nvidia-a100-80gb"), load_stack("gpt-fast"), load_links()
    errors = {}
    for name, row in MEASURED.items():
        model = load_model(name)
        for chips, measured in row.items():
            cut = Cut(chips, link["nvlink3"])
            cost = evaluate_split(chip, model, scenario, SILICON, cut, None, stack)
            errors[name, chips] = 1.0 / float(cost.tpot_s[0]) / measured - 1.0
    split = [abs(error) for (_, chips), error in errors.items() if chips > 1]
    # Between 4 and 16 % at the median, as the stack's cost of a launch is fitted to these or those
    # rows of single chips; that cost is what eight chips mostly pay. The two-chip row of
    # llama-3.1-70b its own source contradicts: llama-2-70b, of the same size, runs a third faster.
    assert np.median(split) < 0.20, errors
    assert sorted(split)[-2] < 0.40, errors
