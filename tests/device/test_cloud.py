"""Phone against data centre, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dse.cost import evaluate
from dse.device import Server, cloud_cost, device_cost, on_server
from dse.dtype import parse_format
from dse.spec import load_chip, load_model, load_scenario, load_technology
from dse.spec.links import load_prices, load_radios

SILICON, PRICES = load_technology().silicon, load_prices()
PHONE, SERVER = load_chip("snapdragon-8-elite"), load_chip("nvidia-h100-sxm")
MODEL, SCENARIO = load_model("llama-3.2-3b"), load_scenario("phone-chat")
RADIO = load_radios()["5g"]


def server(batch=32, occupancy=1.0, hour=3.6):
    served = on_server(SCENARIO, batch, parse_format("fp8"))
    first = evaluate(SERVER, MODEL, replace(served, batch_size=1), SILICON)
    return Server(served, first, evaluate(SERVER, MODEL, served, SILICON), hour, occupancy)


def test_the_phone_pays_from_its_battery_alone():
    cost = device_cost(PHONE, MODEL, SCENARIO, SILICON, PRICES)
    alone = evaluate(PHONE, MODEL, SCENARIO, SILICON)
    joules = alone["e2e_energy_j"][0]
    assert cost.phone_j[0] == cost.energy_j[0] == joules
    wall = joules / PRICES.charger_efficiency / 3.6e6 * PRICES.home_kwh_usd
    wear = joules / (PRICES.battery_j * PRICES.battery_cycles) * PRICES.battery_usd
    assert cost.usd[0] == pytest.approx(wall + wear)
    assert cost.rent_usd[0] == cost.network_j[0] == cost.server_j[0] == 0.0


def test_a_full_charge_is_worth_its_part_of_a_battery():
    assert float(PRICES.wear_usd(PRICES.battery_j * PRICES.battery_cycles)) == pytest.approx(
        PRICES.battery_usd
    )


def test_the_server_by_hand():
    rented = server()
    cost = cloud_cost(PHONE, RADIO, rented, PRICES, is_asleep=True)
    first, step = rented.first["ttft_s"][0], rented.result["tpot_s"][0]
    assert cost.rent_usd[0] == pytest.approx(3.6 / 3600 * (first + 255 * step / 32))
    up = PRICES.prompt_bytes * 256 / RADIO.up_bytes_per_s
    token = PRICES.token_bytes / RADIO.down_bytes_per_s
    ttft = RADIO.connect_s + up + RADIO.round_trip_s + step / 2 + first + token
    assert cost.ttft_s[0] == pytest.approx(ttft)
    assert cost.latency_s[0] == pytest.approx(ttft + 255 * cost.tpot_s[0])
    assert cost.tpot_s[0] == pytest.approx(step + 31 * first / 255)
    bits = 8 * (PRICES.prompt_bytes + PRICES.token_bytes) * 256
    assert cost.network_j[0] == pytest.approx(bits * RADIO.network_j_per_bit)
    assert cost.energy_j[0] == pytest.approx(
        cost.phone_j[0] + cost.network_j[0] + cost.server_j[0]
    )


def test_throughput_is_that_of_the_batch():
    # b requests together take b prefills and the steps of all: what each sees, and what each pays.
    rented = server()
    seen = rented.scenario.decode_steps * rented.tpot_s + rented.first["ttft_s"]
    assert seen[0] == pytest.approx(32 * rented.chip_s[0], rel=1e-9)
    at_once = rented.result["e2e_latency_s"][0]
    assert 32 * rented.chip_s[0] == pytest.approx(at_once, rel=0.5)


def test_a_larger_batch_is_cheaper_and_slower():
    costs = [cloud_cost(PHONE, RADIO, server(b), PRICES, is_asleep=True) for b in (1, 8, 64)]
    assert [c.usd[0] for c in costs] == sorted((c.usd[0] for c in costs), reverse=True)
    assert [c.server_j[0] for c in costs] == sorted((c.server_j[0] for c in costs), reverse=True)
    assert [c.tpot_s[0] for c in costs] == sorted(c.tpot_s[0] for c in costs)


def test_an_idle_half_doubles_the_rent():
    full = cloud_cost(PHONE, RADIO, server(), PRICES, is_asleep=True)
    half = cloud_cost(PHONE, RADIO, server(occupancy=0.5), PRICES, is_asleep=True)
    assert half.rent_usd[0] == pytest.approx(2 * full.rent_usd[0])
    assert half.server_j[0] == full.server_j[0]


def test_a_radio_awake_anyway_saves_its_tail():
    asleep = cloud_cost(PHONE, RADIO, server(), PRICES, is_asleep=True)
    awake = cloud_cost(PHONE, RADIO, server(), PRICES, is_asleep=False)
    tail = RADIO.tail_s * RADIO.tail_w + RADIO.connect_s * RADIO.active_w
    assert asleep.radio_j[0] - awake.radio_j[0] == pytest.approx(tail)
    assert asleep.ttft_s[0] - awake.ttft_s[0] == pytest.approx(RADIO.connect_s)


def test_radio_of_2012_against_its_paper():
    # Promotion and tail of an LTE phone together: 12.76 J (Huang et al., MobiSys 2012).
    lte = load_radios()["lte-2012"]
    predicted = lte.connect_s * lte.active_w + lte.tail_s * lte.tail_w
    assert predicted == pytest.approx(12.76, rel=0.01)
