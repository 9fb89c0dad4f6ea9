"""Whatever the text, a loader returns sane numbers or raises `SpecError`, and nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dse.errors import SpecError
from dse.space import Target
from dse.spec import load_chip, load_model, load_scenario, load_space
from dse.spec.library import Located
from dse.spec.load import chip_from
from dse.spec.provenance import provenance, resolve
from dse.spec.read import read_text
from dse.spec.text import parse_text
from tests.spec.samples import CHIP, MODEL, SCENARIO, SPACE

_WORDS = """
~ null true 0 -1 1e9 1e400 .nan .inf 010 64 12.5 unlimited "" '' [] {} [[]] [1,2] {a: 1} &x *x !x
!!str <<: --- ... % @ ` | > ? : , # tiny small chat n4 lpddr6 int8 int4-g32 \t \x00 value source
confidence note base schema from to steps scale step continuous use_cases weight combine ties
follows factor values
"""
_TOKENS = st.sampled_from(_WORDS.split()) | st.sampled_from(
    [
        "{value: 1 GHz, source: x}",
        "{value: {value: {value: 1}}}",
        "{value: [1 GHz]}",
        "{from: 1, to: 2, steps: 3}",
        "{from: 1 GHz, to: 2 GHz, steps: 3, scale: log}",
        "{from: 1 GHz, to: 2 GHz, continuous: true}",
        "{from: 1 GHz, to: 2 GHz, step: 1 MHz}",
        "[{scenario: chat, weight: 40 %}, {scenario: chat, weight: 60 %}]",
        "{chip.power.idle: {follows: chip.units.npu.clock, values: [0 W, 1 W]}}",
        "{chip.units.npu.max_clock: {follows: chip.units.npu.clock, factor: 2}}",
        "1 GHz",
        "-1 W",
        "1e308 GiB",
        "\n",
        "\n  ",
        ": ",
        " - ",
        "9" * 400,
    ]
)
# A space with use cases, ties and axes of every kind.
RICH = (
    SPACE.replace("scenario: chat", "use_cases: [{scenario: chat, weight: 1}]")
    .replace(
        "[1 GHz, 1.5 GHz]\n", "{from: 1 GHz, to: 2 GHz, continuous: true}\n  chip.node: [n4, n3]\n"
    )
    .replace(
        "objectives:",
        "  chip.units.npu.count: {from: 1, to: 9, step: 2}\nties:\n"
        "  chip.units.npu.max_clock: {follows: chip.units.npu.clock, factor: 1.1}\n"
        "  chip.dram.type: {follows: chip.node, values: {n4: lpddr5x, n3: lpddr6}}\nobjectives:",
    )
)
_TEXT = st.text(max_size=200) | st.lists(_TOKENS, max_size=30).map(" ".join)
_FILES = pytest.mark.parametrize(
    ("text", "load"),
    [
        (CHIP, load_chip),
        (MODEL, load_model),
        (SCENARIO, load_scenario),
        (SPACE, load_space),
        (RICH, load_space),
    ],
    ids=["chip", "model", "scenario", "space", "rich"],
)
_SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def leaves(built: Any) -> Iterator[float]:
    """Yield every number of a built object."""
    if isinstance(built, Target):
        yield built.limit  # its sense may be -1
    elif dataclasses.is_dataclass(built):
        for field in dataclasses.fields(built):
            yield from leaves(getattr(built, field.name))
    elif isinstance(built, tuple):
        for each in built:
            yield from leaves(each)
    elif isinstance(built, int | float):
        yield float(built)


@given(_TEXT)
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(SpecError):
        tree, _ = resolve(parse_text(text, "f.yaml"))
        list(provenance(tree))


@given(_TEXT)
def test_any_chip_text_loads_or_is_refused(text: str) -> None:
    located = Located("chip", Path("f.yaml"), "f.yaml")
    with contextlib.suppress(SpecError):
        chip_from(read_text(f"schema: dse.chip/1\n{text}", located))


@_FILES
@_SETTINGS
@given(data=st.data())
def test_a_damaged_file_loads_or_is_refused(
    library: Path, text: str, load: Callable[[Path], object], data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(_TOKENS) + text[end:]
    path = library / f"{data.draw(st.sampled_from(['tiny', 'small', 'chat', 'wide']))}.yaml"
    path.write_text(text, encoding="utf-8")
    check(path, load)


@_FILES
@_SETTINGS
@given(data=st.data())
def test_a_file_with_a_strange_value_loads_or_is_refused(
    library: Path, text: str, load: Callable[[Path], object], data: st.DataObject
) -> None:
    """Keys stay, so that what is damaged gets past the grammar."""
    lines = text.splitlines()
    place = data.draw(st.integers(1, len(lines) - 1))
    key, _, _ = lines[place].partition(": ")
    lines[place] = f"{key}: {data.draw(_TOKENS)}"
    name = text.split("name: ", 1)[1].split("\n", 1)[0]
    path = library / f"{name}.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    check(path, load)


def check(path: Path, load: Callable[[Path], object]) -> None:
    """Load a file: what is not refused holds no NaN and nothing negative."""
    try:
        built = load(path)
    except SpecError as error:
        # "invalid" would be a rule of pydantic's that has no sentence of ours.
        if any(not fault.message or fault.slug == "invalid" for fault in error.faults):
            raise
        return
    assert all(number >= 0.0 and not math.isnan(number) for number in leaves(built))


def test_the_rich_space_is_sound(library: Path) -> None:
    path = library / "wide.yaml"
    path.write_text(RICH, encoding="utf-8")
    space = load_space(path)
    assert space.shape == (4097, 2, 5)
    assert [len(axis.ties) for axis in space.axes] == [1, 1, 0]
