"""The toy space for the tests of this room."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    path = Path(__file__).parents[1] / "sweep" / "toy.py"
    spec = util.spec_from_file_location("toy", path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
