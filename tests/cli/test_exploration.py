"""``dse sweep``, ``dse search`` and ``dse pareto``."""

from __future__ import annotations

import csv
import json
import math
import shutil
from importlib import import_module

import optuna
import pytest

from dse.search import run_search
from dse.store import load_run
from dse.sweep import run_sweep


def test_a_sweep_writes_a_run_and_tells_its_front(run, small_space, tmp_path):
    out = tmp_path / "run"
    done = run("sweep", small_space, "--grid", "--out", out)
    assert done.code == 0
    assert "24 of 24 designs evaluated" in done.err
    assert "A small space" in done.out
    assert load_run(out).is_complete


def test_the_sweep_s_document(run, small_space, tmp_path):
    done = run("sweep", small_space, "--grid", "--out", tmp_path / "run", "--json")
    document = done.document("sweep")
    assert document["evaluated"] == document["designs_in_space"] == 24
    assert document["front"] > 0
    assert document["knee"]["axes"]["chip.dram.bus_width"] in ("64 bit", "128 bit")
    assert document["diagnosis"] is None


def test_the_same_sweep_again_writes_the_same_tables(run, small_space, tmp_path):
    out = tmp_path / "run"
    tables = []
    for _ in range(2):
        assert run("sweep", small_space, "--samples", 9, "--seed", 4, "--out", out).code == 0
        tables.append([(out / name).read_bytes() for name in ("front.csv", "results.csv")])
    assert tables[0] == tables[1]


def test_another_sweep_into_the_same_folder_is_refused_without_force(run, small_space, tmp_path):
    out = tmp_path / "run"
    run("sweep", small_space, "--grid", "--out", out)
    done = run("sweep", small_space, "--samples", 4, "--out", out)
    assert done.code == 4
    assert "--force" in done.err
    assert run("sweep", small_space, "--samples", 4, "--out", out, "--force").code == 0


