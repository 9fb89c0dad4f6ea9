"""A page that shows what commands print; DSE_UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from dse.cli.main import main

PROMPT = "    $ "


class Page:
    """One page of docs, by its file name."""

    def __init__(self, name: str) -> None:
        self.path = Path(__file__).parents[2] / "docs" / name
        self.text = self.path.read_text(encoding="utf-8")
        self.commands = [line for line in self.text.splitlines() if line.startswith(PROMPT)]

    def shown(self, command: str) -> str:
        """Output that the page shows below a command; its blank lines are blank there, too."""
        lines = []
        for line in self.text.split(command + "\n", 1)[1].splitlines():
            if line.startswith(PROMPT) or (line and not line.startswith("    ")):
                break
            lines.append(line.removeprefix("    "))
        return "\n".join(lines).rstrip()

    def check(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Run the command, and compare what it prints on stdout; or write it into the page."""
        capsys.readouterr()
        assert main(shlex.split(command.removeprefix(PROMPT))[1:]) == 0
        lines = capsys.readouterr().out.strip().splitlines()
        output = "\n".join(line.rstrip() for line in lines)
        if not os.environ.get("DSE_UPDATE_DOCS"):
            assert self.shown(command) == output
            return
        text = self.path.read_text(encoding="utf-8")
        old = command + "\n" + _indented(self.shown(command))
        self.path.write_text(text.replace(old, command + "\n" + _indented(output)), "utf-8")


def _indented(text: str) -> str:
    return "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())
