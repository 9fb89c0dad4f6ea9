"""docs/spaces.md: its spaces load, and its tables say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dse.cost import METRICS, Mean
from dse.spec import load_space, load_technology
from dse.sweep import evaluate_designs

TEXT = (Path(__file__).parents[2] / "docs" / "spaces.md").read_text(encoding="utf-8")
EXAMPLES = {
    re.search(r"^name: (.+)$", text, re.MULTILINE)[1]: text
    for text in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_loads_and_can_be_evaluated(name, tmp_path):
    path = tmp_path / f"{name}.yaml"
    path.write_text(EXAMPLES[name], encoding="utf-8")
    space = load_space(path)
    columns = evaluate_designs(space, space.sample(4, seed=0), load_technology().silicon)
    assert np.isfinite(columns["tpot_s"]).all()


def test_there_is_an_example_of_each_kind():
    assert set(EXAMPLES) == {"one-question", "tied", "mixed"}


def test_the_axes_of_the_table_load(tmp_path):
    rows = re.findall(r"^\| [a-z ]+ \| `(.+?)` \|", TEXT, re.MULTILINE)
    fields = {"names": None, "numbers": None, "GHz": "clock", "MiB": "sram.capacity"}
    assert len(rows) == 6
    for row in rows:
        unit = next((field for word, field in fields.items() if word in row), "matrix.rows")
        line = row if row.startswith("chip.") else f"chip.units.npu.{unit}: {row}"
        text = re.sub(r"  chip.units.npu.clock: .*\n", f"  {line}\n", EXAMPLES["one-question"])
        path = tmp_path / "one-question.yaml"
        path.write_text(text, encoding="utf-8")
        assert len(load_space(path).axes[0].values) >= 2


def test_the_table_of_means_is_the_registry_s():
    words = {
        Mean.REQUEST: "mean over requests",
        Mean.STEP: "mean over all decode steps",
        Mean.OUTPUT: "decode joules over output tokens",
    }
    rows = dict(re.findall(r"^\| (`.+?) \| (.+?) \|$", TEXT, re.MULTILINE))
    named = {name: text for names, text in rows.items() for name in re.findall(r"`(\w+)`", names)}
    for entry in METRICS:
        assert (entry.name in named) == (entry.mean is not Mean.NONE), entry.name
        assert words.get(entry.mean, "") in named.get(entry.name, "")
