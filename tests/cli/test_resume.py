"""``dse resume``: the run of the manifest, whatever has changed around it since."""

from __future__ import annotations

import json

import pytest

from dse import __version__
from dse.errors import VersionMismatchError
from dse.store import Output, load_manifest, start_run


@pytest.fixture
def started(run, monkeypatch):
    """Start a sweep that ends before its first block, as Ctrl-C would end it; its manifest."""

    def stop(space, silicon, **options):
        settings = {name: options[name] for name in ("samples", "seed", "keep")}
        start_run("sweep", space, silicon, settings, options["out"]).close()
        raise KeyboardInterrupt

    def start(space, out, *more):
        with monkeypatch.context() as patch:
            patch.setattr("dse.sweep.run_sweep", stop)
            assert run("sweep", space, "--out", out, *more).code == 130
        return load_manifest(out)

    return start


def test_it_goes_on_and_tells_what_was_found(run, small_space, swept, tmp_path, started):
    out = tmp_path / "run"
    manifest = started(small_space, out, "--grid")
    assert manifest.argv == ("sweep", str(small_space), "--out", str(out), "--grid")
    document = run("resume", out, "--json").document("sweep")
    assert document["run"] == str(out)
    assert document["evaluated"] == 24
    assert (out / "front.csv").read_bytes() == (swept / "front.csv").read_bytes()


def test_a_complete_run_is_shown(run, swept):
    before = (swept / "manifest.json").read_bytes()
    done = run("resume", swept)
    assert done.code == 0
    assert "complete since" in done.err
    assert "A small space" in done.out
    assert run("resume", swept, "--json").document("sweep")["evaluated"] == 24
    assert run("resume", swept, "--quiet").err == ""
    assert (swept / "manifest.json").read_bytes() == before


def test_a_complete_run_without_a_front_says_so(run, hopeless_space, tmp_path):
    out = tmp_path / "run"
    assert run("sweep", hopeless_space, "--grid", "--out", out).code == 3
    done = run("resume", out)
    assert done.code == 3
    assert "no design meets the targets" in done.err


def test_a_folder_whose_table_is_gone_is_made_whole(run, small_space, tmp_path):
    out = tmp_path / "run"
    assert run("sweep", small_space, "--grid", "--out", out).code == 0
    front = (out / "front.csv").read_bytes()
    (out / "front.csv").unlink()
    assert run("resume", out).code == 0
    assert (out / "front.csv").read_bytes() == front


def test_the_environment_of_the_first_command_counts(
    run, small_space, tmp_path, started, monkeypatch
):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setenv("DSE_SWEEP_SAMPLES", "8")
        patch.setenv("DSE_SWEEP_KEEP_ALL", "1")
        manifest = started(small_space, out, "--seed", "3")
    assert manifest.settings == {"samples": 8, "seed": 3, "keep": None}
    assert manifest.argv[:4] == ("sweep", "--samples", "8", "--keep-all")
    with monkeypatch.context() as patch:
        patch.setenv("DSE_SWEEP_SEED", "4")
        assert run("resume", out).code == 0
    assert load_manifest(out).settings == {"samples": 8, "seed": 3, "keep": None}


def test_bases_and_models_are_kept_and_used(run, small_space, tmp_path, started):
    chip = tmp_path / "mine.yaml"
    text = (
        "schema: dse.chip/1\nname: mine\ntitle: Mine\nbase: phone-soc-2026\n"
        "dram: {capacity: 16 GiB}\n"
    )
    chip.write_text(text, encoding="utf-8")
    out = tmp_path / "run"
    manifest = started(small_space, out, "--chip", chip, "--samples", "8")
    assert manifest.inputs[str(chip)]["text"] == text
    for name in (
        "hw_configs/chips/phone-soc-2026.yaml",
        "hw_configs/scenarios/phone-chat.yaml",
        "hw_configs/technology/silicon.yaml",
        "models_zoo/llama-3.2-1b.yaml",
    ):
        assert name in manifest.inputs
    chip.write_text(text.replace("16 GiB", "12 GiB"), encoding="utf-8")
    done = run("resume", out)
    assert done.code == 0
    assert f"note: {chip} has changed; the run goes on with the text" in done.err
    assert load_manifest(out).inputs == manifest.inputs
    assert load_manifest(out).resolved_sha256 == manifest.resolved_sha256


