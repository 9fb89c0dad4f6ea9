"""One file and its base: header, merging, and faults that point to the right file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import load_chip, load_scenario
from dse.spec.library import locate
from dse.spec.provenance import provenance
from dse.spec.read import read_spec
from tests.spec.samples import CHIP, faults_of

HEAD = "schema: dse.chip/1\nname: big\ntitle: Big\nbase: tiny\n"


def derived(library: Path, text: str, name: str = "big") -> Path:
    path = library / f"hw_configs/chips/{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_base_is_merged_mapping_by_mapping(library: Path) -> None:
    text = HEAD + "year: 2026\nunits:\n  npu: {clock: 2 GHz, matrix: {rows: 128}}\n"
    derived(library, text)
    base, chip = load_chip("tiny"), load_chip("big")
    assert (chip.name, chip.title, chip.year) == ("big", "Big", 2026)
    npu = chip.unit("npu")
    assert (npu.clock_hz, npu.matrix.rows, npu.matrix.cols) == (2e9, 128.0, 32.0)
    assert (npu.vector, npu.matrix.rates) == (base.units[0].vector, base.units[0].matrix.rates)
    assert chip.units[1] == base.units[1]
    assert chip.dram == base.dram


def test_a_list_replaces(library: Path) -> None:
    rates = "[{weights: int4, activations: int8, rate: 2}]"
    derived(library, HEAD + f"units: {{npu: {{matrix: {{rates: {rates}}}}}}}\n")
    assert [rate.ratio for rate in load_chip("big").unit("npu").matrix.rates] == [2.0]


def test_null_removes(library: Path) -> None:
    derived(library, HEAD + "storage: null\nunits: {gpu: ~}\narea: {die: null}\n")
    chip = load_chip("big")
    assert chip.storage is None
    assert [unit.name for unit in chip.units] == ["npu"]
    assert (chip.area.die_mm2, chip.area.other_mm2) == (None, 60.0)


def test_bases_chain(library: Path) -> None:
    derived(library, HEAD + "year: 2030\n")
    text = HEAD.replace("big", "huge").replace("tiny", "big") + "segment: laptop\n"
    derived(library, text, "huge")
    chip = load_chip("huge")
    assert (chip.year, chip.segment, chip.dram.capacity_bytes) == (2030, "laptop", 12 * 2.0**30)


def test_a_file_given_by_path_may_have_a_base_of_the_library(
    library: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(HEAD.replace("name: big", "name: tiny") + "year: 2031\n")
    assert load_chip(path).year == 2031
    assert load_chip(str(path)).year == 2031


def test_scenarios_have_bases_too(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(
        "schema: dse.scenario/1\nname: long\ntitle: Long\nbase: chat\nprompt_tokens: 4096\n"
    )
    scenario = load_scenario(path)
    assert (scenario.prompt_tokens, scenario.output_tokens) == (4096, 128)


def test_name_and_title_are_not_inherited(library: Path) -> None:
    derived(library, "schema: dse.chip/1\nbase: tiny\n")
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    assert faults_of(caught.value) == [
        "1:1: name: missing key [missing-key]",
        "1:1: title: missing key [missing-key]",
    ]


def test_a_fault_points_to_the_file_where_the_value_stands(library: Path) -> None:
    derived(library, CHIP.replace("1.2 GHz", "1.2 GHZ"), "tiny")
    derived(library, HEAD + "power: {idle: -1 W}\n")
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    assert [(fault.file, fault.line, fault.path) for fault in caught.value.faults] == [
        ("hw_configs/chips/big.yaml", 5, "power.idle"),
        ("hw_configs/chips/tiny.yaml", 13, "units.npu.clock"),
    ]


def test_an_overridden_fault_is_no_fault(library: Path) -> None:
    derived(library, CHIP.replace("1.2 GHz", "1.2 GHZ"), "tiny")
    derived(library, HEAD + "units: {npu: {clock: 1 GHz}}\n")
    assert load_chip("big").units[0].clock_hz == 1e9


def test_a_number_is_cited_by_its_own_file(library: Path) -> None:
    derived(library, HEAD + "source: a rumour\nconfidence: C\nunits: {npu: {clock: 2 GHz}}\n")
    entries = {e.path: e for e in provenance(read_spec(locate("chip", "big")).tree)}
    clock = entries["units.npu.clock"]
    assert (clock.text, clock.source, clock.confidence) == ("2 GHz", "a rumour", "C")
    assert (clock.file, clock.line) == ("hw_configs/chips/big.yaml", 7)
    rows = entries["units.npu.matrix.rows"]
    assert (rows.source, rows.confidence) == ("a datasheet", "A")
    assert rows.file == "hw_configs/chips/tiny.yaml"


@pytest.mark.parametrize(
    ("base", "fault"),
    [
        (
            "tinny",
            '4:7: base: must be the name of a chip of the library, but got "tinny"; '
            'did you mean "tiny"? [unknown-name]',
        ),
        ("big", '4:7: base: must not lead back to this file, but got "big" [base-cycle]'),
        (
            "7",
            '4:7: base: must be the name of a chip of the library, but got "7" [unknown-name]',
        ),
        (
            "[tiny]",
            "4:7: base: must be the name of a chip of the library, but got a list of 1 "
            "[unknown-name]",
        ),
    ],
)
def test_bad_bases(library: Path, base: str, fault: str) -> None:
    whole = CHIP.replace("name: tiny", "name: big").replace("title: Tiny\n", "title: Big\n")
    derived(library, whole.replace("source:", f"base: {base}\nsource:", 1))
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    assert faults_of(caught.value) == [fault]


def test_a_long_cycle_ends(library: Path) -> None:
    derived(library, HEAD.replace("tiny", "huge"))
    derived(library, HEAD.replace("big", "huge").replace("tiny", "big"), "huge")
    with pytest.raises(SpecError, match="base-cycle"):
        load_chip("big")


def test_a_base_that_cannot_be_parsed_is_its_own_fault(library: Path) -> None:
    derived(library, "a: [", "tiny")
    derived(library, HEAD)
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    assert {fault.file for fault in caught.value.faults} == {"hw_configs/chips/tiny.yaml"}


def test_models_have_no_base(library: Path) -> None:
    path = library / "models_zoo/small.yaml"
    path.write_text(path.read_text() + "base: small\n")
    with pytest.raises(SpecError, match="base: unknown key"):
        load_model_of(path)


def load_model_of(path: Path) -> None:
    from dse.spec import load_model

    load_model(path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", '1:1: schema: missing key; must be "dse.chip/1" [schema]'),
        (
            "schema: dse.model/1\n",
            '1:9: schema: must be "dse.chip/1", but got "dse.model/1" [schema]',
        ),
        (
            "schema: dse.chip/2\n",
            '1:9: schema: must be "dse.chip/1", the only version that this dse reads, '
            'but got "dse.chip/2" [schema]',
        ),
        ("schema: [1]\n", '1:9: schema: must be "dse.chip/1", but got a list of 1 [schema]'),
    ],
)
def test_the_schema_line_comes_before_all_else(library: Path, line: str, fault: str) -> None:
    derived(library, CHIP.replace("schema: dse.chip/1\n", line), "tiny")
    with pytest.raises(SpecError) as caught:
        load_chip("tiny")
    assert faults_of(caught.value) == [fault]


def test_the_name_is_the_files(library: Path) -> None:
    derived(library, CHIP)
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    message = '2:7: name: must be the file\'s name "big", but got "tiny" [name]'
    assert faults_of(caught.value) == [message]


@pytest.mark.parametrize("base", ["big", "tinny", "./tiny.yaml", "[tiny]"])
def test_what_a_bad_base_would_have_given_is_not_missing(library: Path, base: str) -> None:
    derived(library, HEAD.replace("base: tiny", f"base: {base}") + "year: soon\n")
    with pytest.raises(SpecError) as caught:
        load_chip("big")
    assert [fault.path for fault in caught.value.faults] == ["base", "year"]


def test_what_is_derived_from_a_template_is_none(library: Path) -> None:
    tiny = library / "hw_configs/chips/tiny.yaml"
    tiny.write_text(CHIP + "is_template: true\n")
    derived(library, HEAD)
    assert (load_chip("tiny").is_template, load_chip("big").is_template) == (True, False)
