"""``dse evaluate`` and ``dse compare``."""

from __future__ import annotations

import pytest

from dse.cost import evaluate
from dse.report.documents import finite
from dse.report.evaluation import scenario_text
from dse.spec import load_chip, load_model, load_scenario, load_technology

CHIP, MODEL = "snapdragon-8-elite", "llama-3.2-1b"


def metrics(run, *options):
    done = run("evaluate", CHIP, MODEL, "--json", *options)
    assert done.code == 0, done.err
    return done.document("evaluate")["metrics"]


def test_the_document_is_the_core_s_result(run):
    done = run("evaluate", CHIP, MODEL, "--scenario", "phone-chat", "--json")
    document = done.document("evaluate")
    row = evaluate(
        load_chip(CHIP), load_model(MODEL), load_scenario("phone-chat"), load_technology().silicon
    ).row()
    assert document["metrics"] == {
        name: finite(value) for name, value in row.items() if not name.endswith("_bound")
    }
    assert document["chip"] == CHIP
    assert document["unit"] == "npu"
    assert document["scenario"]["name"] == "phone-chat"
    assert "operators" not in document
    assert done.err == ""


def test_the_table_tells_the_essentials_in_readable_units(run):
    done = run("evaluate", CHIP, MODEL, "--weights", "int4-g32")
    assert done.code == 0
    for text in ("Time to first token", " ms", "tok/s", " mJ", "GiB", "mm2", "USD", "waits for"):
        assert text in done.out
    assert "\x1b" not in done.out


def test_options_replace_single_fields_of_the_scenario(run):
    done = run(
        "evaluate", CHIP, MODEL, "--scenario", "phone-chat", "--prompt", 7, "--kv", "int8",
        "--batch", 2, "--output", 9, "--fusion", "none", "--activations", "bf16", "--json",
    )  # fmt: skip
    scenario = done.document("evaluate")["scenario"]
    assert scenario == {
        "name": "custom",
        "prompt_tokens": 7,
        "output_tokens": 9,
        "batch_size": 2,
        "fusion": "none",
        "weights": "int4-g32",
        "head": "int4-g32",
        "embedding": "int4-g32",
        "activations": "bf16",
        "kv": "int8",
        "quantisation": "rtn",
    }


def test_the_head_follows_the_weights_unless_told_apart(run):
    def formats(*options):
        scenario = run("evaluate", CHIP, MODEL, "--json", *options).document("evaluate")[
            "scenario"
        ]
        return scenario["weights"], scenario["head"], scenario["embedding"]

    assert formats("--weights", "int4-g32") == ("int4-g32",) * 3
    assert formats("--weights", "int4-g32", "--head", "int8") == ("int4-g32", "int8", "int8")
    kept = formats("--scenario", "llama-bench-tg128", "--weights", "int8")
    file = load_scenario("llama-bench-tg128").precision
    assert kept == ("int8", file.head.name, file.embedding.name)


def test_a_flag_beats_the_environment(run, monkeypatch):
    monkeypatch.setenv("DSE_EVALUATE_PROMPT", "64")
    done = run("evaluate", CHIP, MODEL, "--json")
    assert done.document("evaluate")["scenario"]["prompt_tokens"] == 64
    done = run("evaluate", CHIP, MODEL, "--json", "--prompt", 65)
    assert done.document("evaluate")["scenario"]["prompt_tokens"] == 65


def test_explained_operators_add_up_to_the_metrics(run):
    document = run("evaluate", CHIP, MODEL, "--explain", "--json").document("evaluate")
    for phase, metric in (("prefill", "ttft_s"), ("decode", "tpot_s")):
        rows = [row for row in document["operators"] if row["phase"] == phase]
        total = sum(row["seconds"] for row in rows)
        assert total == pytest.approx(document["metrics"][metric], rel=1e-9)


def test_explain_shows_both_phases(run):
    done = run("evaluate", CHIP, MODEL, "--explain")
    assert done.out.index("Prefill\n") < done.out.index("One decode step")


def test_bus_width_and_set_change_the_chip(run):
    def bandwidth(*options):
        return metrics(run, *options)["dram_bandwidth_bytes_per_s"]

    wide = ("--bus-width", "128 bit")
    assert bandwidth(*wide) == 2 * bandwidth()
    assert metrics(run, "--set", "dram.bus_width=128 bit") == metrics(run, *wide)
    assert bandwidth("--set", "chip.dram.bus_width=32 bit", *wide) == bandwidth() / 2


def test_changes_are_told_in_the_document(run):
    done = run("evaluate", CHIP, MODEL, "--json", "--set", "units.npu.clock=1 GHz")
    assert done.document("evaluate")["changes"] == {"units.npu.clock": "1 GHz"}


@pytest.mark.parametrize(
    ("assignment", "path", "slug"),
    [
        ("dram.bus_width=12", "dram.bus_width", "unit"),
        ("dram.bus_width=-64 bit", "dram.bus_width", "range"),
        ("dram.buswidth=64 bit", "dram.buswidth", "unknown-key"),
        ("units.npu.kind=tpu", "units.npu.kind", "choice"),
        ("node=n99", "node", "unknown-name"),
        ("dram.type=[1, 2]", "dram.type", "type"),
    ],
)
def test_changes_obey_the_rules_of_the_file(run, assignment, path, slug):
    done = run("evaluate", CHIP, MODEL, "--json", "--set", assignment)
    assert done.code == 1
    faults = done.document("error")["errors"]
    assert [(fault["path"], fault["slug"]) for fault in faults] == [(path, slug)]
    assert faults[0]["file"] == f"--set {path}"
    assert faults[0]["line"] == 0


