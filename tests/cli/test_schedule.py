"""``dse evaluate --schedule``: several units together."""

from __future__ import annotations

import pytest

CHIP, MODEL = "snapdragon-8-gen-3", "llama-3.2-1b"
BASE = ("evaluate", CHIP, MODEL, "--weights", "int4-g32")


def test_the_table_says_where_the_phases_ran(run):
    done = run(*BASE, "--schedule", "heterogeneous", "--explain")
    assert done.code == 0
    assert "(heterogeneous)" in done.out
    for phase in ("Prefill runs on", "Decode runs on"):
        line = next(each for each in done.out.splitlines() if each.startswith(phase))
        assert "npu" in line
        assert "alone, the fastest single unit" in line
    assert "runs on" in done.out.split("Prefill\n", 1)[1]


def test_the_document_has_the_shares(run):
    document = run(*BASE, "--schedule", "npu+gpu", "--explain", "--json").document("evaluate")
    assert document["unit"] == "npu+gpu"
    phases = {each["phase"]: each for each in document["placements"]}
    assert list(phases) == ["prefill", "decode"]
    for each in phases.values():
        assert sum(each["shares"].values()) == pytest.approx(1.0)
        assert set(each["shares"]) <= {"npu", "gpu"}
        assert each["speedup"] >= 1.0
    assert all(sum(row["shares"].values()) == pytest.approx(1.0) for row in document["operators"])


def test_an_image_runs_on_several_units(run):
    done = run("evaluate", CHIP, "stable-diffusion-1.5", "--schedule", "heterogeneous", "--json")
    document = done.document("evaluate")
    (placement,) = document["placements"]
    assert placement["phase"] == "image"
    assert placement["speedup"] > 1.0
    seconds = sum(stage["seconds"] for stage in document["stages"])
    assert seconds == pytest.approx(document["metrics"]["image_s"])


@pytest.mark.parametrize("name", ["gpu", "cpu"])
def test_a_schedule_of_one_unit_is_that_unit(run, name):
    by_unit = run(*BASE, "--unit", name, "--json").document("evaluate")
    assert run(*BASE, "--schedule", name, "--json").document("evaluate") == by_unit
    assert "placements" not in by_unit


def test_a_chip_with_one_unit_has_nothing_to_share(run):
    chip = ("evaluate", "nvidia-h100-sxm", MODEL)
    alone = run(*chip, "--json").document("evaluate")
    assert run(*chip, "--schedule", "heterogeneous", "--json").document("evaluate") == alone


def test_the_rendezvous_is_a_field_of_the_chip(run):
    cheap, dear = (
        run(*BASE, "--schedule", "heterogeneous", "--set", f"sync={time}", "--json")
        for time in ("0 us", "10 ms")
    )
    quick, slow = (each.document("evaluate") for each in (cheap, dear))
    assert quick["metrics"]["tpot_s"] < slow["metrics"]["tpot_s"]
    assert all(each["speedup"] >= 1.0 for each in slow["placements"])


def test_weak_numbers_of_every_unit_that_runs_are_listed(run):
    found = {}
    for name in ("npu", "npu+gpu", "heterogeneous"):
        document = run(*BASE, "--schedule", name, "--provenance", "--json").document("evaluate")
        paths = [row["path"].split(".") for row in document["provenance"]]
        found[name] = {path[1] for path in paths if path[0] == "units"}
    assert found == {
        "npu": {"npu"},
        "npu+gpu": {"npu", "gpu"},
        "heterogeneous": {"npu", "gpu", "cpu"},
    }


def test_chips_compare_with_all_their_units(run):
    done = run("compare", CHIP, "apple-m4", "--model", MODEL, "--unit", "heterogeneous", "--json")
    document = done.document("compare")
    assert [chip["unit"] for chip in document["chips"]] == ["heterogeneous"] * 2
    wrong = run("compare", CHIP, "--model", MODEL, "--unit", "npu+tpu")
    assert wrong.code == 2
    assert "it has npu, gpu, cpu" in wrong.err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--schedule", "tpu"), "it has npu, gpu, cpu, heterogeneous"),
        (("--schedule", "npu+tpu"), "it has npu, gpu, cpu, heterogeneous"),
        (("--schedule", "npu", "--unit", "gpu"), "give one"),
        (("--schedule", "npu+gpu", "--sustained"), "--sustained follows one unit"),
    ],
)
def test_what_cannot_be_run_together_is_said(run, options, text):
    done = run(*BASE, *options)
    assert done.code == 2
    assert text in done.err
