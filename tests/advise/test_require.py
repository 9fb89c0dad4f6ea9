"""Floors of inverse sizing: no chip that meets the targets lies below any of them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given

from dse.advise import Requirement, check_chips, require
from dse.chip import Chip
from dse.cost import evaluate
from dse.spec import Technology
from dse.workload import Model, Scenario
from tests.conftest import DRAM_TYPE, LLAMA_2_7B, NODE, SILICON, SOLAR, build_chip, precision
from tests.properties.test_laws import chips, models, scenarios

TECHNOLOGY = Technology(
    nodes={"n": NODE},
    drams={"d": DRAM_TYPE, "e": dataclasses.replace(DRAM_TYPE, energy_j_per_bit=4e-12)},
    silicon=SILICON,
)


def ask(model: Model, scenario: Scenario, ttft: float, tpot: float) -> Requirement:
    return require(model, scenario, ttft_s=ttft, tpot_s=tpot, power_w=None, technology=TECHNOLOGY)


@given(chips, models, scenarios)
def test_no_chip_beats_the_floors_of_its_own_speed(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    row = evaluate(chip, model, scenario, SILICON).row()
    need = ask(model, scenario, row["ttft_s"], row["tpot_s"])
    check = check_chips(need, [chip], model, scenario, SILICON)[0]
    assert check.bandwidth >= 1 - 1e-9
    assert check.ops >= 1 - 1e-9
    assert check.sram >= 1 - 1e-6
    assert row["energy_per_token_j"] >= need.energy_per_token_j * (1 - 1e-9)
    assert row["memory_bytes"] - 4 * 2**30 == pytest.approx(need.capacity_bytes, rel=1e-9)


def test_solar_on_a_phone_by_hand() -> None:
    """SOLAR at 4.5 bits, 10 token/s: 10.6e9 x 4.5 / 8 B of weights and 193 MB of INT8 cache."""
    formats = precision("int4-g32", "int8", "int8")
    scenario = Scenario(prompt_tokens=1024, output_tokens=2, precision=formats)
    need = ask(SOLAR, scenario, 1.0, 0.1)
    weights = (48 * (4096 * (32 + 16) * 128 + 4096**2 + 3 * 4096 * 14336) + 4096 * 32000) * 4.5 / 8
    keys = 48 * 2 * 8 * 128 * 1025
    assert need.bandwidth_by == "decode"
    assert need.bandwidth_bytes_per_s == pytest.approx((weights + keys) / 0.1, rel=1e-12)
    assert need.ops_by == "prefill"
    pairs = 1024 * 1025 / 2  # causal: each token sees itself and those before it
    body = weights * 8 / 4.5 - 4096 * 32000  # elements of the layers
    operations = 2 * 1024 * body + 2 * 4096 * 32000 + 48 * 4 * 4096 * pairs
    assert need.ops_per_s == pytest.approx(operations, rel=1e-12)
    assert need.interfaces[0].dram == "e"
    assert need.energy_per_token_j >= need.decode_bytes * 8 * 4e-12


def test_power_budget_judges_each_dram_type() -> None:
    scenario = Scenario(prompt_tokens=64, output_tokens=2, precision=precision())
    floor = ask(LLAMA_2_7B, scenario, 1.0, 0.1).interfaces
    between = (floor[0].energy_per_token_j + floor[1].energy_per_token_j) / 2 / 0.1
    need = require(
        LLAMA_2_7B, scenario, ttft_s=1.0, tpot_s=0.1, power_w=between, technology=TECHNOLOGY
    )
    assert [row.within_power for row in need.interfaces] == [True, False]


def test_chips_that_have_everything_come_first() -> None:
    scenario = Scenario(prompt_tokens=64, output_tokens=2, precision=precision())
    small = build_chip(bus_width_bits=16.0, name="small")
    large = build_chip(bus_width_bits=128.0)
    need = ask(LLAMA_2_7B, scenario, 2.0, 0.1)
    rows = check_chips(need, [small, large], LLAMA_2_7B, scenario, SILICON)
    assert [row.has_all for row in rows] == [True, False]
    assert rows[1].bandwidth < 1 < rows[0].bandwidth


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_a_target_must_be_positive(bad: float) -> None:
    scenario = Scenario(prompt_tokens=64, output_tokens=2, precision=precision())
    with pytest.raises(ValueError, match="tpot must be > 0"):
        ask(LLAMA_2_7B, scenario, 1.0, bad)
