"""The group itself: help, versions, and the mapping of errors to exit codes."""

from __future__ import annotations

import json

import click
import pytest

from dse import __version__
from dse.cli import main as main_module
from dse.cli.help import EXIT_CODES
from dse.cli.main import cli
from dse.errors import (
    CorruptRunError,
    Fault,
    LockedRunError,
    SpecError,
    UnitError,
)

COMMANDS = ("evaluate", "compare", "require", "sweep", "search", "pareto", "specs", "import")


@pytest.fixture
def failing(monkeypatch):
    """A command that raises what the test wants."""

    def install(error):
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def boom(as_json):
            raise error

        monkeypatch.setitem(cli.commands, "boom", boom)

    return install


def test_help_lists_examples_commands_and_exit_codes(run):
    done = run("--help")
    assert done.code == 0
    assert done.err == ""
    positions = [done.out.index(word) for word in ("Examples:", "Options:", "Commands:")]
    assert positions == sorted(positions)
    for name in COMMANDS:
        assert f"\n  {name} " in done.out
    for code, meaning in EXIT_CODES:
        assert f"\n  {code}" in done.out
        assert meaning in done.out


def test_short_help_is_help(run):
    assert run("-h").out == run("--help").out
    assert run("evaluate", "-h").out == run("evaluate", "--help").out


def test_version(run):
    assert run("--version").out.startswith(f"dse {__version__} ")


def test_no_command_is_a_usage_error_with_help(run):
    assert run().code == 2


def test_every_listed_command_can_be_imported():
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_unknown_command_suggests_the_nearest(run):
    done = run("evalute")
    assert done.code == 2
    assert done.out == ""
    assert 'no such command "evalute"; did you mean "evaluate"?' in done.err


def test_unknown_option_is_a_usage_error(run):
    done = run("evaluate", "a", "b", "--promt", "3")
    assert done.code == 2
    assert "--prompt" in done.err
    assert 'try "dse evaluate --help"' in done.err


@pytest.mark.parametrize(
    ("error", "code", "slug"),
    [
        (UnitError("must have a unit", "unit"), 1, "unit"),
        (LockedRunError("busy"), 4, "locked-run"),
        (CorruptRunError("torn"), 4, "corrupt-run"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (click.UsageError("Wrong."), 2, "usage"),
        (RuntimeError("oops"), 70, "bug"),
    ],
)
def test_errors_become_exit_codes(run, failing, error, code, slug):
    failing(error)
    done = run("boom")
    assert done.code == code
    assert done.out == ""
    assert f"[{slug}]" in done.err
    done = run("boom", "--json")
    assert done.code == code
    document = done.document("error")
    assert document["exit_code"] == code
    assert [fault["slug"] for fault in document["errors"]] == [slug]


def test_only_a_bug_shows_a_traceback(run, failing):
    failing(ZeroDivisionError("no"))
    done = run("boom")
    assert "Traceback" in done.err
    assert "this is a bug in dse" in done.err
    failing(LockedRunError("busy"))
    assert "Traceback" not in run("boom").err


def test_every_fault_is_listed_with_its_place(run, failing):
    faults = (
        Fault("a.yaml", 3, 5, "dram.type", "unknown", "choice"),
        Fault("a.yaml", 1, 1, "", "missing", "missing-key"),
    )
    failing(SpecError(faults))
    done = run("boom", "--json")
    assert done.code == 1
    assert done.err.splitlines() == [
        "a.yaml:1:1: missing [missing-key]",
        "a.yaml:3:5: dram.type: unknown [choice]",
        "2 errors in 1 file",
    ]
    first = done.document("error")["errors"][0]
    assert first == {
        "file": "a.yaml",
        "line": 1,
        "column": 1,
        "path": "",
        "message": "missing",
        "slug": "missing-key",
    }


def test_system_exit_keeps_its_code(run, failing):
    failing(SystemExit(143))
    assert run("boom").code == 143


def test_a_closed_pipe_is_quiet(run, failing, monkeypatch):
    monkeypatch.setattr(main_module, "_leave_closed_pipe", lambda: 141)
    failing(BrokenPipeError())
    done = run("boom", "--json")
    assert (done.code, done.out, done.err) == (141, "", "")


def test_errors_of_usage_are_json_too(run):
    done = run("evaluate", "--json")
    assert done.code == 2
    assert json.loads(done.out)["errors"][0]["slug"] == "usage"


def test_what_a_user_wrote_cannot_move_the_cursor(run):
    done = run("evaluate", "a\n\x1b[31m", "llama-3.2-1b")
    assert "a\\n\\x1b[31m" in done.err
    assert "\x1b" not in done.err
    done = run("evaluate", "apple-m4", "llama-3.2-1b", "--unit", "a\n\x1b[31m")
    assert "a\\n\\x1b[31m" in done.err
    assert "\x1b" not in done.err


def test_choices_of_a_missing_argument_stay_on_one_line(run):
    done = run("evaluate")
    assert done.code == 2
    assert "\\n" not in done.err


def test_a_group_without_a_command_shows_its_help(run):
    done = run("specs")
    assert done.code == 2
    assert "\nCommands:\n" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ("bench", "--docs"),
        ("bench", "proof", "--docs"),
        ("bench", "scaling", "--docs"),
        ("bench", "search", "--docs"),
        ("calibrate", "x.csv", "--stack", "all", "--out"),
        ("claims", "--docs"),
        ("import", "hf", "x.json", "--out"),
        ("pareto", "out/x", "--out"),
        ("validate", "--docs"),
        ("validate", "--out"),
    ],
)
def test_an_output_without_a_name_is_refused(run, args):
    done = run(*args, "")
    assert done.code == 2
    assert f"invalid value for '{args[-1]}': the path must not be empty" in done.err
