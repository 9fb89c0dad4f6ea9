"""`Network`: stages of layers that turn one input into one result, such as text to an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dse.workload.fusion import lower
from dse.workload.layers import AttentionLayer, Embedding, Layer
from dse.workload.ops import Op, Storage
from dse.workload.scenario import Scenario

__all__ = ["Network", "Pipeline", "Stage", "StageTable", "unroll_network"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a network that runs as a whole.

    Parameters
    ----------
    name : str
        Name for people.
    layers : tuple of Layer
        In the order they run.
    each_step : bool
        Whether it runs at every step; else once.
    is_guided : bool
        Whether classifier-free guidance multiplies its batch.
    """

    name: str
    layers: tuple[Layer, ...]
    each_step: bool = False
    is_guided: bool = False

    def parameters(self) -> int:
        """Count of all parameters."""
        return sum(
            layer.repeat * (layer.weights + layer.vectors + _table(layer)) for layer in self.layers
        )

    def macs(self) -> float:
        """Multiply-accumulates of one run on one input, attention's products included."""
        return sum(op.repeat * op.macs for op in lower(self.layers, 1, is_fused=True))

    def layer_macs(self) -> float:
        """The same without attention's products: what counters of modules report."""
        weighed = tuple(each for each in self.layers if not isinstance(each, AttentionLayer))
        return sum(op.repeat * op.macs for op in lower(weighed, 1, is_fused=True))


@dataclass(frozen=True, slots=True)
class Network:
    """A network of stages.

    Parameters
    ----------
    name, title : str
        Key in the library, and name for people.
    stages : tuple of Stage
        In the order they run.
    steps, guidance : int
        Steps, and evaluations of a guided stage per step, unless a scenario says otherwise.
    published_parameters : int or None
        Exact parameter count as published, where one is.

    Examples
    --------
    >>> from dse.workload.layers import Linear
    >>> Network("tiny", "Tiny", (Stage("body", (Linear(1, 3, 2, repeat=2),)),)).parameters()
    16
    """

    name: str
    title: str
    stages: tuple[Stage, ...]
    steps: int = 1
    guidance: int = 1
    published_parameters: int | None = None

    def parameters(self) -> int:
        """Count of all parameters."""
        return sum(stage.parameters() for stage in self.stages)

    def asked(self, scenario: Scenario) -> Scenario:
        """Fill in what a scenario leaves to the network: steps, guidance, and keys and values.

        A network has no cache: its keys and values are activations.
        """
        precision = replace(scenario.precision, kv=scenario.precision.activations)
        return replace(
            scenario,
            precision=precision,
            steps=scenario.steps or self.steps,
            guidance=scenario.guidance or self.guidance,
        )

    def only(self, name: str) -> Network:
        """One stage alone, run once on one input.

        Raises
        ------
        KeyError
            If there is no such stage.
        """
        found = {stage.name: stage for stage in self.stages}[name]
        stage = replace(found, each_step=False, is_guided=False)
        return replace(
            self,
            name=f"{self.name}:{name}",
            title=f"{self.title}, {name}",
            stages=(stage,),
            published_parameters=None,
        )


@dataclass(frozen=True, slots=True)
class StageTable:
    """Operators of one run of a stage, and how often it runs."""

    name: str
    runs: int
    table: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The operator tables of a network under a scenario.

    Parameters
    ----------
    stages : tuple of StageTable
        In the order they run.
    batch_size : int
        Results made together.
    storage : Storage
        What must sit in memory.
    """

    stages: tuple[StageTable, ...]
    batch_size: int
    storage: Storage


def unroll_network(network: Network, scenario: Scenario) -> Pipeline:
    """Operator tables of a network under a scenario.

    Guidance evaluates a guided stage on that many inputs at once, as a batch: its weights are
    read once per step.

    Parameters
    ----------
    network : Network
        Its stages.
    scenario : Scenario
        Steps, guidance, batch and fusion; lengths of texts are not used.
    """
    asked = network.asked(scenario)
    steps, guidance = asked.steps or 1, asked.guidance or 1
    batch, is_fused = scenario.batch_size, scenario.fusion == "full"
    stages = tuple(
        StageTable(
            stage.name,
            steps if stage.each_step else 1,
            lower(stage.layers, batch * (guidance if stage.is_guided else 1), is_fused),
        )
        for stage in network.stages
    )
    return Pipeline(stages, batch, _storage(network, stages))


def _storage(network: Network, stages: tuple[StageTable, ...]) -> Storage:
    layers = [layer for stage in network.stages for layer in stage.layers]
    working = max(
        op.input_elements + op.extra_elements + op.output_elements for op in _ops(stages)
    )
    return Storage(
        weight_elements=float(sum(layer.repeat * layer.weights for layer in layers)),
        head_elements=0.0,
        embedding_elements=float(sum(layer.repeat * _table(layer) for layer in layers)),
        parameter_elements=float(sum(layer.repeat * layer.vectors for layer in layers)),
        kv_elements=0.0,
        activation_elements=working,
    )


def _ops(stages: tuple[StageTable, ...]) -> Iterator[Op]:
    for stage in stages:
        yield from stage.table


def _table(layer: Layer) -> int:
    return layer.table if isinstance(layer, Embedding) else 0