def test_all_bad_changes_are_reported_together(run):
    done = run("evaluate", CHIP, MODEL, "--bus-width", "12", "--set", "dram.capacity=16 Gb")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "2 errors in 2 files"


@pytest.mark.parametrize("text", ["dram.bus_width", "=64 bit", "dram.bus_width="])
def test_an_assignment_needs_both_sides(run, text):
    done = run("evaluate", CHIP, MODEL, "--set", text)
    assert done.code == 2
    assert "must be PATH=VALUE" in done.err


@pytest.mark.parametrize("text", ["a b=1", "dram..x=1", "dram.bus_width=64 bit\nnode: n4"])
def test_an_assignment_is_one_path_and_one_value(run, text):
    done = run("evaluate", CHIP, MODEL, "--set", text)
    assert done.code == 1
    assert "[assignment]" in done.err


def test_provenance_lists_weak_numbers_of_what_was_used(run):
    document = run("evaluate", CHIP, MODEL, "--provenance", "--json").document("evaluate")
    rows = document["provenance"]
    assert rows
    assert {row["confidence"] for row in rows} == {"C"}
    chip = load_chip(CHIP)
    paths = [row["path"] for row in rows]
    for unit in chip.units[1:]:
        assert not any(path.startswith(f"units.{unit.name}.") for path in paths)
    nodes = [path for path in paths if path.startswith("nodes.")]
    assert all(path.startswith(f"nodes.{chip.node.name}.") for path in nodes)


def test_a_number_that_the_user_gave_is_no_weak_one(run):
    def paths(*options):
        done = run("evaluate", CHIP, MODEL, "--provenance", "--json", *options)
        return {row["path"] for row in done.document("evaluate")["provenance"]}

    assert paths() - paths("--set", "units.npu.clock=1 GHz") == {"units.npu.clock"}
    assert "confidence C" in run("evaluate", CHIP, MODEL, "--provenance").out


def test_a_model_that_does_not_fit_is_said_loudly_and_evaluated(run):
    done = run("evaluate", CHIP, "llama-2-70b", "--weights", "fp16", "--json")
    assert done.code == 0
    assert "warning: " in done.err
    assert "does not fit" in done.err
    assert done.document("evaluate")["metrics"]["fits"] == 0.0
    table = run("evaluate", CHIP, "llama-2-70b")
    assert "DOES NOT FIT" in table.out


def test_an_unknown_chip_suggests_the_nearest(run):
    done = run("evaluate", "snapdragon-8-elit", MODEL)
    assert done.code == 1
    assert 'did you mean "snapdragon-8-elite"?' in done.err
    assert done.out == ""


def test_an_unknown_unit_names_those_there_are(run):
    done = run("evaluate", CHIP, MODEL, "--unit", "dsp")
    assert done.code == 2
    assert 'has no unit "dsp"; it has npu' in done.err


def test_a_unit_can_be_named_by_its_kind(run):
    done = run("evaluate", "apple-m4", MODEL, "--unit", "gpu", "--json")
    assert done.document("evaluate")["unit"] == "gpu"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--prompt", "0"), "0 is not in the range"),
        (("--weights", "int7"), "must be a number format such as int4-g32"),
        (("--fusion", "some"), "'some' is not one of"),
    ],
)
def test_bad_options_name_themselves(run, options, message):
    done = run("evaluate", CHIP, MODEL, *options)
    assert done.code == 2
    assert f"'{options[0]}'" in done.err
    assert message in done.err


def test_no_color_beats_force_color(run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("evaluate", CHIP, MODEL).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("evaluate", CHIP, MODEL).out


def test_compare_marks_the_best_of_each_row(run):
    done = run("compare", "apple-m4", "apple-m4-max", "--model", MODEL)
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if line.startswith("Time per output"))
    assert line.endswith("*")
    assert line.count("*") == 1


def test_compare_agrees_with_evaluate(run):
    document = run("compare", CHIP, "apple-m4", "--model", MODEL, "--json").document("compare")
    assert [chip["chip"] for chip in document["chips"]] == [CHIP, "apple-m4"]
    assert document["chips"][0]["metrics"] == metrics(run)


def test_compare_needs_a_chip_and_a_model(run):
    assert run("compare", "--model", MODEL).code == 2
    assert run("compare", CHIP).code == 2


def test_compare_warns_of_what_does_not_fit(run):
    done = run("compare", CHIP, "nvidia-h200-sxm", "--model", "llama-2-70b", "--weights", "int8")
    assert done.err.count("does not fit") == 1


def test_scenario_text_names_only_what_differs():
    text = scenario_text(load_scenario("llama-bench-tg128"))
    assert "head q6_k" in text
    assert "head" not in scenario_text(load_scenario("phone-chat"))
