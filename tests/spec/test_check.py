"""Checking files that say themselves what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec.check import check_file, kind_of_file, spec_files


def test_every_file_of_a_sound_library_is_sound(library: Path) -> None:
    kinds = {}
    for path in spec_files(library):
        assert check_file(path) == ()
        kinds[path.stem] = kind_of_file(path)
    assert kinds == {
        "tiny": "chip",
        "chat": "scenario",
        "wide": "space",
        "small": "model",
        "nodes": "technology",
        "dram": "technology",
        "silicon": "technology",
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("hw_configs/chips/tiny.yaml", "1.2 GHz", "1.2 GHZ", "units.npu.clock"),
        ("hw_configs/scenarios/chat.yaml", "256", "0", "prompt_tokens"),
        ("hw_configs/spaces/wide.yaml", "1.5 GHz", "1 GHz", "chip.units.npu.clock"),
        ("hw_configs/technology/nodes.yaml", "16000 USD", "16000", "nodes.n4.wafer_price"),
        ("hw_configs/technology/dram.yaml", "0.8", "8", "types.lpddr5x.efficiency"),
        ("hw_configs/technology/silicon.yaml", "4 MiB", "4 B", "sram.knee"),
        ("models_zoo/small.yaml", "1000", "-1", "vocab_size"),
    ],
)
def test_faults_are_found_in_each_kind(
    library: Path, file: str, old: str, new: str, path: str
) -> None:
    target = library / file
    target.write_text(target.read_text().replace(old, new, 1))
    assert path in [fault.path for fault in check_file(target)]


@pytest.mark.parametrize("line", ["", "schema: chip\n", "schema: dse.tree/1\n", "schema: [a]\n"])
def test_a_file_must_say_what_it_is(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(line + "name: x\n")
    with pytest.raises(SpecError, match=r"must be one of .*dse\.chip/1, .*dse\.model/1"):
        kind_of_file(path)
    (fault,) = check_file(path)
    assert (fault.slug, fault.path, fault.line) == ("schema", "schema", 1)


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (fault,) = check_file(tmp_path / "none.yaml")
    assert fault.slug == "unreadable"