def test_a_certified_search_goes_on_with_another_timeout(run, small_space, tmp_path):
    out = tmp_path / "run"
    args = ("search", small_space, "--certify", "0", "--timeout", "0", "--out", out)
    run(*args)
    assert load_manifest(out).ended is None
    done = run("resume", out, "--timeout", "100", "--json")
    assert done.document("search")["certificate"]["complete"]
    assert load_manifest(out).seconds > 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "holds no command line of dse"),
        (("pareto", "x"), "holds no command line of dse"),
        (("sweep", "x", "--no-such-option"), "--no-such-option'; use the version that wrote it"),
    ],
)
def test_what_cannot_be_repeated_is_refused(run, tmp_path, small_space, argv, message):
    from dse.spec import load_space, load_technology

    out = Output(tmp_path / "run", argv=argv)
    settings = {"samples": 8, "seed": 0, "keep": 20_000}
    start_run("sweep", load_space(small_space), load_technology().silicon, settings, out).close()
    done = run("resume", out.path)
    assert done.code == 4
    assert message in done.err


def test_a_changed_meaning_is_refused(run, small_space, tmp_path, started):
    """Texts that were replaced, hash and all, no longer give what the manifest says."""
    from hashlib import sha256

    out = tmp_path / "run"
    started(small_space, out, "--samples", "8")
    data = json.loads((out / "manifest.json").read_text())
    text = data["inputs"][str(small_space)]["text"].replace("1.2 GHz", "1.3 GHz")
    data["inputs"][str(small_space)] = {
        "sha256": sha256(text.encode()).hexdigest(),
        "text": text,
    }
    (out / "manifest.json").write_text(json.dumps(data))
    done = run("resume", out)
    assert done.code == VersionMismatchError.exit_code
    assert "inputs as read is" in done.err


def test_a_run_of_other_versions_is_begun_again_as_it_says(run, small_space, tmp_path, started):
    out = tmp_path / "run"
    started(small_space, out, "--samples", "8")
    data = json.loads((out / "manifest.json").read_text())
    data["versions"]["dse"] = "0.0.1"
    (out / "manifest.json").write_text(json.dumps(data))
    done = run("resume", out)
    assert done.code == 4
    advice = f"begin it again: dse sweep {small_space} --out {out}"
    assert (
        f'(versions.dse is "0.0.1" there, "{__version__}" here); {advice} --samples 8' in done.err
    )
    command = ("sweep", small_space, "--out", out, "--samples", "8")
    assert advice in run(*command).err
    assert run(*command, "--force").code == 0
    other = run("sweep", small_space, "--out", out, "--samples", "9")
    assert "choose another folder, or clear it with --force [version-mismatch]" in other.err


def test_a_timeout_is_for_certified_searches(run, small_space, tmp_path, started):
    started(small_space, tmp_path / "run")
    done = run("resume", tmp_path / "run", "--timeout", "3")
    assert done.code == 2
    assert "--timeout is for certified searches" in done.err


def test_no_run(run, tmp_path):
    done = run("resume", tmp_path)
    assert done.code == 4
    assert "no run here" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--local", "--dask", "tcp://x:1"), "--local and --dask exclude each other"),
        (("--storage", "postgresql://x/y"), "--storage is for runs of `dse worker`"),
    ],
)
def test_options_that_a_run_has_no_use_for(run, small_space, tmp_path, started, options, message):
    started(small_space, tmp_path / "run")
    done = run("resume", tmp_path / "run", *options)
    assert done.code == 2
    assert message in done.err


def test_a_certified_search_has_no_place_to_choose(run, small_space, tmp_path):
    out = tmp_path / "run"
    run("search", small_space, "--certify", "0", "--timeout", "0", "--out", out)
    for options in (("--local",), ("--dask", "tcp://x:1")):
        done = run("resume", out, *options)
        assert done.code == 2
        assert "--dask and --local are for sweeps, and searches by a sampler" in done.err


def test_a_signal_before_there_is_a_run_gives_no_advice(run, small_space, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("dse.sweep.run_sweep", stop)
    done = run("sweep", small_space, "--out", tmp_path / "run")
    assert done.code == 130
    assert "dse resume" not in done.err