def test_a_foreign_folder_is_never_cleared(run, small_space, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    done = run("sweep", small_space, "--grid", "--out", tmp_path, "--force")
    assert done.code == 4
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_the_manifest_records_command_and_inputs(run, swept):
    manifest = load_run(swept).manifest
    assert any(name.endswith("small.yaml") for name in manifest.inputs)
    assert "hw_configs/technology/nodes.yaml" in manifest.inputs


def test_nothing_meets_the_targets(run, hopeless_space, tmp_path):
    done = run("sweep", hopeless_space, "--grid", "--out", tmp_path / "run", "--json")
    assert done.code == 3
    document = done.document("sweep")
    assert document["front"] == 0
    diagnosis = document["diagnosis"]
    assert diagnosis["binding"] == "ttft_s"
    assert diagnosis["certain"]
    assert diagnosis["nearest"]["misses"][0]["metric"] == "ttft_s"
    ends = {entry["axis"]: (entry["side"], entry["end"]) for entry in diagnosis["widen"]}
    assert ends["chip.units.npu.clock"] == ("above", "1.2 GHz")
    for text in ("no design meets the targets", "binding: ttft_s <= 1 us", "widen chip.units.npu"):
        assert text in done.err


def test_an_uncertain_diagnosis_says_so(run, hopeless_space, tmp_path):
    done = run("sweep", hopeless_space, "--samples", 4, "--out", tmp_path / "run")
    assert done.code == 3
    assert "no design met the targets" in done.err
    assert "not every design was evaluated" in done.err


def test_models_can_be_replaced(run, small_space, tmp_path):
    out = tmp_path / "run"
    models = ("--model", "llama-3.2-3b", "--model", "qwen3-0.6b")
    assert run("sweep", small_space, "--grid", "--out", out, *models).code in (0, 3)
    assert load_run(out).manifest.space["models"] == ["llama-3.2-3b", "qwen3-0.6b"]


def test_a_dry_run_estimates_and_writes_nothing(run, small_space, tmp_path):
    out = tmp_path / "run"
    done = run("sweep", small_space, "--grid", "--dry-run", "--out", out, "--json")
    assert done.document("estimate")["designs"] == 24
    assert not out.exists()
    assert "24 of 24 designs" in run("sweep", small_space, "--grid", "--dry-run").out


@pytest.mark.parametrize("command", ["sweep", "search"])
def test_a_run_needs_a_folder(run, small_space, command):
    done = run(command, small_space)
    assert done.code == 2
    assert "--out" in done.err


def test_grid_and_samples_exclude_each_other(run, small_space):
    assert run("sweep", small_space, "--grid", "--samples", 3).code == 2


def test_keep_all_keeps_every_design(run, small_space, tmp_path):
    out = tmp_path / "run"
    assert run("sweep", small_space, "--grid", "--keep-all", "--out", out).code == 0
    assert len(load_run(out).tables["results"]["design"]) == 24


def test_a_search_finds_the_front_of_the_sweep(run, small_space, swept, tmp_path):
    done = run("search", small_space, "--out", tmp_path / "run", "--trials", 10, "--json")
    document = done.document("search")
    assert done.code == 0
    assert document["front"] == len(load_run(swept).tables["front"]["design"])
    assert document["settings"]["sampler"] == "nsga2"


def interrupted(explore):
    def interrupt(*args, **kwargs):
        explore(*args, **kwargs)
        raise KeyboardInterrupt

    return interrupt


def test_an_interrupted_search_says_how_to_go_on(run, small_space, tmp_path, monkeypatch):
    monkeypatch.setattr("dse.search.run_search", interrupted(run_search))
    done = run("search", small_space, "--out", tmp_path / "run")
    assert done.code == 130
    assert f"stopped; `dse resume {tmp_path / 'run'}` goes on" in done.err


def test_an_interrupted_sweep_says_how_to_go_on(run, small_space, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("dse.sweep.run_sweep", interrupted(run_sweep))
        done = run("sweep", small_space, "--grid", "--out", tmp_path / "run")
    assert done.code == 130
    assert f"`dse resume {tmp_path / 'run'}` goes on from its last piece" in done.err
    said = " ".join(run("sweep", "--help").out.split())
    assert "goes on when the command is given again" in said
    assert "from its beginning" not in said


def test_a_large_grid_is_announced_and_a_huge_one_refused(run, small_space, tmp_path, monkeypatch):
    module = import_module("dse.cli.sweep")
    monkeypatch.setattr(module, "_LARGE", 20)
    done = run("sweep", small_space, "--grid", "--out", tmp_path / "a")
    assert done.code == 0
    assert done.err.startswith("A small space: 24 of 24 designs, about ")
    monkeypatch.setattr(module, "_TOO_LARGE", 23)
    done = run("sweep", small_space, "--grid", "--out", tmp_path / "b")
    assert done.code == 2
    for text in ("24 of 24 designs", "at most 23 designs", "--samples", "dse search", "too-large"):
        assert text in done.err
    assert not (tmp_path / "b").exists()
    assert run("sweep", small_space, "--grid", "--dry-run").code == 0


def test_a_search_tells_what_it_took_over(run, small_space, tmp_path, monkeypatch):
    from dataclasses import replace

    from dse import search

    original = search.run_search

    def resumed(*args, **kwargs):
        return replace(original(*args, **kwargs), resumed=3, torn_bytes=5)

    monkeypatch.setattr(search, "run_search", resumed)
    done = run("search", small_space, "--out", tmp_path / "run", "--trials", 4)
    assert "went on after 3 batches" in done.err
    assert "5 bytes of a torn last line" in done.err


def test_pareto_shows_the_front_and_writes_files(run, swept, tmp_path):
    done = run("pareto", swept, "--out", tmp_path)
    assert done.code == 0
    names = {path.name for path in tmp_path.iterdir()}
    stem = "front-tpot_s-energy_per_token_j"
    assert names == {f"{stem}.png", f"{stem}.svg", "matrix.png", "matrix.svg"} | {
        "front.csv",
        "pareto.json",
    }
    assert sum(line.startswith("*") for line in done.out.splitlines()) == 2  # knee, and its note
    assert done.err.count("wrote ") == 6
    assert (tmp_path / "front.csv").read_bytes() == (swept / "front.csv").read_bytes()


def test_pareto_leaves_the_files_of_another_run_alone(run, swept, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(swept, other)
    (other / "front.csv").write_text("theirs", encoding="utf-8")
    before = sorted(other.iterdir())
    done = run("pareto", swept, "--out", other)
    assert done.code == 4
    assert "is the folder of another run" in done.err
    assert sorted(other.iterdir()) == before
    assert (other / "front.csv").read_text(encoding="utf-8") == "theirs"


def test_pareto_replaces_links_and_not_what_they_name(run, swept, tmp_path):
    theirs = tmp_path / "manifest.json"
    theirs.write_text("theirs", encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    for name in ("front.csv", "pareto.json", "matrix.png"):
        (out / name).symlink_to(theirs)
    assert run("pareto", swept, "--out", out, "--format", "csv,json,png").code == 0
    assert theirs.read_text(encoding="utf-8") == "theirs"
    assert (out / "front.csv").read_bytes() == (swept / "front.csv").read_bytes()


@pytest.mark.parametrize("title", [r"A $\frac{1$ phone", "A $5 phone, not a $10 one"])
def test_a_dollar_in_a_title_is_a_dollar(run, small_space, tmp_path, title):
    place = tmp_path / "small.yaml"
    text = small_space.read_text(encoding="utf-8")
    place.write_text(text.replace("title: A small space", f"title: '{title}'"), encoding="utf-8")
    out = tmp_path / "run"
    assert run("sweep", place, "--grid", "--out", out).code == 0
    assert run("pareto", out, "--format", "svg").code == 0
    assert title.encode() in next(out.glob("front-*.svg")).read_bytes().replace(b"&#36;", b"$")


def test_a_grid_of_objectives_that_vary_along_no_axis_of_a_block(run, small_space, tmp_path):
    place = tmp_path / "small.yaml"
    head, _, _ = small_space.read_text(encoding="utf-8").partition("axes:")
    place.write_text(
        f"{head}axes:\n  scenario.prompt_tokens: [64, 512]\n  scenario.output_tokens: [1, 64]\n"
        "objectives: [memory_bytes, npu_area_mm2]\n"
    )
    assert run("sweep", place, "--grid", "--out", tmp_path / "run").code == 0
    (best,) = load_run(tmp_path / "run").tables["front"]["design"]
    assert best == 0


def test_a_choice_without_a_limit_is_explored_like_any_other(run, small_space, tmp_path):
    place = tmp_path / "small.yaml"
    text = small_space.read_text(encoding="utf-8").replace(
        "  scenario.weights:",
        "  chip.units.npu.max_dram_bandwidth: [unlimited, 20 GB/s]\n  scenario.weights:",
    )
    place.write_text(text.replace("scenario: phone-chat", "scenario: phone-chat\nunit: npu"))
    out = tmp_path / "run"
    assert run("search", place, "--trials", "8", "--out", out).code == 0
    assert run("resume", out).code == 0
    column = next(c for c in load_run(out).manifest.columns if c.name.endswith("dram_bandwidth"))
    assert column.values == {"unlimited": math.inf, "20 GB/s": 20e9}
    document = run("pareto", out, "--json").document("pareto")
    assert {row["axes"][column.name] for row in document["front"]} == {"unlimited"}
    study = tmp_path / "study.db"
    assert run("export", out, "--to", "optuna-sqlite", "--output", study).code == 0
    trials = optuna.load_study(study_name="dse", storage=f"sqlite:///{study}").trials
    assert {trial.params[column.name] for trial in trials} <= {"unlimited", "20 GB/s"}


def test_the_pareto_document_holds_the_whole_front(run, swept, tmp_path):
    done = run("pareto", swept, "--out", tmp_path, "--format", "json", "--json")
    document = done.document("pareto")
    with (swept / "front.csv").open() as stream:
        designs = {int(row["design"]) for row in csv.DictReader(stream)}
    assert {row["design"] for row in document["front"]} == designs
    assert document["knee"] in designs
    assert document["knee"] == json.loads((swept / "summary.json").read_text())["knee"]
    assert json.loads((tmp_path / "pareto.json").read_text()) == document


def test_real_chips_are_of_the_base_chip_s_segment(run, swept, tmp_path):
    document = run("pareto", swept, "--format", "csv", "--json").document("pareto")
    names = {chip["chip"] for chip in document["chips"]}
    assert "snapdragon-8-elite" in names
    assert not names & {"apple-m4", "nvidia-h200-sxm"}


def test_real_chips_get_the_knee_s_formats(run, swept):
    document = run("pareto", swept, "--format", "csv", "--json").document("pareto")
    knee = next(row for row in document["front"] if row["design"] == document["knee"])
    weights = knee["axes"]["scenario.weights"]
    alone = run(
        "evaluate", "tensor-g5", "llama-3.2-1b", "--scenario", "phone-chat",
        "--weights", weights, "--json",
    ).document("evaluate")  # fmt: skip
    chip = next(chip for chip in document["chips"] if chip["chip"] == "tensor-g5")
    assert chip["metrics"] == alone["metrics"]


def test_axes_and_colour_can_be_chosen(run, swept, tmp_path):
    options = ("--x", "ttft_s", "--y", "area_mm2", "--color", "tpot_s", "--format", "svg")
    assert run("pareto", swept, "--out", tmp_path, *options).code == 0
    assert (tmp_path / "front-ttft_s-area_mm2.svg").exists()


def test_the_front_goes_by_its_own_folder_by_default(run, swept):
    before = (swept / "front.csv").read_bytes()
    assert run("pareto", swept, "--format", "csv").code == 0
    assert (swept / "front.csv").read_bytes() == before


def test_a_bad_metric_or_format_is_a_usage_error(run, swept):
    done = run("pareto", swept, "--x", "tpot")
    assert done.code == 2
    assert 'did you mean "tpot_s"?' in done.err
    assert run("pareto", swept, "--format", "pdf").code == 2


def test_no_run_in_the_folder(run, tmp_path):
    done = run("pareto", tmp_path)
    assert done.code == 4
    assert "no run here" in done.err


def test_pareto_of_a_run_without_a_front_says_what_to_do(run, small_space, tmp_path):
    out = tmp_path / "run"
    run("sweep", small_space, "--grid", "--out", out)
    (out / "front.csv").unlink()
    done = run("pareto", out)
    assert done.code == 4
    assert "front.csv is missing: `dse resume` makes it anew" in done.err
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(manifest | {"ended": None}))
    done = run("pareto", out, "--json")
    assert done.code == 4
    assert done.document("error")["errors"][0]["slug"] == "store"
    assert "the run is not finished: `dse resume` goes on" in done.err


def test_pareto_of_an_empty_front(run, hopeless_space, tmp_path):
    out = tmp_path / "run"
    run("sweep", hopeless_space, "--grid", "--out", out)
    done = run("pareto", out, "--format", "svg", "--json")
    assert done.code == 3
    assert done.document("pareto")["front"] == []
    assert (out / "matrix.svg").exists()


def test_without_the_library_s_files_there_are_no_real_chips(run, swept, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(swept, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["space"]["models"] = ["gone"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    done = run("pareto", copy, "--format", "csv", "--json")
    assert done.code == 0
    assert "no real chips to compare with" in done.err
    assert done.document("pareto")["chips"] == []


def test_a_chip_of_ones_own_takes_the_place_of_the_base(run, small_space, tmp_path):
    chip = tmp_path / "mine.yaml"
    chip.write_text(
        "schema: dse.chip/1\nname: mine\ntitle: Mine\nbase: phone-soc-2026\n"
        "dram: {capacity: 16 GiB}\n",
        encoding="utf-8",
    )
    out = tmp_path / "run"
    swept = run("sweep", small_space, "--chip", chip, "--out", out)
    assert swept.code == 0, swept.err
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["space"]["chip"] == "mine"
    texts = [entry["text"] for entry in manifest["inputs"].values()]
    assert any(text.startswith("schema: dse.chip/1\nname: mine") for text in texts)
    drawn = run("pareto", out, "--format", "json", "--out", tmp_path / "figures")
    assert drawn.code == 0
    assert "warning" not in drawn.err


@pytest.mark.parametrize("base", ["phone-soc-2026", "snapdragon-8-elite"])
def test_a_template_is_no_real_chip_but_it_may_be_the_base(base):
    # The package has a command of the same name as the module.
    comparison = import_module("dse.cli.pareto")._comparison
    space = {
        "models": ["llama-3.2-1b"],
        "scenario": "phone-chat",
        "segment": "phone",
        "unit": None,
    }
    names = {point.name for point in comparison(space | {"chip": base}, None)[1]}
    assert base in names
    assert ("phone-soc-2026" in names) == (base == "phone-soc-2026")


@pytest.mark.parametrize("command", ["sweep", "search"])
@pytest.mark.parametrize(
    ("place", "message"),
    [("", "the path must not be empty"), ("out/\udcff", r"'out/\udcff' must be UTF-8")],
)
def test_folders_without_a_name_that_can_be_kept_are_refused(
    run, small_space, tmp_path, monkeypatch, command, place, message
):
    monkeypatch.chdir(tmp_path)
    done = run(command, small_space, "--out", place)
    assert done.code == 2
    assert message in done.err
    assert list(tmp_path.iterdir()) == []
