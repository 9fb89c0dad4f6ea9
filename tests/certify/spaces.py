"""Random small spaces over the toy chip, and their fronts by enumeration."""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dse.chip import Dataflow
from dse.cost import metric
from dse.dtype import parse_format
from dse.space import Axis, Setting, Space, Target
from dse.sweep import evaluate_designs, objective_values, violations
from dse.workload import Mix

MIB, GIB = 2.0**20, 2.0**30
UNIT = "chip.units.npu."
# Choices of each numeric field; an axis takes a few of them, in any order.
NUMBERS: dict[str, tuple[float, ...]] = {
    UNIT + "count": (1.0, 2.0, 3.0, 4.0, 6.0, 8.0),
    UNIT + "clock_hz": (0.2e9, 0.6e9, 0.7e9, 1.0e9, 1.3e9, 1.6e9, 2.4e9),
    UNIT + "matrix.rows": (1.0, 8.0, 24.0, 32.0, 56.0, 64.0, 100.0, 128.0),
    UNIT + "matrix.cols": (1.0, 16.0, 40.0, 64.0, 96.0, 128.0, 256.0),
    UNIT + "matrix.depth": (1.0, 2.0, 4.0, 16.0),
    UNIT + "vector.lanes": (1.0, 16.0, 64.0, 200.0, 512.0, 2048.0),
    UNIT + "sram.capacity_bytes": (2.0**14, 0.3 * MIB, MIB, 3 * MIB, 4 * MIB, 16 * MIB),
    UNIT + "sram.bytes_per_cycle": (16.0, 100.0, 256.0, 1024.0, 4096.0),
    UNIT + "dispatch_s": (0.0, 1e-6, 2e-5),
    "chip.cache.capacity_bytes": (0.0, MIB, 8 * MIB, 32 * MIB),
    "chip.cache.bandwidth_bytes_per_s": (50e9, 100e9, 400e9),
    "chip.dram.bus_width_bits": (16.0, 32.0, 64.0, 72.0, 96.0, 128.0, 1024.0),
    "chip.dram.data_rate_per_s": (3.2e9, 7.5e9, 9.6e9, 14.4e9, 20e9),
    "chip.dram.capacity_bytes": (1 * GIB, 2.5 * GIB, 4 * GIB, 12 * GIB),
    "chip.dram.max_outstanding_bytes": (2.0**12, 2.0**14, float("inf")),
    "chip.power.idle_w": (0.0, 0.2, 1.0),
}
FORMATS = {
    "weights": ("int4-g32", "int8", "int6-g32", "fp16"),
    "activations": ("int8", "fp16"),
    "kv": ("int4-g64", "int8", "fp16"),
}
TARGETS = {
    "ttft_s": (0.05, 0.5, 5.0),
    "tpot_s": (0.02, 0.1, 1.0),
    "decode_power_w": (0.5, 1.0, 2.0, 4.0),
    "prefill_power_w": (1.0, 3.0, 10.0),
    "energy_per_token_j": (0.02, 0.1, 0.3),
    "npu_area_mm2": (4.0, 15.0, 60.0),
    "edge_fraction": (0.2, 0.6),
    "prefill_utilisation": (0.05, 0.3, 0.7),
    "decode_dram_utilisation": (0.3, 0.6, 0.8),
}
OBJECTIVES = (
    *("tpot_s", "energy_per_token_j", "cost_usd", "ttft_s", "area_mm2", "decode_tok_s"),
    *("decode_power_w", "memory_free_bytes", "dram_bandwidth_bytes_per_s", "e2e_energy_j"),
    *("prefill_utilisation", "decode_dram_utilisation"),
)


def axis(path: str, values: tuple[Any, ...], *, static: bool = False) -> Axis:
    return Axis(path, (path,), values, tuple(map(str, values)), static)


