"""What does not fit the DRAM: shares, hit rates, times and energies against closed forms."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from dse.chip import Chip, Storage
from dse.cost import derive, evaluate, explain, resident_share
from dse.workload import Model, Moe, Operand, Scenario, operand_elements, unroll
from tests.conftest import SILICON, TINY, build_chip, precision

DENSE = Model("dense", "", 512, 2048, 4, 8, 2, 64, 4000, False)
EXPERTS = dataclasses.replace(DENSE, moe=Moe(16, 2, 512))
FLASH = Storage(4e9, 50e-12, 1e9)
ASK = Scenario(prompt_tokens=64, output_tokens=33, precision=precision())
RESERVED = 4.0 * 2**30


def phone(room: float, storage: Storage | None = FLASH, **changes: Any) -> Chip:
    """Chip with `room` bytes of DRAM beside what the system keeps."""
    chip = build_chip(capacity_bytes=room + RESERVED, **changes)
    dram = dataclasses.replace(chip.dram, capacity_bytes=room + RESERVED)
    return dataclasses.replace(chip, storage=storage, dram=dram)


def needed(model: Model, scenario: Scenario) -> float:
    """All bytes that a request keeps, without the system's."""
    return float(evaluate(phone(1e12), model, scenario, SILICON)["memory_bytes"][0]) - RESERVED


def ask(**changes: Any) -> Scenario:
    return dataclasses.replace(ASK, **changes)


@pytest.mark.parametrize("offload", ["weights", "experts", "kv"])
@pytest.mark.parametrize("model", [DENSE, EXPERTS])
def test_what_fits_does_not_stream(model: Model, offload: str) -> None:
    plain = evaluate(phone(1e10), model, ASK, SILICON)
    asked = evaluate(phone(1e10), model, ask(offload=offload), SILICON)
    for name in ("ttft_s", "tpot_s", "energy_per_token_j", "decode_dram_bytes", "decode_bound"):
        assert asked[name][0] == plain[name][0], name


def test_by_default_nothing_streams_and_what_does_not_fit_is_flagged() -> None:
    small = evaluate(phone(1e6), DENSE, ASK, SILICON)
    large = evaluate(phone(1e10), DENSE, ASK, SILICON)
    assert small["fits"][0] == 0.0
    assert small["tpot_s"][0] == large["tpot_s"][0]


def test_a_chip_without_flash_streams_nothing() -> None:
    row = evaluate(phone(1e6, storage=None), DENSE, ask(offload="weights"), SILICON).row()
    assert row["fits"] == 0.0
    assert row["tpot_s"] == evaluate(phone(1e6), DENSE, ASK, SILICON)["tpot_s"][0]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.8])
def test_the_rest_of_the_weights_comes_at_the_speed_of_flash(share: float) -> None:
    """Infinitely fast but for flash: missing bytes over its bandwidth."""
    weights = operand_elements(unroll(DENSE, ASK).decode, Operand.WEIGHTS)
    room = needed(DENSE, ASK) - (1.0 - share) * weights
    chip = phone(
        room, depth=1e9, lanes=1e12, bytes_per_cycle=1e12, dispatch_s=0.0, latency_s=1e-30
    )
    dram = dataclasses.replace(chip.dram, data_rate_per_s=1e18)
    chip = dataclasses.replace(chip, dram=dram)
    scenario = ask(offload="weights")
    batch = derive(chip, scenario.precision, SILICON)
    assert resident_share(batch, unroll(DENSE, scenario).storage)[0] == pytest.approx(share)
    row = evaluate(chip, DENSE, scenario, SILICON).row()
    expected = (1.0 - share) * weights / 4e9
    assert row["tpot_s"] == pytest.approx(expected, rel=5e-3)
    assert row["ttft_s"] == pytest.approx(expected, rel=5e-3)
    assert row["fits"] == 1.0


def test_flash_overlaps_with_what_it_feeds_unless_nothing_is_loaded_ahead() -> None:
    chip = phone(2e6)
    rows = {
        ahead: explain(chip, DENSE, ask(offload="weights", load_ahead=ahead), SILICON)
        for ahead in (True, False)
    }
    plain = explain(chip, DENSE, ASK, SILICON)
    for hidden, exposed, without in zip(rows[True], rows[False], plain, strict=True):
        flash_s = hidden.busy_s[-1]
        assert exposed.busy_s[-1] == flash_s
        if flash_s:
            assert hidden.seconds >= flash_s
            assert exposed.seconds >= without.seconds + flash_s
            assert hidden.dram_bytes == pytest.approx(without.dram_bytes + 4e9 * flash_s)
        else:
            assert hidden.seconds == exposed.seconds == without.seconds
    assert sum(row.seconds for row in rows[False]) > sum(row.seconds for row in rows[True])


def test_streamed_bytes_cost_the_energy_of_flash() -> None:
    chip = phone(2e6)
    free = dataclasses.replace(chip, storage=dataclasses.replace(FLASH, energy_j_per_bit=0.0))
    asked = ask(offload="weights")
    costly, cheap = (evaluate(each, DENSE, asked, SILICON) for each in (chip, free))
    weights = operand_elements(unroll(DENSE, asked).decode, Operand.WEIGHTS)
    share = resident_share(derive(chip, asked.precision, SILICON), unroll(DENSE, asked).storage)
    expected = (1 - share[0]) * weights * 8 * 50e-12
    more = costly["energy_per_token_j"][0] - cheap["energy_per_token_j"][0]
    assert more == pytest.approx(expected)


