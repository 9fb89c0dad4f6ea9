"""The formats of the spec files: the only place that names YAML keys."""

from dse.spec.schema.chip import ChipSpec, UnitSpec
from dse.spec.schema.export import FORMATS, json_schema
from dse.spec.schema.field import Leaf, Quantity, Section
from dse.spec.schema.model import ModelSpec
from dse.spec.schema.scenario import ScenarioSpec
from dse.spec.schema.space import RangeSpec, SpaceSpec
from dse.spec.schema.stack import StackSpec
from dse.spec.schema.technology import DramFile, NodesFile, SiliconFile

__all__ = [
    "FORMATS",
    "ChipSpec",
    "DramFile",
    "Leaf",
    "ModelSpec",
    "NodesFile",
    "Quantity",
    "RangeSpec",
    "ScenarioSpec",
    "Section",
    "SiliconFile",
    "SpaceSpec",
    "StackSpec",
    "UnitSpec",
    "json_schema",
]
