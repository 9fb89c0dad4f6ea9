"""Spaces: their base, objectives and targets, and how their parts must fit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dse.cost import METRICS, Metric
from dse.errors import SpecError
from dse.space import Axis, Target
from dse.spec import load_chip, load_scenario, load_space, load_technology
from dse.workload import Mix
from tests.spec.samples import SPACE, axis_of, faults_of, write_space


def test_space_has_what_the_file_says(library: Path) -> None:
    space = load_space("wide")
    assert (space.name, space.title, space.unit) == ("wide", "Wide", None)
    assert [model.name for model in space.models] == ["small"]
    assert space.mixes == (Mix((load_scenario("chat"),)),)
    assert space.objectives == ("tpot_s", "energy_per_token_j")
    assert space.targets == (Target("ttft_s", 1.0, -1), Target("decode_tok_s", 10.0, 1))
    assert space.axes == (
        Axis(
            "chip.units.npu.clock",
            ("chip.units.npu.clock_hz",),
            (1e9, 1.5e9),
            ("1 GHz", "1.5 GHz"),
        ),
    )


def test_a_published_die_is_opened_only_where_the_chip_varies(library: Path) -> None:
    assert load_space("wide").chip.area.die_mm2 is None
    space = load_space(write_space(library, "scenario.batch_size: [1, 2]"))
    assert space.chip == load_chip("tiny")


def test_an_efficiency_override_holds_for_every_dram_type(library: Path) -> None:
    chip = library / "hw_configs/chips/tiny.yaml"
    chip.write_text(chip.read_text().replace("12 GiB\n", "12 GiB\n  efficiency: 0.6\n"))
    found = axis_of(library, "chip.dram.type: [lpddr5x, lpddr6]")
    types = load_technology().drams
    expected = [dataclasses.replace(types[name], efficiency=0.6) for name in found.texts]
    assert list(found.values) == expected


def test_an_energy_override_forbids_other_dram_types(library: Path) -> None:
    chip = library / "hw_configs/chips/tiny.yaml"
    chip.write_text(chip.read_text().replace("12 GiB\n", "12 GiB\n  energy: 4 pJ/bit\n"))
    path = write_space(library, "chip.dram.type: [lpddr5x, lpddr6]")
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert faults_of(caught.value) == [
        "8:3: axes.chip.dram.type: must not stand beside dram.energy of the base chip, which "
        "would hold for all; write `energy: null` in a chip derived from it [axis]"
    ]


def test_the_size_is_limited(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    axes = "chip.power.idle: [1 W, 2 W]\nchip.node: [n4, n3]"
    assert load_space(write_space(library, axes)).size == 4
    monkeypatch.setattr("dse.spec.axes._MAX_SIZE", 3)
    with pytest.raises(SpecError, match=r"8:3: axes: must span fewer than 2\*\*63 designs"):
        load_space(write_space(library, axes))


def test_a_network_of_layers_is_no_model_of_a_space(library: Path) -> None:
    network = library / "models_zoo/networks/painter.yaml"
    network.parent.mkdir()
    network.write_text("schema: dse.network/1\n")
    path = library / "wide.yaml"
    path.write_text(SPACE.replace("models: [small]", "models: [painter]"))
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert faults_of(caught.value) == [
        '5:10: models[0]: must be the name of a model of the library, but got "painter"; it is a '
        "network of layers, which no space is of [unknown-name]"
    ]


def test_metrics_of_networks_are_none_of_a_space(library: Path) -> None:
    path = library / "wide.yaml"
    path.write_text(SPACE.replace("objectives: [tpot_s", "objectives: [image_s"))
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert faults_of(caught.value) == [
        '9:14: objectives[0]: must be a metric of language models, but "image_s" is one of '
        "networks of layers [unknown-name]"
    ]


@pytest.mark.parametrize("entry", METRICS, ids=lambda entry: entry.name)
def test_any_metric_with_a_sense_may_be_objective_and_target(library: Path, entry: Metric) -> None:
    sign = "<=" if entry.sense < 0 else ">="
    text = SPACE.replace("[tpot_s, energy_per_token_j]", f"[{entry.name}]")
    limit = f"{sign} 1 {entry.unit}".rstrip()
    path = library / "wide.yaml"
    path.write_text(
        text.replace('ttft_s: "<= 1 s", decode_tok_s: ">= 10 tok/s"', f'{entry.name}: "{limit}"')
    )
    if entry.sense:
        space = load_space(path)
        assert space.objectives == (entry.name,)
        assert space.targets == (Target(entry.name, 1.0, entry.sense),)
        return
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert [fault.path for fault in caught.value.faults] == [
        "objectives[0]",
        f"targets.{entry.name}",
    ]


def test_a_continuous_axis_too_narrow_to_be_one_is_told_once(library: Path) -> None:
    text = "chip.units.npu.clock: {from: 1 GHz, to: 1.0000000001 GHz, continuous: true}"
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, text))
    (fault,) = faults_of(caught.value)
    assert "is too narrow; write a list" in fault


def test_continuous_axes_are_named_where_they_span_too_much(library: Path) -> None:
    fields = ("power.idle", "power.peak", "cache.bandwidth", "area.other", "dram.energy")
    ranges = {
        "power.peak": "5 W, to: 9 W",
        "cache.bandwidth": "1 GB/s, to: 2 GB/s",
        "area.other": "1 mm2, to: 2 mm2",
        "dram.energy": "1 pJ/bit, to: 2 pJ/bit",
    }
    axes = "\n".join(
        f"chip.{field}: {{from: {ranges.get(field, '1 W, to: 2 W')}, continuous: true}}"
        for field in fields
    )
    assert load_space(write_space(library, axes)).size == 4097**5
    more = f"{axes}\nchip.units.npu.count: {{from: 1, to: 64, step: 1}}"
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, more))
    assert faults_of(caught.value) == [
        "8:3: axes: must span fewer than 2**63 designs, but these span 2**66.0; "
        "a continuous axis counts for 4097 values [range]"
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "chip: tiny",
            "chip: tinny",
            '4:7: chip: must be the name of a chip of the library, but got "tinny"; '
            'did you mean "tiny"? [unknown-name]',
        ),
        (
            "[small]",
            "[small, small]",
            '5:17: models[1]: must not be given twice, but got "small" [duplicate]',
        ),
        (
            "objectives: [tpot_s, ",
            "objectives: [tpot, fits_not, decode_bound, ",
            '9:14: objectives[0]: must be a metric that can be better or worse, but got "tpot"; '
            'did you mean "tpot_s"? [unknown-name]\n'
            "9:20: objectives[1]: must be a metric that can be better or worse, "
            'but got "fits_not"; did you mean "fits"? [unknown-name]\n'
            "9:30: objectives[2]: must be a metric that can be better or worse, "
            'and "decode_bound" can be neither [unknown-name]',
        ),
        (
            "objectives: [tpot_s, ",
            "objectives: [tpot_s, tpot_s, ",
            '9:22: objectives[1]: must not be given twice, but got "tpot_s" [duplicate]',
        ),
        (
            '"<= 1 s"',
            '"< 1 s"',
            '10:19: targets.ttft_s: must be a limit such as "<= 100 ms" or ">= 10 tok/s", '
            'but got "< 1 s" [target]',
        ),
        (
            '"<= 1 s"',
            '"<= 1 W"',
            '10:19: targets.ttft_s: must be a time such as "5 us", but got "1 W", a power [unit]',
        ),
        (
            '"<= 1 s"',
            '">= 1 s"',
            '10:19: targets.ttft_s: must be a limit with "<=", for less is better, '
            'but got ">= 1 s" [target]',
        ),
        (
            '">= 10 tok/s"',
            '"<= 10 tok/s"',
            '10:43: targets.decode_tok_s: must be a limit with ">=", for more is better, '
            'but got "<= 10 tok/s" [target]',
        ),
        (
            '"<= 1 s"',
            '"<= -1 s"',
            "10:19: targets.ttft_s: must be a limit > 0, for the metric is never negative, "
            'but got "<= -1 s" [target]',
        ),
        ('"<= 1 s"', "1", '10:19: targets.ttft_s: must be text, but got "1" [type]'),
        (
            "ttft_s:",
            "ttft:",
            "10:17: targets.ttft: must be a metric that can be better or worse, "
            'but got "ttft"; did you mean "ttft_s"? [unknown-name]',
        ),
        (
            "scenario: chat",
            "scenario: chat\nunit: tpu",
            '7:7: unit: must be a unit of the chip "tiny" (npu, gpu), but got "tpu" '
            "[unknown-name]",
        ),
    ],
)
def test_bad_spaces(library: Path, old: str, new: str, fault: str) -> None:
    path = library / "wide.yaml"
    path.write_text(SPACE.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert "\n".join(faults_of(caught.value)) == fault


def test_faults_of_the_space_and_its_specs_come_together(library: Path) -> None:
    for path, old, new in (
        ("hw_configs/chips/tiny.yaml", "1.2 GHz", "1.2 GHZ"),
        ("hw_configs/scenarios/chat.yaml", "int4-g32", "int9"),
        ("models_zoo/small.yaml", "1000", "true"),
    ):
        file = library / path
        file.write_text(file.read_text().replace(old, new))
    with pytest.raises(SpecError) as caught:
        load_space(write_space(library, "chip.node: [n4]", "extra: 1\n"))
    assert {Path(fault.file).name for fault in caught.value.faults} == {
        "wide.yaml",
        "tiny.yaml",
        "chat.yaml",
        "small.yaml",
    }


def test_a_chip_that_cannot_be_parsed_is_its_own_fault(library: Path) -> None:
    (library / "hw_configs/chips/tiny.yaml").write_text("a: [")
    with pytest.raises(SpecError) as caught:
        load_space("wide")
    assert [fault.file for fault in caught.value.faults] == ["hw_configs/chips/tiny.yaml"]


def test_a_unit_may_be_named_by_its_kind(library: Path) -> None:
    path = library / "wide.yaml"
    path.write_text(SPACE.replace("scenario: chat", "scenario: chat\nunit: gpu"))
    assert load_space(path).unit == "gpu"


def test_targets_have_the_metrics_unit(library: Path) -> None:
    targets = 'targets: {memory_bytes: "<= 12 GiB", fits: ">= 1", edge_fraction: "<=50 %"}\n'
    path = library / "wide.yaml"
    path.write_text("\n".join([*SPACE.splitlines()[:-1], targets]))
    assert load_space(path).targets == (
        Target("memory_bytes", 12 * 2.0**30, -1),
        Target("fits", 1.0, 1),
        Target("edge_fraction", 0.5, -1),
    )


def test_free_memory_may_be_negative(library: Path) -> None:
    path = library / "wide.yaml"
    path.write_text(SPACE.replace('ttft_s: "<= 1 s"', 'memory_free_bytes: ">= -1 GiB"'))
    assert load_space(path).targets[0].limit == -(2.0**30)
