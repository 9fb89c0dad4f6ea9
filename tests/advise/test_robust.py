"""Fronts under uncertain numbers: shares that can be worked out by hand, and bounds that hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.advise import drawn_designs as drawn
from dse.advise import find_robustness, find_uncertainty
from dse.pareto import non_dominated
from dse.space import Axis, Space, Target
from dse.spec.ranges import Range
from dse.sweep import evaluate_designs, objective_values
from dse.workload import Mix, Scenario
from tests.conftest import DRAM_TYPE, LLAMA_2_7B, NODE, SILICON, TINY, build_chip, precision

TYPE, NODE_PATH, SRAM = "chip.dram.type", "chip.node", "chip.units.npu.sram.capacity_bytes"
EFFICIENCY = "dram.type.efficiency"


def type_axis(**efficiencies):
    types = tuple(
        dataclasses.replace(DRAM_TYPE, name=name, efficiency=value)
        for name, value in efficiencies.items()
    )
    return Axis(TYPE, (TYPE,), types, tuple(efficiencies))


def space(axes, objectives=("tpot_s",), targets=(), model=LLAMA_2_7B, **changes):
    chip = build_chip(capacity_bytes=64 * 2.0**30, **changes)
    scenario = Scenario(prompt_tokens=64, output_tokens=4, precision=precision())
    mixes = (Mix((scenario,)),)
    return Space("s", "S", chip, (model,), mixes, None, axes, objectives, targets)


@pytest.fixture
def with_ranges(monkeypatch):
    """Have every chip the ranges that a function gives it."""

    def use(ranges_of):
        monkeypatch.setattr(drawn, "load_ranges", lambda chip, *_: tuple(ranges_of(chip)))

    return use


def only_new(chip):
    """The new DRAM type may reach 0.8 to 1.3 of what is stated; the old one is known."""
    is_new = chip.dram.type.name == "new"
    return [Range("new", EFFICIENCY, 0.8, 1.3, "C")] if is_new else []


def rows(*places):
    return np.array(places, dtype=np.int64)[:, None]


def test_the_share_of_a_design_that_one_number_decides(with_ranges):
    """0.7 f > 0.8 holds for f > 8/7: in (1.3 - 8/7) / 0.5 of the draws; strata leave 1 / draws."""
    with_ranges(only_new)
    two = space((type_axis(old=0.8, new=0.7),))
    found = find_robustness(two, SILICON, rows(0), rows(1), draws=1000)
    share = (1.3 - 8.0 / 7.0) / 0.5
    assert found.is_front.tolist() == [True, False]
    assert found.on_front[1] == pytest.approx(share, abs=1.001e-3)
    assert found.on_front[0] == pytest.approx(1.0 - share, abs=1.001e-3)
    assert found.undominated.tolist() == [1.0]
    assert found.feasible.tolist() == [1.0, 1.0]


def test_the_share_of_draws_in_which_a_target_is_met(with_ranges):
    """The limit lies where the factor is 0.9: four fifths of 0.8 to 1.3 are above."""
    with_ranges(only_new)
    one = space((type_axis(new=0.7 * 0.9),))
    limit = drawn.DrawnDesigns(one, SILICON).nominal(rows(0))["tpot_s"][0]
    asked = space((type_axis(new=0.7),), targets=(Target("tpot_s", limit, -1),))
    found = find_robustness(asked, SILICON, rows(0), draws=500)
    assert found.feasible[0] == pytest.approx(0.8, abs=2.1e-3)
    assert found.on_front[0] == found.feasible[0]
    assert found.is_missed.tolist() == [[False, False, False]]
    assert found.undominated[0] == 1.0


def test_a_design_beside_the_front_that_never_gets_there_is_not_followed(with_ranges):
    with_ranges(only_new)
    two = space((type_axis(old=0.8, new=0.5),))
    found = find_robustness(two, SILICON, rows(0), rows(1), draws=64)
    assert found.index.tolist() == [[0]]
    assert found.screened == 1


@pytest.mark.parametrize(("sources", "low", "high"), [("ss", 1.0, 1.0), ("st", 0.4, 0.6)])
def test_nodes_of_one_source_are_off_together(with_ranges, sources, low, high):
    """Equal nodes tie in every draw where one estimate stands behind both, else either may win."""

    def ranges(chip):
        source = dict(zip("ab", sources, strict=True))[chip.node.name]
        return [Range(f"nodes.{chip.node.name}.x", "node.wafer_usd", 0.5, 1.5, "C", source=source)]

    with_ranges(ranges)
    nodes = tuple(dataclasses.replace(NODE, name=name) for name in "ab")
    two = space((Axis(NODE_PATH, (NODE_PATH,), nodes, ("a", "b")),), ("cost_usd",))
    found = find_robustness(two, SILICON, rows(0, 1), draws=512)
    assert low <= found.undominated.min() <= found.undominated.max() <= high
    assert found.drivers["cost_usd"][0].ranges[0].name == "nodes.a.x"
    assert len(found.drivers["cost_usd"][0].ranges) == len(set("ab")) - (sources == "st")


def test_without_width_nothing_moves(with_ranges):
    with_ranges(lambda _: [Range("e", EFFICIENCY, 1.0, 1.0, "A")])
    axes = (type_axis(old=0.8, new=0.7), Axis(SRAM, (SRAM,), (2.0**20, 2.0**22), ("1", "4")))
    names = ("tpot_s", "cost_usd", "decode_power_w")
    wide = space(axes, names, (Target("ttft_s", 10.0, -1),))
    index = wide.decode(np.arange(4))
    values = drawn.DrawnDesigns(wide, SILICON).nominal(index)
    front = index[non_dominated(objective_values(wide, values))]
    found = find_robustness(wide, SILICON, front, index, draws=16)
    here = found.is_front
    assert (found.undominated == 1.0).all()
    assert (found.on_front[here] == 1.0).all()
    assert (found.on_front[~here] == 0.0).all()
    for name in names:
        for part in (found.low[name], found.high[name], *found.percentiles[name].T):
            np.testing.assert_allclose(part, found.values[name], rtol=1e-12)
        assert found.drivers[name] == ()


LEAVES = (
    *("node.logic_energy", "node.sram_area", "node.defects_per_mm2", EFFICIENCY),
    *("dram.type.energy_j_per_bit", "dram.type.latency_s", "silicon.mac_energy_j"),
    *("silicon.sram.knee_bytes", "silicon.sram.exponent_above", "silicon.sram.exponent_below"),
    *("silicon.bank.bytes_per_cycle", "silicon.voltage.reference_v", "silicon.lane_energy_j"),
    *("dram.data_rate_per_s", "units.npu.clock_hz"),
    *("units.npu.dispatch_s", "power.idle_w", "area.other_mm2", "silicon.die_sram_share"),
)
ALL = ("tpot_s", "ttft_s", "energy_per_token_j", "decode_power_w", "cost_usd", "decode_tok_s")
ALL += ("prefill_utilisation", "decode_dram_utilisation", "prefill_power_w")
shares = st.floats(0.0, 0.6)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=8, unique=True),
    st.lists(st.tuples(shares, shares), min_size=8, max_size=8),
    st.integers(0, 1000),
)
def test_no_draw_of_any_design_goes_beyond_its_bounds(leaves, ends, seed):
    pairs = zip(leaves, ends, strict=False)
    ranges = tuple(Range(leaf, leaf, 1.0 - low, 1.0 + high, "C") for leaf, (low, high) in pairs)
    axes = (
        type_axis(old=0.6, new=0.5),
        Axis(SRAM, (SRAM,), (2.0**18, 2.0**22, 2.0**24), ("s", "m", "l")),
    )
    wide = space(axes, ALL, model=TINY, cache_bytes=2.0**22)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "load_ranges", lambda *_: ranges)
        designs = drawn.DrawnDesigns(wide, SILICON)
        index = wide.decode(np.arange(6))
        objectives, _ = designs.draw(index, 32, seed)
        low, high = designs.bounds(index)
    for place, name in enumerate(ALL):
        values = np.abs(objectives[..., place])
        slack = 1e-9 * high[name]
        assert (low[name] - slack <= values.min(axis=0)).all(), name
        assert (values.max(axis=0) <= high[name] + slack).all(), name


def test_a_design_is_as_uncertain_in_a_front_as_alone(with_ranges):
    ranges = [Range(leaf, leaf, 0.7, 1.2, "C") for leaf in LEAVES]
    with_ranges(lambda _: ranges)
    axes = (type_axis(old=0.6, new=0.5), Axis(SRAM, (SRAM,), (2.0**18, 2.0**22), ("s", "m")))
    wide = space(axes, ("tpot_s", "energy_per_token_j"), model=TINY)
    found = find_robustness(wide, SILICON, wide.decode(np.arange(4)), draws=128, seed=3)
    chip, (mix,) = wide.build(np.array([1, 1]).reshape(2, 1))
    subject = (chip, TINY, mix.scenarios[0], None, None)
    spreads, _ = find_uncertainty(subject, SILICON, ranges, draws=128, seed=3)
    alone = {spread.name: spread for spread in spreads}
    for name in wide.objectives:
        np.testing.assert_allclose(found.percentiles[name][3], alone[name].percentiles, rtol=1e-12)
        assert found.low[name][3] == pytest.approx(alone[name].low, rel=1e-12)
        assert found.high[name][3] == pytest.approx(alone[name].high, rel=1e-12)


def test_requests_of_a_mix_see_the_same_draw(with_ranges):
    """One chip serves all requests: its numbers are off for all of them, and bounds still hold."""
    with_ranges(lambda _: [Range(leaf, leaf, 0.7, 1.2, "C") for leaf in LEAVES])
    cases = (
        Scenario("long", prompt_tokens=64, output_tokens=4, precision=precision()),
        Scenario("short", prompt_tokens=8, output_tokens=32, precision=precision("int8", "int8")),
    )
    axes = (type_axis(old=0.6, new=0.5), Axis(SRAM, (SRAM,), (2.0**18, 2.0**22), ("s", "m")))
    names = ("tpot_s", "decode_tok_s", "decode_power_w", "e2e_energy_j")
    mixed = dataclasses.replace(
        space(axes, names, model=TINY), mixes=(Mix(cases, (0.25, 0.75)), Mix(cases[:1]))
    )
    index = mixed.decode(np.arange(mixed.size))
    drawn_designs = drawn.DrawnDesigns(mixed, SILICON)
    as_stated, plain = drawn_designs.nominal(index), evaluate_designs(mixed, index, SILICON)
    objectives, _ = drawn_designs.draw(index, 64, 0)
    low, high = drawn_designs.bounds(index)
    for place, name in enumerate(names):
        np.testing.assert_allclose(as_stated[name], plain[name], rtol=1e-12)
        values = np.abs(objectives[..., place])
        assert (values >= low[name] * (1.0 - 1e-9)).all()
        assert (values <= high[name] * (1.0 + 1e-9)).all()


def test_the_size_of_chunks_does_not_matter(with_ranges, monkeypatch):
    with_ranges(lambda _: [Range(leaf, leaf, 0.7, 1.2, "C") for leaf in LEAVES])
    axes = (type_axis(old=0.6, new=0.5), Axis(SRAM, (SRAM,), (2.0**18, 2.0**22), ("s", "m")))
    wide = space(axes, ("tpot_s", "cost_usd"), model=TINY)
    results = []
    for size in (64, 1 << 16):
        monkeypatch.setattr(drawn, "_CHUNK", size)
        results.append(drawn.DrawnDesigns(wide, SILICON).draw(wide.decode(np.arange(4)), 32, 0))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_the_worst_of_several_models_counts_in_every_draw(with_ranges):
    with_ranges(only_new)
    both = dataclasses.replace(space((type_axis(new=0.7),)), models=(TINY, LLAMA_2_7B))
    alone = space((type_axis(new=0.7),))
    one, other = (drawn.DrawnDesigns(s, SILICON).draw(rows(0), 16, 0)[0] for s in (both, alone))
    np.testing.assert_array_equal(one, other)


def test_several_units_are_refused():
    chip = build_chip()
    team = dataclasses.replace(
        space((type_axis(old=0.8),)),
        chip=dataclasses.replace(
            chip, units=(*chip.units, dataclasses.replace(chip.units[0], name="gpu", kind="gpu"))
        ),
        unit="npu+gpu",
    )
    with pytest.raises(ValueError, match="known of one unit"):
        find_robustness(team, SILICON, rows(0))
