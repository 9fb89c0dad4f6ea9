"""Grids and samples of a design space, evaluated in chunks, in memory bounded by the front."""

from dse.sweep.designs import Columns, evaluate_designs, objective_values, requirements, violations
from dse.sweep.estimate import SweepEstimate, estimate_sweep
from dse.sweep.points import Points, Progress, survey_points
from dse.sweep.reach import Reach, RequirementReach
from dse.sweep.run import KEEP, SAMPLES, SweepResult, run_sweep
from dse.sweep.survey import Survey

__all__ = [
    "KEEP",
    "SAMPLES",
    "Columns",
    "Points",
    "Progress",
    "Reach",
    "RequirementReach",
    "Survey",
    "SweepEstimate",
    "SweepResult",
    "estimate_sweep",
    "evaluate_designs",
    "objective_values",
    "requirements",
    "run_sweep",
    "survey_points",
    "violations",
]
