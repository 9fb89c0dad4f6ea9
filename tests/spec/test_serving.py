"""Scenario files that say how a request is served, and axes over it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dse.errors import SpecError
from dse.spec import load_scenario, load_space, load_technology
from dse.sweep import evaluate_designs

HEAD = """schema: dse.scenario/1
name: served
title: Served
prompt_tokens: 100
output_tokens: 20
weights: int8
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "served.yaml"
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return write


def test_by_default_a_request_is_plain(write) -> None:
    plain = load_scenario(write(""))
    assert plain == dataclasses.replace(
        plain,
        cached_prompt_tokens=0,
        prefill_chunk_tokens=None,
        beams=1,
        draft=None,
        offload="none",
        load_ahead=True,
        active_fraction=1.0,
        popularity_skew=0.0,
    )


def test_every_field_is_read(write) -> None:
    found = load_scenario(
        write(
            "cached_prompt_tokens: 30\nprefill_chunk_tokens: 16\ndraft: llama-3.2-1b\n"
            "draft_tokens: 3\nacceptance: {value: 0.7, source: assumed, confidence: C}\n"
            "offload: weights\nload_ahead: false\nactive_fraction: 0.1\npopularity_skew: 0.5\n"
        )
    )
    assert found.draft is not None
    assert found.draft.name == "llama-3.2-1b"
    assert (found.cached_prompt_tokens, found.prefill_chunk_tokens) == (30, 16)
    assert (found.draft_tokens, found.acceptance) == (3, 0.7)
    assert (found.offload, found.load_ahead) == ("weights", False)
    assert (found.active_fraction, found.popularity_skew) == (0.1, 0.5)
    assert load_scenario(write("beams: 5\n")).beams == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("draft: llama-3.2-1b\n", "acceptance: must be given beside a draft [conflict]"),
        (
            "draft: llama-3.2-1b\nacceptance: 0.5\nbeams: 2\n",
            "beams: must be 1 beside a draft [conflict]",
        ),
        (
            "draft: llama-3.2-1c\nacceptance: 0.5\n",
            'draft: must be the name of a model of the library, but got "llama-3.2-1c"',
        ),
        ("draft: ../x\nacceptance: 0.5\n", "draft: "),
        ("acceptance: 1.5\n", "acceptance: must be <= 1"),
        ("active_fraction: 0\n", "active_fraction: must be > 0"),
        ("popularity_skew: 1\n", "popularity_skew: must be <= 0.99"),
        ("offload: head\n", "offload: "),
        ("beams: 0\n", "beams: "),
        ("prefill_chunk_tokens: 0\n", "prefill_chunk_tokens: "),
        ("cached_prompt_tokens: -1\n", "cached_prompt_tokens: "),
    ],
)
def test_faults_are_located(write, text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_scenario(write(text))
    assert message in str(caught.value)


def test_a_space_may_vary_how_requests_are_served(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(
        "schema: dse.space/1\nname: space\ntitle: S\nchip: snapdragon-8-gen-3\n"
        "models: [mixtral-8x7b]\nscenario: sparse-from-flash\naxes:\n"
        "  scenario.offload: [none, weights, experts]\n"
        "  scenario.active_fraction: [0.15, 1]\n"
        "  scenario.load_ahead: [true, false]\n"
        "  scenario.beams: [1, 2]\n"
        "  chip.storage.random_read_bandwidth: [0.5 GB/s, 1 GB/s]\n"
        "objectives: [tpot_s]\n",
        encoding="utf-8",
    )
    space = load_space(path)
    assert space.size == 48
    columns = evaluate_designs(space, space.decode(np.arange(48)), load_technology().silicon)
    assert len(set(columns["tpot_s"])) > 12
    by_offload = columns["tpot_s"].reshape(3, 2, 2, 2, 2)
    assert (by_offload[0] < by_offload[1]).all()
    # Small reads are those of sparse neurons alone.
    assert (by_offload[1, 0, ..., 0] > by_offload[1, 0, ..., 1]).all()
    assert (by_offload[1, 1, ..., 0] == by_offload[1, 1, ..., 1]).all()
