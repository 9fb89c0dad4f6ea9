"""Axes: a choice means what a file with that value would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dse.chip import Dataflow
from dse.spec import load_chip, load_scenario, load_space
from dse.spec.axis import leaf_value
from tests.spec.samples import CHIP, SCENARIO, axis_of, write_space


@pytest.mark.parametrize(
    ("path", "leaf", "choices"),
    [
        ("chip.units.npu.count", "chip.units.npu.count", "1, 2"),
        ("chip.units.npu.clock", "chip.units.npu.clock_hz", "1 GHz, 2 GHz"),
        ("chip.units.npu.dispatch", "chip.units.npu.dispatch_s", "0 s, 2 us"),
        (
            "chip.units.gpu.max_dram_bandwidth",
            "chip.units.gpu.max_dram_bytes_per_s",
            "20 GB/s, unlimited",
        ),
        ("chip.units.npu.matrix.rows", "chip.units.npu.matrix.rows", "32, 64"),
        ("chip.units.npu.matrix.cols", "chip.units.npu.matrix.cols", "32, 64"),
        ("chip.units.gpu.matrix.depth", "chip.units.gpu.matrix.depth", "4, 8"),
        ("chip.units.npu.matrix.block_rows", "chip.units.npu.matrix.block_rows", "0, 64"),
        ("chip.units.npu.matrix.block_cols", "chip.units.npu.matrix.block_cols", "0, 64"),
        (
            "chip.units.npu.matrix.double_buffered",
            "chip.units.npu.matrix.double_buffered",
            "true, false",
        ),
        (
            "chip.units.npu.matrix.dataflow",
            "chip.units.npu.matrix.dataflow",
            "weight_stationary, output_stationary",
        ),
        ("chip.units.npu.vector.lanes", "chip.units.npu.vector.lanes", "64, 128"),
        ("chip.units.npu.vector.exp_ops", "chip.units.npu.vector.exp_ops", "4, 8.5"),
        ("chip.units.npu.vector.convert_ops", "chip.units.npu.vector.convert_ops", "0, 1"),
        ("chip.units.npu.sram.capacity", "chip.units.npu.sram.capacity_bytes", "1 MiB, 2 MiB"),
        (
            "chip.units.npu.sram.bandwidth",
            "chip.units.npu.sram.bytes_per_cycle",
            "64 B/cycle, 128 B/cycle",
        ),
        ("chip.cache.capacity", "chip.cache.capacity_bytes", "4 MiB, 8 MiB"),
        ("chip.cache.bandwidth", "chip.cache.bandwidth_bytes_per_s", "100 GB/s, 200 GB/s"),
        ("chip.dram.type", "chip.dram.type", "lpddr5x, lpddr6"),
        ("chip.dram.bus_width", "chip.dram.bus_width_bits", "64 bit, 96 bit"),
        ("chip.dram.data_rate", "chip.dram.data_rate_per_s", "8533 MT/s, 9600 MT/s"),
        ("chip.dram.capacity", "chip.dram.capacity_bytes", "8 GiB, 16 GB"),
        ("chip.dram.efficiency", "chip.dram.type.efficiency", "0.7, 80 %"),
        ("chip.dram.energy", "chip.dram.type.energy_j_per_bit", "4 pJ/bit, 5 pJ/bit"),
        ("chip.dram.max_outstanding", "chip.dram.max_outstanding_bytes", "64 KiB, 128 KiB"),
        ("chip.storage.read_bandwidth", "chip.storage.read_bytes_per_s", "2 GB/s, 4 GB/s"),
        ("chip.storage.energy", "chip.storage.energy_j_per_bit", "20 pJ/bit, 50 pJ/bit"),
        ("chip.power.idle", "chip.power.idle_w", "0 W, 0.5 W"),
        ("chip.power.sustained", "chip.power.sustained_w", "3 W, 4 W"),
        ("chip.power.peak", "chip.power.peak_w", "5 W, 6 W"),
        ("chip.area.other", "chip.area.other_mm2", "10 mm2, 20 mm2"),
        ("chip.system_reserved", "chip.system_reserved_bytes", "2 GiB, 3 GiB"),
        ("chip.node", "chip.node", "n4, n3"),
        ("scenario.prompt_tokens", "scenario.prompt_tokens", "128, 256"),
        ("scenario.output_tokens", "scenario.output_tokens", "128, 256"),
        ("scenario.batch_size", "scenario.batch_size", "1, 4"),
        ("scenario.fusion", "scenario.fusion", "full, none"),
        ("scenario.activations", "scenario.precision.activations", "int8, fp16"),
        ("scenario.kv", "scenario.precision.kv", "int8, int4-g64"),
        ("scenario.embedding", "scenario.precision.embedding", "int8, fp16"),
    ],
)
def test_an_axis_means_what_a_file_would_say(
    library: Path, path: str, leaf: str, choices: str
) -> None:
    found = axis_of(library, f"{path}: [{choices}]")
    assert (found.path, found.leaves) == (path, (leaf,))
    assert found.texts == tuple(choices.split(", "))
    root, *keys = path.split(".")
    text, load = (CHIP, load_chip) if root == "chip" else (SCENARIO, load_scenario)
    name = "big" if root == "chip" else "long"
    nested = keys[-1] + ": {choice}"
    for key in reversed(keys[:-1]):
        nested = f"{key}: {{{nested}}}"
    kind = text.split("\n", 1)[0]
    for value, choice in zip(found.values, found.texts, strict=True):
        file = library / f"{name}.yaml"
        base = "tiny" if root == "chip" else "chat"
        field = nested.replace("{choice}", choice)
        file.write_text(f"{kind}\nname: {name}\ntitle: X\nbase: {base}\n{field}\n")
        assert leaf_value(load(file), leaf.partition(".")[2]) == value
    assert len(set(found.values)) == len(found.values)


def test_every_leaf_can_be_gathered(library: Path) -> None:
    """The design space accepts each leaf: rows of designs become chips with arrays."""
    axes = """\
