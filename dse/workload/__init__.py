"""What is run: a model, a scenario, and the operators they unroll to."""

from dse.workload.model import Mla, Model, Moe
from dse.workload.scenario import Precision, Scenario
from dse.workload.span import Span

__all__ = ["Mla", "Model", "Moe", "Precision", "Scenario", "Span"]
