"""``dse search --certify``: what it prints, and what it refuses."""

from __future__ import annotations

import json

import jsonschema
import pytest

from dse.cli.main import main
from dse.report.certificate import certificate_line
from dse.report.schemas import document_schema

SPACE = """schema: dse.space/1
name: few
title: A few designs
chip: phone-soc-2026
models: [llama-3.2-1b]
scenario: phone-summary
unit: npu
axes:
  chip.units.npu.matrix.rows: [32, 64, 128]
  chip.units.npu.clock: [0.8 GHz, 1.2 GHz, 1.6 GHz]
  chip.dram.bus_width: [32 bit, 48 bit, 64 bit]
  scenario.weights: [int4-g32, int8]
objectives: [tpot_s, energy_per_token_j, cost_usd]
"""


@pytest.fixture
def space(tmp_path):
    place = tmp_path / "few.yaml"
    place.write_text(SPACE, encoding="utf-8")
    return str(place)


def test_the_document_holds_the_certificate(space, tmp_path, capsys):
    args = ["search", space, "--certify", "0", "--out", str(tmp_path / "run"), "--json"]
    assert main(args) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    jsonschema.validate(document, document_schema("search"))
    certificate = document["certificate"]
    assert certificate["complete"]
    assert certificate["space_size"] == 54
    assert certificate["eps"] == certificate["eps_reached"] == 0.0
    assert certificate_line(certificate) in err


def test_a_timeout_says_how_far_it_came(space, tmp_path, capsys):
    run = tmp_path / "run"
    args = ["search", space, "--certify", "0.01", "--timeout", "0", "--out", str(run)]
    assert main([*args, "--json"]) in (0, 3)
    out, err = capsys.readouterr()
    document = json.loads(out)
    jsonschema.validate(document, document_schema("search"))
    assert not document["certificate"]["complete"]
    assert f"stopped; `dse resume {run}` goes on" in err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--certify", "0", "--trials", "5"], "--trials"),
        (["--certify", "0", "--sampler", "tpe"], "--sampler"),
        (["--timeout", "3"], "--certify"),
        (["--certify", "-1"], "--certify"),
    ],
)
def test_options_that_do_not_go_together(space, tmp_path, capsys, options, word):
    assert main(["search", space, "--out", str(tmp_path / "run"), *options]) == 2
    assert word in capsys.readouterr().err


def test_an_eps_that_is_no_number_is_refused(run, tmp_path):
    done = run("search", "phone_10b", "--out", str(tmp_path / "x"), "--certify", "nan")
    assert done.code == 2
    assert "--certify" in done.err
