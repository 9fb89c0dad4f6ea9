"""Grids and samples of a design space, evaluated in chunks, in memory bounded by the front."""

from dse.sweep.bench import BenchResult, SpaceRate, load_average, run_bench
from dse.sweep.designs import (
    ALWAYS,
    Columns,
    Evaluates,
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
from dse.sweep.job import FarmEvaluator, SweepJob
from dse.sweep.points import Points, PointSweep, Progress
from dse.sweep.reach import Reach, RequirementReach
from dse.sweep.run import KEEP, SAMPLES, SweepResult, run_sweep
from dse.sweep.scaling import ScalingRow, resized, scaling
from dse.sweep.standing import Mark, Standing, Watch, Yardstick
from dse.sweep.survey import Survey
from dse.sweep.tally import Tally

__all__ = [
    "ALWAYS",
    "KEEP",
    "SAMPLES",
    "BenchResult",
    "Columns",
    "Evaluates",
    "Evaluator",
    "FarmEvaluator",
    "GridSweep",
    "Mark",
    "PointSweep",
    "Points",
    "Progress",
    "Reach",
    "RequirementReach",
    "ScalingRow",
    "SpaceRate",
    "Standing",
    "Survey",
    "SweepEstimate",
    "SweepJob",
    "SweepResult",
    "Tally",
    "Watch",
    "Yardstick",
    "asked_metrics",
    "estimate_sweep",
    "evaluate_designs",
    "is_factored",
    "load_average",
    "objective_values",
    "requirements",
    "resized",
    "run_bench",
    "run_sweep",
    "scaling",
    "shortfalls",
    "violations",
]
