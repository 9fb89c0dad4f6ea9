"""``dse specs``, ``dse import`` and ``dse require``."""

from __future__ import annotations

import json

import jsonschema
import pytest

from dse.report.schemas import DOCUMENTS
from dse.spec import list_specs, load_model

KINDS = (
    *("catalogue", "chip", "claim", "model", "network", "quantisation"),
    *("scenario", "space", "stack", "technology"),
)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
}


def test_list_names_everything(run):
    done = run("specs", "list", "--json")
    rows = done.document("specs")["specs"]
    assert {row["kind"] for row in rows} == set(KINDS)
    assert [row["name"] for row in rows if row["kind"] == "chip"] == list(list_specs("chip"))
    lines = run("specs", "list").out.splitlines()
    assert ["chip", "apple-m4"] in [line.split() for line in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_list_of_one_kind(run, kind):
    done = run("specs", "list", kind)
    assert done.code == 0
    assert len(done.out.splitlines()) == len(list_specs(kind)) + 1
    rows = run("specs", "list", kind, "--json").document("specs")["specs"]
    assert [row["name"] for row in rows] == list(list_specs(kind))


def test_show_tells_every_field_with_its_confidence(run):
    done = run("specs", "show", "apple-m4", "--json")
    document = done.document("spec")
    assert document["kind"] == "chip"
    fields = {field["path"]: field for field in document["fields"]}
    assert fields["dram.bus_width"]["text"] == "128 bit"
    assert fields["dram.bus_width"]["confidence"] in "ABC"
    assert "dram.bus_width" in run("specs", "show", "apple-m4").out


def test_show_takes_a_path(run, small_space):
    document = run("specs", "show", small_space, "--json").document("spec")
    assert document["kind"] == "space"


def test_show_finds_technology_files(run):
    assert run("specs", "show", "silicon", "--json").document("spec")["kind"] == "technology"


def test_show_of_a_near_miss(run):
    done = run("specs", "show", "aple-m4")
    assert done.code == 1
    assert 'did you mean "apple-m4"?' in done.err


def test_check_of_the_whole_library(run):
    done = run("specs", "check")
    assert done.code == 0
    assert done.out.endswith(" files, no faults\n")


def test_check_reports_every_fault_with_its_line(run, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: dse.model/1\nname: bad\ntitle: Bad\nhidden_sise: 3\n")
    worse = tmp_path / "worse.yaml"
    worse.write_text("schema: dse.shoe/1\n")
    done = run("specs", "check", tmp_path, "--json")
    assert done.code == 1
    assert 'bad.yaml:4:1: hidden_sise: unknown key; did you mean "hidden_size"?' in done.err
    assert done.err.splitlines()[-1].endswith(" errors in 2 files")
    files = {fault["file"] for fault in done.document("error")["errors"]}
    assert files == {str(bad), str(worse)}


def test_check_counts_its_files(run, small_space):
    done = run("specs", "check", small_space, small_space)
    assert done.out == "1 file, no faults\n"
    document = run("specs", "check", small_space, "--json").document("check")
    assert document["files"] == [str(small_space)]


@pytest.mark.parametrize(
    "kind", ["chip", "model", "scenario", "space", "nodes", "dram", "silicon", *DOCUMENTS]
)
def test_every_schema_is_one(run, kind):
    done = run("specs", "schema", kind)
    assert done.code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(done.out))


def test_without_a_kind_the_schemas_are_listed(run):
    done = run("specs", "schema", "--json")
    assert done.code == 0
    names = [row["name"] for row in done.document("specs")["specs"]]
    assert {"chip", "silicon", "evaluate"} <= set(names)
    assert "document" in run("specs", "schema").out


def test_an_unknown_schema_lists_what_there_is(run):
    done = run("specs", "schema", "shoe")
    assert done.code == 2
    assert "evaluate" in done.err


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tiny-llama" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(CONFIG))
    return path


def test_import_writes_a_file_that_loads(run, config, tmp_path):
    out = tmp_path / "mine.yaml"
    done = run("import", "hf", config, "--out", out, "--json")
    assert done.document("import") == {"schema": "dse.import/1", "name": "mine", "file": str(out)}
    assert load_model(out).hidden_size == 256
    assert run("evaluate", "apple-m4", out).code == 0


def test_import_names_the_file_after_its_folder(run, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("import", "hf", config)
    assert done.code == 0
    assert (tmp_path / "tiny-llama.yaml").exists()
    assert done.err == "wrote tiny-llama.yaml\n"


def test_import_overwrites_only_by_force(run, config, tmp_path):
    out = tmp_path / "mine.yaml"
    out.write_text("precious")
    done = run("import", "hf", config, "--out", out)
    assert done.code == 1
    assert "--force" in done.err
    assert out.read_text() == "precious"
    assert run("import", "hf", config, "--out", out, "--force").code == 0
    assert out.read_text() != "precious"


def test_import_of_nonsense_is_a_located_fault(run, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"hidden_size": ')
    done = run("import", "hf", path, "--name", "x")
    assert done.code == 1
    assert "[syntax]" in done.err
    done = run("import", "hf", tmp_path / "absent.json", "--json")
    assert done.code == 1
    done.document("error")


def test_import_into_a_folder_that_is_not_there(run, config, tmp_path):
    done = run("import", "hf", config, "--out", tmp_path / "no" / "mine.yaml")
    assert done.code == 4
    assert ": cannot write: No such file or directory" in done.err


def test_require_sizes_the_least_chip(run):
    options = ("--weights", "int4-g32", "--ttft", "1s", "--tpot", "100ms", "--power", "4W")
    done = run("require", "solar-10.7b", *options, "--json")
    document = done.document("require")
    need = document["requirement"]
    assert need["bandwidth_bytes_per_s"] == pytest.approx(need["decode_bytes"] / 0.1)
    assert [chip["chip"] for chip in document["chips"] if chip["has_all"]]
    assert "phone-soc-2026" not in {chip["chip"] for chip in document["chips"]}  # a template
    table = run("require", "solar-10.7b", *options, "--segment", "phone")
    assert "DRAM bandwidth" in table.out
    assert "apple-m4" not in table.out


@pytest.mark.parametrize("value", ["1", "0s", "-1s", "1 GB", "soon"])
def test_targets_are_times(run, value):
    done = run("require", "llama-3.2-1b", "--ttft", value, "--tpot", "1s")
    assert done.code == 2
    assert "'--ttft'" in done.err
