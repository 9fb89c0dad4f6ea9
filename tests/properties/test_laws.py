"""Laws that every evaluation obeys, whatever the chip: they are what a user may rely on."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.chip import Chip, Dataflow
from dse.cost import (
    BOUNDS,
    METRICS,
    ChipBatch,
    OperatorRow,
    derive,
    evaluate,
    evaluate_batch,
    explain,
)
from dse.cost.batch import OperandCoefficients
from dse.workload import Mla, Model, Moe, Operand, Scenario, matrix_ops, operand_elements, unroll
from tests.conftest import SILICON, TINY, build_chip, precision

BASE = Model("base", "", 512, 1408, 3, 8, 2, 64, 4000, False)
MODELS = (
    TINY,
    BASE,
    dataclasses.replace(BASE, sliding_window=32, num_local_layers=2, norms_per_layer=4),
    dataclasses.replace(BASE, moe=Moe(8, 2, 256, 128, 1), qkv_bias=True),
    dataclasses.replace(BASE, num_kv_heads=8, mla=Mla(64, None, 64, 32, 64)),
)
FORMATS = ("int4-g32", "int8", "fp16", "fp8", "bf16", "int3-g64")

chips = st.builds(
    build_chip,
    dataflow=st.sampled_from(list(Dataflow)),
    double_buffered=st.booleans(),
    rows=st.integers(1, 128).map(float),
    cols=st.integers(1, 128).map(float),
    depth=st.sampled_from([1.0, 4.0, 16.0]),
    count=st.integers(1, 8).map(float),
    clock_hz=st.floats(1e8, 3e9),
    lanes=st.integers(1, 2048).map(float),
    sram_capacity_bytes=st.floats(2**12, 2**25),
    sram_bytes_per_cycle=st.floats(16.0, 4096.0),
    cache_bytes=st.sampled_from([0.0, 2.0**20, 2.0**25]),
    bus_width_bits=st.sampled_from([16.0, 64.0, 128.0, 1024.0]),
    efficiency=st.floats(0.3, 1.0),
    dispatch_s=st.floats(0.0, 1e-4),
)
scenarios = st.builds(
    lambda prompt, output, batch, fusion, *formats: Scenario(
        prompt_tokens=prompt,
        output_tokens=output,
        batch_size=batch,
        fusion=fusion,
        precision=precision(*formats),
    ),
    st.integers(1, 600),
    st.integers(1, 200),
    st.integers(1, 9),
    st.sampled_from(["full", "none"]),
    st.sampled_from(FORMATS),
    st.sampled_from(["int8", "fp16", "bf16"]),
    st.sampled_from(["int4-g32", "int8", "fp16"]),
)
models = st.sampled_from(MODELS)
WORSE_IS_MORE = [m.name for m in METRICS if m.sense < 0]


@given(chips, models, scenarios)
def test_finite_and_never_negative(chip: Chip, model: Model, scenario: Scenario) -> None:
    row = evaluate(chip, model, scenario, SILICON).row()
    assert all(np.isfinite(list(row.values())))
    assert all(v >= 0 for name, v in row.items() if name != "memory_free_bytes")
    assert row["ttft_s"] > 0
    assert row["tpot_s"] > 0


@given(chips, models, scenarios)
def test_time_is_at_least_each_floor_and_at_most_their_sum(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    batch = derive(chip, scenario.precision, SILICON)
    work = unroll(model, scenario)
    row = evaluate_batch(batch, work).row()
    best = min(o.cycles_per_mac[0] for o in batch.operands)
    cells = batch.tile_rows * batch.tile_cols * batch.depth * batch.cores / best
    macs_per_s = float(cells[0] / batch.cycle_s[0] + 1.0 / batch.lane_s[0])
    assert row["ttft_s"] >= matrix_ops(work.prefill) / 2 / macs_per_s
    weights = operand_elements(work.decode, Operand.WEIGHTS)
    keys = operand_elements(work.decode, Operand.KV)
    compulsory = (
        weights * batch.operands[Operand.WEIGHTS].bytes_per_element[0]
        + keys * batch.operands[Operand.KV].bytes_per_element[0]
    )
    assert row["decode_dram_bytes"] >= compulsory * (1 - 1e-12)
    assert row["tpot_s"] >= compulsory * batch.dram_s_per_byte[0] * (1 - 1e-12)
    rows = [r for r in explain(chip, model, scenario, SILICON) if r.phase == "decode"]
    assert row["tpot_s"] <= sum(sum(r.busy_s) for r in rows) * (1 + 1e-12)


def rows_that_add_up(chip: Chip, model: Model, scenario: Scenario) -> list[OperatorRow]:
    """Rows of an evaluation, each phase's sums held against its metrics."""
    row = evaluate(chip, model, scenario, SILICON).row()
    operators = explain(chip, model, scenario, SILICON)
    for phase, seconds, energy, moved in (
        ("prefill", "ttft_s", row["prefill_energy_j"], "prefill_dram_bytes"),
        ("decode", "tpot_s", row["energy_per_token_j"] * scenario.batch_size, "decode_dram_bytes"),
    ):
        mine = [r for r in operators if r.phase == phase]
        assert sum(r.seconds for r in mine) == pytest.approx(row[seconds], rel=1e-12)
        assert sum(r.energy_j for r in mine) == pytest.approx(energy, rel=1e-12)
        assert sum(r.dram_bytes for r in mine) == pytest.approx(row[moved], rel=1e-12)
        assert all(r.utilisation <= 1 + 1e-9 for r in mine)
    assert {r.phase for r in operators} <= {"prefill", "decode"}
    return list(operators)


