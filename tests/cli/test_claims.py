"""``dse claims``."""

from __future__ import annotations

import resource
import subprocess
import sys

from dse.spec import list_specs


def test_all_claims_are_judged_in_less_than_five_seconds(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    page = tmp_path / "docs" / "claims.md"
    command = [sys.executable, "-m", "dse", "claims", "--docs", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert spent < 5.0  # seconds of one core, whatever else the machine does
    assert all(name in done.stdout for name in list_specs("claim"))
    assert page.read_text(encoding="utf-8").startswith("# Claims")


def test_one_claim_shows_its_readings(run):
    done = run("claims", "int4-over-int8")
    assert done.code == 0
    assert "weights have one scale per channel" in done.out
    assert "dimensity" not in done.out


def test_walls_are_shown(run):
    out = run("claims", "five-walls").out
    assert "first wall" in out
    assert "Llama-3.1-70B" in out


def test_document_keeps_its_schema(run):
    done = run("claims", "five-walls", "query-10x", "fp32-to-int4", "--json")
    first, second, third = done.document("claims")["claims"]
    assert first["parts"][0]["walls"][0]["first"] in ("memory", "power")
    assert second["parts"][0]["verdict"] == "cannot be judged"
    assert second["parts"][0]["modelled"] is None
    assert third["parts"][0]["ratio"] == 0.125


def test_a_near_miss_is_named(run):
    done = run("claims", "five-wall")
    assert done.code == 1
    assert 'did you mean "five-walls"?' in done.err
