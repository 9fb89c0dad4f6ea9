"""Grids and samples of a design space, evaluated in chunks, in memory bounded by the front."""

from dse.sweep.bench import BenchResult, SpaceRate, run_bench
from dse.sweep.designs import (
    ALWAYS,
    Columns,
    Evaluator,
    asked_metrics,
    evaluate_designs,
    objective_values,
    requirements,
    shortfalls,
    violations,
)
from dse.sweep.estimate import SweepEstimate, estimate_sweep
from dse.sweep.grid import GridSweep, is_factored
from dse.sweep.points import Points, Progress, survey_grid, survey_points
from dse.sweep.reach import Reach, RequirementReach
from dse.sweep.run import KEEP, SAMPLES, SweepResult, run_sweep
from dse.sweep.standing import Mark, Standing, Watch, Yardstick
from dse.sweep.survey import Survey

__all__ = [
    "ALWAYS",
    "KEEP",
    "SAMPLES",
    "BenchResult",
    "Columns",
    "Evaluator",
    "GridSweep",
    "Mark",
    "Points",
    "Progress",
    "Reach",
    "RequirementReach",
    "SpaceRate",
    "Standing",
    "Survey",
    "SweepEstimate",
    "SweepResult",
    "Watch",
    "Yardstick",
    "asked_metrics",
    "estimate_sweep",
    "evaluate_designs",
    "is_factored",
    "objective_values",
    "requirements",
    "run_bench",
    "run_sweep",
    "shortfalls",
    "survey_grid",
    "survey_points",
    "violations",
]
