"""A request in the foreground: what each policy costs it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.cost import derive, evaluate
from dse.device import Service, Sharing, serve, service_of
from dse.spec import load_chip, load_model, load_scenario, load_technology

SERVICE = Service(*(np.array([x]) for x in (0.1, 0.02, 2.0, 8.0, 0.5, 1e-4, 1e-3)))


def test_alone_it_is_the_evaluation():
    chip, model = load_chip("snapdragon-8-elite"), load_model("llama-3.2-1b")
    scenario, silicon = load_scenario("phone-chat"), load_technology().silicon
    service = service_of(chip, model, scenario, silicon)
    alone = evaluate(chip, model, scenario, silicon)
    coefficients = derive(chip, scenario.precision, silicon)
    filling = coefficients.sram_bytes * coefficients.dram_s_per_byte
    assert service.switch_s == pytest.approx(coefficients.dispatch_s + filling)
    for policy in ("fair", "priority"):
        served = serve(service, Sharing(0.0, None, 0.02, 0.002, 1e-4), policy)
        assert served.ttft_s == pytest.approx(alone["ttft_s"])
        assert served.latency_s == pytest.approx(alone["e2e_latency_s"])
        assert served.energy_j == pytest.approx(alone["e2e_energy_j"])


def test_fair_by_hand():
    # Half the unit is taken: twice the time, static power for the other half of it.
    served = serve(SERVICE, Sharing(0.5, None, 1.0, 1e-6, 0.0), "fair")
    assert served.ttft_s[0] == pytest.approx(0.2, rel=1e-4)
    assert served.tpot_s[0] == pytest.approx(0.04, rel=1e-4)
    refills = served.share.turns_per_s * served.latency_s * 1e-3
    assert served.energy_j[0] == pytest.approx(8.0 + 0.5 * 2.0 + float(refills[0]), rel=1e-3)


@given(
    st.floats(0.01, 0.8),
    st.sampled_from([None, 1, 4]),
    st.floats(1e-4, 1e-2),
    st.floats(0.0, 5e-4),
)
def test_priority_is_never_slower_nor_dearer_for_the_foreground(load, threads, slice_s, switch):
    sharing = Sharing(load, threads, 0.02, slice_s, switch)
    fair, first = serve(SERVICE, sharing, "fair"), serve(SERVICE, sharing, "priority")
    assert first.latency_s[0] <= fair.latency_s[0] + 1e-2
    assert first.tpot_s[0] == SERVICE.tpot_s[0] <= fair.tpot_s[0]
    assert first.energy_j[0] <= fair.energy_j[0] + 0.5 * 1e-2
    assert first.switch_j[0] == 0.0 < fair.switch_j[0]


def test_halving_the_switch_saves_less_than_half_of_what_it_costs():
    def latency(switch):
        return serve(SERVICE, Sharing(0.3, 4, 0.02, 0.002, switch), "fair").latency_s[0]

    free, half, whole = latency(0.0), latency(5e-5), latency(1e-4)
    assert free < half < whole
    assert (whole - half) / (whole - free) == pytest.approx(0.5, abs=0.02)
