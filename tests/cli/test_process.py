"""What only a process of its own can show: imports, pipes, signals."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

DSE = (sys.executable, "-m", "dse")
HEAVY = {"numpy", "scipy", "optuna", "matplotlib", "pydantic", "yaml", "rich"}


def imported(*args: str) -> set[str]:
    """Top-level packages that a command line imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dse", *args],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[-1].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("evaluate", "--help")])
def test_help_imports_click_alone(args):
    found = imported(*args)
    assert "click" in found
    assert not found & HEAVY


def test_evaluate_imports_no_optimiser_and_no_plotter():
    found = imported("evaluate", "snapdragon-8-elite", "llama-3.2-1b", "--json")
    assert "numpy" in found
    assert not found & {"optuna", "scipy", "matplotlib", "rich"}


def test_completion_of_names_reads_no_file():
    environment = os.environ | {
        "_DSE_COMPLETE": "bash_complete",
        "COMP_WORDS": "dse evaluate snapdragon-8-e",
        "COMP_CWORD": "2",
    }
    done = subprocess.run([*DSE], capture_output=True, text=True, check=False, env=environment)
    assert "plain,snapdragon-8-elite" in done.stdout.splitlines()


@pytest.mark.parametrize("args", [("specs", "list"), ("--help",), ("sweep", "--help")])
def test_a_reader_that_leaves_early_is_no_error(args):
    with subprocess.Popen(
        [*DSE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        code = process.wait()
    assert code == 141
    assert errors == b""


def test_a_pipe_gets_no_escape_codes():
    done = subprocess.run(
        [*DSE, "evaluate", "snapdragon-8-elite", "llama-3.2-1b"],
        capture_output=True,
        check=True,
        env=os.environ | {"TERM": "xterm-256color"},
    )
    assert b"\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_signals_leave_with_their_code(name, code):
    script = (
        "import os, signal, sys, click\n"
        "from dse.cli.main import cli, main\n"
        "@click.command()\n"
        "def wait():\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    signal.pause()\n"
        "cli.commands['wait'] = wait\n"
        "sys.exit(main(['wait']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


_SIGNALLED = """
import os, signal, sys
import dse.sweep.points as points
from dse.cli.main import main
points._BLOCK = 8
from dse.sweep import Survey, Tally
sent = []
def swallowing(method):
    def first(*args, **kwargs):
        try:
            if not sent:
                sent.append(os.getpid())
                os.kill(os.getpid(), signal.{name})
                signal.pause()
        except BaseException as error:
            if {turned}:
                raise ImportError("numpy.random") from error
        return method(*args, **kwargs)
    return first
Survey.evaluate = swallowing(Survey.evaluate)
Tally.add = swallowing(Tally.add)
code = main(sys.argv[1:])
print("exit", code, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("command", [("sweep", "--grid"), ("search",)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_swallowed_signal_still_ends_the_run(small_space, tmp_path, command, turned, name, code):
    out = tmp_path / "run"
    script = _SIGNALLED.format(name=name, turned=turned)
    done = subprocess.run(
        [sys.executable, "-c", script, *command, str(small_space), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "stopped; `dse resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (out / "front.csv").exists()


def test_a_terminal_that_is_closed_leaves_a_note_in_a_file(small_space, tmp_path):
    """The kernel sends SIGHUP to the processes of a terminal whose other side is closed."""
    out, notes = tmp_path / "run", tmp_path / "notes"
    script = (
        "import os, signal, sys\n"
        "import dse.cli.sweep as command\n"
        "from contextlib import contextmanager\n"
        "from dse.cli.main import main\n"
        "@contextmanager\n"
        "def reports():\n"
        "    yield lambda progress: (print('under way', flush=True), signal.pause())\n"
        "command.progress_reports = reports\n"
        f"sys.stderr = open({str(notes)!r}, 'w', buffering=1)\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        args = ("-c", script, "sweep", str(small_space), "--out", str(out))
        os.execv(sys.executable, [sys.executable, *args])  # noqa: S606
    with open(terminal, "rb", buffering=0) as screen:
        assert b"under way" in screen.read(64)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 129
    assert notes.read_text() == f"stopped; `dse resume {out}` goes on from its last piece\n"


def test_a_signal_swallowed_at_the_end_is_told_all_the_same():
    script = (
        "import os, signal, sys, click\n"
        "from dse.cli.main import cli, main\n"
        "@click.command()\n"
        "def deaf():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        signal.pause()\n"
        "    except SystemExit:\n"
        "        pass\n"
        "    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL\n"
        "cli.commands['deaf'] = deaf\n"
        "sys.exit(main(['deaf']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (143, "")


@pytest.mark.parametrize(
    ("redirection", "fault"), [(">/dev/full", "No space left on device"), (">&-", "it is closed")]
)
@pytest.mark.parametrize(
    "args", ["evaluate snapdragon-8-elite llama-3.2-1b --json", "specs list", "--help", "sweep"]
)
def test_stdout_that_cannot_be_written_is_one_line(redirection, fault, args):
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m dse {args} {redirection}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    if args == "sweep" and ">&-" not in redirection:  # a usage error writes nothing to stdout
        assert done.returncode == 2
        return
    assert done.returncode == 1
    assert done.stderr == f"dse: cannot write to stdout: {fault} [output]\n"


def test_it_runs_from_another_folder(tmp_path: Path):
    folder = tmp_path / "a folder, café"
    folder.mkdir()
    done = subprocess.run(
        [*DSE, "specs", "show", "nobody"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.endswith("1 error in 1 file\n")
