"""The shortest set of steps, against trying every set one by one from changed files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dse.advise import find_steps
from dse.advise.step_order import doublings
from dse.cost import evaluate, open_die
from dse.errors import TooLargeError
from dse.space import Target
from dse.spec import load_model, load_technology
from dse.spec.changes import changed_chip, changed_draft, changed_scenario
from dse.spec.step_build import start_draft, step_space
from dse.spec.step_space import StepSpace
from dse.spec.steps import load_catalogue
from dse.sweep import ALWAYS, shortfalls

CHIP, MODEL, SCENARIO = "phone-soc-2026", "llama-3.2-3b", "phone-chat"
HEAD = """\
schema: dse.catalogue/1
name: few
title: A few steps
scenario: phone-chat
start: {scenario.weights: fp16, scenario.fusion: none}
targets: {decode_tok_s: ">= 10 tok/s"}
steps:
"""
STEPS = {
    "weights-8": """
    group: weights
    changes: {scenario.weights: int8}
    perplexity: 1.01
""",
    "weights-4": """
    group: weights
    changes: {scenario.weights: int4-g32}
    perplexity: 1.05
""",
    "fuse": """
    changes: {scenario.fusion: full}
""",
    "sram": """
    changes: {chip.unit.sram.capacity: {multiply: 2}}
""",
    "lpddr6": """
    changes: {chip.dram.type: lpddr6, chip.dram.bus_width: 96 bit, chip.dram.data_rate: 10667 MT/s}
""",
    "grade": """
    changes: {chip.dram.data_rate: {next: [8533 MT/s, 9600 MT/s, 10667 MT/s, 12800 MT/s]}}
""",
    "bus-16": """
    repeat: 2
    changes: {chip.dram.bus_width: {add: 16 bit}}
