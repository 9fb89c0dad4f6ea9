"""Where a generated page was measured, in words."""

from __future__ import annotations

import math
import platform
import sys

__all__ = ["load_text", "machine_text"]


def machine_text() -> str:
    """System, kind of processor and version of Python of this machine."""
    python = ".".join(str(part) for part in sys.version_info[:2])
    return f"{platform.system()} on {platform.machine()}, Python {python}"


def load_text(load: float, before: str = ", ") -> str:
    """How busy the machine was before a measurement; empty where that is not known (NaN).

    Examples
    --------
    >>> load_text(1.25)
    ', load 1.2 before the run'
    """
    return "" if math.isnan(load) else f"{before}load {load:.1f} before the run"
