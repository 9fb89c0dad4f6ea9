"""What the JSON Schemas of documents are made of."""

from __future__ import annotations

from typing import Any

__all__ = [
    "COUNT",
    "DIALECT",
    "NUMBER",
    "REAL",
    "STACK",
    "TEXT",
    "USE_CASES",
    "Schema",
    "either",
    "many",
    "record",
    "table",
]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
STACK: Schema = {"type": ["string", "null"], "description": "Null: the chip's own defaults."}
REAL: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": ["number", "null"], "description": "SI; null where not finite."}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def record(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """Describe an object with exactly these keys."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def many(items: Schema) -> Schema:
    """Describe a list of items."""
    return {"type": "array", "items": items}


def table(values: Schema) -> Schema:
    """Describe a mapping from any name to values."""
    return {"type": "object", "additionalProperties": values}


# Scenarios of a space, each with its share of the requests.
USE_CASES: Schema = many(
    record(
        {
            "scenario": TEXT,
            "weight": {"type": ["number", "null"], "description": "Null: the worst counts."},
        }
    )
)


def either(*schemas: Schema) -> Schema:
    """Describe what a language model has, or what a network of layers has."""
    return {"anyOf": list(schemas)}
