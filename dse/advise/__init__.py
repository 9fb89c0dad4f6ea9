"""Answers that stand on the cost model: what a target requires of any chip."""

from dse.advise.require import ChipCheck, Interface, Requirement, check_chips, require

__all__ = ["ChipCheck", "Interface", "Requirement", "check_chips", "require"]
