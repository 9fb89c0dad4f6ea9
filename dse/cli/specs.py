"""``dse specs``: what the library holds, what a file says, and whether it is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dse.cli.help import command_help
from dse.cli.options import json_option
from dse.cli.output import print_json, print_tables

__all__ = ["specs"]

_FILES = (
    "catalogue",
    "chip",
    "claim",
    "model",
    "network",
    "scenario",
    "space",
    "stack",
    "nodes",
    "dram",
    "silicon",
    "accuracy",
    "quantisation",
    "device",
    "links",
    "prices",
    "sharing",
)
_KINDS = (
    "catalogue",
    "chip",
    "claim",
    "model",
    "network",
    "quantisation",
    "scenario",
    "space",
    "stack",
    "technology",
)


class SchemaName(click.ParamType):  # type: ignore[type-arg]
    """A kind of file, or a document of ``--json``."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name, or list all of them."""
        from dse.report.schemas import DOCUMENTS

        if value not in _FILES and value not in DOCUMENTS:
            files, documents = ", ".join(_FILES), ", ".join(DOCUMENTS)
            self.fail(
                f'must be a file ({files}) or a document ({documents}), but got "{value}"',
                param,
                ctx,
            )
        return str(value)


@click.group(
    help=command_help(
        "List, show and check chips, models, networks, scenarios, spaces and technology files.",
        (
            "dse specs list",
            "dse specs list chip",
            "dse specs show snapdragon-8-elite",
            "dse specs check hw_configs models_zoo",
            "dse specs schema chip",
        ),
    )
)
def specs() -> None:
    """Hold the commands together; what it says is in `help` above."""


@specs.command(
    name="list",
    help=command_help(
        "List the library, or one kind of it with the main figures.",
        ("dse specs list", "dse specs list model"),
    ),
)
@click.argument("kind", required=False, type=click.Choice(_KINDS))
@json_option
def list_command(kind: str | None, as_json: bool) -> None:
    """Show names; with a kind, load every file of it."""
    from dse.report.catalogue import catalogue_table

    rows = _rows(kind) if kind else [row for each in _KINDS for row in _names(each)]
    if as_json:
        print_json({"schema": "dse.specs/1", "specs": rows})
    else:
        print_tables(catalogue_table(rows))


def _names(kind: str) -> list[dict[str, Any]]:
    from dse.spec import list_specs

    return [{"kind": kind, "name": name} for name in list_specs(kind)]


def _rows(kind: str) -> list[dict[str, Any]]:
    """Load every file of a kind and take its main figures."""
    from dse import spec
    from dse.report.catalogue import LISTED

    if kind not in LISTED:
        return _names(kind)
    load = getattr(spec, f"load_{kind}")
    return [LISTED[kind](load(name)) for name in spec.list_specs(kind)]


@specs.command(
    name="show",
    help=command_help(
        "Show every field of a file, those it takes from its base included.",
        ("dse specs show apple-m4", "dse specs show phone-chat --json"),
        "NAME is looked for among chips, models, networks, scenarios, spaces and technology "
        "files.",
    ),
)
@click.argument("name")
@click.option("--kind", type=click.Choice(_KINDS), help="Where to look.")
@json_option
def show_command(name: str, kind: str | None, as_json: bool) -> None:
    """Find the file, read it, and show its fields."""
    from dse.errors import SpecError
    from dse.report.catalogue import fields_object, fields_table
    from dse.spec.library import locate
    from dse.spec.read import read_spec

    found = kind or _kind_of_name(name)
    located = locate(found, name)
    draft = read_spec(located)
    if draft.faults:
        raise SpecError(draft.faults)
    if as_json:
        fields = fields_object(draft.tree)
        head = {"schema": "dse.spec/1", "kind": found, "name": located.name}
        print_json(head | {"file": located.shown, "fields": fields})
    else:
        notes = _resolutions(located.path) if found == "space" else ()
        print_tables(fields_table(draft.tree, located.shown, notes))


def _resolutions(path: Path) -> tuple[str, ...]:
    """How fine the continuous axes of a space are; nothing of one that has faults."""
    from dse.errors import SpecError
    from dse.report.catalogue import resolution_notes
    from dse.spec import load_space

    try:
        return resolution_notes(load_space(path))
    except SpecError:
        return ()


def _kind_of_name(name: str) -> str:
    """Kind under which the library, or a file's first line, knows a name.

    Raises
    ------
    SpecError
        If there is no such name; with the nearest of all kinds.
    """
    from dse.errors import Fault, SpecError
    from dse.spec import list_specs
    from dse.spec.check import kind_of_file
    from dse.spec.library import did_you_mean

    if "/" in name or name.endswith((".yaml", ".yml")):
        return kind_of_file(Path(name))
    known = {kind: list_specs(kind) for kind in _KINDS}
    for kind, names in known.items():
        if name in names:
            return kind
    hint = did_you_mean(name, [each for names in known.values() for each in names])
    message = f"nothing in the library has this name{hint}"
    raise SpecError((Fault(name, 0, 0, "", message, "unknown-name"),))


@specs.command(
    name="check",
    help=command_help(
        "Check files, or all files below folders, and list every fault.",
        (
            "dse specs check",
            "dse specs check my-chip.yaml",
            "dse specs check hw_configs models_zoo",
        ),
        "Without PATH the whole library is checked.",
    ),
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def check_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check each file; faults leave through the one place that prints them."""
    from dse.errors import SpecError
    from dse.spec import root
    from dse.spec.check import check_file, spec_files

    library = (root() / "hw_configs", root() / "models_zoo")
    files = tuple(dict.fromkeys(file for path in paths or library for file in spec_files(path)))
    faults = tuple(dict.fromkeys(fault for path in files for fault in check_file(path)))
    if faults:
        raise SpecError(faults)
    if as_json:
        print_json({"schema": "dse.check/1", "files": [str(path) for path in files]})
    else:
        click.echo(f"{len(files)} file{'s' if len(files) != 1 else ''}, no faults")


@specs.command(
    name="schema",
    help=command_help(
        "Print the JSON Schema of a kind of file, or of what --json prints.",
        ("dse specs schema", "dse specs schema chip", "dse specs schema evaluate"),
        "Without KIND the kinds are listed. A schema is JSON with and without --json.",
    ),
)
@click.argument("kind", required=False, type=SchemaName())
@json_option
def schema_command(kind: str | None, as_json: bool) -> None:
    """Print one schema, or what there is a schema of."""
    from dse.report.catalogue import catalogue_table
    from dse.report.schemas import DOCUMENTS, document_schema
    from dse.spec.schema import json_schema

    if kind is not None:
        print_json(document_schema(kind) if kind in DOCUMENTS else json_schema(kind))
        return
    groups = {"file": _FILES, "document": DOCUMENTS}
    rows = [{"kind": group, "name": name} for group, names in groups.items() for name in names]
    if as_json:
        print_json({"schema": "dse.specs/1", "specs": rows})
    else:
        print_tables(catalogue_table(rows))
