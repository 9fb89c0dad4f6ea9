"""``dse evaluate --sustained``: table, document, picture, and what is refused."""

from __future__ import annotations

import pytest

ASK = ("evaluate", "apple-a19-pro", "llama-3.2-3b", "--unit", "gpu", "--weights", "int4-g32")


def kept(run, *options):
    done = run(*ASK, "--sustained", "--json", *options)
    assert done.code == 0, done.err
    return done.document("evaluate")["sustained"]


def test_the_table_says_what_heat_and_battery_leave(run):
    done = run(*ASK, "--sustained")
    assert done.code == 0
    for text in ("Sustained rate", "the skin reaches", "Battery per 1,000 tokens", "16.5 Wh"):
        assert text in done.out


def test_document_and_picture(run, tmp_path):
    picture = tmp_path / "new" / "a.svg"
    done = run(*ASK, "--json", "--plot", str(picture), "--minutes", "5")
    document = done.document("evaluate")
    found = document["sustained"]
    assert found["device"] == "iPhone 17 Pro"
    assert found["curve"]["seconds"][-1] == 300.0
    assert found["burst_tok_s"] == pytest.approx(document["metrics"]["decode_tok_s"])
    assert found["sustained_tok_s"] < found["burst_tok_s"]
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert f"wrote {picture}" in done.err


def test_without_the_option_nothing_is_followed(run):
    assert "sustained" not in run(*ASK, "--json").document("evaluate")


def test_provenance_names_the_device_where_it_was_asked_for(run):
    def paths(*more):
        rows = run(*ASK, "--provenance", "--json", *more).document("evaluate")["provenance"]
        return {row["path"] for row in rows if "device" in row["path"] or "classes" in row["path"]}

    assert paths() == set()
    named = paths("--sustained")
    assert {"device.thermal.case_resistance", "classes.phone.rest"} <= named
    assert "classes.phone.thermal.case_resistance" not in named


def test_warmer_air_leaves_less(run):
    rates = [
        kept(run, "--set", f"device.thermal.ambient={air} degC")["sustained_tok_s"]
        for air in (15, 25, 35)
    ]
    assert rates[0] > rates[1] > rates[2]


@pytest.mark.parametrize("change", ["device.thermal.ambient=60 degC", "power.idle=30 W"])
def test_where_heat_leaves_no_decode_at_all_it_is_said(run, change):
    done = run(*ASK, "--sustained", "--set", change)
    assert done.code == 0
    sustained = done.out[done.out.index("Sustained rate") :]
    assert sustained.split("\n")[0].split()[2:4] == ["0", "tok/s"]
    assert kept(run, "--set", change)["percent_per_1000"] is None


def test_a_lower_rate_allows_cheaper_clocks(run):
    slow = kept(run, "--at-least", "5 tok/s")["cheapest"]
    assert slow["tok_s"] >= 5.0
    assert slow["energy_per_token_j"] <= kept(run)["cheapest"]["energy_per_token_j"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("--plot", "a.pdf"), ".png or .svg"),
        (("--minutes", "5"), "--minutes is of use with --sustained"),
        (("--at-least", "3 tok/s"), "--at-least is of use with --sustained"),
        (("--sustained", "--minutes", "0"), "--minutes"),
        (("--sustained", "--minutes", "nan"), "--minutes"),
        (("--sustained", "--at-least", "3 W"), "token rate"),
    ],
)
def test_refusals(run, more, text):
    done = run(*ASK, *more)
    assert done.code == 2
    assert text in done.err


def test_images_have_no_decode(run):
    done = run("evaluate", "apple-m4", "stable-diffusion-1.5", "--unit", "gpu", "--sustained")
    assert done.code == 2
    assert "language models" in done.err
