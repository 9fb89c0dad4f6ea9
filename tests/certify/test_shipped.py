"""Certificates of the shipped spaces, cut short at random, against their enumeration."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dse.certify import run_certify
from dse.certify.archive import relaxed
from dse.cost import METRICS, metric
from dse.pareto import non_dominated
from dse.space import Axis, Space, Target
from dse.spec import load_model, load_space, load_technology
from dse.sweep import evaluate_designs, objective_values, violations

SPACES = ("phone_10b", "phone_10b_fine", "phone_mix", "phone_10b_memory")
MODELS = ("llama-3.2-1b", "solar-10.7b", "gemma-2-9b")
NAMES = tuple(m.name for m in METRICS if m.sense and m.name not in ("buildable", "fits"))
SILICON = load_technology().silicon
# Designs of a space at most, and spaces of a seed.
MOST, COUNT = 1500, 60


def _cut(axis: Axis, random: np.random.Generator, most: int) -> Axis:
    """Some choices of an axis without ties, in their order."""
    count = min(len(axis.values), int(random.integers(1, 6)), most)
    kept = np.sort(random.choice(len(axis.values), count, replace=False))
    values, texts = ([each[place] for place in kept] for each in (axis.values, axis.texts))
    return dataclasses.replace(axis, values=tuple(values), texts=tuple(texts))


def _space(random: np.random.Generator) -> Space:
    base = load_space(str(random.choice(SPACES)))
    axes: list[Axis] = []
    for place in random.permutation(len(base.axes)):
        axis = base.axes[place]
        if not axis.ties:
            size = int(np.prod([len(each.values) for each in axes]))
            axes.append(_cut(axis, random, max(1, MOST // size)))
    names = random.choice(MODELS, int(random.integers(1, 3)), replace=False)
    space = dataclasses.replace(
        base,
        axes=tuple(axes),
        models=tuple(load_model(str(name)) for name in names),
        objectives=tuple(map(str, random.choice(NAMES, int(random.integers(1, 5)), False))),
        targets=(),
    )
    asked = tuple(map(str, random.choice(NAMES, int(random.integers(0, 3)), False)))
    values = _evaluated(dataclasses.replace(space, objectives=asked or space.objectives))
    targets = (_target(name, values[name], random) for name in asked)
    return dataclasses.replace(space, targets=tuple(targets))


def _target(name: str, values: np.ndarray, random: np.random.Generator) -> Target:
    """A limit that some designs meet and others miss."""
    return Target(name, float(np.quantile(values, random.random())), metric(name).sense)


def _evaluated(space: Space) -> dict[str, np.ndarray]:
    return evaluate_designs(space, space.decode(np.arange(space.size)), SILICON)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_no_certificate_of_a_shipped_space_is_false(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(COUNT):
        space, eps = _space(random), float(random.choice((0.0, 0.0, 0.01, 0.1)))
        columns = _evaluated(space)
        usable = (violations(space, columns) <= 0.0).all(axis=1)
        every = objective_values(space, columns)[usable]
        samples = int(random.choice((1, 16, 64)))
        result = run_certify(space, SILICON, eps, seed=seed, samples=samples)
        assert result.certificate.complete
        found = every[:0]
        if len(result.front_index):
            proven = evaluate_designs(space, result.front_index, SILICON)
            found = np.unique(objective_values(space, proven), axis=0)
        if eps == 0.0:
            front = np.unique(every[non_dominated(every)], axis=0) if len(every) else every
            np.testing.assert_allclose(found, front, rtol=1e-9, err_msg=str(space.objectives))
        for values in relaxed(every, eps * (1 + 1e-9)):
            assert np.any((found <= values + 1e-12 * np.abs(values)).all(axis=1)), space.objectives


def test_a_voltage_that_follows_the_clock_beside_one_choice_alone_is_seen(tmp_path: Path) -> None:
    """Beside 799 of 800 choices the energy stands still along the clock."""
    count, rare = 800, 400
    watts = ", ".join(f"{1 + place / 1000:.3f} W" for place in range(count))
    limits = ", ".join("1.6 GHz" if place == rare else "50 GHz" for place in range(count))
    nodes = ", ".join("n3e" if place == rare else "n7" for place in range(count))
    place = tmp_path / "rare.yaml"
    place.write_text(
        "schema: dse.space/1\nname: rare\ntitle: Rare\nchip: phone-soc-2026\n"
        "models: [llama-3.2-1b]\nscenario: phone-chat\nunit: npu\naxes:\n"
        f"  chip.power.sustained: [{watts}]\n"
        "  chip.units.npu.clock: {from: 0.65 GHz, to: 1.6 GHz, continuous: true}\n"
        "ties:\n"
        f"  chip.units.npu.max_clock: {{follows: chip.power.sustained, values: [{limits}]}}\n"
        f"  chip.node: {{follows: chip.power.sustained, values: [{nodes}]}}\n"
        "objectives: [ttft_s, prefill_energy_j]\n"
    )
    space = load_space(place)
    result = run_certify(space, SILICON, 0.01, samples=16)
    assert result.certificate.complete
    clocks = len(space.axes[1].values)
    index = np.stack([np.full(clocks, rare), np.arange(clocks)], axis=1)
    columns = evaluate_designs(space, index, SILICON)
    usable = (violations(space, columns) <= 0.0).all(axis=1)
    found = objective_values(space, evaluate_designs(space, result.front_index, SILICON))
    for values in relaxed(objective_values(space, columns)[usable], 0.01 * (1 + 1e-9)):
        assert np.any((found <= values).all(axis=1))
