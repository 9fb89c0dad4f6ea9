"""``dse bench proof`` and ``dse bench scaling``: tables, documents and pages of small runs."""

from __future__ import annotations

import pytest

SPACE = """\
schema: dse.space/1
name: small
title: A small space
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-chat
unit: npu
axes:
  chip.units.npu.matrix.rows: [32, 64, 128]
  chip.units.npu.clock: {from: 0.6 GHz, to: 1.6 GHz, steps: 5}
  chip.units.npu.sram.capacity: [1 MiB, 2 MiB, 4 MiB, 8 MiB]
  scenario.weights: [int4-g32, int8]
objectives: [tpot_s, energy_per_token_j, cost_usd]
"""


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPACE, encoding="utf-8")
    return path


def test_a_proof_for_every_eps(run, space, tmp_path):
    page = tmp_path / "new" / "proof.md"
    done = run(
        "bench", "proof", "--space", space, "--eps", 0.1, "--eps", 0, "--json", "--docs", page
    )
    assert done.code == 0, done.err
    wide, exact = done.document("proofs")["proofs"]
    assert wide["certificate"]["eps_reached"] == 0.1
    assert exact["certificate"]["eps_reached"] == 0.0
    assert all(each["certificate"]["complete"] for each in (wide, exact))
    assert exact["certificate"]["space_size"] == 120
    # Equal vectors of objectives count once.
    assert 1 <= wide["front"] <= exact["front"] <= 120
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# What a proof costs")
    assert "| small | 120 | 10 % | 10 % |" in text
    assert "| small | 120 | 0 % | 0 % |" in text


def test_a_proof_that_has_no_time_says_what_it_has_proven(run, space):
    done = run("bench", "proof", "--space", space, "--eps", 0, "--timeout", 0, "--json")
    assert done.code == 0, done.err
    (proof,) = done.document("proofs")["proofs"]
    assert not proof["certificate"]["complete"]


def test_grids_of_several_sizes(run, space, tmp_path):
    page = tmp_path / "scaling.md"
    asked = ("--model", "llama-3.2-1b", "--size", 20, "--size", 480)
    done = run("bench", "scaling", "--space", space, *asked, "--json", "--docs", page)
    assert done.code == 0, done.err
    small, large = done.document("scaling")["grids"]
    assert 10 <= small["designs"] <= 30
    assert 320 <= large["designs"] <= 720
    assert all(row["seconds"] > 0.0 and row["peak_rss_bytes"] > 1e6 for row in (small, large))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# How grids grow")
    assert f"| {large['designs']:,} |" in text
