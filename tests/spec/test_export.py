"""JSON Schema: what dse reads, an editor accepts; what it refuses, an editor marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dse.spec import root
from dse.spec.check import spec_files
from dse.spec.library import FOLDERS
from dse.spec.schema import FORMATS, json_schema
from dse.spec.source import read_file
from dse.spec.text import parse_text
from dse.spec.tree import Node
from tests.spec.samples import CHIP, MODEL, SCENARIO, SPACE

VALIDATORS = {form: jsonschema.Draft202012Validator(json_schema(form)) for form in FORMATS}


def data_of(node: Node) -> Any:
    """Plain data with its nulls and citations, as an editor sees it."""
    if isinstance(node.value, dict):
        return {key: data_of(child) for key, child in node.value.items()}
    return [data_of(each) for each in node.value] if isinstance(node.value, list) else node.value


def errors(text: str) -> list[str]:
    data = data_of(parse_text(text, "f.yaml"))
    form = data["schema"].removeprefix("dse.").removesuffix("/1")
    return [error.message for error in VALIDATORS[form].iter_errors(data)]


@pytest.mark.parametrize("form", FORMATS)
def test_schema_is_sound_and_plain_json(form: str) -> None:
    schema = json_schema(form)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_shipped_file_is_accepted(kind: str) -> None:
    files = list(spec_files(root() / FOLDERS[kind]))
    assert files
    for path in files:
        assert errors(read_file(path, path.name)) == [], path


def described(schema: Any) -> None:
    for field in schema.get("properties", {}).values():
        assert "const" in field or "description" in field or "$ref" in field, field


@pytest.mark.parametrize("form", FORMATS)
def test_every_field_is_described(form: str) -> None:
    for section in json_schema(form)["$defs"].values():
        described(section)


@pytest.mark.parametrize("text", [CHIP, MODEL, SCENARIO, SPACE])
def test_samples_are_accepted(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock: 900 MHz", "clock: {value: 900 MHz, source: [a, b], confidence: B, note: x}"),
        ("  gpu:\n", "  source: x\n  confidence: A\n  gpu:\n"),
        ("peak: 8 W", "peak: unlimited"),
        ("rates: [{", "rates: [{source: y, "),
        ("rows: 64", "rows: {value: 64, confidence: C}"),
    ],
)
def test_citations_are_accepted(old: str, new: str) -> None:
    assert old in CHIP
    assert errors(CHIP.replace(old, new, 1)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock: 900 MHz", "clock: 900 MHZ"),
        ("clock: 900 MHz", "clock: 900"),
        ("clock: 900 MHz", "clock: {value: 900 MHZ}"),
        ("clock: 900 MHz", "clock: {value: 900 MHz, sauce: x}"),
        ("clock: 900 MHz", "clock: {value: 900 MHz, confidence: D}"),
        ("clock: 900 MHz", "clok: 900 MHz"),
        ("rows: 64", "rows: 0"),
        ("rows: 64", "rows: 1.5"),
        ("kind: gpu", "kind: tpu"),
        ("rate: 50 %", "rate: -1"),
        ("node: n4\n", ""),
        ("  gpu:\n", "  g.p:\n"),
        ("dse.chip/1", "dse.chip/2"),
        ("idle: 0.3 W", "idle: unlimited"),
    ],
)
def test_faults_are_marked(old: str, new: str) -> None:
    assert old in CHIP
    data = data_of(parse_text(CHIP.replace(old, new, 1), "f.yaml"))
    assert list(VALIDATORS["chip"].iter_errors(data))


def test_a_file_with_a_base_needs_no_more_than_its_name() -> None:
    head = "schema: dse.chip/1\nbase: tiny\nname: big\ntitle: Big\n"
    assert errors(head) == []
    assert errors(head + "storage: null\nunits: {npu: {clock: 2 GHz}, gpu: null}\n") == []
    assert errors(head.replace("title: Big\n", ""))
    assert errors(head.replace("tiny", "../tiny"))
    assert errors(head + "units: {npu: {clok: 2 GHz}}\n")


def test_models_have_no_base() -> None:
    assert errors(MODEL + "base: small\n")


def test_schemas_do_not_share_state() -> None:
    first = json_schema("chip")
    first["$defs"]["File"]["properties"].clear()
    assert json_schema("chip")["$defs"]["File"]["properties"]


def test_unknown_format() -> None:
    with pytest.raises(KeyError):
        json_schema("vegetable")


def test_paths_are_sorted_and_files_yield_themselves(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/c.yaml", "a/b.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert [str(p.relative_to(tmp_path)) for p in spec_files(tmp_path)] == ["a/c.yaml", "b.yaml"]
    assert list(spec_files(tmp_path / "b.yaml")) == [tmp_path / "b.yaml"]
