"""One spec file, with its base laid underneath, as a tree ready to validate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dse.errors import Fault, SpecError
from dse.spec.fault import fault_at
from dse.spec.library import Located, did_you_mean, list_specs, locate_name
from dse.spec.provenance import resolve
from dse.spec.source import read_file
from dse.spec.text import parse_text
from dse.spec.tree import Node, overlay

__all__ = ["Draft", "read_spec", "read_text"]

_VERSION = 1
# A derived spec must say for itself what it is called, and whether it is a product.
_NOT_INHERITED = ("name", "title", "is_template", "published_parameters")
_WITH_BASE = ("chip", "network", "scenario", "space")


@dataclass(frozen=True, slots=True)
class Draft:
    """A spec that was read but not yet validated.

    Parameters
    ----------
    tree : Node
        Its fields, those of its base included, without the header.
    faults : tuple of Fault
        What was wrong so far; a draft with faults is validated all the same, to find the rest.
    """

    tree: Node
    faults: tuple[Fault, ...]


def read_spec(located: Located, above: tuple[Path, ...] = ()) -> Draft:
    """Read a spec file and its bases.

    Parameters
    ----------
    located : Located
        The file.
    above : tuple of Path
        Files that derive from it.

    Raises
    ------
    SpecError
        If the file cannot be parsed or is of another kind, so that validation makes no sense.
    """
    return read_text(read_file(located.path, located.shown), located, above)


def read_text(text: str, located: Located, above: tuple[Path, ...] = ()) -> Draft:
    """Read the text of a spec file, as `read_spec` does."""
    tree, faults = resolve(parse_text(text, located.shown))
    if not isinstance(tree.value, dict):  # one number with its source, where a spec should be
        raise SpecError((fault_at(tree, (), "type", "must be a mapping of fields"),))
    _check_schema(tree, located)
    name = tree.value.get("name")
    said = name.value if name is not None else located.name
    if located.kind != "technology" and isinstance(said, str) and said != located.name:
        rule = f'must be the file\'s name "{located.name}"'
        faults += (fault_at(tree, ("name",), "name", rule, got=True),)
    header = ("schema", "base") if located.kind in _WITH_BASE else ("schema",)
    fields = {key: node for key, node in tree.value.items() if key not in header}
    if "base" not in header or "base" not in tree.value:
        return Draft(replace(tree, value=fields), faults)
    base = _read_base(tree, located, (*above, located.path.resolve()))
    return Draft(overlay(base.tree, replace(tree, value=fields)), (*faults, *base.faults))


def _read_base(tree: Node, located: Located, chain: tuple[Path, ...]) -> Draft:
    """Read the spec that ``base`` names; a base that cannot be had is an empty one and a fault."""
    empty = replace(tree, value={})
    node = tree.value["base"]
    name = node.value if isinstance(node.value, str) else ""
    found = locate_name(located.kind, name)
    if found is None:
        rule = f"must be the name of a {located.kind} of the library"
        hint = did_you_mean(name, list_specs(located.kind))
        return Draft(
            empty, (fault_at(tree, ("base",), "unknown-name", rule, got=True, hint=hint),)
        )
    if found.path.resolve() in chain:
        rule = "must not lead back to this file"
        return Draft(empty, (fault_at(tree, ("base",), "base-cycle", rule, got=True),))
    base = read_spec(found, chain)
    fields = {key: node for key, node in base.tree.value.items() if key not in _NOT_INHERITED}
    return Draft(replace(base.tree, value=fields), base.faults)


def _check_schema(tree: Node, located: Located) -> None:
    """Refuse a file that another reader should read."""
    wanted = f"dse.{located.schema}/{_VERSION}"
    node = tree.value.get("schema")
    if node is None:
        fault = fault_at(tree, ("schema",), "schema", f'missing key; must be "{wanted}"')
    elif node.value == wanted:
        return
    elif node.text.rpartition("/")[0] == f"dse.{located.schema}":
        rule = f'must be "{wanted}", the only version that this dse reads'
        fault = fault_at(tree, ("schema",), "schema", rule, got=True)
    else:
        fault = fault_at(tree, ("schema",), "schema", f'must be "{wanted}"', got=True)
    raise SpecError((fault,))