""",
}


def write(folder: Path, steps: dict[str, str], head: str = HEAD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "few.yaml"
    body = "".join(f"  {name}:\n    title: {name}{text}" for name, text in steps.items())
    path.write_text(head + body)
    return path


def space_of(path: Path) -> StepSpace:
    catalogue = load_catalogue(path)
    drafts = {
        "chip": changed_draft("chip", CHIP, {}),
        "scenario": start_draft(changed_draft("scenario", SCENARIO, {}), catalogue.start),
    }
    return step_space(catalogue, changed_chip(CHIP, {}), drafts, MODEL)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> StepSpace:
    return space_of(write(tmp_path_factory.mktemp("steps"), STEPS))


def search(space: StepSpace, *targets: Target):
    return find_steps(space, load_model(MODEL), targets, load_technology().silicon)


def names(found) -> dict[str, int]:
    return {choice.step.name: choice.times for choice in found.choices}


@cache
def by_hand() -> tuple[tuple[dict[str, int], dict[str, float]], ...]:
    """Every set and its metrics, each from a chip and a scenario changed as a user would."""
    return tuple(_by_hand())


def _by_hand() -> Iterator[tuple[dict[str, int], dict[str, float]]]:
    silicon, model = load_technology().silicon, load_model(MODEL)
    rates = (8533, 9600, 10667, 12800)
    base = changed_chip(CHIP, {})
    present = base.dram.data_rate_per_s / 1e6
    options = itertools.product((0, 1, 2), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1, 2))
    for weights, fuse, sram, lpddr6, grade, bus in options:
        width, rate = (96.0, 10667.0) if lpddr6 else (base.dram.bus_width_bits, present)
        rate = next((r for r in rates if r > 1.02 * rate), None) if grade else rate
        if rate is None:
            continue
        changes = {
            "dram.bus_width": f"{width + 16 * bus} bit",
            "dram.data_rate": f"{rate} MT/s",
            f"units.{base.units[0].name}.sram.capacity": (
                f"{base.units[0].sram.capacity_bytes * (1 + sram) / 1024} KiB"
            ),
        }
        changes |= {"dram.type": "lpddr6"} if lpddr6 else {}
        scenario = changed_scenario(
            SCENARIO,
            {
                "weights": ("fp16", "int8", "int4-g32")[weights],
                "fusion": "full" if fuse else "none",
            },
        )
        opened = open_die(base, base.units[0], silicon)
        chip = changed_chip(CHIP, changes)
        assert chip.area == opened.area
        metrics = evaluate(chip, model, scenario, silicon).row()
        metrics["perplexity"] = (1.0, 1.01, 1.05)[weights]
        taken = {"weights-8": int(weights == 1), "weights-4": int(weights == 2), "fuse": fuse}
        taken |= {"sram": sram, "lpddr6": lpddr6, "grade": grade, "bus-16": bus}
        yield {name: times for name, times in taken.items() if times}, metrics


def best_by_hand(*targets: Target) -> tuple[int, list[dict[str, int]]]:
    """Fewest steps that meet the targets, and the sets of as many, the cheapest first."""
    met = [
        (taken, metrics)
        for taken, metrics in by_hand()
        if metrics["fits"]
        and metrics["buildable"]
        and all(target.violation(metrics[target.metric]) <= 0.0 for target in targets)
    ]
    fewest = min(sum(taken.values()) for taken, _ in met)
    short = [(taken, m) for taken, m in met if sum(taken.values()) == fewest]
    short.sort(
        key=lambda pair: (
            round(pair[1]["cost_usd"], 2),
            round(pair[1]["perplexity"], 4),
            round(pair[1]["decode_power_w"], 3),
        )
    )
    return fewest, [taken for taken, _ in short]


def test_every_set_is_what_a_user_would_get_from_changed_files(space: StepSpace) -> None:
    known = {tuple(sorted(taken.items())): metrics for taken, metrics in by_hand()}
    levels = space.decode(np.arange(space.size))
    levels = levels[space.exists(levels)]
    assert len(levels) == len(known)
    silicon, model = load_technology().silicon, load_model(MODEL)
    for same in space.alike(levels):
        chip, scenario, unit = space.design(levels[same])
        columns = evaluate(chip, model, scenario, silicon, unit).columns
        for row, place in enumerate(same):
            choices = space.choices(levels[place].tolist())
            metrics = known[tuple(sorted((c.step.name, c.times) for c in choices))]
            for name in ("ttft_s", "tpot_s", "decode_power_w", "cost_usd", "memory_bytes"):
                values = np.broadcast_to(columns[name], same.shape)
                assert values[row] == pytest.approx(metrics[name], rel=1e-9), (choices, name)


def test_counts_are_the_steps_of_the_sets(space: StepSpace) -> None:
    counts, levels = space.counts(), space.decode(np.arange(space.size))
    for number in range(0, space.size, 7):
        choices = space.choices(levels[number].tolist())
        assert counts[number] == sum(choice.times for choice in choices)


@pytest.mark.parametrize("quantile", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("power", [0.3, 1.0])
def test_the_found_set_is_the_shortest_and_the_cheapest(
    space: StepSpace, quantile: float, power: float
) -> None:
    possible = [m for _, m in by_hand() if m["fits"] and m["buildable"]]
    rate = Target(
        "decode_tok_s", float(np.quantile([m["decode_tok_s"] for m in possible], quantile)), 1
    )
    watts = sorted(m["decode_power_w"] for m in possible if m["decode_tok_s"] >= rate.limit)
    limit = Target("decode_power_w", watts[int(power * (len(watts) - 1))], -1)
    fewest, sets = best_by_hand(rate, limit)
    result = search(space, rate, limit)
    assert result.is_met
    assert result.found.count == fewest
    assert result.equals == len(sets)
    assert names(result.found) == sets[0]
    assert [names(other) for other in result.others] == sets[1:4]


def test_nothing_to_do_is_no_step(space: StepSpace) -> None:
    result = search(space, Target("decode_tok_s", 0.1, 1), Target("memory_bytes", 1e12, -1))
    assert result.is_met
    assert result.found.count == 0
    assert result.taken == ()
    assert result.found.metrics == result.start.metrics


def test_the_nearest_set_is_told_where_none_will_do(space: StepSpace) -> None:
    target = Target("decode_tok_s", 1e4, 1)
    result = search(space, target)
    assert not result.is_met
    assert result.equals == 0
    assert result.is_all
    assert result.tried == len(by_hand())
    possible = [(t, m) for t, m in by_hand() if m["fits"] and m["buildable"]]
    best = max(m["decode_tok_s"] for _, m in possible)
    assert result.found.metrics["decode_tok_s"] == pytest.approx(best)
    shortest = min(sum(t.values()) for t, m in possible if m["decode_tok_s"] == best)
    assert result.found.count == shortest
    assert result.reach[0].met == 0
    assert result.reach[0].best_with_others == pytest.approx(best)


def test_a_limit_on_the_steps_is_kept(space: StepSpace) -> None:
    result = find_steps(
        space,
        load_model(MODEL),
        (Target("decode_tok_s", 1e4, 1),),
        load_technology().silicon,
        most=2,
    )
    assert not result.is_all
    assert result.most == 2
    assert result.found.count <= 2
    assert result.tried == sum(sum(taken.values()) <= 2 for taken, _ in by_hand())


def test_a_looser_target_never_takes_more_steps(space: StepSpace) -> None:
    rates = np.linspace(2.0, 40.0, 12)
    results = [search(space, Target("decode_tok_s", float(rate), 1)) for rate in rates]
    counts = [r.found.count if r.is_met else 99 for r in results]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2


def test_a_longer_catalogue_never_takes_more_steps(tmp_path: Path, space: StepSpace) -> None:
    target = Target("decode_tok_s", 20.0, 1)
    whole = search(space, target).found.count
    for name in ("weights-8", "sram", "fuse", "lpddr6"):
        fewer = {key: text for key, text in STEPS.items() if key != name}
        result = search(space_of(write(tmp_path / name, fewer)), target)
        assert not result.is_met or result.found.count >= whole


def test_equal_steps_are_told_apart_by_price_then_quality_then_place(tmp_path: Path) -> None:
    wide = "\n    group: wide\n    changes: {chip.dram.bus_width: 96 bit}\n"
    steps = {
        "dear": "\n    group: wide\n    changes: {chip.dram.bus_width: 112 bit}\n",
        "worse": wide + "    perplexity: 1.2\n",
        "good": wide,
        "same": wide,
    }
    start = HEAD.replace("fp16", "int4-g32")
    target = Target("dram_bandwidth_bytes_per_s", 0.99 * 96 / 8 * 8533e6, 1)
    result = search(space_of(write(tmp_path, steps, start)), target)
    assert result.equals == 4
    assert [names(each) for each in (result.found, *result.others)] == [
        {"good": 1},
        {"same": 1},
        {"worse": 1},
        {"dear": 1},
    ]


def test_the_steps_are_told_in_the_order_of_their_gain(space: StepSpace) -> None:
    fastest = sorted(m["decode_tok_s"] for _, m in by_hand() if m["fits"] and m["buildable"])
    targets = (Target("decode_tok_s", fastest[-4], 1), Target("ttft_s", 0.2, -1))
    result = search(space, *targets)
    start = {name: np.array([value]) for name, value in result.start.metrics.items()}
    far = doublings(result.requirements, shortfalls(targets, start)).sum()
    after = {name: np.array([value]) for name, value in result.found.metrics.items()}
    left = doublings(result.requirements, shortfalls(targets, after)).sum()
    assert sum(taken.gain for taken in result.taken) == pytest.approx(far - left)
    assert len(result.taken) == result.found.count > 1
    assert result.taken[0].before == result.start.metrics
    assert result.taken[-1].after == pytest.approx(result.found.metrics, nan_ok=True)
    for one, two in itertools.pairwise(result.taken):
        assert one.after == two.before
    # The first step gains more than any other of the set would alone.
    for taken in result.taken[1:]:
        group = next(g for g in space.groups if any(c.step is taken.step for c in g))
        alone = np.zeros(len(space.groups), dtype=np.int64)
        alone[space.groups.index(group)] = next(
            i for i, c in enumerate(group) if c.step is taken.step and c.times == 1
        )
        chip, scenario, unit = space.design(alone[None])
        model, silicon = load_model(MODEL), load_technology().silicon
        columns = evaluate(chip, model, scenario, silicon, unit).columns
        distance = doublings(result.requirements, shortfalls(targets, columns)).sum()
        assert far - distance <= result.taken[0].gain + 1e-9


def test_doublings_are_factors() -> None:
    targets = (Target("tpot_s", 0.1, -1), Target("decode_tok_s", 10.0, 1), *ALWAYS)
    columns = {
        "tpot_s": np.array([0.4, 0.05]),
        "decode_tok_s": np.array([2.5, 0.0]),
        "memory_bytes": np.array([24.0, 6.0]),
        "memory_free_bytes": np.array([-12.0, 6.0]),
        "buildable": np.array([1.0, 0.0]),
    }
    found = doublings(targets, shortfalls(targets[:2], columns))
    assert found.tolist() == [[2.0, 2.0, 1.0, 0.0], [0.0, np.inf, 0.0, np.inf]]


def test_a_step_that_changes_nothing_is_left_out(tmp_path: Path) -> None:
    steps = {
        "again": "\n    changes: {scenario.weights: fp16}\n",
        "newest": "\n    changes: {chip.node: {map: {n7: n5}}}\n",
        "faster": "\n    changes: {chip.dram.data_rate: {next: [3200 MT/s]}}\n",
        "together": "\n    changes: {unit: npu+npu}\n",
        "draft": "\n    changes: {scenario.draft: {by_model: {no-such: x}}}\n",
        "fuse": STEPS["fuse"],
    }
    space = space_of(write(tmp_path, steps))
    assert [step.name for step, _ in space.left_out] == list(steps)[:-1]
    assert space.shape == (2,)


def test_a_step_may_bring_a_draft_model(tmp_path: Path) -> None:
    text = """
    changes:
      scenario.draft: {by_model: {llama-3.2-3b: llama-3.2-1b}}
      scenario.acceptance: 0.8
"""
    space = space_of(write(tmp_path, {"draft": text}))
    result = search(space, Target("decode_tok_s", 1e4, 1))
    assert names(result.found) == {"draft": 1}
    assert result.found.metrics["decode_tok_s"] > 1.3 * result.start.metrics["decode_tok_s"]


def test_what_was_not_measured_is_what_the_steps_state(space: StepSpace) -> None:
    quality = load_model(MODEL).quality
    precision = changed_scenario(SCENARIO, {"weights": "int4-g32"}).precision
    known = float("nan") if quality is None else float(quality.perplexity_ratio(precision))
    result = search(space, Target("weight_bytes", 2.5e9, -1))
    assert names(result.found) == {"weights-4": 1}
    assert result.found.is_measured == np.isfinite(known)
    assert result.found.perplexity == pytest.approx(known if np.isfinite(known) else 1.05)


def test_too_many_sets_are_refused(space: StepSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dse.advise.steps.MAX_SETS", space.size - 1)
    with pytest.raises(TooLargeError, match=f"has {space.size} sets of steps"):
        search(space, Target("decode_tok_s", 1.0, 1))
