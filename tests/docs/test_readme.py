"""README says what the program does: its commands run and its shown output is the real one."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import click
import pytest

from dse.cli.main import cli, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICK = ("dse evaluate", "dse compare", "dse require", "dse specs list", "dse specs schema")


Capture = pytest.CaptureFixture[str]


def run(line: str, capsys: Capture) -> tuple[int, str]:
    """Exit code, and both streams, of a command as a shell would split it."""
    code = main(shlex.split(line)[1:])
    return code, "".join(capsys.readouterr())


def indented() -> list[str]:
    return [line.strip() for line in README.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize("line", [line for line in indented() if line.startswith(QUICK)])
def test_a_quick_command_of_the_readme_works(line: str, capsys: Capture) -> None:
    code, output = run(line, capsys)
    assert code == 0, output


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"\bdse ([a-z]+) ", README))
    assert {"evaluate", "compare", "require", "sweep", "search", "pareto", "specs"} <= named
    assert named <= set(cli.list_commands(click.Context(cli)))


def test_the_shown_evaluation_is_the_real_one(capsys: Capture) -> None:
    line = next(row for row in indented() if row.startswith("$ dse evaluate"))
    shown = README.split(line)[1].split("\n\n")[0]
    _, real = run(line.removeprefix("$ "), capsys)
    assert [row.strip() for row in shown.strip().splitlines()] == [
        row.strip() for row in real.strip().splitlines()
    ]


def test_the_library_example_runs() -> None:
    code = README.split("```python\n")[1].split("```")[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 -- our own text
    assert re.fullmatch(r"[\d.]+ token/s\n", printed.getvalue())


def test_the_example_chip_is_valid_and_its_fault_is_the_one_shown(
    tmp_path: Path, capsys: Capture
) -> None:
    text = README.split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "my-phone.yaml"
    path.write_text(text, encoding="utf-8")
    check = f"dse specs check {shlex.quote(str(path))}"
    assert run(check, capsys)[0] == 0
    path.write_text(text.replace("96 bit", "-96 bit"), encoding="utf-8")
    code, output = run(check, capsys)
    assert code == 1
    shown = next(row for row in indented() if row.startswith("my-phone.yaml:"))
    assert shown in output


def test_the_picture_of_the_readme_exists() -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / name).stat().st_size > 10_000
