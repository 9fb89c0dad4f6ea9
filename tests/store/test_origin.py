"""The space of a run again: the same from unchanged files, a refusal that names what changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dse.errors import StoreError, VersionMismatchError
from dse.spec import load_space, load_technology
from dse.store import make_manifest
from dse.store.manifest import Manifest
from dse.store.origin import load_origin

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


def test_unchanged_files_give_the_same_space(manifest, own_file):
    origin = load_origin(manifest, PLACE)
    assert origin.space == load_space(own_file)
    assert origin.chip == "phone-soc-2026"


def test_a_changed_file_is_named(manifest, own_file):
    own_file.write_text(SPACE.replace("1.2 GHz", "1.3 GHz"))
    with pytest.raises(VersionMismatchError, match=r"changed or gone since the run: .*mine\.yaml"):
        load_origin(manifest, PLACE)


def test_a_file_that_is_gone_is_named(manifest, own_file):
    own_file.unlink()
    with pytest.raises(VersionMismatchError, match=r"mine\.yaml; repeat the run"):
        load_origin(manifest, PLACE)


def test_what_no_file_shows_is_found_by_the_hash(manifest):
    data = manifest.to_json() | {"resolved_sha256": "0" * 64}
    with pytest.raises(VersionMismatchError, match="no longer the one that was explored"):
        load_origin(Manifest.from_json(data, "m"), PLACE)


def test_a_run_without_files_cannot_be_rebuilt(own_file):
    with pytest.raises(StoreError, match='does not hold the file of the chip "phone-soc-2026"'):
        load_origin(manifest_of(load_space(own_file), {}), PLACE)
