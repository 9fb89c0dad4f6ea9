"""The page of the claims says what the numbers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.claims import VERDICTS, Bench, JudgedClaim, judge_claim
from dse.report.claims_page import claims_page
from dse.spec import list_specs
from dse.spec.claims import load_claim

PAGE = Path(__file__).parents[2] / "docs/claims.md"


@pytest.fixture(scope="module")
def judged() -> list[JudgedClaim]:
    bench = Bench()
    return [judge_claim(load_claim(name), bench) for name in list_specs("claim")]


def verdicts(page: str) -> dict[tuple[str, str], str]:
    """Kinds of the verdicts in the first large table, by claim and figure."""
    table = page.split("## Claims, and what the model makes of them", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {(row[0], row[1]): kind_of(row[-1]) for row in rows[2:]}


def kind_of(words: str) -> str:
    return next(kind for kind in sorted(VERDICTS, key=len, reverse=True) if words.startswith(kind))


def test_the_page_has_the_verdicts_of_today(judged):
    shown = verdicts(PAGE.read_text(encoding="utf-8"))
    found = {
        (each.claim.name, part.part.title): part.verdict.kind
        for each in judged
        for part in each.parts
    }
    assert shown == found, "run make claims"


def test_titles_tell_the_figures_of_a_claim_apart(judged):
    for each in judged:
        titles = [part.part.title for part in each.parts]
        assert len(set(titles)) == len(titles)


def test_the_page_states_its_rule_and_its_sources(judged):
    page = claims_page(judged)
    for each in judged:
        assert each.claim.source in page
        assert each.claim.confidence in "ABC"
    assert all(kind in page for kind in VERDICTS)


def test_every_kind_of_verdict_is_met(judged):
    assert {part.verdict.kind for each in judged for part in each.parts} == set(VERDICTS)


def test_every_figure_has_a_reading_or_says_what_is_missing(judged):
    for each in judged:
        for part in each.parts:
            assert part.readings or part.verdict.kind == "cannot be judged"
