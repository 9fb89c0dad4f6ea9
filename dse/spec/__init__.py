"""YAML text to the objects of the core: finding, reading, checking and citing spec files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse.spec.build_technology import Technology as Technology
    from dse.spec.device import load_device as load_device
    from dse.spec.library import list_specs as list_specs
    from dse.spec.library import root as root
    from dse.spec.load import load_chip as load_chip
    from dse.spec.load import load_model as load_model
    from dse.spec.load import load_qualities as load_qualities
    from dse.spec.load import load_scenario as load_scenario
    from dse.spec.load import load_stack as load_stack
    from dse.spec.load import load_technology as load_technology
    from dse.spec.network import load_network as load_network
    from dse.spec.network import load_workload as load_workload
    from dse.spec.space import load_space as load_space
    from dse.spec.steps import load_catalogue as load_catalogue

_HOMES = {
    "Technology": "dse.spec.build_technology",
    "list_specs": "dse.spec.library",
    "load_catalogue": "dse.spec.steps",
    "load_chip": "dse.spec.load",
    "load_device": "dse.spec.device",
    "load_model": "dse.spec.load",
    "load_network": "dse.spec.network",
    "load_qualities": "dse.spec.load",
    "load_scenario": "dse.spec.load",
    "load_space": "dse.spec.space",
    "load_stack": "dse.spec.load",
    "load_technology": "dse.spec.load",
    "load_workload": "dse.spec.network",
    "root": "dse.spec.library",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name on first use: listing specs needs neither YAML nor pydantic."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dse.spec' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
