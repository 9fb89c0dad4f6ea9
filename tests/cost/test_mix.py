"""A mix of requests against totals added up by hand, and the worst of several."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dse.cost import METRICS, Mean, evaluate, evaluate_mix, mean_columns, metric, worst_columns
from dse.dtype import parse_format
from dse.workload import Mix
from tests.sweep.toy import SILICON, make_chip, make_models, make_scenario

CHIP, (WIDE, _) = make_chip(), make_models()
NAMES = tuple(entry.name for entry in METRICS)


def _scenario(prompt: int, output: int, batch: int = 1, kv: str = "fp16"):
    base = make_scenario()
    precision = dataclasses.replace(base.precision, kv=parse_format(kv))
    return dataclasses.replace(
        base, prompt_tokens=prompt, output_tokens=output, batch_size=batch, precision=precision
    )


# 40 % summaries, 40 % chat turns of three at a time, 20 % translations.
MIX = Mix(
    (_scenario(1024, 128), _scenario(256, 256, batch=3), _scenario(512, 512, kv="int8")),
    (0.4, 0.4, 0.2),
)


@pytest.fixture(scope="module")
def single():
    return [evaluate(CHIP, WIDE, each, SILICON).row() for each in MIX.scenarios]


@pytest.fixture(scope="module")
def found():
    columns = evaluate_mix((CHIP, WIDE, MIX), SILICON, None, NAMES)
    return {name: float(values.ravel()[0]) for name, values in columns.items()}


def test_a_mix_is_a_thousand_requests_added_up(single, found):
    """400 + 400 + 200 requests, one after another: all seconds, joules and tokens."""
    prefill_s = decode_s = prefill_j = decode_j = 0.0
    prompt_tokens = output_tokens = steps = step_bytes = prefill_bytes = 0.0
    for count, batch, prompt, output, row in zip(
        (400, 400, 200), (1, 3, 1), (1024, 256, 512), (128, 256, 512), single, strict=True
    ):
        prefill_s += count * row["ttft_s"]
        decode_s += count * (row["e2e_latency_s"] - row["ttft_s"])
        prefill_j += count * row["prefill_energy_j"]
        decode_j += count * (row["e2e_energy_j"] - row["prefill_energy_j"])
        prefill_bytes += count * row["prefill_dram_bytes"]
        step_bytes += count * (output - 1) * row["decode_dram_bytes"]
        prompt_tokens += count * batch * prompt
        output_tokens += count * batch * (output - 1)
        steps += count * (output - 1)
    expected = {
        "ttft_s": prefill_s / 1000,
        "tpot_s": decode_s / steps,
        "prefill_tok_s": prompt_tokens / prefill_s,
        "decode_tok_s": output_tokens / decode_s,
        "e2e_latency_s": (prefill_s + decode_s) / 1000,
        "prefill_energy_j": prefill_j / 1000,
        "energy_per_token_j": decode_j / output_tokens,
        "e2e_energy_j": (prefill_j + decode_j) / 1000,
        "prefill_power_w": prefill_j / prefill_s,
        "decode_power_w": decode_j / decode_s,
        "prefill_dram_bytes": prefill_bytes / 1000,
        "decode_dram_bytes": step_bytes / steps,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
    shares = {"prefill_utilisation", "decode_dram_utilisation", "prefill_bound", "decode_bound"}
    meant = {entry.name for entry in METRICS if entry.mean is not Mean.NONE}
    assert meant == expected.keys() | shares


def test_a_utilisation_is_a_mean_over_time(single, found):
    seconds = [share * row["ttft_s"] for share, row in zip((0.4, 0.4, 0.2), single, strict=True)]
    busy = sum(s * row["prefill_utilisation"] for s, row in zip(seconds, single, strict=True))
    assert found["prefill_utilisation"] == pytest.approx(busy / sum(seconds), rel=1e-9)


def test_what_a_chip_must_hold_is_what_the_worst_asks(single, found):
    for entry in METRICS:
        if entry.mean is Mean.NONE:
            worst = max if entry.sense < 0 else min
            assert found[entry.name] == worst(row[entry.name] for row in single), entry.name
    assert len({row["memory_bytes"] for row in single}) == 3


def test_a_bound_is_that_of_the_request_with_the_largest_part(single, found):
    parts = [w * row["ttft_s"] for w, row in zip((0.4, 0.4, 0.2), single, strict=True)]
    assert found["prefill_bound"] == single[int(np.argmax(parts))]["prefill_bound"]


def test_a_mix_of_one_is_that_request_to_the_bit(single):
    alone = evaluate_mix((CHIP, WIDE, Mix(MIX.scenarios[:1])), SILICON, None, NAMES)
    assert {name: float(values.ravel()[0]) for name, values in alone.items()} == single[0]


def test_requests_of_one_token_have_no_decode_steps_to_weigh_by():
    mix = Mix((_scenario(64, 1), _scenario(512, 1)), (0.5, 0.5))
    rows = [evaluate(CHIP, WIDE, each, SILICON).row() for each in mix.scenarios]
    found = evaluate_mix((CHIP, WIDE, mix), SILICON, None, ["tpot_s"])["tpot_s"]
    assert found[0] == pytest.approx(sum(row["tpot_s"] for row in rows) / 2, rel=1e-12)


def test_requests_of_one_token_leave_the_decode_to_the_others():
    mix = Mix((_scenario(64, 1), _scenario(512, 64)), (0.9, 0.1))
    alone = evaluate(CHIP, WIDE, mix.scenarios[1], SILICON)
    found = evaluate_mix((CHIP, WIDE, mix), SILICON, None, ["tpot_s", "decode_power_w"])
    for name, values in found.items():
        assert values[0] == pytest.approx(alone[name][0], rel=1e-12)


@pytest.mark.parametrize("name", [m.name for m in METRICS if m.sense and m.mean is not Mean.NONE])
def test_a_mean_lies_between_its_parts_and_moves_with_each(name):
    columns = [{n: np.array([value]) for n in NAMES} for value in (2.0, 3.0, 5.0)]
    middle = mean_columns(columns, MIX, [name])[name][0]
    assert 2.0 < middle < 5.0
    if metric(name).mean in (Mean.REQUEST, Mean.STEP, Mean.OUTPUT):
        for place in range(3):
            better = [dict(each) for each in columns]
            better[place][name] = better[place][name] * 0.9
            assert mean_columns(better, MIX, [name])[name][0] < middle


def test_the_worst_of_parts_is_judged_by_the_slowest_where_nothing_is_worse():
    parts = [
        {"tpot_s": np.array([1.0, 4.0]), "decode_bound": np.array([0.0]), "fits": np.array([1.0])},
        {"tpot_s": np.array([2.0, 3.0]), "decode_bound": np.array([4.0]), "fits": np.array([0.0])},
    ]
    found = worst_columns(parts, ["tpot_s", "decode_bound", "fits"])
    assert found["tpot_s"].tolist() == [2.0, 4.0]
    assert found["decode_bound"].tolist() == [4.0, 0.0]
    assert found["fits"].tolist() == [0.0]
