"""Answers that stand on the cost model: what a target requires, and the steps that lead there."""

from dse.advise.require import ChipCheck, Interface, Requirement, check_chips, require
from dse.advise.robust import CHALLENGERS, Driver, Robustness, default_draws, find_robustness
from dse.advise.sensitivity import Move, Sensitivity, Slope, find_sensitivity, weighed
from dse.advise.sobol import SobolIndices, sobol_indices
from dse.advise.step_judge import StepSet
from dse.advise.step_order import Taken
from dse.advise.steps import StepsResult, find_steps
from dse.advise.uncertainty import PERCENTILES, Cause, Spread, find_uncertainty

__all__ = [
    "CHALLENGERS",
    "PERCENTILES",
    "Cause",
    "ChipCheck",
    "Driver",
    "Interface",
    "Move",
    "Requirement",
    "Robustness",
    "Sensitivity",
    "Slope",
    "SobolIndices",
    "Spread",
    "StepSet",
    "StepsResult",
    "Taken",
    "check_chips",
    "default_draws",
    "find_robustness",
    "find_sensitivity",
    "find_steps",
    "find_uncertainty",
    "require",
    "sobol_indices",
    "weighed",
]