@st.composite
def spaces(draw: st.DrawFn, toy: ModuleType, most: int = 400) -> Space:
    """A space of 2 to 5 axes, 1 to 4 objectives and any targets."""
    clock = 2.0e9
    paths = draw(st.lists(st.sampled_from(sorted(NUMBERS)), min_size=1, max_size=4, unique=True))
    axes = [
        axis(p, tuple(draw(st.lists(st.sampled_from(NUMBERS[p]), min_size=1, max_size=6))))
        for p in paths
    ]
    names = draw(
        st.lists(st.sampled_from(("dram", "node", "flow", "buffered", *FORMATS)), max_size=2)
    )
    axes += [_choices(draw, toy, name) for name in dict.fromkeys(names)]
    objectives = draw(st.lists(st.sampled_from(OBJECTIVES), min_size=1, max_size=4, unique=True))
    limited = draw(st.lists(st.sampled_from(sorted(TARGETS)), max_size=3, unique=True))
    targets = tuple(Target(n, draw(st.sampled_from(TARGETS[n])), metric(n).sense) for n in limited)
    space = toy.make_space(*axes, targets=targets, objectives=tuple(objectives))
    unit = dataclasses.replace(space.chip.units[0], max_clock_hz=clock)
    cache = dataclasses.replace(space.chip.cache, bandwidth_bytes_per_s=200e9)
    chip = dataclasses.replace(space.chip, units=(unit,), cache=cache)
    space = dataclasses.replace(space, chip=chip)
    while space.size > most:
        space = dataclasses.replace(space, axes=space.axes[:-1])
    return space


def _choices(draw: st.DrawFn, toy: ModuleType, name: str) -> Axis:
    if name == "flow":
        return axis(UNIT + "matrix.dataflow", tuple(Dataflow), static=True)
    if name == "buffered":
        return axis(UNIT + "matrix.double_buffered", (True, False), static=True)
    factor = st.floats(0.3, 3.0)
    if name == "node":
        fields = ("logic_energy", "logic_area", "sram_energy", "sram_area", "wafer_usd")
        nodes = [toy.N4, toy.N7]
        nodes = [
            dataclasses.replace(n, **{f: getattr(n, f) * draw(factor) for f in fields})
            for n in nodes
        ]
        return Axis("chip.node", ("chip.node",), tuple(nodes), ("a", "b"))
    if name == "dram":
        fields = ("energy_j_per_bit", "usd_per_byte", "phy_area_mm2_per_bit", "latency_s")
        kinds = [toy.LPDDR5X, dataclasses.replace(toy.LPDDR6, channel_bits=24.0)]
        kinds = [
            dataclasses.replace(k, **{f: getattr(k, f) * draw(factor) for f in fields})
            for k in kinds
        ]
        return Axis("chip.dram.type", ("chip.dram.type",), tuple(kinds), ("a", "b"))
    path = f"scenario.precision.{name}"
    return Axis(path, (path,), tuple(map(parse_format, FORMATS[name])), FORMATS[name])


def enumerated(space: Space, silicon: Any) -> np.ndarray:
    """Objectives of every design that meets the requirements."""
    columns = evaluate_designs(space, space.decode(np.arange(space.size)), silicon)
    usable = (violations(space, columns) <= 0.0).all(axis=1)
    return objective_values(space, columns)[usable]


@st.composite
def mixed(draw: st.DrawFn, toy: ModuleType, most: int = 400) -> Space:
    """A space as of `spaces`, with use cases, and with fields tied to some of its axes."""
    space = draw(spaces(toy, most))
    taken = {each.path for each in space.axes}
    free = [path for path in sorted(NUMBERS) if path not in taken]
    axes = []
    for each in space.axes:
        ties = []
        for path in draw(st.lists(st.sampled_from(free), max_size=2, unique=True)):
            free.remove(path)
            # Any table: ties may pull against their axis, and to and fro.
            picked = st.sampled_from(NUMBERS[path])
            values = tuple(draw(picked) for _ in each.values)
            ties.append(Setting(path, (path,), values, tuple(map(str, values))))
        axes.append(dataclasses.replace(each, ties=tuple(ties)))
    return dataclasses.replace(space, axes=tuple(axes), mixes=draw(mixes(toy)))


@st.composite
def mixes(draw: st.DrawFn, toy: ModuleType) -> tuple[Mix, ...]:
    """Two or three scenarios of any lengths, batches and formats, by their mean or the worst."""
    base = toy.make_scenario()
    scenarios = []
    for number in range(draw(st.integers(2, 3))):
        kv = parse_format(draw(st.sampled_from(FORMATS["kv"])))
        scenarios.append(
            dataclasses.replace(
                base,
                name=f"case-{number}",
                prompt_tokens=draw(st.sampled_from((1, 64, 512))),
                output_tokens=draw(st.sampled_from((1, 2, 100))),
                batch_size=draw(st.sampled_from((1, 3))),
                precision=dataclasses.replace(base.precision, kv=kv),
            )
        )
    if draw(st.booleans()):
        return tuple(Mix((each,)) for each in scenarios)
    shares = [draw(st.sampled_from((1.0, 2.0, 5.0))) for _ in scenarios]
    return (Mix(tuple(scenarios), tuple(share / sum(shares) for share in shares)),)
