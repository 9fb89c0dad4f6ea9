"""``dse evaluate`` and ``dse compare`` of a network of layers."""

from __future__ import annotations

import pytest

CHIP, NETWORK = "apple-m4", "stable-diffusion-1.5-controlnet"


def test_the_table_tells_of_images_and_not_of_tokens(run):
    done = run("evaluate", CHIP, NETWORK, "--unit", "gpu", "--steps", "30", "--weights", "int8")
    assert done.code == 0, done.err
    for text in ("Time per image", "unet", "controlnet", "30 x ", "Energy per image", "steps 30"):
        assert text in done.out
    for text in ("token", "tok/s", "Prefill", "prompt", "KV"):
        assert text not in done.out


def test_the_document_names_what_was_asked_and_its_stages(run):
    done = run("evaluate", CHIP, NETWORK, "--scenario", "image-20-steps", "--json", "--explain")
    document = done.document("evaluate")
    assert document["scenario"]["steps"] == 20
    assert document["scenario"]["guidance"] == 2
    assert "prompt_tokens" not in document["scenario"]
    assert "ttft_s" not in document["metrics"]
    assert list(document["bounds"]) == ["image"]
    runs = {stage["name"]: stage["runs"] for stage in document["stages"]}
    assert runs == {"text_encoder": 1, "unet": 20, "vae_decoder": 1, "controlnet": 20}
    total = sum(row["seconds"] for row in document["operators"])
    assert total == pytest.approx(document["metrics"]["image_s"], rel=1e-9)


def test_a_network_s_own_steps_are_said(run):
    document = run("evaluate", CHIP, "flux.1-dev", "--json").document("evaluate")
    assert document["scenario"]["steps"] == 50
    assert document["scenario"]["guidance"] == 1


def test_a_language_model_has_no_steps(run):
    options = ("--scenario", "phone-chat", "--json")
    plain = run("evaluate", CHIP, "llama-3.2-1b", *options).document("evaluate")
    assert "steps" not in plain["scenario"]
    assert "stages" not in plain
    refused = run("evaluate", CHIP, "llama-3.2-1b", "--steps", "3")
    assert refused.code == 2
    assert "it has no steps" in refused.err


def test_chips_are_compared_by_images(run):
    done = run("compare", CHIP, "apple-m4-max", "--model", "resnet-50", "--unit", "gpu")
    assert done.code == 0, done.err
    assert "Time per image" in done.out
    assert "Time to first token" not in done.out
    document = run("compare", CHIP, "apple-m4-max", "--model", "resnet-50", "--json")
    assert all("image_s" in chip["metrics"] for chip in document.document("compare")["chips"])


def test_explained_stages_are_tables_of_their_own(run):
    done = run("evaluate", CHIP, NETWORK, "--explain")
    assert "Vae decoder" in done.out
    assert "conv3x3 320-320 64x64" in done.out


def test_weak_numbers_are_listed_for_a_network_too(run):
    done = run("evaluate", CHIP, "resnet-50", "--provenance")
    assert done.code == 0, done.err
    assert "confidence C" in done.out
