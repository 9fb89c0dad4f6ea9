"""The space of a run again: from what its folder keeps, whatever became of the files."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from dse.errors import CorruptRunError, StoreError, VersionMismatchError
from dse.spec import load_model, load_space, load_technology
from dse.spec.source import recorded_texts
from dse.store import changed_inputs, make_manifest
from dse.store.manifest import Manifest
from dse.store.origin import open_origin

PLACE = Path("run")
SPACE = """\
schema: dse.space/1
name: mine
title: Mine
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
axes:
  chip.units.npu.clock: [0.8 GHz, 1.2 GHz]
objectives: [tpot_s]
"""

CONFIG = json.dumps(
    {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 512,
        "intermediate_size": 1024,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 1000,
    }
)


def manifest_of(space, inputs):
    made = make_manifest("sweep", space, load_technology().silicon, {}, inputs=inputs)
    return Manifest.from_json(json.loads(json.dumps(made.to_json())), "manifest.json")


@pytest.fixture
def own_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(SPACE)
    return path


@pytest.fixture
def manifest(own_file):
    names = (
        "hw_configs/chips/phone-soc-2026.yaml",
        "models_zoo/llama-3.2-1b.yaml",
        "hw_configs/technology/nodes.yaml",
    )
    texts = {name: (Path(__file__).parents[2] / name).read_text() for name in names}
    return manifest_of(load_space(own_file), {str(own_file): SPACE} | texts)


def origin_of(manifest):
    with open_origin(manifest, PLACE) as origin:
        return origin


def test_the_space_is_that_of_the_run(manifest, own_file):
    origin = origin_of(manifest)
    assert origin.space == load_space(own_file)
    assert origin.chip == "hw_configs/chips/phone-soc-2026.yaml"
    assert list(changed_inputs(manifest)) == []


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_changed_file_makes_no_difference_and_is_named(manifest, own_file, is_gone):
    space = load_space(own_file)
    if is_gone:
        own_file.unlink()
    else:
        own_file.write_text(SPACE.replace("1.2 GHz", "1.3 GHz"))
        assert load_space(own_file) != space
    assert origin_of(manifest).space == space
    change = "cannot be read any more" if is_gone else "has changed"
    assert list(changed_inputs(manifest)) == [(str(own_file), change)]


CHIP = """\
schema: dse.chip/1
name: {name}
title: Mine
base: phone-soc-2026
dram: {{capacity: 16 GiB}}
"""


@pytest.mark.parametrize("name", ["mine", "phone-soc-2026"])
def test_the_texts_alone_are_enough(name, tmp_path, monkeypatch):
    """Also of a chip that is called as the space is, or as its base; by a path with dots."""
    for folder in ("chips", "spaces", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "chips" / f"{name}.yaml").write_text(CHIP.format(name=name))
    (tmp_path / "spaces" / "mine.yaml").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    with recorded_texts() as texts:
        space = load_space("./spaces/mine.yaml", f"./chips/{name}.yaml")
        load_technology()
    manifest = manifest_of(space, texts)
    for folder in ("chips", "spaces"):
        shutil.rmtree(folder)
    monkeypatch.setattr("dse.spec.library._root", lambda: tmp_path / "empty")
    origin = origin_of(manifest)
    assert origin.space == space
    assert origin.chip == f"./chips/{name}.yaml"


def test_a_model_of_another_form_is_found(tmp_path, own_file):
    config = tmp_path / "tiny" / "config.json"
    config.parent.mkdir()
    config.write_text(CONFIG)
    with recorded_texts() as texts:
        space = dataclasses.replace(load_space(own_file), models=(load_model(config),))
        load_technology()
    config.unlink()
    assert origin_of(manifest_of(space, texts)).space == space


def test_a_damaged_text_is_named(manifest, own_file):
    manifest.inputs[str(own_file)]["text"] += " "
    with pytest.raises(CorruptRunError, match=r"the text of .*mine\.yaml does not match"):
        origin_of(manifest)


def test_what_no_file_shows_is_found_by_the_hash(manifest):
    data = json.loads(json.dumps(manifest.to_json())) | {"resolved_sha256": "0" * 64}
    with pytest.raises(VersionMismatchError, match="no longer the one that was explored"):
        origin_of(Manifest.from_json(data, "m"))


def test_a_run_without_files_cannot_be_rebuilt(own_file):
    with pytest.raises(StoreError, match='does not hold the file of the chip "phone-soc-2026"'):
        origin_of(manifest_of(load_space(own_file), {}))
