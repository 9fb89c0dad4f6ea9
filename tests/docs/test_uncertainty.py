"""docs/uncertainty.md shows what its commands print; DSE_UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.spec.library import locate
from dse.spec.load import validate
from dse.spec.read import read_spec
from dse.spec.schema.ranges import RangesFile
from tests.docs.page import Page

PAGE = Page("uncertainty.md")


def test_the_page_shows_what_its_commands_print(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, for a run stands before what is said of it."""
    monkeypatch.chdir(tmp_path)
    assert len(PAGE.commands) == 4
    for command in PAGE.commands:
        PAGE.check(command, capsys)


def test_the_page_states_the_ranges_of_the_grades() -> None:
    grades = validate(RangesFile, read_spec(locate("technology", "ranges"))).grades
    for name, share in (("A", grades.A), ("B", grades.B), ("C", grades.C)):
        assert f"| {name} |" in PAGE.text
        assert f"| {100.0 * share:.0f} % |" in PAGE.text
