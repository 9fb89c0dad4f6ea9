"""Use cases of a space: how they are mixed, and what no file may say of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import load_scenario, load_space
from dse.workload import Mix
from tests.spec.samples import SCENARIO, SPACE, faults_of


@pytest.fixture
def cases(library: Path) -> Path:
    """The library with two further scenarios."""
    for name, prompt in (("digest", 1024), ("turn", 64)):
        text = SCENARIO.replace("name: chat", f"name: {name}").replace("256", str(prompt))
        (library / f"hw_configs/scenarios/{name}.yaml").write_text(text)
    return library


def write(library: Path, use_cases: str, axes: str = "") -> Path:
    path = library / "wide.yaml"
    text = SPACE.replace("scenario: chat\n", f"{use_cases}\n")
    path.write_text(text.replace("axes:\n", f"axes:\n{axes}"))
    return path


def scenarios(*names: str):
    return tuple(load_scenario(name) for name in names)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("[{scenario: chat, weight: 40 %}, {scenario: digest, weight: 0.6}]", (0.4, 0.6)),
        ("[{scenario: chat}, {scenario: digest}]\ncombine: mean", (0.5, 0.5)),
        ("[{scenario: chat, weight: 0.25}, {scenario: digest, weight: 75 %}]\ncombine: mean",
         (0.25, 0.75)),
    ],
)  # fmt: skip
def test_a_mean_is_one_mix(cases: Path, text: str, weights: tuple[float, ...]) -> None:
    space = load_space(write(cases, f"use_cases: {text}"))
    assert space.mixes == (Mix(scenarios("chat", "digest"), weights),)


@pytest.mark.parametrize(
    "text",
    [
        "[{scenario: chat}, {scenario: digest}]",
        "[{scenario: chat, weight: 0.1}, {scenario: digest, weight: 0.9}]\ncombine: worst",
    ],
)
def test_the_worst_is_a_mix_each(cases: Path, text: str) -> None:
    space = load_space(write(cases, f"use_cases: {text}"))
    assert space.mixes == tuple(Mix((each,)) for each in scenarios("chat", "digest"))
    assert space.asks == "the worst of chat, digest"


def test_an_axis_of_the_scenario_sets_it_in_every_use_case(cases: Path) -> None:
    text = "use_cases: [{scenario: chat, weight: 0.5}, {scenario: digest, weight: 0.5}]"
    space = load_space(write(cases, text, "  scenario.batch_size: [1, 7]\n"))
    chip, (mix,) = space.build(space.decode([2])[0][:, None])
    assert [each.batch_size for each in mix.scenarios] == [7, 7]
    assert [each.prompt_tokens for each in mix.scenarios] == [256, 1024]
    assert chip.name == "tiny"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "# none",
            "1:1: scenario: missing key; or give use_cases [missing-key]",
        ),
        (
            "scenario: chat\nuse_cases: [{scenario: digest}]",
            "7:12: use_cases: must not stand beside scenario [conflict]",
        ),
        (
            "scenario: chat\ncombine: mean",
            "7:10: combine: must stand beside use_cases [conflict]",
        ),
        (
            "use_cases: [{scenario: chat, weight: 40 %}, {scenario: digest, weight: 40 %}]",
            "6:12: use_cases: must have weights that add up to 1, but theirs add up to 0.8 [sum]",
        ),
        (
            "use_cases: [{scenario: chat, weight: 40 %}, {scenario: digest}]",
            "6:12: use_cases: must have a weight each, or none at all [conflict]",
        ),
        (
            "use_cases: [{scenario: chat, weight: 0}, {scenario: digest, weight: 1}]",
            '6:38: use_cases[0].weight: must be > 0, but got "0" [range]',
        ),
        (
            "use_cases: [{scenario: chat, weight: 140 %}]",
            '6:38: use_cases[0].weight: must be <= 1, but got "140 %" [range]',
        ),
        (
            "use_cases: [{scenario: chat}, {scenario: chat}]",
            '6:42: use_cases[1].scenario: must not be given twice, but got "chat" [duplicate]',
        ),
        (
            "use_cases: [{scenario: digets}]",
            "6:24: use_cases[0].scenario: must be the name of a scenario of the library, but got "
            '"digets"; did you mean "digest"? [unknown-name]',
        ),
        (
            "use_cases: []",
            "6:12: use_cases: must hold at least 1 entry, but got a list of 0 [length]",
        ),
        (
            "use_cases: [{weight: 1}]",
            "6:13: use_cases[0].scenario: missing key [missing-key]",
        ),
        (
            "use_cases: [{scenario: chat}]\ncombine: best",
            '7:10: combine: must be worst or mean, but got "best" [choice]',
        ),
        (
            "use_cases: [{scenario: chat, share: 1}]",
            "6:30: use_cases[0].share: unknown key [unknown-key]",
        ),
    ],
)
def test_bad_use_cases(cases: Path, text: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_space(write(cases, text))
    assert "\n".join(faults_of(caught.value)) == fault


def test_an_axis_must_mean_the_same_in_every_use_case(cases: Path) -> None:
    digest = cases / "hw_configs/scenarios/digest.yaml"
    digest.write_text(digest.read_text() + "head: int8\n")
    path = write(
        cases,
        "use_cases: [{scenario: chat}, {scenario: digest}]",
        "  scenario.weights: [int4, int8]\n",
    )
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert faults_of(caught.value) == [
        "8:3: axes.scenario.weights: must set the same in every use case, but embedding and head "
        "is given in some alone [axis]"
    ]


def test_a_choice_is_checked_in_every_use_case(cases: Path) -> None:
    """Beams do not go with a draft, which one of the scenarios has."""
    digest = cases / "hw_configs/scenarios/digest.yaml"
    digest.write_text(digest.read_text() + "draft: small\nacceptance: 0.5\n")
    path = write(
        cases, "use_cases: [{scenario: chat}, {scenario: digest}]", "  scenario.beams: [1, 4]\n"
    )
    with pytest.raises(SpecError) as caught:
        load_space(path)
    assert faults_of(caught.value) == [
        "8:23: beams: must be 1 beside a draft [conflict]",
    ]