@pytest.mark.parametrize("skew", [0.0, 0.5, 0.9])
def test_experts_are_found_as_often_as_their_popularity_says(skew: float) -> None:
    scenario = ask(offload="experts", popularity_skew=skew)
    experts = 4 * 16 * 3 * 512 * 512
    chip = phone(needed(EXPERTS, ASK) - 0.75 * experts)
    rows = explain(chip, EXPERTS, scenario, SILICON)
    streamed = {row.name for row in rows if row.busy_s[-1] > 0.0}
    assert streamed == {"experts_gate_up", "experts_down"}
    for phase, popularity in (("prefill", 0.0), ("decode", skew)):
        flash_s = sum(row.busy_s[-1] for row in rows if row.phase == phase)
        table = getattr(unroll(EXPERTS, scenario), phase)
        read = sum(op.repeat * op.operand_elements for op in table if op.part == "experts")
        hits = 0.25 ** (1 - popularity)
        assert flash_s == pytest.approx(read * (1 - hits) / 4e9)


def test_a_popular_quarter_is_found_as_a_zipf_law_counts_it() -> None:
    """The slow twin: the sum of rank^-s over the resident ranks, of a great many."""
    ranks = np.arange(1.0, 1e6 + 1)
    for skew in (0.3, 0.6):
        weights = ranks**-skew
        counted = weights[: len(weights) // 4].sum() / weights.sum()
        assert counted == pytest.approx(0.25 ** (1 - skew), rel=5e-3)


def test_sparse_neurons_are_read_in_small_pieces_and_attention_stays() -> None:
    scenario = ask(offload="weights", active_fraction=0.1)
    feedforward = 4 * 3 * 512 * 2048
    chip = phone(needed(DENSE, ASK) - 0.5 * feedforward)
    rows = explain(chip, DENSE, scenario, SILICON)
    assert {row.name for row in rows if row.busy_s[-1] > 0.0} == {"mlp_gate_up", "mlp_down"}
    steps = sum(row.busy_s[-1] for row in rows if row.phase == "decode")
    assert steps == pytest.approx(0.1 * feedforward * 0.5 / 1e9, rel=1e-3)
    unknown = dataclasses.replace(
        chip, storage=dataclasses.replace(FLASH, random_read_bytes_per_s=None)
    )
    same = explain(unknown, DENSE, scenario, SILICON)
    fast = sum(row.busy_s[-1] for row in same if row.phase == "decode")
    assert fast == pytest.approx(steps / 4)


def test_cold_keys_come_from_flash_in_every_step_and_never_in_a_whole_prefill() -> None:
    asked = ask(prompt_tokens=4000, offload="kv")
    total = needed(DENSE, dataclasses.replace(asked, offload="none"))
    kv = unroll(DENSE, asked).storage.kv_elements
    rows = explain(phone(total - 0.5 * kv), DENSE, asked, SILICON)
    assert {row.name for row in rows if row.busy_s[-1] > 0.0} == {"attention"}
    assert {row.phase for row in rows if row.busy_s[-1] > 0.0} == {"decode"}
    read = operand_elements(unroll(DENSE, asked).decode, Operand.KV)
    assert sum(row.busy_s[-1] for row in rows) == pytest.approx(0.5 * read / 4e9)


@pytest.mark.parametrize("how", [{"cached_prompt_tokens": 6000}, {"prefill_chunk_tokens": 1000}])
def test_keys_from_before_a_pass_come_from_flash_in_the_prefill_too(how: dict[str, int]) -> None:
    long = ask(prompt_tokens=8000, offload="kv", load_ahead=False, **how)
    room = needed(DENSE, long) + 0.25 * kept_keys(long)
    slow, fast = (phone(room, Storage(rate, 50e-12, 1e9)) for rate in (4e9, 8e9))
    ttft = [evaluate(chip, DENSE, long, SILICON)["ttft_s"][0] for chip in (slow, fast)]
    read = 0.75 * kept_keys(long) * (1 if "cached_prompt_tokens" in how else 4.5)
    # Each pass reads the keys up to its end; those of the output are in the cache's size alone.
    assert ttft[0] - ttft[1] == pytest.approx(read / 8e9, rel=0.01)


def kept_keys(scenario: Scenario) -> float:
    return float(evaluate(phone(1e12), DENSE, scenario, SILICON)["kv_cache_bytes"][0])


def test_each_chunk_of_a_prompt_streams_the_weights_anew() -> None:
    chip = phone(2e6)
    flash_s = [
        sum(r.busy_s[-1] for r in explain(chip, DENSE, asked, SILICON) if r.phase == "prefill")
        for asked in (ask(offload="weights"), ask(offload="weights", prefill_chunk_tokens=16))
    ]
    assert flash_s[1] == pytest.approx(4 * flash_s[0], rel=1e-2)


def test_a_draft_stays_in_memory() -> None:
    scenario = ask(offload="weights", draft=TINY, acceptance=0.7)
    rows = explain(phone(3e6), DENSE, scenario, SILICON)
    assert all(row.busy_s[-1] == 0.0 for row in rows if row.name.startswith("draft_"))
    assert any(row.busy_s[-1] > 0.0 for row in rows)


def test_what_must_stay_and_does_not_fit_is_flagged() -> None:
    total = needed(DENSE, ASK)
    weights = unroll(DENSE, ASK).storage.weight_elements
    asked = ask(offload="weights")
    for room, fits in ((total - weights + 1.0, 1.0), (total - weights - 1e3, 0.0)):
        row = evaluate(phone(room), DENSE, asked, SILICON).row()
        assert row["fits"] == fits
        assert row["memory_bytes"] == pytest.approx(total - weights + RESERVED)
