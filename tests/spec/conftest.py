"""A small library in place of the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.samples import write_library


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root of a library with one spec of each kind, which every loader now reads."""
    folder = write_library(tmp_path / "library")
    monkeypatch.setattr("dse.spec.library._root", lambda: folder)
    return folder
