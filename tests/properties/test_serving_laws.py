"""The laws of every evaluation hold for every way to serve a request, too."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.chip import Chip, Storage
from dse.cost import METRICS, derive, evaluate, evaluate_batch
from dse.workload import Model, Operand, Scenario, unroll
from tests.conftest import SILICON, TINY
from tests.properties.test_laws import (
    _coefficients,
    _moved,
    chips,
    models,
    rows_that_add_up,
    scenarios,
)

DRAFT = dataclasses.replace(TINY, hidden_size=64, intermediate_size=128)
WORSE_IS_MORE = [m.name for m in METRICS if m.sense < 0 and not m.name.endswith("power_w")]

storages = st.builds(
    Storage, st.floats(1e8, 1e10), st.floats(0.0, 1e-10), st.none() | st.floats(1e7, 1e9)
)
small_chips = st.builds(
    lambda chip, storage, room: dataclasses.replace(
        chip,
        storage=storage,
        dram=dataclasses.replace(chip.dram, capacity_bytes=chip.system_reserved_bytes + room),
    ),
    chips,
    st.none() | storages,
    st.floats(1e4, 3e7),
)
served = st.builds(
    lambda scenario, changes: dataclasses.replace(scenario, **changes),
    scenarios,
    st.fixed_dictionaries(
        {
            "cached_prompt_tokens": st.integers(0, 700),
            "prefill_chunk_tokens": st.none() | st.integers(1, 700),
            "offload": st.sampled_from(["none", "weights", "experts", "kv"]),
            "load_ahead": st.booleans(),
            "active_fraction": st.just(1.0) | st.floats(0.01, 1.0),
            "popularity_skew": st.floats(0.0, 0.99),
        }
    ).flatmap(
        lambda first: st.one_of(
            st.fixed_dictionaries({"beams": st.integers(1, 5)}),
            st.fixed_dictionaries(
                {
                    "draft": st.just(DRAFT),
                    "draft_tokens": st.integers(1, 6),
                    "acceptance": st.floats(0.0, 1.0),
                }
            ),
        ).map(lambda second: first | second)
    ),
)


@given(small_chips, models, served)
def test_finite_and_never_negative(chip: Chip, model: Model, scenario: Scenario) -> None:
    row = evaluate(chip, model, scenario, SILICON).row()
    assert all(np.isfinite(list(row.values())))
    assert all(v >= 0 for name, v in row.items() if name != "memory_free_bytes")
    assert row["memory_bytes"] + row["memory_free_bytes"] == pytest.approx(
        chip.dram.capacity_bytes
    )


@given(small_chips, models, served)
def test_operators_add_up_to_the_whole(chip: Chip, model: Model, scenario: Scenario) -> None:
    operators = rows_that_add_up(chip, model, scenario)
    assert all(r.seconds >= max(r.busy_s) * (1 - 1e-12) for r in operators)


@given(small_chips, models, served, st.floats(1.001, 50.0), st.data())
def test_monotone_in_every_coefficient(
    chip: Chip, model: Model, scenario: Scenario, factor: float, data: st.DataObject
) -> None:
    batch = derive(chip, scenario.precision, SILICON)
    work = unroll(model, scenario)
    before = evaluate_batch(batch, work)
    path, sense = data.draw(st.sampled_from(_coefficients(batch)))
    whole = path in ("tile_rows", "tile_cols", "depth", "cores", "block_rows", "block_cols")
    step = float(np.ceil(factor)) if whole else factor
    after = evaluate_batch(_moved(batch, path, step if sense > 0 else 1.0 / factor), work)
    for name in WORSE_IS_MORE:
        assert after[name][0] <= before[name][0] * (1 + 1e-9), (name, path)


@given(small_chips, models, served, st.floats(1e4, 1e8))
def test_more_memory_never_hurts(
    chip: Chip, model: Model, scenario: Scenario, more: float
) -> None:
    dram = dataclasses.replace(chip.dram, capacity_bytes=chip.dram.capacity_bytes + more)
    small = evaluate(chip, model, scenario, SILICON)
    batch = derive(dataclasses.replace(chip, dram=dram), scenario.precision, SILICON)
    before = derive(chip, scenario.precision, SILICON)
    # The devices' own background power and price grow; what is asked of them must not.
    same = dataclasses.replace(before, dram_capacity_bytes=batch.dram_capacity_bytes)
    large = evaluate_batch(same, unroll(model, scenario))
    for name in ("ttft_s", "tpot_s", "e2e_energy_j", "decode_dram_bytes"):
        assert large[name][0] <= small[name][0] * (1 + 1e-12), name


@given(models, scenarios, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(1, 8))
def test_a_better_draft_reads_less_per_token(
    model: Model, scenario: Scenario, one: float, other: float, k: int
) -> None:
    low, high = sorted((one, other))
    reads = []
    for acceptance in (low, high):
        asked = dataclasses.replace(scenario, draft=DRAFT, draft_tokens=k, acceptance=acceptance)
        table = unroll(model, asked).decode
        reads.append(sum(op.repeat * op.operand_elements for op in table))
    assert reads[1] <= reads[0] * (1 + 1e-12)
    assert {op.operand for op in table} <= set(Operand)
