"""README says what the program does: its commands run and its shown output is the real one."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import click
import numpy as np
import pytest

from dse.cli.main import cli, main
from dse.cost import BOUNDS
from dse.search import run_search
from dse.spec import load_space, load_technology
from dse.sweep import evaluate_designs

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


def test_the_errors_named_are_those_of_the_page_on_accuracy() -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| \d+ \| ([\d.]+)% \|", page, re.MULTILINE)
    phases = {phase: (int(count), float(error)) for phase, count, error in rows[:5]}
    assert list(phases) == ["decode", "prefill", "energy", "image", "gemm"]
    assert f"predicts {sum(count for count, _ in phases.values()):,} published" in README
    said = re.search(
        r"median error is (\d+) % for decode, (\d+) % for prefill and time to first token, "
        r"(\d+) % for energy\s+and power, (\d+) % for images",
        README,
    )
    assert said is not None
    real = [round(phases[name][1]) for name in ("decode", "prefill", "energy", "image")]
    assert [int(text) for text in said.groups()] == real


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


def test_the_figures_of_the_demo_are_those_of_its_run(tmp_path: Path) -> None:
    """`make demo` searches `phone_10b` with the defaults; README quotes its front."""
    space, silicon = load_space("phone_10b"), load_technology().silicon
    index = run_search(space, silicon).front_index
    front = evaluate_designs(space, index, silicon)
    energy = dict(zip(("lpddr5x", "lpddr6"), (5e-12, 4.2e-12), strict=True))
    kinds = [space.texts(row)["chip.dram.type"] for row in index]
    share = front["decode_dram_bytes"] * 8 * np.array([energy[k] for k in kinds])
    share = share / front["energy_per_token_j"]
    waiting = int((front["decode_bound"] == BOUNDS.index("dram")).sum())
    interfaces = {
        tuple(space.texts(row)[f"chip.dram.{name}"] for name in ("type", "data_rate", "bus_width"))
        for row in index
    }
    assert f"{waiting} of the {len(index)} designs" in README
    assert len(interfaces) == 6
    assert f"{space.size:,} designs" in README
    assert (round(share.min() * 100), round(share.max() * 100)) == (68, 79)
    peak = front["peak_ops_per_s"] / 1e12
    assert (round(peak.min()), round(peak.max())) == (23, 36)
    area = front["npu_area_mm2"]
    assert (round(area.min()), round(area.max())) == (3, 7)
    fast, slow = front["tpot_s"].argmin(), [k == "lpddr5x" for k in kinds]
    assert round(front["tpot_s"][fast] * 1e3) == 60
    assert round(front["energy_per_token_j"][fast] * 1e3) == 235
    assert round(front["cost_usd"].min()) == 82
    assert round(front["tpot_s"][slow].max() * 1e3) == 81