chip.units.npu.clock: [1 GHz, 2 GHz]
chip.dram.type: [lpddr5x, lpddr6]
chip.node: [n4, n3]
chip.storage.energy: [20 pJ/bit, 50 pJ/bit]
chip.units.npu.matrix.dataflow: [weight_stationary, output_stationary]
scenario.weights: [int4-g32, int8]
scenario.prompt_tokens: [128, 256]"""
    space = load_space(write_space(library, axes))
    designs = space.decode(np.arange(space.size))
    groups = list(space.groups(designs))
    assert sum(len(rows) for rows, _, _ in groups) == space.size == 128
    for rows, chip, (mix,) in groups:
        (scenario,) = mix.scenarios
        assert np.shape(chip.units[0].clock_hz) == (len(rows),)
        assert np.shape(chip.node.wafer_usd) == (len(rows),)
        assert np.shape(scenario.precision.embedding.bits) == (len(rows),)


@pytest.mark.parametrize(
    "path",
    [
        "chip.units.npu.matrix.dataflow: [weight_stationary, dot_product]",
        "chip.units.npu.matrix.double_buffered: [true, false]",
        "scenario.fusion: [full, none]",
        "scenario.prompt_tokens: [1, 2]",
        "scenario.output_tokens: [1, 2]",
        "scenario.batch_size: [1, 2]",
    ],
)
def test_what_shapes_the_computation_is_static(library: Path, path: str) -> None:
    found = axis_of(library, path)
    assert found.static
    expected = (Dataflow, bool, str, int)
    assert all(isinstance(value, expected) for value in found.values)


def test_numbers_formats_and_technology_are_not_static(library: Path) -> None:
    for line in (
        "chip.units.npu.count: [1, 2]",
        "chip.dram.type: [lpddr5x, lpddr6]",
        "chip.node: [n4, n3]",
        "scenario.weights: [int4, int8]",
    ):
        assert not axis_of(library, line).static


def test_head_and_embedding_follow_the_weights_unless_given(library: Path) -> None:
    def leaves(text: str) -> tuple[str, ...]:
        return load_space(write_space(library, text)).axes[0].leaves

    weights, head, embedding = (
        f"scenario.precision.{name}" for name in ("weights", "head", "embedding")
    )
    line = "scenario.weights: [int4, int8]"
    assert leaves(line) == (weights, head, embedding)
    assert leaves("scenario.head: [int4, int8]") == (head, embedding)
    assert leaves(f"{line}\nscenario.head: [int4, int8]") == (weights,)
    assert leaves(f"{line}\nscenario.embedding: [int4, int8]") == (weights, head)
    path = library / "hw_configs/scenarios/chat.yaml"
    path.write_text(SCENARIO + "head: q8_0\n")
    assert leaves(line) == (weights,)
    path.write_text(SCENARIO + "embedding: q8_0\n")
    assert leaves(line) == (weights, head)
    path.write_text(SCENARIO + "head: null\n")
    assert leaves(line) == (weights, head, embedding)


def test_a_choice_may_be_cited(library: Path) -> None:
    found = axis_of(library, "chip.node: [n4, {value: n3, source: a rumour, confidence: C}]")
    assert found.texts == ("n4", "n3")


def test_linear_range(library: Path) -> None:
    found = axis_of(library, "chip.units.npu.clock: {from: 0.6 GHz, to: 1.6 GHz, steps: 11}")
    assert found.values == tuple(round(0.6e9 + 1e8 * i) for i in range(11))
    assert found.texts[:3] == ("0.6 GHz", "700 MHz", "800 MHz")
    assert found.texts[-1] == "1.6 GHz"


def test_logarithmic_range(library: Path) -> None:
    line = "chip.units.npu.sram.capacity: {from: 256 KiB, to: 4 MiB, steps: 5, scale: log}"
    found = axis_of(library, line)
    assert found.values == tuple(2.0**18 * 2**i for i in range(5))
    assert found.texts == ("256 KiB", "512 KiB", "1 MiB", "2 MiB", "4 MiB")


def test_a_range_may_fall(library: Path) -> None:
    found = axis_of(library, "chip.dram.bus_width: {from: 128 bit, to: 32 bit, steps: 4}")
    assert found.values == (128.0, 96.0, 64.0, 32.0)


def test_a_range_of_counts_holds_whole_numbers(library: Path) -> None:
    log = "{from: 16, to: 128, steps: 4, scale: log}"
    found = axis_of(library, f"chip.units.npu.matrix.rows: {log}")
    assert (found.values, found.texts) == ((16.0, 32.0, 64.0, 128.0), ("16", "32", "64", "128"))
    found = axis_of(library, f"scenario.prompt_tokens: {log}")
    assert [(type(value), value) for value in found.values] == [
        (int, value) for value in (16, 32, 64, 128)
    ]


def test_a_range_of_ratios(library: Path) -> None:
    found = axis_of(library, "chip.dram.efficiency: {from: 60 %, to: 0.8, steps: 3}")
    assert (found.values, found.texts) == ((0.6, 0.7, 0.8), ("60 %", "0.7", "0.8"))


def test_range_texts_read_back_to_the_values(library: Path) -> None:
    found = axis_of(library, "chip.cache.bandwidth: {from: 100 GB/s, to: 300 GB/s, steps: 7}")
    for value, text in zip(found.values, found.texts, strict=True):
        again = axis_of(library, f"chip.cache.bandwidth: [{text}]")
        assert again.values == (value,)


def test_a_range_by_its_step(library: Path) -> None:
    found = axis_of(library, "chip.units.npu.matrix.rows: {from: 2, to: 64, step: 2}")
    assert found.values == tuple(float(2 * i) for i in range(1, 33))
    assert found.texts[:2] == ("2", "4")
    found = axis_of(library, "chip.units.npu.clock: {from: 1 GHz, to: 1.5 GHz, step: 250 MHz}")
    assert found.values == (1e9, 1.25e9, 1.5e9)
    found = axis_of(library, "scenario.batch_size: {from: 8, to: 2, step: 3}")
    assert found.values == (8, 5, 2)
    assert all(type(value) is int for value in found.values)


def test_a_continuous_axis_is_a_lattice_of_4096_even_steps(library: Path) -> None:
    line = "chip.units.npu.clock: {from: 0.6 GHz, to: 1.6 GHz, continuous: true}"
    found = axis_of(library, line)
    assert found.is_continuous
    assert len(found.values) == len(set(found.texts)) == 4097
    steps = np.diff(found.values)
    np.testing.assert_allclose(steps, 1e9 / 4096, rtol=1e-6)
    assert (found.values[0], found.values[2048], found.values[-1]) == (0.6e9, 1.1e9, 1.6e9)
    for place in (1, 1023, 4095):
        again = axis_of(library, f"chip.units.npu.clock: [{found.texts[place]}]")
        assert again.values == (found.values[place],)


def test_a_continuous_axis_may_be_logarithmic_and_fall(library: Path) -> None:
    line = "chip.cache.capacity: {from: 32 MiB, to: 2 MiB, continuous: true, scale: log}"
    found = axis_of(library, line)
    values = np.array(found.values)
    assert np.allclose(values[1:] / values[:-1], 16.0 ** (-1 / 4096), rtol=1e-9)
    assert found.values[2048] == 8 * 2.0**20


def test_a_continuous_axis_may_be_a_share(library: Path) -> None:
    found = axis_of(library, "chip.dram.efficiency: {from: 60 %, to: 0.8, continuous: true}")
    assert found.values[1024] == pytest.approx(0.65, rel=1e-12)
    assert found.texts[0] == "60 %"


def test_ties_follow_a_continuous_axis(library: Path) -> None:
    path = write_space(
        library,
        "chip.units.npu.clock: {from: 0.5 GHz, to: 1.5 GHz, continuous: true}",
        "ties: {chip.units.npu.max_clock: {follows: chip.units.npu.clock, factor: 1.2}}",
    )
    (axis,) = load_space(path).axes
    (tied,) = axis.ties
    np.testing.assert_allclose(tied.values, 1.2 * np.array(axis.values), rtol=1e-11)
    assert tied.texts[2048] == "1.2 GHz"


def test_other_axes_are_not_continuous(library: Path) -> None:
    assert not axis_of(library, "chip.units.npu.clock: [1 GHz, 2 GHz]").is_continuous
    line = "chip.units.npu.clock: {from: 1 GHz, to: 2 GHz, steps: 3, continuous: false}"
    assert len(axis_of(library, line).values) == 3
