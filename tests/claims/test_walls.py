"""The walls: margins that grow and shrink as they should, and the order they bind in."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dse.claims import WALLS, Bench, JudgedClaim, judge_claim
from dse.spec.claims import load_claim


@pytest.fixture(scope="module")
def judged() -> JudgedClaim:
    return judge_claim(load_claim("five-walls"), Bench())


def margins(judged: JudgedClaim, model: str, chip: str) -> dict[str, float]:
    rows = [row for part in judged.parts for row in part.walls]
    (row,) = [row for row in rows if (row.model, row.chip) == (model, chip)]
    return {wall.what: wall.margin for wall in row.walls}


def test_larger_models_have_smaller_margins(judged):
    models = ("llama-3.2-1b", "llama-2-7b", "solar-10.7b", "llama-3.1-70b")
    tables = [margins(judged, model, "snapdragon-8-gen-3") for model in models]
    for small, large in pairwise(tables):
        assert all(large[what] < small[what] for what in small)


def test_the_later_chip_has_more_bandwidth_and_no_more_room(judged):
    old = margins(judged, "llama-2-7b", "snapdragon-8-gen-3")
    new = margins(judged, "llama-2-7b", "snapdragon-8-elite-gen-5")
    assert new["bandwidth"] > old["bandwidth"]
    assert new["capacity"] == pytest.approx(old["capacity"])


def test_every_wall_has_a_margin_and_the_smallest_leads(judged):
    for part in judged.parts:
        for row in part.walls:
            assert {wall.wall for wall in row.walls} == set(WALLS)
            assert len(row.order) == len(WALLS)
            assert row.order[0].margin == min(wall.margin for wall in row.walls)


def test_seventy_billion_parameters_fit_no_phone(judged):
    assert margins(judged, "llama-3.1-70b", "snapdragon-8-elite-gen-5")["capacity"] < 0.5


def test_download_is_bytes_over_the_radio(judged):
    rows = [row for part in judged.parts for row in part.walls]
    row = next(row for row in rows if row.model == "llama-2-7b")
    (flash,) = [wall for wall in row.walls if wall.what == "flash"]
    (download,) = [wall for wall in row.walls if wall.what == "download"]
    assert download.needs == pytest.approx(flash.needs / (208e6 / 8))


def test_tuning_needs_more_than_the_weights_and_three_passes(judged):
    rows = [row for part in judged.parts for row in part.walls]
    for row in rows:
        walls = {wall.what: wall for wall in row.walls}
        extra = walls["memory of a fine-tuning"].needs - walls["flash"].needs
        assert 0.1e9 < extra < 6e9
        prefill_s = 256.0 * walls["time of a fine-tuning"].needs / 3e6
        assert prefill_s == pytest.approx(walls["time to first token"].needs)
