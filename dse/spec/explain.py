"""Validation errors in our own sentences, each at its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dse.errors import Fault
from dse.spec.fault import fault_at
from dse.spec.library import did_you_mean
from dse.spec.tree import FieldPath, Node, dotted, find

__all__ = ["explain", "section_of"]

_MAX_FAULTS = 100

# pydantic's error types that our schemas can meet: slug, rule, and whether to say what was got.
# pydantic's own words change between its releases, so they are never shown.
_Rule = tuple[str, str | Callable[[dict[str, Any]], str]]
_RULES: dict[str, _Rule] = {
    "bool_type": ("type", "must be true or false"),
    "dict_type": ("type", "must be a mapping"),
    "model_type": ("type", "must be a mapping"),
    "float_type": ("type", "must be a number"),
    "int_from_float": ("type", "must be a whole number"),
    "int_type": ("type", "must be a whole number"),
    "list_type": ("type", "must be a list"),
    "string_type": ("type", "must be text"),
    "finite_number": ("range", "must be a finite number"),
    "greater_than": ("range", lambda c: f"must be > {_plain(c['gt'])}"),
    "greater_than_equal": ("range", lambda c: f"must be >= {_plain(c['ge'])}"),
    "less_than": ("range", lambda c: f"must be < {_plain(c['lt'])}"),
    "less_than_equal": ("range", lambda c: f"must be <= {_plain(c['le'])}"),
    "literal_error": ("choice", lambda c: f"must be {_listed(c['expected'])}"),
    "string_pattern_mismatch": ("name", 'must be a name in lower case, such as "apple-m4"'),
    "string_too_long": ("length", lambda c: f"must be at most {c['max_length']} characters long"),
    "string_too_short": ("length", "must not be empty"),
    "too_short": ("length", lambda c: f"must hold at least {_entries(c['min_length'])}"),
    "union_tag_not_found": ("type", "must be a list of values, or a range: from, to, steps"),
    "too_long": ("length", lambda c: f"must hold at most {_entries(c['max_length'])}"),
}


def explain(error: ValidationError, root: Node, schema: type[BaseModel]) -> Iterator[Fault]:
    """Yield one located fault for each thing that validation found.

    Parameters
    ----------
    error : ValidationError
        Raised by ``schema.model_validate(plain(root))``.
    root : Node
        What was validated.
    schema : type of BaseModel
        Its schema.
    """
    found = error.errors(include_url=False, include_input=False)
    for details in found[:_MAX_FAULTS]:
        yield _explain_one(details, root, schema)
    if len(found) > _MAX_FAULTS:
        message = f"has {len(found)} faults, of which {_MAX_FAULTS} are listed"
        yield Fault(root.place.file, 0, 0, "", message, "too-many")


def _explain_one(details: ErrorDetails, root: Node, schema: type[BaseModel]) -> Fault:
    kind, context = details["type"], details.get("ctx", {})
    # "[key]" ends the path of a bad key; "<...>" names the branch of a union.
    path = tuple(step for step in details["loc"] if not str(step).startswith(("[key]", "<")))
    if kind == "dse_fault":
        at = (*path, *context["at"])
        return fault_at(root, at, context["slug"], context["rule"], got=context["got"])
    if kind == "missing":
        return fault_at(root, path, "missing-key", "missing key")
    if kind == "extra_forbidden":
        # The unknown key itself may look like the name of a branch.
        path = (*path, *details["loc"][-1:]) if path[-1:] != details["loc"][-1:] else path
        hint = did_you_mean(str(path[-1]), _keys(schema, path[:-1]))
        return _at_key(root, path, "unknown-key", f"unknown key{hint}")
    slug, rule = _RULES.get(kind, ("invalid", "must be valid"))
    text = rule if isinstance(rule, str) else rule(context)
    if details["loc"][-1:] == ("[key]",):
        return _at_key(root, path, slug, f'the key {text}, but got "{path[-1]}"')
    return fault_at(root, path, slug, text, got=True)


def _at_key(root: Node, path: FieldPath, slug: str, message: str) -> Fault:
    node = find(root, path) or root
    place = node.key or node.place
    return Fault(place.file, place.line, place.column, dotted(path), message, slug)


def _keys(schema: type[BaseModel], path: FieldPath) -> list[str]:
    """Keys that the section at `path` may have, by walking the schema's annotations."""
    here: Any = schema
    for step in path:
        fields = getattr(here, "model_fields", {})
        inside = fields[step].annotation if step in fields else here
        here = section_of(inside) or inside
    fields = getattr(here, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Find the section type inside an annotation such as ``dict[str, UnitSpec] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := section_of(part))), None)


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _listed(expected: str) -> str:
    return expected.replace("'", "")


def _plain(bound: float) -> str:
    return f"{bound:g}" if bound < 1e6 else f"{bound:,.0f}".replace(",", " ")
