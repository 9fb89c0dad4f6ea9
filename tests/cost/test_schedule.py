"""Units together: never slower than the best one, exact per operator, and what they share."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.chip import Chip, ComputeUnit, Storage
from dse.cost import evaluate, explain
from dse.cost.phase import phase_cost
from dse.cost.roofline import OpCost, op_cost
from dse.cost.schedule import _parts, run_phase
from dse.cost.split import split_seconds
from dse.cost.team import HETEROGENEOUS, Team, assemble, team_units
from dse.cost.work import table_work
from dse.workload import Kind, Model, Op, Scenario, unroll
from tests.conftest import LLAMA_2_7B, SILICON, TINY, build_chip, precision

TIMED = ("ttft_s", "tpot_s", "e2e_latency_s")


def phone(*limits: float, sync_s: float = 20e-6, **changes: object) -> Chip:
    """An NPU, a GPU of a third of its rate and a small CPU, each with its own DRAM limit."""
    chip = build_chip(cache_bytes=8.0 * 2**20, **changes)
    npu = chip.units[0]
    gpu = dataclasses.replace(
        npu, name="gpu", kind="gpu", clock_hz=npu.clock_hz / 3.0, dispatch_s=8e-6
    )
    cpu = dataclasses.replace(npu, name="cpu", kind="cpu", clock_hz=npu.clock_hz / 40.0)
    pairs = zip((npu, gpu, cpu), limits or (40e9,) * 3, strict=False)
    units = tuple(dataclasses.replace(unit, max_dram_bytes_per_s=limit) for unit, limit in pairs)
    return dataclasses.replace(chip, units=units, sync_s=sync_s)


def unit(name: str, chip: Chip) -> ComputeUnit:
    return dataclasses.replace(chip.units[0], name=name)


built = st.builds(
    build_chip,
    clock_hz=st.floats(1e8, 3e9),
    lanes=st.integers(16, 2048).map(float),
    sram_capacity_bytes=st.floats(2**14, 2**24),
    cache_bytes=st.sampled_from([0.0, 2.0**22]),
    efficiency=st.floats(0.3, 1.0),
    max_dram_bytes_per_s=st.floats(5e9, 100e9),
    dispatch_s=st.floats(0.0, 1e-4),
)
chips = st.builds(
    lambda chip, others, sync_s, storage: dataclasses.replace(
        chip,
        storage=storage,
        units=(
            unit("a", chip),
            *(unit(name, other) for name, other in zip("bc", others, strict=False)),
        ),
        sync_s=sync_s,
    ),
    built,
    st.lists(built, min_size=1, max_size=2),
    st.floats(0.0, 1e-3),
    st.sampled_from([None, Storage(4e9, 50e-12)]),
)
scenarios = st.builds(
    lambda prompt, batch, weights, activations, **more: Scenario(
        prompt_tokens=prompt,
        output_tokens=8,
        batch_size=batch,
        precision=precision(weights, activations, activations),
        acceptance=0.7 if more["draft"] else None,
        **more,
    ),
    st.integers(1, 600),
    st.integers(1, 9),
    st.sampled_from(["int4-g32", "int8", "fp16", "fp8"]),
    st.sampled_from(["int8", "fp16"]),
    offload=st.sampled_from(["none", "weights", "kv"]),
    load_ahead=st.booleans(),
    draft=st.sampled_from([None, TINY]),
)
models = st.sampled_from(
    [TINY, Model("base", "", 512, 1408, 3, 8, 2, 64, 4000, False), LLAMA_2_7B]
)


@settings(max_examples=25)
@given(chips, models, scenarios)
def test_never_slower_than_the_best_single_unit(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    together = evaluate(chip, model, scenario, SILICON, HETEROGENEOUS).row()
    alone = [evaluate(chip, model, scenario, SILICON, each.name).row() for each in chip.units]
    for name in ("ttft_s", "tpot_s"):
        assert together[name] <= min(row[name] for row in alone) * (1 + 1e-9)
    assert all(np.isfinite(list(together.values())))


@settings(max_examples=25)
@given(chips, models, scenarios)
def test_the_bus_never_gives_more_than_it_has(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    team = assemble(chip, chip.units, scenario.precision, SILICON)
    work = unroll(model, scenario)
    for table in (work.prefill, work.decode):
        for launch in run_phase(table, team, np.zeros(1)).launches:
            moved_s = launch.dram_bytes * team.shared_s_per_byte
            assert np.all(moved_s <= launch.seconds * (1 + 1e-9))
            assert launch.shares.sum(axis=0) == pytest.approx(1.0)


@settings(max_examples=25)
@given(chips, models, scenarios)
def test_operators_add_up_to_the_whole(chip: Chip, model: Model, scenario: Scenario) -> None:
    row = evaluate(chip, model, scenario, SILICON, HETEROGENEOUS).row()
    operators = explain(chip, model, scenario, SILICON, HETEROGENEOUS)
    step_j = row["energy_per_token_j"] * scenario.batch_size
    for phase, seconds, energy, moved in (
        ("prefill", "ttft_s", row["prefill_energy_j"], "prefill_dram_bytes"),
        ("decode", "tpot_s", step_j, "decode_dram_bytes"),
    ):
        mine = [r for r in operators if r.phase == phase]
        assert sum(r.seconds for r in mine) == pytest.approx(row[seconds], rel=1e-9)
        assert sum(r.energy_j for r in mine) == pytest.approx(energy, rel=1e-9)
        assert sum(r.dram_bytes for r in mine) == pytest.approx(row[moved], rel=1e-9)
        assert all(sum(dict(r.shares).values()) == pytest.approx(1.0) for r in mine)
        assert all(r.utilisation <= 1 + 1e-9 for r in mine)


@settings(max_examples=25)
@given(chips, models, scenarios, st.floats(1.0, 1e3))
def test_a_dearer_rendezvous_never_helps(
    chip: Chip, model: Model, scenario: Scenario, factor: float
) -> None:
    dearer = dataclasses.replace(chip, sync_s=chip.sync_s * factor + 1e-6)
    before = evaluate(chip, model, scenario, SILICON, HETEROGENEOUS).row()
    after = evaluate(dearer, model, scenario, SILICON, HETEROGENEOUS).row()
    assert all(before[name] <= after[name] * (1 + 1e-9) for name in TIMED)


@settings(max_examples=25)
@given(chips, models, scenarios)
def test_one_unit_is_a_team_of_one(chip: Chip, model: Model, scenario: Scenario) -> None:
    single = dataclasses.replace(chip, units=chip.units[:1])
    alone = evaluate(single, model, scenario, SILICON).row()
    team = evaluate(single, model, scenario, SILICON, HETEROGENEOUS).row()
    assert team == pytest.approx(alone, rel=1e-9)


def test_without_end_of_waiting_each_phase_runs_on_its_best_unit() -> None:
    # The NPU is faster at products, the GPU draws more from DRAM: prefill and decode part.
    chip = phone(20e9, 40e9, 10e9, sync_s=1.0)
    scenario = Scenario(prompt_tokens=512, output_tokens=8, precision=precision())
    rows = explain(chip, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS)
    where = {
        phase: {r.shares for r in rows if r.phase == phase} for phase in ("prefill", "decode")
    }
    assert where == {"prefill": {(("npu", 1.0),)}, "decode": {(("gpu", 1.0),)}}
    together = evaluate(chip, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS).row()
    npu, gpu = (evaluate(chip, LLAMA_2_7B, scenario, SILICON, u).row() for u in ("npu", "gpu"))
    assert together["ttft_s"] == pytest.approx(npu["ttft_s"])
    assert together["tpot_s"] == pytest.approx(gpu["tpot_s"])
    assert together["prefill_energy_j"] == pytest.approx(npu["prefill_energy_j"])
    assert together["energy_per_token_j"] == pytest.approx(gpu["energy_per_token_j"])


def test_a_decode_on_two_units_streams_at_what_the_controller_gives() -> None:
    scenario = Scenario(prompt_tokens=512, output_tokens=8, precision=precision())
    free = phone(40e9, 40e9, sync_s=0.0, dispatch_s=0.0, latency_s=0.0)
    units = tuple(dataclasses.replace(each, dispatch_s=0.0) for each in free.units)
    free = dataclasses.replace(free, units=units)
    alone = evaluate(free, LLAMA_2_7B, scenario, SILICON, "npu").row()
    together = evaluate(free, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS).row()
    # 76.8 GB/s x 0.8 together, 40 GB/s each.
    assert alone["tpot_s"] / together["tpot_s"] == pytest.approx(76.8 * 0.8 / 40.0, rel=1e-3)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_no_placement_of_a_grid_is_faster(phase: str) -> None:
    chip = phone(30e9, 45e9, 20e9)
    scenario = Scenario(prompt_tokens=96, output_tokens=8, precision=precision("int4-g32"))
    team = assemble(chip, chip.units, scenario.precision, SILICON)
    table = getattr(unroll(LLAMA_2_7B, scenario), phase)
    found = float(run_phase(table, team, np.zeros(1)).cost.seconds[0])
    works = zip(*(table_work(table, batch) for batch in team.batches), strict=True)
    costs = [
        tuple(op_cost(op, *pair) for pair in zip(team.batches, each, strict=True))
        for op, each in zip(table, works, strict=True)
    ]
    totals = [
        sum(
            op.repeat * _fastest(op, cost, team, home)
            for op, cost in zip(table, costs, strict=True)
        )
        for home in range(3)
    ]
    assert found <= min(totals) * (1 + 1e-9)
    assert found == pytest.approx(min(totals), rel=5e-3)


def _fastest(op: Op, costs: tuple[OpCost, ...], team: Team, home: int) -> float:
    """Least time of an operator over a grid of shares."""
    steps = int(op.count) if op.kind is Kind.ATTENTION else 80
    pairs = itertools.product(range(steps + 1), repeat=2)
    shares = np.array([(i, j, steps - i - j) for i, j in pairs if i + j <= steps]).T / steps
    late = np.where(shares[home] == 1.0, 0.0, team.sync_s)
    seconds = split_seconds(_parts(op, costs, team, np.sum(shares > 0.0, axis=0)), shares)
    return float(np.min(seconds + late))


def test_a_batch_is_its_designs_one_by_one() -> None:
    scenario = Scenario(
        prompt_tokens=300, output_tokens=8, precision=precision("int4-g32", "fp16")
    )
    single = [phone(*limits) for limits in ((20e9, 40e9, 5e9), (40e9, 20e9, 30e9), (9e9,) * 3)]
    units = tuple(
        dataclasses.replace(
            single[0].units[i],
            max_dram_bytes_per_s=np.array([c.units[i].max_dram_bytes_per_s for c in single]),
        )
        for i in range(3)
    )
    batch = dataclasses.replace(single[0], units=units)
    joined = evaluate(batch, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS)
    for i, chip in enumerate(single):
        row = evaluate(chip, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS).row()
        assert joined.row(i) == pytest.approx(row, rel=1e-12)


def test_whole_heads_go_to_a_unit() -> None:
    chip = phone(30e9, 45e9, 20e9, sync_s=0.0)
    scenario = Scenario(prompt_tokens=2048, output_tokens=8, precision=precision())
    rows = explain(chip, LLAMA_2_7B, scenario, SILICON, HETEROGENEOUS)
    shares = [x for r in rows if r.name == "attention" for _, x in r.shares]
    assert len(shares) > 2
    assert all(x * 32 == pytest.approx(round(x * 32), abs=1e-9) for x in shares)


def test_energy_is_charged_where_the_work_runs() -> None:
    chip = phone(40e9, 40e9, 40e9)
    scenario = Scenario(prompt_tokens=64, output_tokens=8, precision=precision())
    team = assemble(chip, chip.units, scenario.precision, SILICON)
    table = unroll(LLAMA_2_7B, scenario).decode
    ran = run_phase(table, team, np.zeros(1))
    work = ran.cost.dynamic_j - ran.leakage_w * ran.cost.seconds
    alone = [phase_cost(table, b, np.zeros(1)).dynamic_j[0] for b in team.batches]
    # The toys burn the same per operation and byte, but for the inputs that both read.
    assert work[0] == pytest.approx(alone[0], rel=1e-3)
    own = [float(b.static_w[0] - team.common_w[0]) for b in team.batches]
    used = np.any([launch.shares[:, 0] > 0 for launch in ran.launches], axis=0)
    assert ran.leakage_w[0] == pytest.approx(sum(w for w, u in zip(own, used, strict=True) if u))


def test_units_of_a_schedule_by_name() -> None:
    chip = phone()
    assert [u.name for u in team_units(chip, HETEROGENEOUS)] == ["npu", "gpu", "cpu"]
    assert [u.name for u in team_units(chip, "gpu+npu")] == ["gpu", "npu"]
    assert [u.name for u in team_units(chip, "npu+npu")] == ["npu"]
    assert team_units(chip, "npu") == ()
    assert team_units(chip, None) == ()
    with pytest.raises(KeyError):
        team_units(chip, "npu+tpu")
