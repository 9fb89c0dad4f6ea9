"""Every fault in our own words, all at once, at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dse.errors import SpecError
from dse.spec import load_chip, load_scenario, load_space
from dse.spec.explain import explain
from dse.spec.schema import SpaceSpec
from dse.spec.text import parse_text
from dse.spec.tree import plain
from tests.spec.samples import CHIP, SCENARIO, SPACE, faults_of

LOADERS: dict[str, tuple[str, Any]] = {
    "tiny": (CHIP, load_chip),
    "chat": (SCENARIO, load_scenario),
    "wide": (SPACE, load_space),
}


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        (
            "tiny",
            "data_rate: 8533 MT/s",
            "data_rate: -8533 MT/s",
            '42:14: dram.data_rate: must be > 0, but got "-8533 MT/s" [range]',
        ),
        (
            "tiny",
            "idle: 0.3 W",
            "idle: -0.3 W",
            '45:15: power.idle: must be >= 0, but got "-0.3 W" [range]',
        ),
        (
            "tiny",
            "idle: 0.3 W",
            "idle: 0.3 MW",
            '45:15: power.idle: must be <= 10 kW, but got "0.3 MW" [range]',
        ),
        (
            "tiny",
            "capacity: 2 MiB",
            "capacity: 2 B",
            '20:22: units.npu.sram.capacity: must be >= 1 KiB, but got "2 B" [range]',
        ),
        (
            "tiny",
            "capacity: 12 GiB",
            "capacity: 16 Gb",
            '43:13: dram.capacity: "16 Gb" is ambiguous: write "16 GB", "16 Gbit" or "16 GiB" '
            "[unit]",
        ),
        (
            "tiny",
            "dispatch: 5 us",
            "dispatch: 5",
            '21:15: units.npu.dispatch: must have a unit, such as "5 us", but got "5" [unit]',
        ),
        (
            "tiny",
            "dispatch: 5 us",
            "dispatch: 1e-6",
            '21:15: units.npu.dispatch: must have a unit, such as "5 us", but got "1e-6" [unit]',
        ),
        (
            "tiny",
            "dispatch: 5 us",
            "dispatch: true",
            '21:15: units.npu.dispatch: must be a time such as "5 us", but got "true" [type]',
        ),
        (
            "tiny",
            "rate: 1}",
            "rate: '1'}",
            '18:56: units.npu.matrix.rates[0].rate: must be a ratio such as "0.8", but got "1" '
            "[type]",
        ),
        (
            "tiny",
            "rate: 1}",
            "rate: yes}",
            '18:56: units.npu.matrix.rates[0].rate: must be a ratio such as "0.8", but got "yes" '
            "[type]",
        ),
        (
            "tiny",
            "rate: 1}",
            "rate: 1}, {weights: int8, activations: int8, rate: 2}",
            "18:14: units.npu.matrix.rates: must give each pair of operand types once [duplicate]",
        ),
        (
            "tiny",
            "[{weights: int8, activations: int8, rate: 1}]",
            "[]",
            "18:14: units.npu.matrix.rates: must hold at least 1 entry, but got a list of 0 "
            "[length]",
        ),
        (
            "tiny",
            "rates: [{weights: int8, activations: int8, rate: 1}]",
            "rates: int8",
            '18:14: units.npu.matrix.rates: must be a list, but got "int8" [type]',
        ),
        (
            "tiny",
            "double_buffered: false",
            "double_buffered: no",
            '30:24: units.gpu.matrix.double_buffered: must be true or false, but got "no" [type]',
        ),
        (
            "tiny",
            "cols: 32",
            "cols: 32\n      depth: 2",
            '18:14: units.npu.matrix.depth: must be 1 unless dataflow is dot_product, but got "2" '
            "[depth]",
        ),
        (
            "tiny",
            "vector: {lanes: 128}",
            "vector: {lanes: 128, width: 4}",
            "19:26: units.npu.vector.width: unknown key [unknown-key]",
        ),
        (
            "tiny",
            "sram: {capacity: 2 MiB, bandwidth:",
            "sram: {capacity: 2 MiB, bandwith:",
            "20:5: units.npu.sram.bandwidth: missing key [missing-key]\n"
            '20:29: units.npu.sram.bandwith: unknown key; did you mean "bandwidth"? '
            "[unknown-key]",
        ),
        (
            "tiny",
            "kind: gpu",
            "kind: tpu",
            '23:11: units.gpu.kind: must be npu, gpu or cpu, but got "tpu" [choice]',
        ),
        (
            "tiny",
            "year: 2024",
            "year: '24'",
            '7:7: year: must be a whole number, but got "24" [type]',
        ),
        ("tiny", "year: 2024", "year: 24", '7:7: year: must be >= 1970, but got "24" [range]'),
        ("tiny", "title: Tiny", "title: 7", '3:8: title: must be text, but got "7" [type]'),
        ("tiny", "title: Tiny", "title: ''", '3:8: title: must not be empty, but got "" [length]'),
        (
            "tiny",
            "title: Tiny",
            f"title: {'x' * 201}",
            f'3:8: title: must be at most 200 characters long, but got "{"x" * 60}..." [length]',
        ),
        (
            "tiny",
            "  gpu:\n",
            "  g.p:\n",
            '22:3: units.g.p: the key must be a name in lower case, such as "apple-m4", '
            'but got "g.p" [name]',
        ),
        (
            "tiny",
            "power: {idle: 0.3 W, sustained: 4 W, peak: 8 W}",
            "power: 4 W",
            '45:8: power: must be a mapping, but got "4 W" [type]',
        ),
        (
            "tiny",
            "sustained: 4 W",
            "sustained: 9 W",
            '45:33: power.sustained: must be at most the peak power, but got "9 W" [order]',
        ),
        (
            "tiny",
            "other: 60 mm2",
            "other: 160 mm2",
            '46:29: area.other: must be at most the die\'s area, but got "160 mm2" [order]',
        ),
        (
            "tiny",
            "system_reserved: 4 GiB",
            "system_reserved: 40 GiB",
            "47:18: system_reserved: must be at most the DRAM's capacity, "
            'but got "40 GiB" [order]',
        ),
        (
            "tiny",
            "node: n4",
            "node: n44",
            '8:7: node: must be a node of hw_configs/technology, but got "n44"; '
            'did you mean "n4"? [unknown-name]',
        ),
        (
            "tiny",
            "type: lpddr5x",
            "type: ddr",
            "40:9: dram.type: must be a DRAM type of hw_configs/technology, but got "
            '"ddr"; did you mean "lpddr6"? [unknown-name]',
        ),
        (
            "chat",
            "weights: int4-g32",
            "weights: int9",
            "6:10: weights: must be a number format such as int4-g32, int8, fp8, fp16, bf16, "
            'mxfp4, q4_k, but got "int9" [format]',
        ),
        (
            "wide",
            "[1 GHz, 1.5 GHz]",
            "1 GHz",
            "8:25: axes.chip.units.npu.clock: must be a list of values, or a range: from, to, "
            'steps, but got "1 GHz" [type]',
        ),
        (
            "wide",
            "objectives: [tpot_s, energy_per_token_j]",
            "objectives: [1]",
            '9:14: objectives[0]: must be text, but got "1" [type]',
        ),
        (
            "wide",
            "models: [small]",
            "models: [Small]",
            '5:10: models[0]: must be a name in lower case, such as "apple-m4", but got "Small" '
            "[name]\n"
            '5:10: models[0]: must be the name of a model of the library, but got "Small"; '
            'did you mean "small"? [unknown-name]',
        ),
        (
            "wide",
            "models: [small]",
            "models: small",
            '5:9: models: must be a list, but got "small" [type]',
        ),
    ],
)
def test_fault(library: Path, name: str, old: str, new: str, fault: str) -> None:
    text, load = LOADERS[name]
    assert old in text
    path = library / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(path)
    assert "\n".join(faults_of(caught.value)) == fault


def test_all_faults_come_together_sorted_and_counted(library: Path) -> None:
    text = (
        CHIP.replace("2024", "true")
        .replace("node: n4", "node: n44")
        .replace("1.2 GHz", "1.2")
        .replace("confidence: C", "confidence: D")
        .replace("bus_width: 64 bit", "bus_widht: 64 bit")
    )
    path = library / "tiny.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_chip(path)
    error = caught.value
    assert [fault.line for fault in error.faults] == sorted(f.line for f in error.faults)
    assert [fault.slug for fault in error.faults] == [
        "type",
        "unknown-name",
        "unit",
        "choice",
        "missing-key",
        "unknown-key",
    ]
    assert str(error).splitlines()[-1] == "6 errors in 1 file"


def test_a_flood_of_faults_is_cut_and_says_so() -> None:
    text = SPACE + "".join(f"k{i}: 1\n" for i in range(150))
    tree = parse_text(text, "f.yaml")
    with pytest.raises(ValidationError) as caught:
        SpaceSpec.model_validate(plain(tree))
    faults = sorted(explain(caught.value, tree, SpaceSpec))
    # 150 unknown keys, and the schema line that nobody took off here.
    assert len(faults) == 101
    assert str(faults[0]) == "f.yaml: has 151 faults, of which 100 are listed [too-many]"
