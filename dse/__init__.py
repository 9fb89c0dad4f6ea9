"""dse: design-space exploration of AI accelerators for language models."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse.chip import Chip as Chip
    from dse.cost import Results as Results
    from dse.cost import evaluate as evaluate
    from dse.spec import load_chip as load_chip
    from dse.spec import load_model as load_model
    from dse.spec import load_scenario as load_scenario
    from dse.spec import load_space as load_space
    from dse.spec import load_technology as load_technology
    from dse.workload import Model as Model
    from dse.workload import Scenario as Scenario

__version__ = "0.1.0"

_HOMES = {
    "Chip": "dse.chip",
    "Model": "dse.workload",
    "Results": "dse.cost",
    "Scenario": "dse.workload",
    "evaluate": "dse.cost",
    "load_chip": "dse.spec",
    "load_model": "dse.spec",
    "load_scenario": "dse.spec",
    "load_space": "dse.spec",
    "load_technology": "dse.spec",
}

__all__ = [
    "Chip",
    "Model",
    "Results",
    "Scenario",
    "__version__",
    "evaluate",
    "load_chip",
    "load_model",
    "load_scenario",
    "load_space",
    "load_technology",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use, so that ``import dse`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
