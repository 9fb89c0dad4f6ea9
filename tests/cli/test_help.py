"""Every command shows examples, and every example works."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dse.cli.help import examples_of
from dse.cli.main import cli, main

ROOT = Path(__file__).parents[2]
CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 1000,
    "tie_word_embeddings": False,
}


def commands(command: click.Command, context: click.Context) -> Iterator[click.Command]:
    """A command and all below it."""
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, context)


ALL = list(commands(cli, click.Context(cli)))
# Examples that need a database are run where there is one, in tests/worker.
EXAMPLES = sorted(
    line
    for line in {line for command in ALL for line in examples_of(command.help or "")}
    if "postgresql://" not in line
)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder that has what the examples name: the library, a run, a config, a chip."""
    place = tmp_path_factory.mktemp("workplace")
    for name in ("hw_configs", "models_zoo"):
        # Copies, for an example may write into them.
        shutil.copytree(ROOT / name, place / name)
    chip = (ROOT / "hw_configs/chips/apple-m4.yaml").read_text()
    (place / "my-chip.yaml").write_text(chip.replace("name: apple-m4", "name: my-chip"))
    lines = (ROOT / "hw_configs/measurements/measured.csv").read_text().splitlines(keepends=True)
    wanted = ("llama.cpp Metal,", ",MLX,")
    some = [line for line in lines[1:] if any(text in line for text in wanted)][::4]
    for name in ("measurements.csv", "my-measurements.csv"):
        (place / name).write_text("".join([lines[0], *some]))
    (place / "path" / "to").mkdir(parents=True)
    (place / "path/to/config.json").write_text(json.dumps(CONFIG))
    run = place / "out" / "phone_10b"
    assert main(["sweep", "phone_10b", "--samples", "2048", "--out", str(run)]) in (0, 3)
    return place


@pytest.fixture
def short_search(monkeypatch):
    """Searches of a few designs: their length is not what the examples are about."""
    from dse import search

    original = search.run_search

    def run_short(space, silicon, **options):
        return original(space, silicon, **{**options, "trials": 8, "samples": 256})

    monkeypatch.setattr(search, "run_search", run_short)


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_every_command_has_examples_and_a_sentence(command):
    text = command.help or ""
    assert examples_of(text)
    assert text.splitlines()[0].endswith(".")


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_every_option_says_what_it_does(command):
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_every_command_with_results_has_json():
    printing = {"specs", "import", "dse", "schema", "plot"}
    for command in ALL:
        if command.name not in printing:
            assert "as_json" in {parameter.name for parameter in command.params}, command.name


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_works(line, workplace, short_search, tmp_path, monkeypatch):
    monkeypatch.chdir(workplace)
    name, *args = shlex.split(line)
    assert name == "dse"
    if "--out" in args and args[0] in ("sweep", "search"):
        args[args.index("--out") + 1] = str(tmp_path / "run")
    may_find_nothing = args[0] in ("sweep", "search", "pareto", "resume")
    assert main(args) in ((0, 3) if may_find_nothing else (0,))