@given(chips, models, scenarios)
def test_operators_add_up_to_the_whole(chip: Chip, model: Model, scenario: Scenario) -> None:
    operators = rows_that_add_up(chip, model, scenario)
    assert all(r.dram_bytes <= r.cache_bytes * (1 + 1e-12) for r in operators)


@given(chips, models, scenarios)
def test_a_phase_is_bound_by_what_most_of_its_time_waits_for(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    row = evaluate(chip, model, scenario, SILICON).row()
    operators = explain(chip, model, scenario, SILICON)
    for phase in ("prefill", "decode"):
        waits = dict.fromkeys(range(len(BOUNDS)), 0.0)
        for operator in operators:
            if operator.phase == phase:
                waits[operator.bound] += operator.seconds
        assert waits[int(row[f"{phase}_bound"])] >= max(waits.values()) * (1 - 1e-12)


def _coefficients(batch: ChipBatch) -> list[tuple[str, int]]:
    """Every coefficient with a sense, as (path, sense)."""
    own = [
        (f.name, f.metadata["sense"])
        for f in dataclasses.fields(batch)
        if f.metadata.get("sense", 0)
    ]
    nested = [
        (f"{place}.{f.name}", f.metadata["sense"])
        for place in Operand
        for f in dataclasses.fields(OperandCoefficients)
    ]
    return own + nested


def _moved(batch: ChipBatch, path: str, factor: float) -> ChipBatch:
    place, _, name = path.rpartition(".")
    if not place:
        return dataclasses.replace(batch, **{name: getattr(batch, name) * factor})
    operands = list(batch.operands)
    operand = operands[int(place)]
    operands[int(place)] = dataclasses.replace(operand, **{name: getattr(operand, name) * factor})
    return dataclasses.replace(batch, operands=tuple(operands))


@given(chips, models, scenarios, st.floats(1.001, 50.0), st.data())
def test_monotone_in_every_coefficient(
    chip: Chip, model: Model, scenario: Scenario, factor: float, data: st.DataObject
) -> None:
    """The law that certificates stand on: a better coefficient never makes a metric worse."""
    batch = derive(chip, scenario.precision, SILICON)
    work = unroll(model, scenario)
    before = evaluate_batch(batch, work)
    path, sense = data.draw(st.sampled_from(_coefficients(batch)))
    whole = path in ("tile_rows", "tile_cols", "depth", "cores", "block_rows", "block_cols")
    step = float(np.ceil(factor)) if whole else factor
    after = evaluate_batch(_moved(batch, path, step if sense > 0 else 1.0 / factor), work)
    for name in WORSE_IS_MORE:
        if not name.endswith("power_w"):  # a shorter time may draw more power
            assert after[name][0] <= before[name][0] * (1 + 1e-12), (name, path)


@given(
    chips, models, scenarios, st.integers(1, 300), st.sampled_from(["prompt", "output", "batch"])
)
def test_more_work_is_never_faster(
    chip: Chip, model: Model, scenario: Scenario, more: int, what: str
) -> None:
    name = {"prompt": "prompt_tokens", "output": "output_tokens", "batch": "batch_size"}[what]
    larger = dataclasses.replace(scenario, **{name: getattr(scenario, name) + more})
    small = evaluate(chip, model, scenario, SILICON)
    large = evaluate(chip, model, larger, SILICON)
    for column in ("e2e_latency_s", "ttft_s", "e2e_energy_j", "memory_bytes"):
        assert large[column][0] >= small[column][0] * (1 - 1e-9), column


@given(chips, scenarios)
def test_doubling_the_layers_doubles_their_time(chip: Chip, scenario: Scenario) -> None:
    def seconds(layers: int) -> float:
        model = dataclasses.replace(BASE, num_layers=layers)
        return float(evaluate(chip, model, scenario, SILICON)["ttft_s"][0])

    assert seconds(8) - seconds(4) == pytest.approx(2 * (seconds(4) - seconds(2)), rel=1e-9)


@given(chips, models, scenarios)
def test_doubling_every_rate_halves_the_time_exactly(
    chip: Chip, model: Model, scenario: Scenario
) -> None:
    batch = derive(chip, scenario.precision, SILICON)
    work = unroll(model, scenario)
    half = {
        field.name: getattr(batch, field.name) / 2
        for field in dataclasses.fields(batch)
        if field.name.endswith(("_s", "_s_per_byte")) and field.metadata.get("sense") == -1
    }
    assert {"dispatch_s", "prompt_s", "step_s", "dram_s_per_byte", "lane_s"} < half.keys()
    twice = dataclasses.replace(batch, **half)
    slow, fast = evaluate_batch(batch, work), evaluate_batch(twice, work)
    assert slow["ttft_s"][0] == 2 * fast["ttft_s"][0]
    assert slow["tpot_s"][0] == 2 * fast["tpot_s"][0]


def _stack(batch: list[Chip]) -> Chip:
    """n chips of equal structure as one chip with array leaves."""

    def merge(items: list[Any]) -> Any:
        first = items[0]
        if dataclasses.is_dataclass(first) and not isinstance(first, type):
            fields = {
                f.name: merge([getattr(item, f.name) for item in items])
                for f in dataclasses.fields(first)
            }
            return dataclasses.replace(first, **fields)
        if isinstance(first, tuple) and first and dataclasses.is_dataclass(first[0]):
            same = all(item == first for item in items)
            return first if same else tuple(map(merge, map(list, zip(*items, strict=True))))
        return np.array(items) if isinstance(first, float) else first

    merged: Chip = merge(batch)
    return merged


@given(st.lists(chips, min_size=1, max_size=4), models, scenarios, st.randoms())
def test_a_batch_equals_its_chips_to_the_bit(
    batch: list[Chip], model: Model, scenario: Scenario, random: Any
) -> None:
    first = batch[0].units[0].matrix
    same = [
        dataclasses.replace(
            chip,
            units=(
                dataclasses.replace(
                    chip.units[0],
                    matrix=dataclasses.replace(
                        chip.units[0].matrix,
                        dataflow=first.dataflow,
                        double_buffered=first.double_buffered,
                    ),
                ),
            ),
        )
        for chip in batch
    ]
    random.shuffle(same)
    stacked = _stack(same)
    untouched = copy.deepcopy(stacked)
    together = evaluate(stacked, model, scenario, SILICON)
    np.testing.assert_equal(dataclasses.asdict(stacked), dataclasses.asdict(untouched))
    for i, chip in enumerate(same):
        alone = evaluate(chip, model, scenario, SILICON)
        for name in alone.columns:
            assert together[name][i] == alone[name][0], name


def test_infinite_compute_leaves_bytes_over_bandwidth() -> None:
    chip = build_chip(depth=1e9, lanes=1e12, bytes_per_cycle=1e12, dispatch_s=0.0, latency_s=1e-30)
    scenario = Scenario(prompt_tokens=16, output_tokens=2, precision=precision())
    row = evaluate(chip, BASE, scenario, SILICON).row()
    assert row["tpot_s"] == pytest.approx(row["decode_dram_bytes"] / (76.8e9 * 0.8), rel=1e-5)


@settings(max_examples=20)
@given(
    models,
    scenarios.map(lambda s: dataclasses.replace(s, output_tokens=min(s.output_tokens, 24))),
)
def test_decode_closed_form_is_the_mean_of_its_steps(model: Model, scenario: Scenario) -> None:
    """Within 0.1 % of evaluating every step by itself."""
    chip = build_chip()
    steps = max(1, scenario.decode_steps)
    closed = evaluate(chip, model, scenario, SILICON)
    each = [
        evaluate(
            chip,
            model,
            dataclasses.replace(
                scenario, prompt_tokens=scenario.prompt_tokens + i, output_tokens=2
            ),
            SILICON,
        )
        for i in range(steps)
    ]
    for name in ("tpot_s", "energy_per_token_j"):
        mean = np.mean([result[name][0] for result in each])
        assert closed[name][0] == pytest.approx(mean, rel=1e-3)
