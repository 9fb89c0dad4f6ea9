"""docs/reliability.md lists the tests that carry the marker, and no others."""

from __future__ import annotations

import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def page():
    spec = util.spec_from_file_location("page", HERE / "page.py")
    module = util.module_from_spec(spec)
    sys.modules["page"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["page"]


def test_the_page_lists_the_marked_tests_and_all_passed(page):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/faults", "-m", "fault", "--collect-only", "-q",
         "-p", "no:randomly"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if "::" in line]
    marked = [line.removeprefix("tests/faults/") for line in lines]
    text = page.PAGE.read_text(encoding="utf-8")
    assert len(marked) > 40
    assert sorted(page.tests_of(text)) == sorted(marked)
    assert f"{len(marked)} of {len(marked)} tests passed." in text


def test_the_marker_stands_in_this_folder_alone():
    files = [path for path in (ROOT / "tests").rglob("*.py") if "mark.fault(" in path.read_text()]
    assert {path.parent for path in files} == {HERE}


def test_a_page_reads_back(page):
    row = page.Row("a|b", "how", "4", "dse: no [x]", "test_x.py::test_y[z]", "passed")
    text = page.page([row, page.Row("c", "how", "0", "nothing", "test_x.py::test_z", "failed")])
    assert page.tests_of(text) == ["test_x.py::test_y[z]", "test_x.py::test_z"]
    assert "| a/b | how | 4 | `dse: no [x]` | nothing | `test_x.py::test_y[z]` | passed |" in text
    assert "1 of 2 tests passed." in text
