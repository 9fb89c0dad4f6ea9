"""The formats as JSON Schema, for editors and for the reference page."""

from __future__ import annotations

import copy
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from dse.spec.provenance import CONFIDENCES, RESERVED
from dse.spec.schema.accuracy import AccuracyFile
from dse.spec.schema.catalogue import CatalogueSpec
from dse.spec.schema.chip import ChipSpec
from dse.spec.schema.claim import ClaimSpec
from dse.spec.schema.device import DevicesFile
from dse.spec.schema.field import NAME_PATTERN, Section
from dse.spec.schema.link import LinksFile, PricesFile, SharingFile
from dse.spec.schema.model import ModelSpec
from dse.spec.schema.network import NetworkSpec
from dse.spec.schema.quality import QuantisationSpec
from dse.spec.schema.ranges import RangesFile
from dse.spec.schema.scenario import ScenarioSpec
from dse.spec.schema.space import SpaceSpec
from dse.spec.schema.stack import StackSpec
from dse.spec.schema.technology import DramFile, NodesFile, SiliconFile

__all__ = ["FORMATS", "json_schema"]

FORMATS: dict[str, type[Section]] = {
    "catalogue": CatalogueSpec,
    "chip": ChipSpec,
    "claim": ClaimSpec,
    "model": ModelSpec,
    "network": NetworkSpec,
    "quantisation": QuantisationSpec,
    "scenario": ScenarioSpec,
    "space": SpaceSpec,
    "stack": StackSpec,
    "nodes": NodesFile,
    "dram": DramFile,
    "silicon": SiliconFile,
    "accuracy": AccuracyFile,
    "device": DevicesFile,
    "links": LinksFile,
    "prices": PricesFile,
    "ranges": RangesFile,
    "sharing": SharingFile,
}
_WITH_BASE = ("chip", "network", "scenario", "space")
_NULL: JsonSchemaValue = {"type": "null"}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_CITATION: dict[str, JsonSchemaValue] = {
    "source": {**_TEXTS, "description": "Who vouches for the numbers here."},
    "confidence": {
        "enum": list(CONFIDENCES),
        "description": "A: datasheet or measurement; B: estimate; C: recalled or inferred.",
    },
    "note": {**_TEXTS, "description": "Anything that a reader should know."},
}


class _Generator(GenerateJsonSchema):
    """Leaves defaults out: inside they are SI numbers, which a file may not hold."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Describe the field alone."""
        return self.generate_inner(schema["schema"])


def json_schema(form: str) -> dict[str, Any]:
    """JSON Schema of one format, which allows for sources and confidences everywhere.

    Parameters
    ----------
    form : str
        Key of `FORMATS`.

    Raises
    ------
    KeyError
        If there is no such format.

    Examples
    --------
    >>> json_schema("chip")["$defs"]["File"]["properties"]["schema"]
    {'const': 'dse.chip/1'}
    """
    whole = FORMATS[form].model_json_schema(schema_generator=_Generator)
    definitions = whole.pop("$defs", {})
    whole["properties"] = {"schema": {"const": f"dse.{form}/1"}, **whole["properties"]}
    whole["required"] = ["schema", *whole["required"]]
    definitions["File"] = whole
    definitions = {name: _section(body) for name, body in definitions.items()}
    result: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"dse.{form}/1",
    }
    if form not in _WITH_BASE:
        return result | {"$ref": "#/$defs/File", "$defs": definitions}
    return result | {
        "if": {"type": "object", "required": ["base"]},
        "then": {"$ref": "#/$defs/FilePart"},
        "else": {"$ref": "#/$defs/File"},
        "$defs": definitions | _parts(definitions),
    }


def _section(body: JsonSchemaValue) -> JsonSchemaValue:
    """Let a section's fields, and the section itself, be cited."""
    properties = {name: _field(field) for name, field in body["properties"].items()}
    if "schema" in properties:
        properties["schema"] = body["properties"]["schema"]
    return {**body, "properties": properties | copy.deepcopy(_CITATION)}


def _field(field: JsonSchemaValue) -> JsonSchemaValue:
    field = {key: value for key, value in field.items() if key != "title"}
    choices = [choice for choice in field.get("anyOf", []) if choice != _NULL]
    if len(choices) == 1:
        del field["anyOf"]
        field |= choices[0]
    kind = field.get("type")
    if kind == "object":
        return _table(field)
    if kind == "array":
        field["items"] = _field(field["items"])
    if "oneOf" in field:
        field["oneOf"] = [_field(choice) for choice in field["oneOf"]]
    if "$ref" in field or "oneOf" in field:
        return field
    return _cited(field)


def _table(field: JsonSchemaValue) -> JsonSchemaValue:
    """A mapping by name: its entries, and the mapping itself, may be cited."""
    by_name = field.pop("patternProperties", None)
    if by_name:
        own = f"^(?!({'|'.join(RESERVED)})$)"
        field["patternProperties"] = {
            key.replace("^", own, 1): _field(value) for key, value in by_name.items()
        }
        field["additionalProperties"] = False
    else:
        field["additionalProperties"] = _field(field["additionalProperties"])
    if "enum" in field.get("propertyNames", {}):
        field["propertyNames"] = {"enum": [*field["propertyNames"]["enum"], *RESERVED]}
    return {**field, "properties": copy.deepcopy(_CITATION)}


def _cited(field: JsonSchemaValue) -> JsonSchemaValue:
    """Allow ``{value: ..., source: ...}`` in place of a value."""
    description = field.pop("description", None)
    form = {
        "type": "object",
        "properties": {"value": field, **copy.deepcopy(_CITATION)},
        "required": ["value"],
        "additionalProperties": False,
    }
    return {"anyOf": [field, form]} | ({"description": description} if description else {})


def _parts(definitions: dict[str, JsonSchemaValue]) -> dict[str, JsonSchemaValue]:
    """Make the variants for a file with a base: nothing is required, and null removes."""
    parts = {}
    for name, body in definitions.items():
        part = _redirected(body)
        part["properties"] = {
            key: field if key in ("schema", *RESERVED) else _removable(field)
            for key, field in part["properties"].items()
        }
        part.pop("required", None)
        parts[f"{name}Part"] = part
    file = parts["FilePart"]
    file["properties"]["base"] = {
        "type": "string",
        "pattern": NAME_PATTERN,
        "description": "Spec of the library whose fields hold where this file gives none.",
    }
    file["required"] = ["schema", "base", "name", "title"]
    return parts


def _removable(field: JsonSchemaValue) -> JsonSchemaValue:
    """Allow null in place of a field, and in place of the entries of a mapping by name."""
    if "patternProperties" in field:
        entries = field["patternProperties"].items()
        field["patternProperties"] = {key: _removable(entry) for key, entry in entries}
    description = field.pop("description", None)
    either: JsonSchemaValue = {"anyOf": [field, _NULL]}
    return either | ({"description": description} if description else {})


def _redirected(value: Any) -> Any:
    """Copy a schema, its references turned to the variants for a file with a base."""
    if isinstance(value, dict):
        return {
            key: f"{inner}Part" if key == "$ref" else _redirected(inner)
            for key, inner in value.items()
        }
    return [_redirected(inner) for inner in value] if isinstance(value, list) else value
