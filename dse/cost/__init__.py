"""The physics: coefficients, operators, and the metrics that follow. NumPy alone."""

from dse.cost.area import open_die
from dse.cost.batch import ChipBatch
from dse.cost.buildable import obstacles
from dse.cost.coefficients import coefficient, senses, with_coefficients
from dse.cost.counts import Counts, count_work
from dse.cost.derive import derive
from dse.cost.evaluate import (
    batch_columns,
    evaluate,
    evaluate_batch,
    evaluate_columns,
    explain,
    model_columns,
)
from dse.cost.flash import resident_share
from dse.cost.image import StageCost, evaluate_pipeline, stage_costs
from dse.cost.metric import (
    BOUNDS,
    IMAGE_METRICS,
    METRICS,
    QUALITY_METRICS,
    TEXT_METRICS,
    Mean,
    Metric,
    metric,
)
from dse.cost.mix import JUDGE, evaluate_mix, mean_columns, with_times, worst_columns
from dse.cost.numerics import missing_pairs
from dse.cost.phase import OperatorRow
from dse.cost.quality import QualityReport, metrics_of, quality_report
from dse.cost.results import Results
from dse.cost.stack import NEUTRAL, Stack, apply_stack
from dse.cost.team import HETEROGENEOUS, team_obstacles, team_units
from dse.cost.work import OpWork

__all__ = [
    "BOUNDS",
    "HETEROGENEOUS",
    "IMAGE_METRICS",
    "JUDGE",
    "METRICS",
    "NEUTRAL",
    "QUALITY_METRICS",
    "TEXT_METRICS",
    "ChipBatch",
    "Counts",
    "Mean",
    "Metric",
    "OpWork",
    "OperatorRow",
    "QualityReport",
    "Results",
    "Stack",
    "StageCost",
    "apply_stack",
    "batch_columns",
    "coefficient",
    "count_work",
    "derive",
    "evaluate",
    "evaluate_batch",
    "evaluate_columns",
    "evaluate_mix",
    "evaluate_pipeline",
    "explain",
    "mean_columns",
    "metric",
    "metrics_of",
    "missing_pairs",
    "model_columns",
    "obstacles",
    "open_die",
    "quality_report",
    "resident_share",
    "senses",
    "stage_costs",
    "team_obstacles",
    "team_units",
    "with_coefficients",
    "with_times",
    "worst_columns",
]
