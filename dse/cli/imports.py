"""``dse import``: foreign model descriptions as files of the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dse.cli.help import command_help
from dse.cli.options import NewPath, json_option
from dse.cli.output import print_json, say

__all__ = ["imports"]


@click.group(
    name="import",
    help=command_help(
        "Turn foreign model descriptions into files of the model zoo.",
        ("dse import hf path/to/config.json --name my-model",),
    ),
)
def imports() -> None:
    """Hold the sources together; what it says is in `help` above."""


@imports.command(
    name="hf",
    help=command_help(
        "Read a Hugging Face config.json and write a model file.",
        (
            "dse import hf path/to/config.json --name my-model",
            "dse import hf path/to/config.json --out models_zoo/my-model.yaml --force",
        ),
        "Nothing is downloaded and no code of the model is run.",
    ),
)
@click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path))
@click.option("--name", help="Key of the model.  [default: after the file or its folder]")
@click.option("--out", type=NewPath(is_folder=False), help="File to write.  [default: NAME.yaml]")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@json_option
def hugging_face(config: Path, name: str | None, as_json: bool, **options: Any) -> None:
    """Translate, check that the result loads, and write it."""
    from dse.errors import DseError
    from dse.spec.hf_file import import_hf
    from dse.store.files import report_os_errors

    out = options["out"]
    if out is not None and name is None:
        name = out.stem  # a file of the zoo must be called what it says
    key, text = import_hf(config, name)
    path = out or Path(f"{key}.yaml")
    with report_os_errors(path, "write"):
        try:
            with path.open("w" if options["force"] else "x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            raise DseError(f"{path} exists; overwrite it with --force") from None
    if as_json:
        print_json({"schema": "dse.import/1", "name": key, "file": str(path)})
    else:
        say(f"wrote {path}")
