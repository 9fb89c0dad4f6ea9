"""Summaries, and the golden one: accuracy may not get worse unnoticed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from dse.validate import Outcome, Validation, grouped, summarise

GOLDEN = Path(__file__).with_name("golden.json")
SLACK = 1.02


def test_summary_of_known_errors(shipped: Validation) -> None:
    subject = shipped.outcomes[0].subject
    other = replace(subject, chip_key="another")
    rows = [Outcome(subject, 1.1, 1.0), Outcome(subject, 0.8, 1.0), Outcome(other, 1.3, 1.0)]
    summary = summarise(rows)
    assert (summary.n, summary.chips) == (3, 2)
    assert summary.median_abs_error == pytest.approx(0.2)
    assert summary.p90_abs_error == pytest.approx(0.28)
    assert summary.bias == pytest.approx(0.1)


def test_groups_hold_every_row_once(shipped: Validation) -> None:
    groups = grouped(shipped.outcomes, lambda o: o.subject.stack)
    assert list(groups) == sorted(groups)
    assert sum(s.n for phases in groups.values() for s in phases.values()) == len(shipped.outcomes)


def test_accuracy_is_no_worse_than_it_was(shipped: Validation) -> None:
    now = {
        phase: asdict(summary)
        for phase, summary in grouped(shipped.outcomes, lambda _: "all")["all"].items()
    }
    if os.environ.get("DSE_UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(now) == set(golden)
    for phase, summary in golden.items():
        assert now[phase]["n"] >= summary["n"], phase
        for name in ("median_abs_error", "p90_abs_error"):
            assert now[phase][name] <= SLACK * summary[name], (phase, name)
