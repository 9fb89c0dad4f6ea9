"""What is run: a model, a scenario, and the operators they unroll to."""

from dse.workload.load import Load
from dse.workload.model import Mla, Model, Moe
from dse.workload.ops import Dim, Kind, Op, Operand, Storage, Workload, mean
from dse.workload.scenario import Precision, Scenario
from dse.workload.span import Span
from dse.workload.transformer import matrix_ops, operand_elements, unroll

__all__ = [
    "Dim",
    "Kind",
    "Load",
    "Mla",
    "Model",
    "Moe",
    "Op",
    "Operand",
    "Precision",
    "Scenario",
    "Span",
    "Storage",
    "Workload",
    "matrix_ops",
    "mean",
    "operand_elements",
    "unroll",
]
