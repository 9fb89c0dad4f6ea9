"""The process that forks the children of these tests, and the page that tells how they ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
ROWS = pytest.StashKey[dict]()


def load(path: Path) -> ModuleType:
    spec = util.spec_from_file_location(f"faults_{path.stem}", path)
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-reliability", metavar="FILE", help="write what was survived")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    report = yield
    marker = item.get_closest_marker("fault")
    if marker is not None and (report.when == "call" or report.outcome != "passed"):
        item.config.stash[ROWS][item.nodeid] = marker, dict(report.user_properties), report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = session.config.getoption("--write-reliability", default=None)
    if target is None:
        return
    page = load(HERE / "page.py")
    rows = [
        page.Row(
            fault=marker.args[0],
            how=marker.kwargs["how"],
            code=code_text(seen.get("code", marker.kwargs["code"])),
            seen=seen.get("seen", ""),
            test=nodeid.removeprefix("tests/faults/"),
            outcome=outcome,
        )
        for nodeid, (marker, seen, outcome) in session.config.stash[ROWS].items()
    ]
    Path(target).write_text(page.page(rows), encoding="utf-8")


def code_text(code: int) -> str:
    return "killed" if code == -9 else str(code)


@pytest.fixture(scope="session")
def faults() -> ModuleType:
    return load(HERE / "children.py")


@pytest.fixture(scope="session")
def children(faults: ModuleType) -> Iterator[object]:
    with faults.Children() as server:
        yield server
