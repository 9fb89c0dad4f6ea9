"""The formats of the spec files: the only place that names YAML keys."""

from dse.spec.schema.accuracy import AccuracyFile
from dse.spec.schema.chip import ChipSpec, UnitSpec
from dse.spec.schema.claim import ClaimSpec
from dse.spec.schema.device import DevicesFile
from dse.spec.schema.export import FORMATS, json_schema
from dse.spec.schema.field import Leaf, Quantity, Section
from dse.spec.schema.link import LinksFile, PricesFile, SharingFile
from dse.spec.schema.model import ModelSpec
from dse.spec.schema.network import NetworkSpec
from dse.spec.schema.quality import QuantisationSpec
from dse.spec.schema.ranges import RangesFile
from dse.spec.schema.scenario import ScenarioSpec
from dse.spec.schema.space import RangeSpec, SpaceSpec, TieSpec, UseCaseSpec
from dse.spec.schema.stack import StackSpec
from dse.spec.schema.technology import DramFile, NodesFile, SiliconFile

__all__ = [
    "FORMATS",
    "AccuracyFile",
    "ChipSpec",
    "ClaimSpec",
    "DevicesFile",
    "DramFile",
    "Leaf",
    "LinksFile",
    "ModelSpec",
    "NetworkSpec",
    "NodesFile",
    "PricesFile",
    "QuantisationSpec",
    "Quantity",
    "RangeSpec",
    "RangesFile",
    "ScenarioSpec",
    "Section",
    "SharingFile",
    "SiliconFile",
    "SpaceSpec",
    "StackSpec",
    "TieSpec",
    "UnitSpec",
    "UseCaseSpec",
    "json_schema",
]
