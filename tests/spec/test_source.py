"""Texts of spec files: remembered as they are read, and given in place of the disk."""

from __future__ import annotations

import pytest

from dse.errors import SpecError
from dse.spec import load_chip, load_space, load_technology
from dse.spec.source import given_texts, read_file, reading_session, recorded_texts


def test_every_file_is_remembered_with_its_bases(tmp_path):
    chip = tmp_path / "mine.yaml"
    chip.write_text("schema: dse.chip/1\nname: mine\ntitle: Mine\nbase: phone-soc-2026\n")
    load_technology()  # kept from before: it must be remembered all the same
    with recorded_texts() as texts:
        load_chip(chip)
    names = {"nodes", "dram", "silicon"}
    assert {str(chip), "hw_configs/chips/phone-soc-2026.yaml"} <= set(texts)
    assert {f"hw_configs/technology/{name}.yaml" for name in names} <= set(texts)
    assert texts[str(chip)] == chip.read_text()


def test_given_texts_stand_for_the_files(tmp_path):
    with recorded_texts() as texts:
        space = load_space("phone_10b")
    name = "hw_configs/technology/silicon.yaml"
    changed = texts | {name: texts[name].replace("title:", "title :")}
    with given_texts(changed):
        assert read_file(tmp_path / "gone.yaml", name) == changed[name]
        assert load_space("phone_10b") == space
    with given_texts(texts | {name: "rubbish"}), pytest.raises(SpecError):
        load_technology()
    assert load_technology().silicon is load_technology().silicon


def test_blocks_end_with_their_exceptions(tmp_path):
    with given_texts({"a": "text"}), recorded_texts() as texts:
        assert read_file(tmp_path / "a", "a") == "text"
        with pytest.raises(SpecError):
            read_file(tmp_path / "b", "b")
    assert texts == {"a": "text"}
    assert reading_session() is None
    with pytest.raises(SpecError, match="cannot be read"):
        read_file(tmp_path / "a", "a")
