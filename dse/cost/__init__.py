"""The physics: coefficients, operators, and the metrics that follow. NumPy alone."""

from dse.cost.area import open_die
from dse.cost.batch import ChipBatch
from dse.cost.buildable import obstacles
from dse.cost.derive import derive
from dse.cost.evaluate import OperatorRow, Results, evaluate, evaluate_batch, explain
from dse.cost.metric import BOUNDS, METRICS, Metric, metric
from dse.cost.numerics import missing_pairs
from dse.cost.stack import Stack, apply_stack

__all__ = [
    "BOUNDS",
    "METRICS",
    "ChipBatch",
    "Metric",
    "OperatorRow",
    "Results",
    "Stack",
    "apply_stack",
    "derive",
    "evaluate",
    "evaluate_batch",
    "explain",
    "metric",
    "missing_pairs",
    "obstacles",
    "open_die",
]
