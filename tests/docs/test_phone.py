"""docs/phone.md shows what its commands print; DSE_UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from dse.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "phone.md"
PROMPT = "    $ "
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [line for line in TEXT.splitlines() if line.startswith(PROMPT)]


def shown(command: str) -> str:
    """Output that the page shows below a command."""
    rest = TEXT.split(command + "\n", 1)[1].splitlines()
    end = next((i for i, line in enumerate(rest) if not line.startswith("    ")), len(rest))
    return "\n".join(line.removeprefix("    ") for line in rest[:end])


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints on stdout."""
    capsys.readouterr()
    assert main(shlex.split(command.removeprefix(PROMPT))[1:]) == 0
    return "\n".join(line.rstrip() for line in capsys.readouterr().out.strip().splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_shows_what_the_command_prints(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = printed(command, capsys)
    if os.environ.get("DSE_UPDATE_DOCS"):
        text = PAGE.read_text(encoding="utf-8")
        old = command + "\n" + "".join(f"    {line}\n" for line in shown(command).splitlines())
        new = command + "\n" + "".join(f"    {line}\n" for line in output.splitlines())
        PAGE.write_text(text.replace(old, new), encoding="utf-8")
        return
    assert shown(command) == output


def test_every_part_of_the_phone_is_on_the_page() -> None:
    options = ("--schedule", "--sustained", "--offload", "--draft")
    for word in (*options, "runtime", "split", "cloud", "steps"):
        assert any(word in command for command in COMMANDS), word
